//! Where the memory of the index goes.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_epoch::pin;

use super::{Index, chunk::stored_bytes};

//----------- IndexBytes -------------------------------------------------------

/// Bytes of memory by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexBytes {
    /// Tables of slots, with those that are free.
    pub slots: u64,
    /// Of live entries all but the packed record: head, suffix, position.
    pub keys: u64,
    /// Packed records.
    pub records: u64,
    /// Entries of removed identifiers.
    pub tombstones: u64,
    /// Entries that nothing points to any more.
    pub garbage: u64,
    /// Of the arena's chunks what no entry is in yet.
    pub free: u64,
    /// Words and shapes that records of a prefix share, and what the writer knows of them.
    pub dictionaries: u64,
    /// Listings of prefixes.
    pub listing: u64,
    /// Names above identifiers in DNS.
    pub ancestors: u64,
}

impl IndexBytes {
    /// Each part, by its name.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, u64); 9] {
        [
            ("slots", self.slots),
            ("keys", self.keys),
            ("records", self.records),
            ("tombstones", self.tombstones),
            ("garbage", self.garbage),
            ("free", self.free),
            ("dictionaries", self.dictionaries),
            ("listing", self.listing),
            ("ancestors", self.ancestors),
        ]
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.parts().iter().map(|(_, bytes)| bytes).sum()
    }
}

//----------- Kinds ------------------------------------------------------------

/// Bytes of entries that something points to, by what they hold.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    live: AtomicU64,
    tombstones: AtomicU64,
    /// Of the live ones, what is the packed record.
    records: AtomicU64,
}

impl Kinds {
    /// An entry of so many bytes was written, of which its record takes some.
    pub(super) fn add(&self, is_live: bool, bytes: usize, record: usize) {
        self.each(is_live, bytes, record, |counter, bytes| {
            counter.fetch_add(bytes, Ordering::Relaxed);
        });
    }

    /// It was abandoned.
    pub(super) fn remove(&self, is_live: bool, bytes: usize, record: usize) {
        self.each(is_live, bytes, record, |counter, bytes| {
            counter.fetch_sub(bytes, Ordering::Relaxed);
        });
    }

    /// Runs `f` on each counter that an entry is part of, with its bytes there.
    fn each(&self, is_live: bool, bytes: usize, record: usize, f: impl Fn(&AtomicU64, u64)) {
        let bytes = as_u64(stored_bytes(bytes));
        if is_live {
            f(&self.live, bytes);
            f(&self.records, as_u64(record));
        } else {
            f(&self.tombstones, bytes);
        }
    }
}

impl Index {
    /// Where its memory goes. It looks at each prefix once.
    #[must_use]
    pub fn bytes(&self) -> IndexBytes {
        let guard = pin();
        let tables = self.shards.iter().map(|shard| shard.table(&guard).bytes());
        let arena = self.arena.bytes();
        let mut dictionaries = self.spaces.bytes();
        let mut listing = 0;
        for space in self.spaces.iter() {
            let [own, dictionary, listed] = space.bytes();
            dictionaries += own + dictionary;
            listing += listed;
        }
        let live = self.kinds.live.load(Ordering::Relaxed);
        let tombstones = self.kinds.tombstones.load(Ordering::Relaxed);
        let records = self.kinds.records.load(Ordering::Relaxed);
        IndexBytes {
            slots: as_u64(
                tables.sum::<usize>() + self.region.free_bytes() + size_of_val(&*self.shards),
            ),
            keys: live.saturating_sub(records),
            records,
            tombstones,
            garbage: arena.used.saturating_sub(live + tombstones),
            free: arena.chunks.saturating_sub(arena.used),
            dictionaries: as_u64(dictionaries),
            listing: as_u64(listing),
            ancestors: as_u64(self.ancestors.bytes()),
        }
    }
}

fn as_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
