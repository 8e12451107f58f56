//! Reading the index: one key, many keys, a page of a prefix.

use std::sync::atomic::AtomicU64;

use crossbeam_epoch::{Guard, pin};

use super::{Address, Index, SlotRef, UNLISTED_BITS, memory::prefetch, space::Space, table::Table};
use crate::identifier::System;

/// Keys that are looked up in one read-side section.
pub const BATCH: usize = 64;

/// Keys whose fetches are asked for one right after another: so the processor looks up where their
/// pages are at the same time, too. With a group's buckets and another's entries under way there
/// are as many lines of the cache as a core fetches at one time.
const GROUP: usize = 8;

/// Identifiers of a listing that are read in one section: so that a long one holds nothing up.
const STEP: u32 = 32;

/// Bytes of most entries: the line of the cache where they end may be the next one.
const ENTRY_BYTES: usize = 32;

//----------- By key -----------------------------------------------------------

impl Index {
    /// Runs `f` on the identifier of that folded key, inside a read-side section.
    ///
    /// `f` must be short: what writers replace meanwhile is kept until it returns.
    pub fn with<R>(&self, key: &[u8], f: impl FnOnce(SlotRef<'_>) -> R) -> Option<R> {
        let address = self.address(key);
        let guard = pin();
        let table = self.shard(address).table(&guard);
        self.find(table, address, key, &guard)
            .map(|(_, _, slot)| f(slot))
    }

    /// Runs `f` on each key's identifier, with the key's place in `keys`, in their order.
    ///
    /// While the processor waits for one, it fetches for those behind it; [`BATCH`] of them share a
    /// section.
    pub fn with_batch(&self, keys: &[&[u8]], mut f: impl FnMut(usize, Option<SlotRef<'_>>)) {
        for (nth, keys) in keys.chunks(BATCH).enumerate() {
            self.with_few(keys, |place, slot| f(nth * BATCH + place, slot));
        }
    }

    /// At most [`BATCH`] keys, in groups: the buckets of one are asked for, then the entries of the
    /// one before, while those of the one before that are there.
    fn with_few(&self, keys: &[&[u8]], mut f: impl FnMut(usize, Option<SlotRef<'_>>)) {
        let guard = pin();
        let mut asked = [Asked::NOTHING; BATCH];
        let asked = &mut asked[..keys.len()];
        for from in (0..keys.len() + 2 * GROUP).step_by(GROUP) {
            let group = |behind: usize| {
                let from = from.checked_sub(behind * GROUP)?;
                (from < keys.len()).then(|| from..keys.len().min(from + GROUP))
            };
            if let Some(group) = group(0) {
                self.ask_buckets(&keys[group.clone()], &mut asked[group], &guard);
            }
            if let Some(group) = group(1) {
                self.ask_entries(&mut asked[group]);
            }
            for nth in group(2).unwrap_or_default() {
                f(nth, self.answer(keys[nth], &asked[nth], &guard));
            }
        }
    }

    fn ask_buckets<'g>(&'g self, keys: &[&[u8]], asked: &mut [Asked<'g>], guard: &'g Guard) {
        for (asked, key) in asked.iter_mut().zip(keys) {
            asked.address = self.address(key);
        }
        for asked in asked {
            let table = self.shard(asked.address).table(guard);
            prefetch(table.hint(asked.address.tag()));
            asked.table = Some(table);
        }
    }

    fn ask_entries(&self, asked: &mut [Asked<'_>]) {
        for asked in &mut *asked {
            // The first of that tag, which is nearly always the one.
            let found = asked
                .table
                .and_then(|table| table.find(asked.address.tag(), |_| true));
            asked.offset = found.map_or(0, |(_, offset)| offset);
        }
        for asked in asked {
            let at = self.arena.hint(asked.offset);
            prefetch(at);
            prefetch(at.wrapping_add(ENTRY_BYTES));
        }
    }

    /// The identifier of a key, now that its bucket and the first entry of its tag are there.
    fn answer<'g>(
        &'g self,
        key: &[u8],
        asked: &Asked<'g>,
        guard: &'g Guard,
    ) -> Option<SlotRef<'g>> {
        if asked.offset == 0 {
            return None;
        }
        self.held(asked.offset, key, guard).or_else(|| {
            let found = self.find(asked.table?, asked.address, key, guard);
            found.map(|(_, _, slot)| slot)
        })
    }

    /// The entry at an offset that a slot had in this section, if it is that key's.
    #[expect(unsafe_code, reason = "entries are read without a lock")]
    fn held<'g>(&'g self, offset: u64, key: &[u8], guard: &'g Guard) -> Option<SlotRef<'g>> {
        // SAFETY: the caller got the offset from a slot of this index inside the section of
        // `guard`, and the table loads it with Acquire.
        unsafe { self.entry(offset, guard) }.filter(|slot| slot.is_of(key))
    }

    /// The slot of a key, where it points, and the entry there.
    #[expect(unsafe_code, reason = "entries are read without a lock")]
    pub(super) fn find<'g>(
        &'g self,
        table: &'g Table,
        address: Address,
        key: &[u8],
        guard: &'g Guard,
    ) -> Option<(&'g AtomicU64, u64, SlotRef<'g>)> {
        let mut found = None;
        let (slot, offset) = table.find(address.tag(), |offset| {
            // SAFETY: the table loaded the offset from a slot of this index, with Acquire, inside
            // the section of `guard`.
            found = unsafe { self.entry(offset, guard) }.filter(|slot| slot.is_of(key));
            found.is_some()
        })?;
        Some((slot, offset, found?))
    }
}

//----------- By prefix --------------------------------------------------------

/// How many identifiers a prefix has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PrefixCounts {
    /// Ever registered: live and removed.
    pub listed: u32,
    /// Live.
    pub live: u64,
}

