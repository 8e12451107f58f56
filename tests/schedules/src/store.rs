//! One shard and an arena, used as `read.rs`, `write.rs` and `clean.rs` of the index use them.

use std::sync::Arc;

use crate::{
    Guard,
    arena::Arena,
    pin,
    region::Region,
    shard::Shard,
    table::{TAG_BITS, point},
};

/// An entry of the models: whose it is, and which version.
type Entry = [u8; 2];

/// Keys and their versions.
pub(super) struct Store {
    shard: Shard,
    region: Arc<Region>,
    arena: Arena,
}

/// Spreads a few keys over the buckets.
fn tag(key: u8) -> u64 {
    (u64::from(key) << (TAG_BITS - 4)) + 1
}

impl Store {
    pub(super) fn new() -> Self {
        let region = Arc::new(Region);
        Self {
            shard: Shard::new(1, &region),
            region,
            arena: Arena::new(),
        }
    }

    /// `Index::put`.
    pub(super) fn put(&self, key: u8, version: u8) {
        let guard = pin();
        let mut taken = self.shard.writer();
        let table = self.shard.table(&guard);
        let found = table.find(tag(key), |offset| self.entry(offset, &guard)[0] == key);
        let new = self.arena.push(&[&[key, version]]);
        if let Some((slot, old)) = found {
            point(slot, tag(key), new);
            drop(taken);
            self.arena.abandon(old, size_of::<Entry>());
        } else {
            let place = (&self.region, &guard);
            self.shard.insert(tag(key), new, &mut taken, place);
        }
    }

    /// `Index::with`; the entry is looked at again before the section ends.
    pub(super) fn get(&self, key: u8) -> Option<u8> {
        let guard = pin();
        let table = self.shard.table(&guard);
        let (_, offset) = table.find(tag(key), |offset| self.entry(offset, &guard)[0] == key)?;
        let version = self.entry(offset, &guard)[1];
        loom::thread::yield_now();
        assert_eq!(self.entry(offset, &guard), [key, version]);
        Some(version)
    }

    /// `Index::clean`, with a budget for the whole chunk; whether one was given back.
    pub(super) fn clean(&self) -> bool {
        let guard = pin();
        let Some((number, used)) = self.arena.dirtiest() else {
            return false;
        };
        let mut place = Arena::first_place(number);
        while place < used {
            // SAFETY: only this retires chunks, and the place is the first or the next.
            let (offset, entry, next) = unsafe { self.arena.entry_at(number, place, &guard) };
            let tag = tag(entry[0]);
            let taken = self.shard.writer();
            let table = self.shard.table(&guard);
            if let Some((slot, _)) = table.find(tag, |other| other == offset) {
                point(slot, tag, self.arena.push(&[entry]));
                self.arena.abandon(offset, entry.len());
            }
            drop(taken);
            place = next;
        }
        self.arena.retire(number, &guard)
    }

    /// Bytes of entries that are not garbage.
    pub(super) fn live_bytes(&self) -> u64 {
        let bytes = self.arena.bytes();
        bytes.used - bytes.garbage
    }

    fn entry<'g>(&'g self, offset: u64, guard: &'g Guard) -> &'g [u8] {
        // SAFETY: the table loaded it in this section.
        unsafe { self.arena.entry(offset, guard) }
    }
}
