//! Reading the index: one key, many keys, a page of a prefix.

use std::sync::atomic::AtomicU64;

use crossbeam_epoch::{Guard, pin};

use super::{Address, Index, SlotRef, UNLISTED_BITS, memory::prefetch, space::Space, table::Table};
use crate::identifier::System;

/// Keys whose fetches overlap: more than a core has in flight, and few enough that what was fetched
/// for the first is still there for the last.
pub const BATCH: usize = 32;

/// Identifiers of a listing that are read in one section: so that a long one holds nothing up.
const STEP: u32 = 32;

/// Bytes of most entries: the line of the cache where they end may be the next one.
const ENTRY_BYTES: usize = 40;

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
    /// [`BATCH`] keys at a time are looked up together: while the processor waits for one, it
    /// fetches for the others.
    pub fn with_batch(&self, keys: &[&[u8]], mut f: impl FnMut(usize, Option<SlotRef<'_>>)) {
        for (nth, keys) in keys.chunks(BATCH).enumerate() {
            self.with_few(keys, |place, slot| f(nth * BATCH + place, slot));
        }
    }

    /// At most [`BATCH`] keys, in three rounds: buckets are asked for, then entries, then both are
    /// there.
    fn with_few(&self, keys: &[&[u8]], mut f: impl FnMut(usize, Option<SlotRef<'_>>)) {
        let guard = pin();
        let mut places: [Option<(Address, &Table)>; BATCH] = [None; BATCH];
        for (place, key) in places.iter_mut().zip(keys) {
            let address = self.address(key);
            let table = self.shard(address).table(&guard);
            prefetch(table.hint(address.tag()));
            *place = Some((address, table));
        }
        let mut offsets = [0; BATCH];
        for (first, (address, table)) in offsets.iter_mut().zip(places.iter().flatten()) {
            // The first of that tag, which is nearly always the one.
            let Some((_, offset)) = table.find(address.tag(), |_| true) else {
                continue;
            };
            let at = self.arena.hint(offset);
            prefetch(at);
            prefetch(at.wrapping_add(ENTRY_BYTES));
            *first = offset;
        }
        let all = offsets.iter().zip(places.iter().flatten()).zip(keys);
        for (place, ((offset, (address, table)), key)) in all.enumerate() {
            if *offset == 0 {
                f(place, None);
                continue;
            }
            let found = self.held(*offset, key, &guard).or_else(|| {
                let found = self.find(table, *address, key, &guard);
                found.map(|(_, _, slot)| slot)
            });
            f(place, found);
        }
    }

    /// The entry at an offset that a slot had in this section, if it is that key's.
    #[expect(unsafe_code, reason = "entries are read without a lock")]
    fn held<'g>(&'g self, offset: u64, key: &[u8], guard: &'g Guard) -> Option<SlotRef<'g>> {
        // SAFETY: `with_few` got the offset from a slot of this index inside the section of
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

impl Address {
    /// The first and the last address that a listing writes like that; both are in one shard.
    fn listed_range(listed: u32) -> (Self, Self) {
        let first = u64::from(listed) << UNLISTED_BITS;
        let last = first | ((1 << UNLISTED_BITS) - 1);
        (Self { bits: first }, Self { bits: last })
    }
}
