//! Identifiers and records as many firms have them, any number of them.
//!
//! | set | |
//! |---|---|
//! | sample | fifty firms with eight products each; names, models, bar codes and makers repeat, serials, days and URLs follow from the identifier as often as in real files |
//! | unique | the same, but every name, model and maker is of its own |

// Each bench uses a part of this.
#![allow(dead_code, reason = "shared by benches that use different parts of it")]

use biaoshi::{
    change::{Class, Position},
    identifier::{Identifier, Key},
    record::{Permissions, Record, Ttl, Value},
    state::index::{Slot, SlotState},
};

/// Firms.
const FIRMS: usize = 50;

/// Products of each.
const PRODUCTS: usize = 8;

/// Registrations of an entry.
const PER_ENTRY: usize = 2_000;

const NAMES: [&str; PRODUCTS] = [
    "液压泵",
    "减速机",
    "激光器",
    "光模块",
    "绿茶",
    "注射器",
    "密封胶",
    "伺服电机",
];

/// Which records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Sample,
    Unique,
}

/// The parts of the `n`th identifier: firm, product, serial number and a day of May to August.
struct Parts {
    firm: usize,
    product: usize,
    serial: usize,
    month: usize,
    day: usize,
}

fn parts(n: usize) -> Parts {
    let each = n / (FIRMS * PRODUCTS);
    let day = n / 9_000 % 120;
    Parts {
        // Firms and products come mixed, as registrations do.
        firm: n * 7 % FIRMS,
        product: n / FIRMS * 3 % PRODUCTS,
        serial: each * PRODUCTS + n / FIRMS % PRODUCTS + 1,
        month: 5 + day / 30,
        day: 1 + day % 30,
    }
}

/// The `n`th identifier.
pub(crate) fn spelling(n: usize) -> String {
    let Parts {
        firm,
        product,
        serial,
        month,
        day,
    } = parts(n);
    let prefix = format!("88.118.{:04}", firm + 2);
    match product {
        0..4 => format!(
            "{prefix}/P{:02}2026{month:02}{day:02}{serial:07}",
            product * 3
        ),
        4..6 => format!("{prefix}/JX/{product}/{serial:08}"),
        _ => format!("{prefix}/{}-{serial:06}", NAMES[product]),
    }
}

/// Its key.
pub(crate) fn key(n: usize) -> Key {
    let identifier = Identifier::parse_registration(&spelling(n)).expect("it is one");
    identifier.key()
}

/// Its record.
pub(crate) fn record(set: Set, n: usize) -> Vec<u8> {
    let Parts {
        firm,
        product,
        serial,
        month,
        day,
    } = parts(n);
    let own = |text: String| match set {
        Set::Sample => text,
        Set::Unique => format!("{text}{:x}", n.wrapping_mul(0x9e37_79b9)),
    };
    let values = [
        ("NAME", own(NAMES[product].to_owned())),
        (
            "MODEL",
            own(format!(
                "{}1{product}1",
                char::from(b'A' + u8::try_from(product).unwrap_or(0))
            )),
        ),
        ("BATCH", format!("L26{month:02}{}", day / 4)),
        ("SERIAL", format!("{serial:07}")),
        ("PRODUCED", format!("2026-{month:02}-{day:02}")),
        ("GTIN", format!("69649122{:05}", firm * PRODUCTS + product)),
        ("BRAND", "江汉".to_owned()),
        ("URL", format!("https://e{firm:03}.example.cn/p/{serial}")),
        (
            "MAKER",
            own(format!("十堰江汉装备制造有限公司（{firm}厂）")),
        ),
    ];
    let value = |(index, (kind, data)): (u32, (&str, String))| Value {
        index,
        kind: kind.into(),
        data: data.into_bytes().into(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        timestamp_ms: time_ms(n),
        references: Vec::new(),
    };
    let values = (2000..).zip(values).map(value).collect();
    Record::new(values)
        .expect("nine values are a record")
        .encode()
}

/// A hundred entries in a second.
fn time_ms(n: usize) -> u64 {
    1_793_500_000_000 + u64::try_from(n / PER_ENTRY).unwrap_or_default() * 10
}

/// What an index takes.
pub(crate) fn slot(set: Set, n: usize) -> Slot {
    Slot {
        spelling: spelling(n).into(),
        class: Class::New,
        position: Position {
            partition: 1,
            seq: u64::try_from(n / PER_ENTRY + 1).unwrap_or_default(),
            item: u32::try_from(n % PER_ENTRY).unwrap_or_default(),
        },
        ordinal: 0,
        state: SlotState::Live(record(set, n).into()),
    }
}

/// The same, removed later.
pub(crate) fn removed(n: usize) -> Slot {
    let mut slot = slot(Set::Sample, n);
    slot.state = SlotState::Removed {
        at_ms: time_ms(n) + 86_400_000,
    };
    slot
}
