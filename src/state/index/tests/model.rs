//! Random operations, each held against a plain map.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::{
    identifier::{System, dns},
    state::index::chunk::CHUNK_BYTES,
};

/// What the index should hold.
#[derive(Default)]
struct Model {
    slots: BTreeMap<u64, Slot>,
    /// By prefix, in the order in which they were registered.
    listed: HashMap<String, Vec<u64>>,
}

fn prefix_of(number: u64) -> String {
    format!("88.118.{}", number % 3)
}

impl Model {
    fn put(&mut self, number: u64, mut slot: Slot) {
        let listed = self.listed.entry(prefix_of(number)).or_default();
        slot.ordinal = match self.slots.get(&number) {
            Some(old) => old.ordinal,
            None => {
                listed.push(number);
                u32::try_from(listed.len() - 1).unwrap()
            }
        };
        self.slots.insert(number, slot);
    }

    fn check(&self, index: &Index) {
        assert_eq!(index.len(), self.slots.len());
        let keys: Vec<Key> = self.slots.keys().map(|number| key(*number)).collect();
        let keys: Vec<&[u8]> = keys.iter().map(Key::as_bytes).collect();
        let mut expected = self.slots.values();
        index.with_batch(&keys, |place, found| {
            let expected = expected.next();
            assert_eq!(
                found.map(|slot| slot.to_slot()).as_ref(),
                expected,
                "{place}"
            );
        });
        assert!(expected.next().is_none());
        self.check_lists(index);
        self.check_names(index);
    }

    fn check_lists(&self, index: &Index) {
        for (prefix, numbers) in &self.listed {
            let live = numbers
                .iter()
                .filter(|number| self.slots[number].is_live())
                .count();
            let counts = index.counts(System::Handle, prefix);
            assert_eq!(
                (counts.listed, counts.live),
                (
                    u32::try_from(numbers.len()).unwrap(),
                    u64::try_from(live).unwrap()
                )
            );
            let from = numbers.len() / 3;
            let mut listed = Vec::new();
            index.each_listed(
                System::Handle,
                prefix,
                u32::try_from(from).unwrap(),
                |slot| {
                    listed.push(slot.to_slot());
                    listed.len() < 100
                },
            );
            let expected = numbers[from..].iter().take(100);
            assert!(listed.iter().eq(expected.map(|number| &self.slots[number])));
        }
    }

    /// The names above identifiers are those of live ones.
    fn check_names(&self, index: &Index) {
        let mut names: HashMap<String, bool> = HashMap::new();
        for (number, slot) in &self.slots {
            let key = key(*number);
            dns::each_ancestor(key.authority(), key.local(), |name| {
                *names.entry(name.to_owned()).or_default() |= slot.is_live();
            });
        }
        for (name, is_there) in names {
            assert_eq!(index.has_below(&name), is_there, "{name}");
        }
    }
}

/// Removes an identifier from both, where there is one.
fn remove(writer: &IndexWriter, model: &mut Model, (number, seq): (u64, u64)) {
    let change = |slot: &mut Slot| {
        slot.position.seq = seq;
        slot.state = SlotState::Removed {
            at_ms: 1_790_000_000_000 + seq,
        };
    };
    writer.update(&key(number), change);
    model.slots.get_mut(&number).map(change);
}

/// Does a random thing to both.
fn step(writer: &IndexWriter, model: &mut Model, random: &mut Random, (seq, numbers): (u64, u64)) {
    let number = random.next(numbers);
    let known = model.slots.get(&number).cloned();
    match random.next(10) {
        0..6 => {
            let slot = slot(number, random.next(1_000), seq);
            let mut before = None;
            let old = writer.replace(&key(number), &slot, |old| before = Some(old.clone()));
            assert_eq!((&old, &before), (&known, &known));
            model.put(number, slot);
        }
        6..8 => {
            remove(writer, model, (number, seq));
        }
        _ => {
            let found = writer
                .index()
                .with(key(number).as_bytes(), |slot| slot.to_slot());
            assert_eq!(found, known);
        }
    }
}

/// Runs so many steps over so many identifiers.
fn run(steps: u64, numbers: u64, seed: u64) -> (IndexWriter, Model) {
    let (writer, mut model, mut random) = (IndexWriter::new(), Model::default(), Random(seed));
    for seq in 1..=steps {
        step(&writer, &mut model, &mut random, (seq, numbers));
        if seq % (steps / 3) == 0 {
            model.check(writer.index());
        }
    }
    (writer, model)
}

#[test]
fn it_holds_what_a_map_holds() {
    let (steps, numbers) = if cfg!(miri) { (30, 6) } else { (60_000, 3_000) };
    run(steps, numbers, 1);
}

