//! The table of a shard: where each identifier's entry is.
//!
//! ```text
//! address (36 bits of the hash) = shard (10) ‖ tag (26)
//! slot    = tag (26) ‖ offset (38), 0 while it is free
//! bucket  = 8 slots, one line of the processor's cache, filled from its first
//! home    = tag × buckets / 2²⁶; when a bucket is full, the next
//! ```
//!
//! Slots are filled and pointed elsewhere, never freed: a removed identifier keeps its tombstone.
//! So a free slot ends every search, and a table is grown from its slots alone: the tag says
//! where in the larger one a slot is at home, and no entry is read.

use super::{
    arena::OFFSET_BITS,
    memory::Zero,
    region::{Region, Slice},
    sync::{Arc, AtomicU64, Ordering},
};

/// Bits of a tag: they choose the bucket, and what they tell beyond that keeps strangers out of it.
/// With 10,000 entries one look-up in 6,000 looks at an entry of somebody else.
pub(super) const TAG_BITS: u32 = 64 - OFFSET_BITS;

/// Slots of a bucket: a line of the cache.
const SLOTS: usize = 8;

/// The share of slots that may be taken: fuller, more look-ups need a second line.
const FULL: (usize, usize) = (13, 16);

//----------- Table ------------------------------------------------------------

/// Slots of one shard.
#[derive(Debug)]
pub(super) struct Table {
    buckets: Slice<Bucket>,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Bucket([AtomicU64; SLOTS]);

// SAFETY: each of its numbers may be 0, and nothing stands between them.
#[expect(unsafe_code, reason = "memory that is zero")]
unsafe impl Zero for Bucket {}

impl Table {
    /// A table of so many buckets, at least one.
    pub(super) fn new(buckets: usize, region: &Arc<Region>) -> Self {
        Self {
            buckets: region.zeroed(buckets.max(1)),
        }
    }

    /// A table that has room for so many entries.
    pub(super) fn buckets_for(entries: usize) -> usize {
        entries * FULL.1 / FULL.0 / SLOTS + 1
    }

    /// Whether it should grow before one more is put in.
    pub(super) fn is_full(&self, entries: usize) -> bool {
        (entries + 1) * FULL.1 > self.buckets.len() * SLOTS * FULL.0
    }

    /// How many buckets the next larger one has. A fifth more: each entry moves five times in all,
    /// which is cheap, and between a fifth and a third of the slots is free.
    pub(super) fn grown(&self) -> usize {
        self.buckets.len() + self.buckets.len() / 5 + 1
    }

    /// How many buckets it has.
    pub(super) fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.buckets)
    }

    /// The slot of that tag whose entry `is` the one that is looked for, and where it points.
    ///
    /// Offsets are loaded with [`Ordering::Acquire`].
    pub(super) fn find(
        &self,
        tag: u64,
        mut is: impl FnMut(u64) -> bool,
    ) -> Option<(&AtomicU64, u64)> {
        let mut nth = self.home(tag);
        for _ in 0..self.buckets.len() {
            for slot in &self.buckets.get(nth)?.0 {
                let held = slot.load(Ordering::Acquire);
                if held == 0 {
                    return None;
                }
                if held >> OFFSET_BITS == tag && is(offset_of(held)) {
                    return Some((slot, offset_of(held)));
                }
            }
            nth = self.behind(nth);
        }
        None
    }

    /// Runs `f` on what the slots hold whose tags begin as `from` and end at most as `to` does, in
    /// buckets where those are at home.
    pub(super) fn each_between(&self, from: u64, to: u64, mut f: impl FnMut(u64)) {
        let last_home = self.home(to);
        let homes = last_home - self.home(from) + 1;
        for (nth, bucket) in self.starting_at_home(from).enumerate() {
            let mut is_full = true;
            for slot in &bucket.0 {
                let held = slot.load(Ordering::Acquire);
                if held == 0 {
                    is_full = false;
                    break;
                }
                if (from..=to).contains(&(held >> OFFSET_BITS)) {
                    f(offset_of(held));
                }
            }
            if !is_full && nth + 1 >= homes {
                return;
            }
        }
    }

    /// Fills a free slot. The caller is the only one that writes, and [`Table::is_full`] is not so.
    pub(super) fn insert(&self, tag: u64, offset: u64) {
        let mut nth = self.home(tag);
        for _ in 0..self.buckets.len() {
            for slot in &self.buckets[nth].0 {
                if slot.load(Ordering::Relaxed) == 0 {
                    slot.store(slot_of(tag, offset), Ordering::Release);
                    return;
                }
            }
            nth = self.behind(nth);
        }
        unreachable!("a table that is not full has a free slot");
    }

    /// The same slots in a larger table.
    pub(super) fn grow(&self, region: &Arc<Region>) -> Self {
        let larger = Self::new(self.grown(), region);
        self.each(|held| larger.insert(held >> OFFSET_BITS, offset_of(held)));
        larger
    }

    /// Runs `f` on the offset of each slot.
    pub(super) fn each_offset(&self, mut f: impl FnMut(u64)) {
        self.each(|held| f(offset_of(held)));
    }

    /// The line of the cache where a search for that tag begins, for a hint to the processor.
    pub(super) fn hint(&self, tag: u64) -> *const u8 {
        (&raw const self.buckets[self.home(tag)]).cast()
    }

    fn each(&self, mut f: impl FnMut(u64)) {
        for bucket in &*self.buckets {
            for slot in &bucket.0 {
                match slot.load(Ordering::Acquire) {
                    0 => break,
                    held => f(held),
                }
            }
        }
    }

    fn home(&self, tag: u64) -> usize {
        let buckets = u64::try_from(self.buckets.len()).unwrap_or_default();
        usize::try_from((tag * buckets) >> TAG_BITS).unwrap_or_default()
    }

    fn behind(&self, bucket: usize) -> usize {
        if bucket + 1 < self.buckets.len() {
            bucket + 1
        } else {
            0
        }
    }

    /// All buckets, from the one where a tag is at home.
    fn starting_at_home(&self, tag: u64) -> impl Iterator<Item = &Bucket> {
        let (before, after) = self.buckets.split_at(self.home(tag));
        after.iter().chain(before)
    }
}

/// Points a slot elsewhere.
pub(super) fn point(slot: &AtomicU64, tag: u64, offset: u64) {
    slot.store(slot_of(tag, offset), Ordering::Release);
}

fn slot_of(tag: u64, offset: u64) -> u64 {
    (tag << OFFSET_BITS) | offset
}

fn offset_of(held: u64) -> u64 {
    held & ((1 << OFFSET_BITS) - 1)
}
