//! Names above identifiers in a tree of names, each with how many live identifiers are below it.
//!
//! Of plain suffixes there are none but the prefix, which the directory has: only encoded and
//! very long ones stand deeper in the tree of DNS (`identifier/dns.rs`). Of a name 64 bits of a
//! hash are kept, keyed with a secret of this process: that two of ten million are one has a chance
//! of one in four hundred thousand, and then a name that does not exist is said to have no records.

use std::hash::{BuildHasher, RandomState};

use super::counted::Counted;

/// Parts that grow apart from each other.
const SHARDS: usize = if cfg!(miri) { 2 } else { 64 };

//----------- Ancestors --------------------------------------------------------

/// A counted set of names, in lower case and without a zone. Readers take no lock.
#[derive(Debug)]
pub(super) struct Ancestors {
    hasher: RandomState,
    shards: Box<[Counted]>,
}

impl Ancestors {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Counted::new()).collect(),
        }
    }

    /// Counts a name once more, or once less.
    pub(super) fn count(&self, name: &str, is_more: bool) {
        let (shard, hash) = self.place(name);
        shard.count(hash, is_more);
    }

    /// Whether a live identifier is below the name.
    pub(super) fn contains(&self, name: &str) -> bool {
        let (shard, hash) = self.place(name);
        shard.contains(hash)
    }

    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(Counted::bytes).sum()
    }

    fn place(&self, name: &str) -> (&Counted, u64) {
        let hash = self.hasher.hash_one(name).max(1);
        let shard = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        (&self.shards[shard], hash)
    }
}
