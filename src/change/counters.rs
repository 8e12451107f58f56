//! How many answers a host gave, as `counters/<host>` keeps it.

use super::{
    CHANGE_BYTES_MAX, DecodeError,
    cursor::{Cursor, put_bytes8},
    decode_optional_prefix,
};
use crate::identifier::Prefix;

/// Bytes of a cell without a prefix.
const CELL_BYTES_MIN: usize = 17;

/// The longest prefix of a cell: its length is one byte.
const PREFIX_BYTES_MAX: usize = 255;

/// The most cells that fit one change whatever their prefixes.
pub const CELLS_MAX: usize = (CHANGE_BYTES_MAX - 6) / (CELL_BYTES_MIN + PREFIX_BYTES_MAX);

//----------- CounterTotals ----------------------------------------------------

/// Totals since a host began, absolute: the last ones say all that those before them said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CounterTotals {
    /// At most [`CELLS_MAX`], none of them 0, in ascending order of their kinds, each kind once.
    pub cells: Vec<CounterCell>,
}

/// How many answers there were of one kind. The numbers are those of
/// `docs/format/ledger-v1.md`; what they mean is for whoever counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CounterCell {
    /// The statistics day as the decimal number YYYYMMDD; 0 where days are not told apart.
    pub day: u32,
    /// Whose identifier was asked for; `None` where prefixes are not told apart.
    pub prefix: Option<Prefix>,
    /// Route or identifier; 0 where they are not told apart.
    pub subject: u8,
    /// How it was asked.
    pub protocol: u8,
    /// What became of it.
    pub outcome: u8,
    /// Who asked.
    pub origin: u8,
    /// How many; not 0.
    pub total: u64,
}

impl CounterTotals {
    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for cell in &self.cells {
            out.extend_from_slice(&cell.day.to_be_bytes());
            let prefix = cell.prefix.as_ref().map_or("", Prefix::as_str);
            put_bytes8(out, prefix.as_bytes());
            out.extend_from_slice(&[cell.subject, cell.protocol, cell.outcome, cell.origin]);
            out.extend_from_slice(&cell.total.to_be_bytes());
        }
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let count = usize::try_from(cursor.u32()?).unwrap_or(usize::MAX);
        if count > CHANGE_BYTES_MAX / CELL_BYTES_MIN {
            return Err(DecodeError::TooLarge {
                what: "list of counters",
                bytes: count.saturating_mul(CELL_BYTES_MIN),
            });
        }
        let mut cells: Vec<CounterCell> = Vec::new();
        for _ in 0..count {
            let cell = CounterCell::decode(cursor)?;
            if cells.last().is_some_and(|last| last.kind() >= cell.kind()) {
                return Err(DecodeError::IllegalField { field: "counters" });
            }
            cells.push(cell);
        }
        Ok(Self { cells })
    }
}

impl CounterCell {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let day = cursor.u32()?;
        let prefix = decode_optional_prefix(cursor)?;
        let [subject, protocol, outcome, origin] = cursor.array()?;
        let total = cursor.u64()?;
        if total == 0 {
            return Err(DecodeError::IllegalField { field: "total" });
        }
        Ok(Self {
            day,
            prefix,
            subject,
            protocol,
            outcome,
            origin,
            total,
        })
    }

    /// All but the total.
    fn kind(&self) -> (u32, Option<&str>, [u8; 4]) {
        let numbers = [self.subject, self.protocol, self.outcome, self.origin];
        (self.day, self.prefix.as_ref().map(Prefix::as_str), numbers)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{change::Change, identifier::PREFIX_CHARACTERS_MAX};

    fn cell(day: u32, prefix: &str, origin: u8, total: u64) -> CounterCell {
        CounterCell {
            day,
            prefix: (!prefix.is_empty()).then(|| Prefix::parse(prefix).unwrap()),
            subject: 2,
            protocol: 1,
            outcome: 3,
            origin,
            total,
        }
    }

    fn totals(cells: Vec<CounterCell>) -> Change {
        Change::CounterTotals(CounterTotals { cells })
    }

    #[test]
    fn totals_are_written_as_the_page_says() {
        let change = totals(vec![cell(20_261_124, "88.1", 5, 0x0102)]);
        let expected = [
            &[32, 1, 0, 0, 0, 1][..],
            &20_261_124_u32.to_be_bytes(),
            b"\x0488.1",
            &[2, 1, 3, 5, 0, 0, 0, 0, 0, 0, 1, 2],
        ];
        assert_eq!(change.encode(), expected.concat());
        assert_eq!(Change::decode(&expected.concat()), Ok(change));
        assert_eq!(totals(Vec::new()).encode(), [32, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn totals_have_one_order_and_no_zeros() {
        let first = cell(0, "", 1, 7);
        for (cells, field) in [
            (vec![cell(0, "", 1, 0)], "total"),
            (vec![first.clone(), first.clone()], "counters"),
            (vec![cell(0, "", 2, 7), first.clone()], "counters"),
            (vec![cell(0, "88.1", 1, 7), first.clone()], "counters"),
            (vec![cell(1, "", 1, 7), cell(0, "88.1", 1, 7)], "counters"),
        ] {
            let bytes = totals(cells).encode();
            assert_eq!(
                Change::decode(&bytes),
                Err(DecodeError::IllegalField { field })
            );
        }
        let announced = [&[32, 1][..], &[0xff; 4]].concat();
        assert!(matches!(
            Change::decode(&announced),
            Err(DecodeError::TooLarge { .. })
        ));
        let mut bad = totals(vec![cell(0, "88.1", 1, 7)]).encode();
        bad[11] = b'/';
        let field = "prefix";
        assert_eq!(
            Change::decode(&bad),
            Err(DecodeError::IllegalField { field })
        );
        let bytes = totals(vec![first]).encode();
        for len in 2..bytes.len() {
            assert_eq!(Change::decode(&bytes[..len]), Err(DecodeError::Truncated));
        }
    }

    #[test]
    fn the_most_cells_fit_a_change() {
        let prefix = format!("88.{}", "1".repeat(PREFIX_CHARACTERS_MAX - 3));
        let cells = (0..u32::try_from(CELLS_MAX).unwrap()).map(|day| cell(day, &prefix, 1, 1));
        let change = totals(cells.collect());
        assert!(change.encode().len() <= CHANGE_BYTES_MAX);
        assert_eq!(Change::decode(&change.encode()), Ok(change));
    }

    proptest! {
        #[test]
        fn totals_come_back(kinds in prop::collection::btree_set((0..3_u32, 0..3_u8, 1..9_u8), 0..20)) {
            let cells = kinds.into_iter().map(|(day, prefix, origin)| {
                let prefix = ["", "88.1", "88.2"][usize::from(prefix)];
                cell(day, prefix, origin, u64::from(day) + 1)
            });
            let change = totals(cells.collect());
            prop_assert_eq!(Change::decode(&change.encode()), Ok(change));
        }
    }
}
