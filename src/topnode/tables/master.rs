//! T9: what happened to an identifier, with its master data by the columns of the import profile.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Table;
use crate::record::RecordRef;

/// What happened to an identifier; the numbers are the guide's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// 新增: registered, or registered again after removal.
    Added = 1,
    /// 删除.
    Removed = 2,
    /// 修改.
    Changed = 3,
}

/// A change of an identifier.
#[derive(Debug, Clone, Copy)]
pub struct Master<'a> {
    /// As it is spelled.
    pub identifier: &'a str,
    /// The statistics day of its first registration, where it was looked up.
    pub created: Option<Date>,
    /// What happened.
    pub operation: Operation,
    /// What it says from then on; none once it is removed.
    pub record: Option<RecordRef<'a>>,
}

/// Which type of value is which field; the types are those of `config/import/products.toml`.
const BY_TYPE: [(&str, usize); 4] = [("BRAND", 5), ("NAME", 6), ("MAKER", 7), ("PRODUCED", 8)];

/// The row of a change. Values that not everybody may read stay here.
#[must_use]
pub fn master_row(master: &Master<'_>) -> Vec<Value> {
    let mut row = vec![Value::Null; Table::T9.fields().len()];
    let created = master.created.map(|day| day.to_string());
    for (place, value) in [
        (0, json!(master.identifier)),
        (1, json!(created)),
        (3, json!(master.operation as u8)),
    ] {
        row[place] = value;
    }
    let values = master.record.iter().flat_map(RecordRef::values);
    for value in values.filter(|value| value.permissions.public_read()) {
        let known = BY_TYPE.iter().find(|(kind, _)| *kind == value.kind);
        if let (Some((_, place)), Some(text)) = (known, value.data.text()) {
            row[*place] = json!(text.to_cow());
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Permissions, Record, Ttl, Value as RecordValue};

    fn value(index: u32, kind: &str, data: &str, permissions: u8) -> RecordValue {
        RecordValue {
            index,
            kind: kind.into(),
            data: data.as_bytes().into(),
            ttl: Ttl::Relative(60),
            permissions: Permissions::from_bits(permissions).unwrap(),
            timestamp_ms: 1,
            references: Vec::new(),
        }
    }

    #[test]
    fn values_stand_in_their_fields_and_private_ones_do_not() {
        let record = Record::new(vec![
            value(2000, "NAME", "液压泵", 0b1110),
            value(2002, "BATCH", "L26053", 0b1110),
            value(2006, "BRAND", "江汉", 0b1110),
            value(2008, "MAKER", "秘密", 0b1100),
        ]);
        let bytes = record.unwrap().encode();
        let row = master_row(&Master {
            identifier: "88.118.0002/P1",
            created: Some(jiff::civil::date(2026, 11, 25)),
            operation: Operation::Added,
            record: Some(RecordRef::parse(&bytes).unwrap()),
        });
        let known: Vec<_> = (0..)
            .zip(&row)
            .filter(|(_, value)| !value.is_null())
            .collect();
        let expected = [
            (0, json!("88.118.0002/P1")),
            (1, json!("2026-11-25")),
            (3, json!(1)),
            (5, json!("江汉")),
            (6, json!("液压泵")),
        ];
        assert_eq!(
            known,
            expected.each_ref().map(|(place, value)| (*place, value))
        );
        let fields = Table::T9.fields();
        for (kind, place) in BY_TYPE {
            let source = fields[place].source.unwrap();
            assert!(source.contains(kind), "{kind}: {source}");
        }
    }
}
