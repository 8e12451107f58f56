//! Identifier → record, in memory: the core of what this node is for.
//!
//! ```text
//!            hash of the key, keyed with a secret
//!     shard (10 bits) ‖ tag (26)  ─▶ Table of the shard ─▶ slot ─▶ offset ─▶ Arena ─▶ entry
//!                                                                                      │ prefix number
//!     prefix, ordinal ─▶ Listing ─▶ 32 bits of the hash ─▶ Table …                     ▼
//!                            └───────────── Space of the prefix: dictionary, listing, counts
//! ```
//!
//! Readers take no lock and write nothing that another reads: they enter a read-side section
//! (`crossbeam-epoch`), and what they may still see is kept until they leave it. They pass a
//! closure that encodes straight into the reply; nothing of an entry leaves the section. Several
//! keys at once let the processor fetch for one while it looks at another.
//!
//! One writer at a time changes a shard, behind the shard's lock, which readers do not know. It
//! writes an entry to the arena and then points a slot to it; nothing that was written changes.
//! What slots point to no more is garbage, and a chunk of the arena with much of it is emptied and
//! given back, some entries with each write (`write.rs`).
//!
//! `docs/adr/0001-index.md` says why it is so, beside what else there is.

mod ancestors;
mod arena;
mod bytes;
mod chunk;
mod clean;
mod counted;
mod entry;
mod listing;
mod memory;
mod pages;
mod read;
mod region;
mod shard;
mod slot;
mod space;
mod sync;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod write;

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use ancestors::Ancestors;
use arena::Arena;
pub use bytes::IndexBytes;
use clean::Cleaning;
use crossbeam_epoch::Guard;
pub use read::{BATCH, PrefixCounts};
use region::Region;
use shard::Shard;
pub use slot::{Slot, SlotRef, SlotRefState, SlotState, Spelling};
use space::Spaces;
use table::TAG_BITS;
pub use write::IndexWriter;

use crate::identifier::Key;

/// Bits of the address that choose the shard: a thousand of them, so that growing one at ten
/// million identifiers moves ten thousand slots.
const SHARD_BITS: u32 = if cfg!(miri) { 2 } else { 10 };

/// Shards.
const SHARDS: usize = 1 << SHARD_BITS;

/// Bits of the hash that say where a key is at home.
const ADDRESS_BITS: u32 = SHARD_BITS + TAG_BITS;

/// Of those, the last ones that a listing does not keep: it has 32 bits for each.
const UNLISTED_BITS: u32 = ADDRESS_BITS.saturating_sub(32);

//----------- Index ------------------------------------------------------------

/// Identifiers by their folded key.
///
/// The hash is keyed with a secret of this process (SipHash of the standard library): identifiers
/// are chosen by strangers.
#[derive(Debug)]
pub struct Index {
    hasher: RandomState,
    shards: Box<[Shard]>,
    /// Where the tables of the shards are.
    region: Arc<Region>,
    arena: Arena,
    spaces: Spaces,
    ancestors: Ancestors,
    /// Identifiers, live and removed.
    entries: AtomicU64,
    cleaning: Mutex<Cleaning>,
    kinds: bytes::Kinds,
}

/// Where a key is at home: shard and tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Address {
    /// The first 36 bits of the hash.
    bits: u64,
}

impl Index {
    /// An empty index.
    #[must_use]
    fn new() -> Self {
        let hasher = RandomState::new();
        let region = Arc::new(Region::default());
        let shard = |shard| Shard::new(first_buckets(shard), &region);
        Self {
            shards: (0..SHARDS).map(shard).collect(),
            region,
            arena: Arena::new(),
            spaces: Spaces::new(hasher.hash_one(0)),
            ancestors: Ancestors::new(),
            entries: AtomicU64::new(0),
            cleaning: Mutex::default(),
            kinds: bytes::Kinds::default(),
            hasher,
        }
    }

    /// Identifiers, live and removed.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.entries.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a live identifier is below a DNS name, in lower case and without its zone, that is
    /// itself below a prefix's.
    #[must_use]
    pub fn has_below(&self, name: &str) -> bool {
        self.ancestors.contains(name)
    }

    /// Into how many shards it is divided.
    pub(in crate::state) fn shards(&self) -> usize {
        SHARDS
    }

    /// The shard that a key is in.
    pub(in crate::state) fn shard_of(&self, key: &Key) -> usize {
        self.address(key.as_bytes()).shard()
    }

    fn address(&self, key: &[u8]) -> Address {
        let mut hasher = self.hasher.build_hasher();
        // The bytes alone, without their number, which the hash ends with as it is.
        hasher.write(key);
        let bits = hasher.finish() >> (64 - ADDRESS_BITS);
        // A listing writes 0 for what is not there.
        Address {
            bits: bits.max(1 << UNLISTED_BITS),
        }
    }

    fn shard(&self, address: Address) -> &Shard {
        &self.shards[address.shard()]
    }

    /// The entry that a slot points to.
    ///
    /// # Safety
    /// As of [`Arena::entry`].
    #[expect(unsafe_code, reason = "the caller proves that the entry is there")]
    #[inline]
    unsafe fn entry<'g>(&'g self, offset: u64, guard: &'g Guard) -> Option<SlotRef<'g>> {
        // SAFETY: the caller's.
        let bytes = unsafe { self.arena.entry(offset, guard) };
        SlotRef::read(bytes, |number| self.spaces.get(number))
    }
}

impl Address {
    fn shard(self) -> usize {
        usize::try_from(self.bits >> TAG_BITS).unwrap_or_default()
    }

    fn tag(self) -> u64 {
        self.bits & ((1 << TAG_BITS) - 1)
    }

    /// What a listing keeps of it.
    fn listed(self) -> u32 {
        u32::try_from(self.bits >> UNLISTED_BITS).expect("so many bits are left")
    }
}

/// Buckets of a shard's first table: not all the same, so that the shards do not all grow at the
/// same number of identifiers, and what is free in them is even.
fn first_buckets(shard: usize) -> usize {
    1 + shard % 4
}
