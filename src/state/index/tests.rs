//! The index against a plain map.

mod many;
mod model;
mod threads;

use std::fmt::Write;

use super::*;
use crate::{
    change::{Class, Position},
    identifier::Identifier,
    record::{Permissions, Record, Ttl, Value},
};

/// A generator of numbers that is the same in each run (Knuth, MMIX).
pub(in crate::state) struct Random(pub(in crate::state) u64);

impl Random {
    pub(in crate::state) fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Identifiers of all kinds: plain, encoded, long, of few prefixes.
pub(in crate::state) fn spelling(number: u64) -> String {
    let prefix = number % 3;
    let mut text = match number % 7 {
        0 => format!("88.118.{prefix}/JX/{}/{number:08}", number % 5),
        1 => format!("88.118.{prefix}/液压泵-{number:06}"),
        2 => format!("88.118.{prefix}/item{number:x}z"),
        3 => format!("88.118.{prefix}/"),
        _ => format!("88.118.{prefix}/P03202605{:02}{number:07}", number % 31),
    };
    if number % 7 == 3 {
        write!(text, "{}{number}", "长".repeat(20)).unwrap();
    }
    text
}

fn key(number: u64) -> Key {
    Identifier::parse_registration(&spelling(number))
        .unwrap()
        .key()
}

/// A record that changes with the version.
pub(in crate::state) fn record(number: u64, version: u64) -> Record {
    let value = |index: u32, kind: &str, data: String| Value {
        index,
        kind: kind.into(),
        data: data.into_bytes().into(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        timestamp_ms: 1_790_000_000_000 + version * 1_000,
        references: Vec::new(),
    };
    let mut values = vec![
        value(1, "NAME", format!("液压泵{}", number % 4)),
        value(2, "SERIAL", format!("{number:07}")),
        value(
            3,
            "URL",
            format!("https://e{}.example.cn/p/{number}", number % 3),
        ),
    ];
    if version % 5 == 4 {
        values.push(value(
            4,
            "NOTE",
            "x".repeat(usize::try_from(version % 300).unwrap()),
        ));
    }
    Record::new(values).unwrap()
}

fn slot(number: u64, version: u64, seq: u64) -> Slot {
    Slot {
        spelling: spelling(number).into(),
        class: [Class::New, Class::Adopted, Class::Test][usize::try_from(number % 3).unwrap()],
        position: Position {
            partition: 1,
            seq,
            item: u32::try_from(number % 2_000).unwrap(),
        },
        ordinal: 0,
        state: SlotState::Live(record(number, version).encode().into()),
    }
}
