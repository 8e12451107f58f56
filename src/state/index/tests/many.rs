//! As many identifiers as a large province has.

use super::*;
use crate::identifier::System;

/// Identifiers: four gigabytes of memory, while they are put in.
const COUNT: u64 = 50_000_000;

/// Of those, every so-manyth is looked up and compared.
const EVERY: u64 = 37;

/// Bytes for each: what an index of this many may take.
const BYTES_MAX: u64 = 100;

fn nth(number: u64) -> Slot {
    slot(number, number % 1_000, number / 2_000 + 1)
}

#[test]
#[ignore = "takes minutes; make test-long runs it: cargo test --release --lib state:: -- --ignored"]
fn fifty_million_are_found() {
    let writer = IndexWriter::new();
    let index = writer.index();
    for number in 0..COUNT {
        assert_eq!(writer.replace(&key(number), &nth(number), |_| ()), None);
        // What an unlucky reader would need is there all the time.
        if number % 5_000_000 == 0 {
            let earlier = number / 2;
            assert!(index.with(key(earlier).as_bytes(), |_| ()).is_some());
        }
    }
    assert_eq!(index.len(), usize::try_from(COUNT).unwrap());
    let bytes = index.bytes();
    assert!(bytes.total() < COUNT * BYTES_MAX, "{bytes:?}");
    are_there(index);
    are_listed(index);
}

fn are_there(index: &Index) {
    let numbers: Vec<u64> = (0..COUNT)
        .step_by(usize::try_from(EVERY).unwrap())
        .collect();
    for numbers in numbers.chunks(BATCH) {
        // Each beside one that is not there.
        let asked = numbers.iter().flat_map(|number| [*number, COUNT + number]);
        let keys: Vec<Key> = asked.map(key).collect();
        let keys: Vec<&[u8]> = keys.iter().map(Key::as_bytes).collect();
        index.with_batch(&keys, |place, found| {
            let number = numbers[place / 2];
            let said = found.map(|slot| (slot.spelling().to_string(), slot.position()));
            let expected = (place % 2 == 0).then(|| (spelling(number), nth(number).position));
            assert_eq!(said, expected, "{number}");
        });
        let number = numbers[0];
        let found = index.with(key(number).as_bytes(), |slot| slot.to_slot().state);
        assert_eq!(found, Some(nth(number).state));
    }
}

fn are_listed(index: &Index) {
    for prefix in 0..3 {
        let name = format!("88.118.{prefix}");
        let of_prefix = (COUNT - prefix).div_ceil(3);
        let counts = index.counts(System::Handle, &name);
        assert_eq!(
            (u64::from(counts.listed), counts.live),
            (of_prefix, of_prefix)
        );
        let from = of_prefix - 1_000;
        let mut listed = from;
        index.each_listed(
            System::Handle,
            &name,
            u32::try_from(from).unwrap(),
            |slot| {
                assert_eq!(slot.spelling().to_string(), spelling(3 * listed + prefix));
                listed += 1;
                true
            },
        );
        assert_eq!(listed, of_prefix);
    }
}
