//! What goes wrong, and when: shared by the shim under SQLite and by the disk beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

//----------- Faults -----------------------------------------------------------

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasting {
    Once,
    ForEver,
}

/// What a failed sync leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsynced {
    /// A later sync tries again.
    Dirty,
    /// The kernel takes it for written, as Linux does: a later sync succeeds without it.
    Clean,
}

/// Breaks a disk. Clones break the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    room: Option<u64>,
    read_only: bool,
    write: Option<Due>,
    sync: Option<(Due, Unsynced)>,
    writes: u64,
    syncs: u64,
    hits: u64,
}

/// A fault that comes when so many of its kind have been seen.
#[derive(Debug, Clone, Copy)]
struct Due {
    at: u64,
    lasting: Lasting,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Nothing can be written any more after so many bytes, overwriting included.
    pub(crate) fn full_after(&self, bytes: u64) {
        self.plan().room = Some(bytes);
    }

    /// The `nth` write from now fails, where 1 is the next.
    pub(crate) fn fail_write(&self, nth: u64, lasting: Lasting) {
        let mut plan = self.plan();
        let at = plan.writes + nth;
        plan.write = Some(Due { at, lasting });
    }

    /// The `nth` sync of a file or folder from now fails, where 1 is the next.
    pub(crate) fn fail_sync(&self, nth: u64, lasting: Lasting, unsynced: Unsynced) {
        let mut plan = self.plan();
        let at = plan.syncs + nth;
        plan.sync = Some((Due { at, lasting }, unsynced));
    }

    /// Nothing can be changed, as after a file system was mounted again read-only.
    pub(crate) fn read_only(&self) {
        self.plan().read_only = true;
    }

    /// From here on everything works again.
    pub(crate) fn lift(&self) {
        let mut plan = self.plan();
        (plan.room, plan.read_only) = (None, false);
        (plan.write, plan.sync) = (None, None);
    }

    /// Writes tried so far, so that a test can fail each in turn.
    pub(crate) fn writes(&self) -> u64 {
        self.plan().writes
    }

    /// Syncs tried so far.
    pub(crate) fn syncs(&self) -> u64 {
        self.plan().syncs
    }

    /// Faults that somebody met.
    pub(crate) fn hits(&self) -> u64 {
        self.plan().hits
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // A test that panicked in another thread has failed already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//----------- Verdicts ---------------------------------------------------------

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Whole,
    /// The disk is full after so many bytes, which are written.
    Full(usize),
    Fails,
}

/// What becomes of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    Works,
    Fails(Unsynced),
}

impl Faults {
    /// To be asked once for each write.
    pub(crate) fn on_write(&self, bytes: usize) -> Write {
        let mut plan = self.plan();
        plan.writes += 1;
        let verdict = plan.judge_write(bytes);
        plan.hits += u64::from(verdict != Write::Whole);
        verdict
    }

    /// To be asked once for each sync.
    pub(crate) fn on_sync(&self) -> Sync {
        let mut plan = self.plan();
        plan.syncs += 1;
        let seen = plan.syncs;
        let verdict = match plan.sync {
            // What a read-only disk could not write, it keeps.
            _ if plan.read_only => Sync::Fails(Unsynced::Dirty),
            Some((due, unsynced)) if due.is_now(seen) => Sync::Fails(unsynced),
            _ => Sync::Works,
        };
        plan.hits += u64::from(verdict != Sync::Works);
        verdict
    }

    /// May a file be made, cut, renamed or removed?
    pub(crate) fn on_change(&self) -> bool {
        let mut plan = self.plan();
        plan.hits += u64::from(plan.read_only);
        !plan.read_only
    }
}

impl Plan {
    fn judge_write(&mut self, bytes: usize) -> Write {
        let seen = self.writes;
        if self.read_only || self.write.is_some_and(|due| due.is_now(seen)) {
            return Write::Fails;
        }
        let Some(room) = &mut self.room else {
            return Write::Whole;
        };
        let wanted = bytes as u64;
        if let Some(left) = room.checked_sub(wanted) {
            *room = left;
            return Write::Whole;
        }
        let fits = usize::try_from(*room).expect("it is less than was to be written");
        *room = 0;
        Write::Full(fits)
    }
}

impl Due {
    fn is_now(self, seen: u64) -> bool {
        match self.lasting {
            Lasting::Once => seen == self.at,
            Lasting::ForEver => seen >= self.at,
        }
    }
}
