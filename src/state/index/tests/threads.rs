//! Readers beside a writer: what they see was there at some moment.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use super::*;

/// Identifiers that are changed over and over.
const NUMBERS: u64 = if cfg!(miri) { 3 } else { 300 };

/// How often each is changed.
const ROUNDS: u64 = if cfg!(miri) { 16 } else { 400 };

/// The version that a record has in it, by its time.
fn version(slot: &SlotRef<'_>) -> u64 {
    let record = slot.record().expect("nothing is removed here");
    let mut values = record.values();
    let first = values.next().expect("records have values");
    (first.timestamp_ms - 1_790_000_000_000) / 1_000
}

#[test]
fn readers_see_whole_entries_and_none_that_is_older_than_what_they_saw() {
    let writer = IndexWriter::new();
    let index = writer.index();
    let keys: Vec<Key> = (0..NUMBERS).map(key).collect();
    let is_done = AtomicBool::new(false);
    let looked = AtomicU64::new(0);
    let read = |seed: u64| {
        let mut random = Random(seed);
        let mut seen = vec![0; keys.len()];
        while !is_done.load(Ordering::Relaxed) {
            let few: Vec<usize> = (0..BATCH)
                .map(|_| usize::try_from(random.next(NUMBERS)).unwrap())
                .collect();
            let bytes: Vec<&[u8]> = few.iter().map(|at| keys[*at].as_bytes()).collect();
            index.with_batch(&bytes, |place, slot| {
                let number = u64::try_from(few[place]).unwrap();
                let Some(slot) = slot else {
                    assert_eq!(seen[few[place]], 0, "what was there is there");
                    return;
                };
                let version = version(&slot);
                assert!(version >= seen[few[place]]);
                seen[few[place]] = version;
                assert_eq!(
                    slot.to_slot().state,
                    SlotState::Live(record(number, version).encode().into())
                );
                looked.fetch_add(1, Ordering::Relaxed);
            });
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| read(1));
        scope.spawn(|| read(2));
        for version in 1..=ROUNDS {
            for number in 0..NUMBERS {
                writer.replace(&key(number), &slot(number, version, version), |_| ());
            }
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert!(looked.load(Ordering::Relaxed) > 0 || cfg!(miri));
}

#[test]
fn threads_that_load_do_not_lose_anything() {
    let writer = IndexWriter::new();
    let numbers: u64 = if cfg!(miri) { 9 } else { 6_000 };
    thread::scope(|scope| {
        for part in 0..3 {
            let writer = &writer;
            scope.spawn(move || {
                for number in (part..numbers).step_by(3) {
                    let mut slot = slot(number, 1, 1);
                    // By prefix, as `spelling` deals them out.
                    slot.ordinal = u32::try_from(number / 3).unwrap();
                    assert!(writer.restore(&key(number), &slot));
                }
            });
        }
    });
    assert!(writer.index().is_listed_whole());
    for number in 0..numbers {
        let found = writer
            .index()
            .with(key(number).as_bytes(), |slot| slot.to_slot());
        let mut expected = slot(number, 1, 1);
        expected.ordinal = u32::try_from(number / 3).unwrap();
        assert_eq!(found, Some(expected));
    }
}
