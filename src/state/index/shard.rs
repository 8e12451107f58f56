//! The map under the index. Only this file names the map's crate.

use std::hash::RandomState;

use dashmap::{DashMap, Entry};

use super::{Slot, ancestors::Ancestors};
use crate::identifier::Key;

/// How many parts are locked apart from each other: a writer shuts out one reader in a
/// thousand, growing one part moves a thousandth of the identifiers, and a snapshot holds up writers
/// of a thousandth at a time. A power of two, as the map asks.
const SHARDS: usize = 1_024;

//----------- Index ------------------------------------------------------------

/// Identifiers by their folded key.
///
/// The hash is keyed with a secret of this process (SipHash of the standard library): identifiers
/// are chosen by strangers.
#[derive(Debug)]
pub struct Index {
    map: DashMap<Key, Slot, RandomState>,
    ancestors: Ancestors,
}

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::with_room(0)
    }

    /// An empty index that takes so many identifiers without growing.
    #[must_use]
    pub(in crate::state) fn with_room(identifiers: usize) -> Self {
        let random = RandomState::new();
        let map = DashMap::with_capacity_and_hasher_and_shard_amount(identifiers, random, SHARDS);
        Self {
            map,
            ancestors: Ancestors::new(),
        }
    }

    /// Runs `f` on the identifier of that folded key, inside the shard's read section.
    ///
    /// `f` must be short and must not come back to the index.
    pub fn with<R>(&self, key: &[u8], f: impl FnOnce(&Slot) -> R) -> Option<R> {
        self.map.get(key).map(|slot| f(&slot))
    }

    /// Runs `f` on each key's identifier, with the key's place in `keys`.
    ///
    /// In batches the misses of several keys can overlap; this map takes them one by one.
    pub fn with_batch(&self, keys: &[&[u8]], mut f: impl FnMut(usize, Option<&Slot>)) {
        for (place, key) in keys.iter().enumerate() {
            match self.map.get(*key) {
                Some(slot) => f(place, Some(&slot)),
                None => f(place, None),
            }
        }
    }

    /// Identifiers, live and removed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Into how many shards it is divided.
    pub(in crate::state) fn shards(&self) -> usize {
        SHARDS
    }

    /// The shard that a key is in.
    pub(in crate::state) fn shard_of(&self, key: &Key) -> usize {
        self.map.determine_map(key)
    }

    /// Puts a slot in, and returns the one that was there. `before` sees that one first, under the
    /// lock of its shard.
    pub(in crate::state) fn replace(
        &self,
        key: Key,
        slot: Slot,
        before: impl FnOnce(&Slot),
    ) -> Option<Slot> {
        match self.map.entry(key) {
            Entry::Occupied(mut there) => {
                before(there.get());
                let lived = (there.get().is_live(), slot.is_live());
                self.count(there.key(), lived);
                Some(there.insert(slot))
            }
            Entry::Vacant(free) => {
                self.count(free.key(), (false, slot.is_live()));
                free.insert(slot);
                None
            }
        }
    }

    /// Changes a slot in place, where there is one, under the lock of its shard.
    pub(in crate::state) fn update(&self, key: &Key, f: impl FnOnce(&mut Slot)) {
        if let Some(mut slot) = self.map.get_mut(key) {
            let was_live = slot.is_live();
            f(&mut slot);
            self.count(key, (was_live, slot.is_live()));
        }
    }

    /// Whether a live identifier is below a DNS name, in lower case and without its zone, that is
    /// itself below a prefix's.
    #[must_use]
    pub fn has_below(&self, name: &str) -> bool {
        self.ancestors.contains(name)
    }

    /// Keeps the names above an identifier, which was live or not and now is or is not.
    fn count(&self, key: &Key, lived: (bool, bool)) {
        match lived {
            (false, true) => self.ancestors.add(key),
            (true, false) => self.ancestors.remove(key),
            _ => {}
        }
    }

    /// Runs `f` while nobody writes to a shard, with a function that shows each of its slots.
    #[expect(
        unsafe_code,
        reason = "the map shows the inside of a shard only as a raw table"
    )]
    pub(in crate::state) fn with_shard(
        &self,
        shard: usize,
        f: impl FnOnce(&dyn Fn(&mut dyn FnMut(&Slot))),
    ) {
        let table = self.map.shards()[shard].read();
        f(&|show| {
            // SAFETY: `table` is the guard of the shard's read lock and outlives this call: nobody
            // moves, changes or frees the table or its buckets meanwhile.
            unsafe {
                for bucket in table.iter() {
                    show(bucket.as_ref().1.get());
                }
            }
        });
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}
