//! The products of the sample: how few bytes they take.

use std::sync::OnceLock;

use super::world::World;
use crate::record::{Record, tests::value};

/// Rows as the sample has them: authority, suffix and record.
pub(super) fn rows() -> &'static [(String, String, Vec<u8>)] {
    static ROWS: OnceLock<Vec<(String, String, Vec<u8>)>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/products.csv");
        let text = std::fs::read_to_string(path).expect("the sample is there");
        text.lines().skip(1).take(8_000).map(read).collect()
    })
}

fn read(line: &str) -> (String, String, Vec<u8>) {
    let mut cells = line.split(',');
    let (authority, suffix) = cells.next().and_then(|cell| cell.split_once('/')).unwrap();
    let kinds = [
        "NAME", "MODEL", "BATCH", "SERIAL", "PRODUCED", "GTIN", "BRAND", "URL", "MAKER",
    ];
    let values = (2_000..).zip(kinds).zip(cells);
    let values = values.map(|((index, kind), data)| value(index, kind, data.as_bytes()));
    let record = Record::new(values.collect()).unwrap().encode();
    (authority.to_owned(), suffix.to_owned(), record)
}

/// One of them.
pub(super) fn row(at: usize) -> (String, String, Vec<u8>) {
    rows()[at].clone()
}

/// All of the largest enterprise, packed.
pub(super) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut world = World::new();
        for (authority, suffix, record) in rows().iter().filter(|row| row.0 == "88.118.0002") {
            world.put(authority, suffix, record);
        }
        world
    })
}

#[test]
fn a_product_takes_few_bytes() {
    let world = world();
    world.check();
    let (first, last) = (world.mean(world.len()), world.mean(300));
    assert!(first <= 16.0, "{first} bytes of all");
    assert!(last <= 12.0, "{last} bytes of the last");
    let suffix = world.suffix_mean(world.len());
    assert!(suffix <= 10.0, "{suffix} bytes of the suffix");
    assert!(suffix >= 3.0, "{suffix} bytes of the suffix");
}
