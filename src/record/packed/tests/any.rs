//! Records as an enterprise has them: many alike, with what deviates from them.

use proptest::prelude::*;

use crate::record::{Permissions, Record, Ttl, Value};

/// Records of one prefix.
#[derive(Debug)]
pub(super) struct Case {
    authority: &'static str,
    templates: Vec<Vec<Column>>,
    rows: Vec<Row>,
}

/// What the values of one place of a template are.
#[derive(Debug, Clone)]
struct Column {
    frame: (u8, &'static str, Ttl, u8),
    kind: Kind,
    head: &'static str,
    tail: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Constant,
    OneOf,
    Serial { count: usize, width: usize },
    SuffixDay { skip: usize },
    Day,
    Suffix,
    Identifier,
    Number,
    Bytes,
}

#[derive(Debug)]
struct Row {
    template: usize,
    suffix: String,
    /// What is drawn for each value.
    draws: Vec<u64>,
    /// A value that is not as its template says, where it has so many.
    deviates: usize,
    bytes: Vec<u8>,
    time: (u64, bool),
}

impl Case {
    /// Its records: authority, suffix, canonical bytes.
    pub(super) fn records(&self) -> Vec<(&'static str, String, Vec<u8>)> {
        let record = |row: &Row| {
            let template = &self.templates[row.template % self.templates.len()];
            let values = (0..)
                .zip(template)
                .map(|(at, column)| self.value(row, at, column));
            let record = Record::new(values.collect()).ok()?;
            Some((self.authority, row.suffix.clone(), record.encode()))
        };
        self.rows.iter().filter_map(record).collect()
    }

    fn value(&self, row: &Row, at: usize, column: &Column) -> Value {
        let draw = row.draws[at];
        let data = if row.deviates == at {
            row.bytes.clone()
        } else {
            let (head, tail) = (column.head, column.tail);
            let middle = self.middle(row, draw, column.kind);
            [head.as_bytes(), &middle, tail.as_bytes()].concat()
        };
        let (index, kind, ttl, permissions) = column.frame;
        Value {
            index: u32::try_from(at).unwrap() * 300 + u32::from(index) + 1,
            kind: kind.into(),
            data: data.into(),
            ttl,
            permissions: Permissions::from_bits(permissions).unwrap(),
            timestamp_ms: if row.time.1 {
                row.time.0.wrapping_add(draw)
            } else {
                row.time.0
            },
            references: Vec::new(),
        }
    }

    fn middle(&self, row: &Row, draw: u64, kind: Kind) -> Vec<u8> {
        let digits: String = row
            .suffix
            .chars()
            .rev()
            .take_while(char::is_ascii_digit)
            .collect();
        let digits: String = digits.chars().rev().collect();
        let last = |count: usize| &digits[digits.len().saturating_sub(count)..];
        let text = match kind {
            Kind::Constant => "襄阳东湖装备制造有限公司".to_owned(),
            Kind::OneOf => ["D121", "液压泵", "", "0007", "L26053"]
                [usize::try_from(draw % 5).unwrap()]
            .to_owned(),
            Kind::Serial { count, width: 0 } => {
                let number = last(count).parse::<u128>().unwrap_or_default();
                number.to_string()
            }
            Kind::Serial { count, width } => format!("{:0>width$}", last(count)),
            Kind::SuffixDay { skip } => {
                let end = digits.len().saturating_sub(skip);
                let day = &digits[end.saturating_sub(8)..end];
                let dashed = |day: &str| format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
                if day.len() == 8 {
                    dashed(day)
                } else {
                    String::new()
                }
            }
            Kind::Day => format!("20{:02}-{:02}-{:02}", draw % 99, draw % 13, draw % 32),
            Kind::Suffix => row.suffix.clone(),
            Kind::Identifier => format!("{}/{}", self.authority, row.suffix),
            Kind::Number => (draw % 100_000).to_string(),
            Kind::Bytes => return row.bytes.clone(),
        };
        text.into_bytes()
    }
}

/// Suffixes of a few kinds, some of which go on from each other.
pub(super) fn any_suffix() -> impl Strategy<Value = String> {
    let head = prop_oneof![
        "JX/4/",
        "jx/4/",
        "P03",
        "液压泵-",
        "",
        "[A-Za-z]{1,3}",
        "\\PC{1,9}"
    ];
    let digits = prop_oneof![
        "",
        "[0-9]{1,4}",
        "00000[0-9]{3}",
        "2026(05|10)[012][0-9]0000[0-9]{3}",
        "[0-9]{17,20}",
        "0{15,22}[0-9]{0,2}",
    ];
    (head, digits)
        .prop_map(|(head, digits)| head + &digits)
        .prop_filter("a suffix is not empty", |suffix| !suffix.is_empty())
}

fn any_column() -> impl Strategy<Value = Column> {
    let ttl = prop_oneof![
        3 => Just(Ttl::default()),
        1 => any::<u32>().prop_map(Ttl::Absolute),
    ];
    let kind = prop_oneof![
        Just(Kind::Constant),
        Just(Kind::OneOf),
        (1..18_usize, 0..9_usize).prop_map(|(count, width)| Kind::Serial { count, width }),
        (0..9_usize).prop_map(|skip| Kind::SuffixDay { skip }),
        Just(Kind::Day),
        Just(Kind::Suffix),
        Just(Kind::Identifier),
        Just(Kind::Number),
        Just(Kind::Bytes),
    ];
    let frame = (
        any::<u8>(),
        prop_oneof![Just("URL"), Just("NAME"), Just("名称")],
        ttl,
        0..16_u8,
    );
    let around = || prop_oneof![2 => Just(""), 1 => Just("https://e.cn/"), 1 => Just("号")];
    (frame, kind, around(), around()).prop_map(|(frame, kind, head, tail)| Column {
        frame,
        kind,
        head,
        tail,
    })
}

fn any_row() -> impl Strategy<Value = Row> {
    let time = prop_oneof![
        1_793_500_000_000..1_793_500_040_000_u64,
        any::<u64>(),
        Just(0),
    ];
    (
        0..9_usize,
        any_suffix(),
        proptest::collection::vec(any::<u64>(), 6),
        0..40_usize,
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..20),
            "\\PC{0,300}".prop_map(String::into_bytes),
            "[0-9]{0,25}".prop_map(String::into_bytes),
        ],
        (time, proptest::bool::weighted(0.1)),
    )
        .prop_map(|(template, suffix, draws, deviates, bytes, time)| Row {
            template,
            suffix,
            draws,
            deviates,
            bytes,
            time,
        })
}

/// Any case.
pub(super) fn any_case() -> impl Strategy<Value = Case> {
    let templates = proptest::collection::vec(proptest::collection::vec(any_column(), 0..6), 1..4);
    let rows = proptest::collection::vec(any_row(), 0..300);
    let authority = prop_oneof![Just("88.118.8"), Just("86.1"), Just("7")];
    (authority, templates, rows).prop_map(|(authority, templates, rows)| Case {
        authority,
        templates,
        rows,
    })
}
