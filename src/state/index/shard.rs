//! The map under the index. Only this file names the map's crate.

use std::hash::RandomState;

use dashmap::DashMap;

use super::Slot;
use crate::identifier::Key;

/// How many parts are locked apart from each other: a writer shuts out one reader in 256, and
/// growing one part moves one 256th of the identifiers. A power of two, as the map asks.
const SHARDS: usize = 256;

//----------- Index ------------------------------------------------------------

/// Identifiers by their folded key.
///
/// The hash is keyed with a secret of this process (SipHash of the standard library): identifiers
/// are chosen by strangers.
#[derive(Debug)]
pub struct Index {
    map: DashMap<Key, Slot, RandomState>,
}

impl Index {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        let map = DashMap::with_capacity_and_hasher_and_shard_amount(0, RandomState::new(), SHARDS);
        Self { map }
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

    /// Puts a slot in, and returns the one that was there.
    pub(in crate::state) fn replace(&self, key: Key, slot: Slot) -> Option<Slot> {
        self.map.insert(key, slot)
    }

    /// Changes a slot in place, where there is one.
    pub(in crate::state) fn update(&self, key: &Key, f: impl FnOnce(&mut Slot)) {
        if let Some(mut slot) = self.map.get_mut(key) {
            f(&mut slot);
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}
