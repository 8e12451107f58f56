//! Writing the index: one writer at a time in each shard.

use std::sync::atomic::Ordering;

use crossbeam_epoch::{Guard, pin};

use super::{Index, Slot, SlotRef, entry::Entry, memory::prefetch, space::Space, table::point};
use crate::identifier::{Key, dns};

//----------- IndexWriter ------------------------------------------------------

/// The right to change an index, which only the fold of the ledger has.
#[derive(Debug)]
pub struct IndexWriter {
    index: Index,
}

impl IndexWriter {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self {
            index: Index::new(),
        }
    }

    /// The index, to read it.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Puts a slot in, and returns the one that was there; `before` sees that one first, under the
    /// lock of its shard. A new one gets the next ordinal of its prefix, another keeps its own.
    pub fn replace(&self, key: &Key, slot: &Slot, before: impl FnOnce(&Slot)) -> Option<Slot> {
        self.index.put(key, slot, None, before)
    }

    /// Puts a slot in that has its ordinal already; whether both were free.
    pub fn restore(&self, key: &Key, slot: &Slot) -> bool {
        let mut is_free = true;
        self.index
            .put(key, slot, Some(&mut is_free), |_| ())
            .is_none()
            && is_free
    }

    /// Changes a slot, where there is one, under the lock of its shard.
    pub fn update(&self, key: &Key, f: impl FnOnce(&mut Slot)) {
        self.index.update(key, f);
    }
}

impl Default for IndexWriter {
    fn default() -> Self {
        Self::new()
    }
}

//----------- Index ------------------------------------------------------------

/// The packed suffix of a slot and its state.
struct Packed {
    bytes: Vec<u8>,
    /// Bytes of the suffix.
    suffix: usize,
}

impl Index {
    fn put(
        &self,
        key: &Key,
        slot: &Slot,
        restored: Option<&mut bool>,
        before: impl FnOnce(&Slot),
    ) -> Option<Slot> {
        let address = self.address(key.as_bytes());
        let shard = self.shard(address);
        let guard = pin();
        // It is there when the record is packed.
        prefetch(shard.table(&guard).hint(address.tag()));
        let space = self.spaces.of(key);
        let packed = self.pack(space, slot);
        let mut taken = shard.writer();
        if let Some((there, offset, held)) =
            self.find(shard.table(&guard), address, key.as_bytes(), &guard)
        {
            let old = held.to_slot();
            before(&old);
            let new = self.write_entry(space, slot, old.ordinal, packed);
            point(there, address.tag(), new);
            drop(taken);
            let lived = (old.is_live(), slot.is_live());
            self.count(key, space, lived);
            self.abandon(offset, &held, &guard);
            return Some(old);
        }
        let ordinal = match &restored {
            Some(_) => slot.ordinal,
            None => space.listing().len(),
        };
        let offset = self.write_entry(space, slot, ordinal, packed);
        shard.insert(address.tag(), offset, &mut taken, (&self.region, &guard));
        drop(taken);
        let was_free = space.listing().set(ordinal, address.listed());
        if let Some(is_free) = restored {
            *is_free = was_free;
        }
        self.entries.fetch_add(1, Ordering::Relaxed);
        self.count(key, space, (false, slot.is_live()));
        None
    }

    fn update(&self, key: &Key, f: impl FnOnce(&mut Slot)) {
        let address = self.address(key.as_bytes());
        let shard = self.shard(address);
        let guard = pin();
        let taken = shard.writer();
        let found = self.find(shard.table(&guard), address, key.as_bytes(), &guard);
        let Some((there, offset, held)) = found else {
            return;
        };
        let mut slot = held.to_slot();
        let (was_live, ordinal) = (slot.is_live(), slot.ordinal);
        f(&mut slot);
        let space = held.space();
        let packed = self.pack(space, &slot);
        let new = self.write_entry(space, &slot, ordinal, packed);
        point(there, address.tag(), new);
        drop(taken);
        self.count(key, space, (was_live, slot.is_live()));
        self.abandon(offset, &held, &guard);
    }

    fn pack(&self, space: &Space, slot: &Slot) -> Packed {
        let mut bytes = Vec::with_capacity(256);
        let suffix = self.spaces.pack(space, slot, &mut bytes);
        Packed { bytes, suffix }
    }

    /// Writes an entry to the arena, where nothing points to it yet.
    fn write_entry(&self, space: &Space, slot: &Slot, ordinal: u32, mut packed: Packed) -> u64 {
        let entry = Entry {
            is_live: slot.is_live(),
            class: slot.class,
            prefix: space.number(),
            ordinal,
            position: slot.position,
        };
        // Its head, which is known last, is made behind it.
        let rest = packed.bytes.len();
        entry.put(&mut packed.bytes);
        let (rest, head) = packed.bytes.split_at(rest);
        self.kinds.add(
            entry.is_live,
            packed.bytes.len(),
            rest.len() - packed.suffix,
        );
        self.arena.push(&[head, rest])
    }

    /// Notes that an entry is garbage, and makes up for it.
    fn abandon(&self, offset: u64, held: &SlotRef<'_>, guard: &Guard) {
        self.kinds
            .remove(held.is_live(), held.bytes(), held.state_bytes());
        self.arena.abandon(offset, held.bytes());
        self.clean(held.bytes(), guard);
    }

    /// Counts an identifier of a prefix, and keeps the names above it in DNS.
    fn count(&self, key: &Key, space: &Space, lived: (bool, bool)) {
        if lived.0 == lived.1 {
            return;
        }
        space.count_live(lived);
        let labels = space.encoded_labels(key);
        if labels == 0 {
            return;
        }
        // The first and the last of a prefix make and unmake the name above them all.
        let encoded = space.count_encoded(lived);
        let is_turn = encoded == u64::from(lived.1);
        if labels == 1 && !is_turn {
            return;
        }
        let mut above = labels;
        dns::each_ancestor(key.authority(), key.local(), |name| {
            above -= 1;
            if above > 0 || is_turn {
                self.ancestors.count(name, lived.1);
            }
        });
    }
}

impl Index {
    /// Runs `f` while nobody writes to a shard, with a function that shows each of its slots.
    #[expect(unsafe_code, reason = "entries are read without a lock")]
    pub(in crate::state) fn with_shard(
        &self,
        shard: usize,
        f: impl FnOnce(&dyn Fn(&mut dyn FnMut(SlotRef<'_>))),
    ) {
        let shard = &self.shards[shard];
        let guard = pin();
        let taken = shard.writer();
        let table = shard.table(&guard);
        f(&|show| {
            table.each_offset(|offset| {
                // SAFETY: the table loaded the offset from a slot of this index, with Acquire,
                // inside the section of `guard`.
                if let Some(slot) = unsafe { self.entry(offset, &guard) } {
                    show(slot);
                }
            });
        });
        drop(taken);
    }

    /// Makes room for so many identifiers at once, where there are none yet.
    pub(in crate::state) fn reserve(&self, identifiers: usize) {
        let guard = pin();
        // A hash is even: few shards get a tenth more than their share.
        let share = identifiers / self.shards.len();
        for shard in &self.shards {
            shard.reserve(share + share / 16, &self.region, &guard);
        }
    }
}
