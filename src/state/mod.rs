//! The fold of the ledger: everything the node knows, derived from its entries.
//!
//! ```text
//! entry ──▶ State::apply ─┬─▶ index       identifier → record        readers: resolver
//!                         ├─▶ directory   enterprises, prefixes      readers: resolver, registry
//!                         ├─▶ totals      what is counted
//!                         ├─▶ digests     one number to compare two nodes by
//!                         └─▶ window      requests that may come again
//! ```
//!
//! `apply` decides nothing: it does what the entry says, the same on every node and every replay.
//! Readers never wait for it.

mod apply;
mod digest;
pub mod directory;
mod events;
pub mod index;
mod page;
mod pin;
mod registrations;
mod replay;
mod reports;
mod rolled_up;
pub mod snapshot;
#[cfg(test)]
pub(crate) mod tests;
mod totals;
mod window;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwap;

pub use digest::Digest;
use directory::Directory;
pub use events::{EVENTS_MAX, EventLog, Events, MonthRunning, OPEN_MAX, Running, Stop};
use index::{Index, IndexWriter};
pub use page::{Listed, PrefixView};
use pin::Pin;
pub use pin::{PIN_BYTES_MAX, PINS_MAX, PinError, View};
pub use registrations::{DayRegistrations, OfDay, Registrations};
pub use replay::{Progress, ReplayError, replay, replay_onto, replay_seen};
pub use reports::{Again, OpenReport, Outcome, PERIODS_MAX, Reported, Reports, TableReports};
pub use rolled_up::{HostDays, RolledCell, RolledDay, RolledTiming, RolledTimings, RolledUp};
pub use totals::{DataTotals, DirectoryTotals, HOSTINGS};
pub use window::{REQUEST_AGE_MS_MAX, REQUESTS_MAX, Remembered, RememberedRequest, Window};

use crate::{
    change::{DecodeError, LedgerId, Partition},
    ledger::Head,
};

/// The one data partition of this release; an explicit prefix table comes with the second.
pub const DATA: Partition = Partition::Data(1);

//----------- State ------------------------------------------------------------

/// What the node knows, as of the heads it has applied.
#[derive(Debug)]
pub struct State {
    index: IndexWriter,
    directory: ArcSwap<Directory>,
    control: Mutex<ControlFold>,
    data: Mutex<DataFold>,
    /// Entries applied, of all partitions.
    applied: AtomicU64,
}

/// What only the writer of `control` needs.
#[derive(Debug, Default)]
struct ControlFold {
    at: At,
    ledger_id: Option<LedgerId>,
    /// The working copy that is published whole after each entry.
    directory: Arc<Directory>,
    rolled_up: Arc<RolledUp>,
    reports: Arc<Reports>,
    events: Arc<Events>,
    digests: Digests,
    window: Window,
}

/// What only the writer of a data partition needs.
#[derive(Debug, Default)]
struct DataFold {
    at: At,
    totals: DataTotals,
    registrations: Registrations,
    digests: Digests,
    window: Window,
    /// Readers of a cut, at most [`PINS_MAX`].
    pins: Vec<Arc<Pin>>,
}

/// How far a partition is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct At {
    /// The last entry applied.
    pub head: Head,
    /// Its time; 0 before the first.
    pub time_ms: u64,
}

/// The two digests of a partition (`docs/format/ledger-v1.md`, "Digests").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digests {
    /// Over everything.
    pub exact: Digest,
    /// Without times and positions: equal for two runs over the same input.
    pub content: Digest,
}

