//! A part of the index that one writer at a time changes: its table, and who may write.

use crossbeam_epoch::{Atomic, Guard, Owned};

use super::{
    region::Region,
    sync::{Arc, Mutex, MutexGuard, Ordering, PoisonError},
    table::Table,
};

//----------- Shard ------------------------------------------------------------

/// A table that readers take without a lock, and that is replaced when it is full.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Shard {
    table: Atomic<Table>,
    /// Behind this lock is who writes; in it, how many slots are taken.
    writer: Mutex<usize>,
}

impl Shard {
    pub(super) fn new(buckets: usize, region: &Arc<Region>) -> Self {
        Self {
            table: Atomic::new(Table::new(buckets, region)),
            writer: Mutex::new(0),
        }
    }

    pub(super) fn writer(&self) -> MutexGuard<'_, usize> {
        // A panic aborts the node; in tests it must not hide behind a second one.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table there is now. It is the last one for who holds the lock of writers.
    #[expect(unsafe_code, reason = "a table that is kept as long as its readers")]
    pub(super) fn table<'g>(&'g self, guard: &'g Guard) -> &'g Table {
        // SAFETY: each shard has a table, and one that was replaced is kept until the sections that
        // could have loaded it are over. The last one goes with the shard, which is borrowed.
        unsafe { self.table.load(Ordering::Acquire, guard).deref() }
    }

    /// Puts an offset in, in a larger table where this one is full. The caller holds the lock.
    pub(super) fn insert(
        &self,
        tag: u64,
        offset: u64,
        taken: &mut usize,
        (region, guard): (&Arc<Region>, &Guard),
    ) {
        let table = self.table(guard);
        if table.is_full(*taken) {
            let larger = table.grow(region);
            larger.insert(tag, offset);
            self.publish(larger, guard);
        } else {
            table.insert(tag, offset);
        }
        *taken += 1;
    }

    /// Makes room for so many entries at once, where there are none yet.
    pub(super) fn reserve(&self, entries: usize, region: &Arc<Region>, guard: &Guard) {
        let taken = self.writer();
        let buckets = Table::buckets_for(entries);
        let table = self.table(guard);
        if *taken == 0 && table.buckets() < buckets {
            self.publish(Table::new(buckets, region), guard);
        }
    }

    #[expect(unsafe_code, reason = "a table that is kept as long as its readers")]
    fn publish(&self, larger: Table, guard: &Guard) {
        let old = self.table.swap(Owned::new(larger), Ordering::AcqRel, guard);
        // SAFETY: no section that begins from now on can load the old table, and whichever thread
        // drops it may: a table is `Send` and borrows nothing.
        unsafe { guard.defer_destroy(old) };
        // A table is large: it should not wait until many others wait with it.
        guard.flush();
    }
}

impl Drop for Shard {
    #[expect(unsafe_code, reason = "a table that nobody reads any more")]
    fn drop(&mut self) {
        // SAFETY: nobody else has the shard now, what it lent is over, and there is always a table.
        drop(unsafe { std::mem::take(&mut self.table).into_owned() });
    }
}