#[test]
fn of_few_identifiers_changed_often_the_garbage_is_given_back() {
    let (steps, numbers) = if cfg!(miri) { (60, 3) } else { (150_000, 400) };
    let (writer, model) = run(steps, numbers, 2);
    let chunks = writer.index().arena.bytes().chunks;
    // Two chunks of garbage are left alone, one is emptied, one is open, and what lives has one.
    assert!(chunks <= 5 * CHUNK_BYTES as u64, "{chunks}");
    model.check(writer.index());
}

#[test]
fn what_lives_in_a_chunk_that_is_emptied_is_moved() {
    // Every other entry is garbage soon, and each chunk is half of either.
    let numbers = if cfg!(miri) { 24 } else { 30_000 };
    let (writer, mut model) = (IndexWriter::new(), Model::default());
    for seq in 0..numbers {
        for number in [seq, seq % 4] {
            // Such a version has a note of 299 bytes.
            let slot = slot(number, 299, seq);
            writer.replace(&key(number), &slot, |_| ());
            model.put(number, slot);
        }
    }
    let bytes = writer.index().arena.bytes();
    let live = bytes.used - bytes.garbage;
    assert!(live > 3 * CHUNK_BYTES as u64, "{bytes:?}");
    assert!(
        bytes.garbage < bytes.used / 2 - CHUNK_BYTES as u64,
        "some was given back: {bytes:?}"
    );
    model.check(writer.index());
}

/// Who asks for an identifier by a key that is not its own gets nothing, and reads nothing that was
/// given back.
#[test]
fn a_slot_behind_a_key_that_is_not_its_own_keeps_its_chunk() {
    let writer = IndexWriter::new();
    writer.replace(&key(4), &slot(1, 1, 1), |_| ());
    let mut version = 0;
    let mut write = |number| {
        version += 1;
        writer.replace(&key(number), &slot(number, version, version), |_| ());
        writer.index().arena.bytes()
    };
    // The first chunk is nearly all garbage, the others by half: it is the first that is emptied.
    while write(6).chunks <= CHUNK_BYTES as u64 {}
    let mut number = 7;
    while write(6).used < 7 * CHUNK_BYTES as u64 {
        write(number);
        number += 1;
    }
    let shard = writer.index().shard_of(&key(4));
    let mut found = Vec::new();
    writer.index().with_shard(shard, |each| {
        each(&mut |slot| found.push(slot.to_slot()));
    });
    assert!(found.contains(&slot(1, 1, 1)));
    assert!(writer.index().with(key(4).as_bytes(), |_| ()).is_none());
}

#[test]
#[ignore = "takes minutes; make test-long runs it: cargo test --release --lib state:: -- --ignored"]
fn it_holds_what_a_map_holds_for_millions_of_steps() {
    run(5_000_000, 200_000, 3);
}

#[test]
fn what_is_restored_in_any_order_is_the_same() {
    let numbers = if cfg!(miri) { 6 } else { 2_000 };
    let (writer, model) = run(numbers * 3, numbers, 4);
    let copy = IndexWriter::new();
    copy.index().reserve(model.slots.len());
    let mut slots = Vec::new();
    for shard in (0..writer.index().shards()).rev() {
        writer.index().with_shard(shard, |each| {
            each(&mut |slot| slots.push(slot.to_slot()));
        });
    }
    for slot in &slots {
        let key = Identifier::parse_query(&slot.spelling).unwrap().key();
        assert!(copy.restore(&key, slot));
    }
    assert!(copy.index().is_listed_whole());
    model.check(copy.index());
    let again = Identifier::parse_query(&slots[0].spelling).unwrap().key();
    assert!(!copy.restore(&again, &slots[0]), "it is there");
}

#[test]
fn the_parts_are_all_there_is() {
    let (steps, numbers) = if cfg!(miri) { (30, 5) } else { (20_000, 2_000) };
    let (writer, mut model) = run(steps, numbers, 5);
    // Among few steps there may be no removal; two and what they leave behind are garbage for sure.
    for number in 0..2 {
        remove(&writer, &mut model, (number, steps + 1));
    }
    let bytes = writer.index().bytes();
    let arena = writer.index().arena.bytes();
    let entries = bytes.keys + bytes.records + bytes.tombstones + bytes.garbage + bytes.free;
    assert_eq!(entries, arena.chunks);
    assert_eq!(bytes.garbage, arena.garbage);
    let removed = model.slots.values().filter(|slot| !slot.is_live()).count();
    assert!(removed > 0 && bytes.tombstones >= 10 * u64::try_from(removed).unwrap());
    assert!(
        bytes.parts().iter().all(|(_, bytes)| *bytes > 0),
        "{bytes:?}"
    );
}