impl State {
    /// The state of an empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self {
            index: IndexWriter::new(),
            directory: ArcSwap::default(),
            control: Mutex::default(),
            data: Mutex::default(),
            applied: AtomicU64::new(0),
        }
    }

    /// The same, with room for so many identifiers.
    fn with_room(identifiers: usize) -> Self {
        let state = Self::new();
        state.index().reserve(identifiers);
        state
    }

    /// Identifiers and their records.
    #[must_use]
    pub fn index(&self) -> &Index {
        self.index.index()
    }

    /// The directory as of the last `control` entry.
    #[must_use]
    pub fn directory(&self) -> arc_swap::Guard<Arc<Directory>> {
        self.directory.load()
    }

    /// Entries applied, of all partitions: it grows with every change, and restarts keep it.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// The ledger's id, once its genesis is applied.
    #[must_use]
    pub fn ledger_id(&self) -> Option<LedgerId> {
        self.control_fold().ledger_id
    }

    /// How far a partition is applied; of one that this node does not fold, nothing.
    #[must_use]
    pub fn at(&self, partition: &Partition) -> At {
        match partition {
            Partition::Control => self.control_fold().at,
            Partition::Data(1) => self.data_fold().at,
            _ => At::default(),
        }
    }

    /// The digests of a partition.
    #[must_use]
    pub fn digests(&self, partition: &Partition) -> Digests {
        match partition {
            Partition::Control => self.control_fold().digests,
            Partition::Data(1) => self.data_fold().digests,
            _ => Digests::default(),
        }
    }

    /// What is counted of identifiers.
    #[must_use]
    pub fn data_totals(&self) -> DataTotals {
        self.data_fold().totals
    }

    /// What days that are over have come to.
    #[must_use]
    pub fn rolled_up(&self) -> Arc<RolledUp> {
        Arc::clone(&self.control_fold().rolled_up)
    }

    /// What the national node was told.
    #[must_use]
    pub fn reports(&self) -> Arc<Reports> {
        Arc::clone(&self.control_fold().reports)
    }

    /// What happened to the node and to enterprises' nodes.
    #[must_use]
    pub fn events(&self) -> Arc<Events> {
        Arc::clone(&self.control_fold().events)
    }

    /// What was registered, by day and prefix.
    #[must_use]
    pub fn registrations(&self) -> Registrations {
        self.data_fold().registrations.clone()
    }

    /// What is counted of firms.
    #[must_use]
    pub fn directory_totals(&self) -> DirectoryTotals {
        DirectoryTotals::of(&self.directory())
    }

    /// A request of that key, if it is remembered.
    #[must_use]
    pub fn remembered(
        &self,
        partition: &Partition,
        key: &crate::change::Hash,
    ) -> Option<RememberedRequest> {
        match partition {
            Partition::Control => self.control_fold().window.get(key).cloned(),
            Partition::Data(1) => self.data_fold().window.get(key).cloned(),
            _ => None,
        }
    }

    /// The data digests, from the identifiers themselves: what `apply` kept must be the same.
    #[must_use]
    pub fn recomputed_digests(&self) -> Digests {
        let mut digests = Digests::default();
        for shard in 0..self.index().shards() {
            self.index().with_shard(shard, |slots| {
                slots(&mut |slot| digest::add_identifier(&mut digests, &slot.to_slot()));
            });
        }
        digests
    }

    fn control_fold(&self) -> MutexGuard<'_, ControlFold> {
        // A panic aborts the node; in tests it must not hide behind a second one.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn data_fold(&self) -> MutexGuard<'_, DataFold> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

//============ Error types =====================================================

/// Why an entry was not applied; then nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It is not the entry after the last one.
    #[error("entry {seq} of {partition} does not follow {applied}, the last one applied")]
    OutOfOrder {
        /// The partition.
        partition: Partition,
        /// The entry's sequence.
        seq: u64,
        /// The last sequence applied.
        applied: u64,
    },
    /// It belongs to another ledger.
    #[error("entry {seq} of {partition} belongs to ledger {found}, not to {expected}")]
    Foreign {
        /// The partition.
        partition: Partition,
        /// The entry's sequence.
        seq: u64,
        /// Its ledger.
        found: LedgerId,
        /// This node's ledger.
        expected: LedgerId,
    },
    /// This node does not fold that partition.
    #[error("partition {0} is not folded by this release")]
    UnknownPartition(Partition),
    /// It holds something this release does not know.
    #[error("entry {seq} of {partition}: {error}")]
    Unreadable {
        /// The partition.
        partition: Partition,
        /// The entry's sequence.
        seq: u64,
        /// What is not known.
        error: DecodeError,
    },
    /// It folds names otherwise.
    #[error("the ledger folds names by rule {0}, which this release does not know")]
    UnknownFoldRule(u16),
}