impl Index {
    /// How many identifiers a prefix has; it takes the same time whatever their number is.
    #[must_use]
    pub fn counts(&self, system: System, prefix: &str) -> PrefixCounts {
        let space = self.spaces.find(system, prefix);
        space.map_or_else(PrefixCounts::default, |space| PrefixCounts {
            listed: space.listing().len(),
            live: space.live(),
        })
    }

    /// Whether each identifier has its place in the listing of its prefix, and no place is free.
    pub(in crate::state) fn is_listed_whole(&self) -> bool {
        let listed = |space: &Space| usize::try_from(space.listing().len()).unwrap_or(usize::MAX);
        self.spaces.iter().map(listed).sum::<usize>() == self.len()
    }

    /// Runs `f` on the identifiers of a prefix with the ordinals from `from` on, in their order, as
    /// long as it says so. [`STEP`] of them share a read-side section.
    pub(in crate::state) fn each_listed(
        &self,
        system: System,
        prefix: &str,
        from: u32,
        mut f: impl FnMut(SlotRef<'_>) -> bool,
    ) {
        let Some(space) = self.spaces.find(system, prefix) else {
            return;
        };
        let mut from = from;
        while from < space.listing().len() {
            let guard = pin();
            let until = space.listing().len().min(from.saturating_add(STEP));
            for ordinal in from..until {
                let slot = self.listed(space, ordinal, &guard);
                if !slot.is_none_or(&mut f) {
                    return;
                }
            }
            from = until;
        }
    }

    /// The identifier of an ordinal.
    #[expect(unsafe_code, reason = "entries are read without a lock")]
    pub(super) fn listed<'g>(
        &'g self,
        space: &Space,
        ordinal: u32,
        guard: &'g Guard,
    ) -> Option<SlotRef<'g>> {
        let (first, last) = Address::listed_range(space.listing().get(ordinal)?);
        let table = self.shard(first).table(guard);
        let mut found = None;
        table.each_between(first.tag(), last.tag(), |offset| {
            // SAFETY: the table loaded the offset from a slot of this index, with Acquire, inside
            // the section of `guard`.
            let slot = unsafe { self.entry(offset, guard) };
            let is_it = |slot: &SlotRef<'_>| {
                slot.ordinal() == ordinal && slot.space().number() == space.number()
            };
            found = found.or_else(|| slot.filter(is_it));
        });
        found
    }
}

/// A key of a batch that is looked up.
#[derive(Clone, Copy)]
struct Asked<'g> {
    address: Address,
    table: Option<&'g Table>,
    /// Of the first entry with its tag; 0 where there is none.
    offset: u64,
}

impl Asked<'_> {
    const NOTHING: Self = Self {
        address: Address { bits: 0 },
        table: None,
        offset: 0,
    };
}

impl Address {
    /// The first and the last address that a listing writes like that; both are in one shard.
    fn listed_range(listed: u32) -> (Self, Self) {
        let first = u64::from(listed) << UNLISTED_BITS;
        let last = first | ((1 << UNLISTED_BITS) - 1);
        (Self { bits: first }, Self { bits: last })
    }
}
