//! The embedded ledger: SQLite databases, one per segment of a partition.
//!
//! ```text
//! SqliteLedger ─▶ Slot per partition ─▶ Segments ─┬─▶ closed ones      immutable files, anywhere
//!                   │                             └─▶ the active one   WAL, one commit per append
//!                   └─▶ Checkpointer              moves the WAL beside the commits
//! ```
//!
//! The files are described in `docs/format/ledger-v1.md`. SQLite is bundled, so every node has a
//! version without the WAL-reset race (3.51.3 and later).

mod checkpoint;
mod database;
mod layout;
mod options;
mod reading;
mod segments;
#[cfg(test)]
mod tests;
mod trimming;
mod verify;
mod wal;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use checkpoint::Checkpointer;
use layout::Layout;
pub use options::{FREE_BYTES_MIN, SEGMENT_BYTES_MAX, SqliteOptions};
use segments::Segments;
pub use trimming::Hold;
pub use verify::ClosedSegment;

use super::{Append, Head, Ledger, LedgerError, LedgerFuture, RunBlocking, StoredEntry};
use crate::change::{Entry, Partition};

//----------- SqliteLedger -----------------------------------------------------

/// A ledger on local disk.
///
/// One process at a time: whoever opens it for writing holds the data directory's lock.
pub struct SqliteLedger {
    root: PathBuf,
    options: Arc<SqliteOptions>,
    executor: Arc<dyn RunBlocking>,
    /// Open partitions; opening one is rare, so one lock serves.
    open: Mutex<BTreeMap<Partition, Arc<Slot>>>,
    free_bytes_min: AtomicU64,
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// One partition: its segments, used by one call at a time, and its head for those who wait.
struct Slot {
    partition: Partition,
    segments: Mutex<Segments>,
    checkpointer: Mutex<Checkpointer>,
    head: watch::Sender<u64>,
}

/// A segment, for those who list, copy or verify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its place in the partition.
    pub number: u32,
    /// Its file.
    pub path: PathBuf,
    /// The head that its first entry was appended behind.
    pub begin: Head,
    /// Its last entry so far.
    pub end: Head,
    /// Whether it takes no more entries.
    pub is_closed: bool,
    /// Whether all of it is in this one file, which never changes: it is closed, and no log of it
    /// is left.
    pub is_one_file: bool,
}

impl SqliteLedger {
    /// Opens the ledger under `root`, making the folder if there is none.
    ///
    /// # Errors
    /// Where the folder can be neither found nor made.
    pub fn open(
        root: &Path,
        options: SqliteOptions,
        executor: Arc<dyn RunBlocking>,
    ) -> Result<Self, LedgerError> {
        let cannot = |what: std::io::Error| database::cannot_open(root, &what.to_string());
        if options.read_only {
            std::fs::read_dir(root).map_err(cannot)?;
        } else {
            options.disk.create_folder(root).map_err(cannot)?;
        }
        Ok(Self {
            root: root.to_owned(),
            free_bytes_min: AtomicU64::new(options.free_bytes_min),
            options: Arc::new(options),
            executor,
            open: Mutex::default(),
        })
    }

    fn list(&self) -> Result<Vec<Partition>, LedgerError> {
        let mut partitions = Vec::new();
        for root in std::iter::once(&self.root).chain(&self.options.archive_dirs) {
            let cannot = |what: std::io::Error| database::cannot_open(root, &what.to_string());
            let folders = match std::fs::read_dir(root) {
                // An archive that is not at hand is missed when it is read.
                Err(_) if *root != self.root => continue,
                folders => folders.map_err(cannot)?,
            };
            for folder in folders {
                let name = folder.map_err(cannot)?.file_name();
                partitions.extend(layout::partition_of(&name.to_string_lossy()));
            }
        }
        partitions.sort();
        partitions.dedup();
        Ok(partitions)
    }

    /// Makes counters that were trimmed, which a backup has from there on.
    ///
    /// # Errors
    /// Where the partition is there and does not end there, or cannot be made.
    pub fn begin_at(&self, partition: &Partition, begin: Head) -> Result<(), LedgerError> {
        let slot = self.slot_from(partition, begin)?;
        if slot.segments().head()? == begin {
            return Ok(());
        }
        let what = "it has entries already, and cannot begin elsewhere".to_owned();
        let partition = partition.clone();
        Err(LedgerError::Storage { partition, what })
    }

    fn slot(&self, partition: &Partition) -> Result<Arc<Slot>, LedgerError> {
        self.slot_from(partition, Head::default())
    }

    /// A partition; one that is not there yet begins behind `begin`.
    fn slot_from(&self, partition: &Partition, begin: Head) -> Result<Arc<Slot>, LedgerError> {
        let mut open = self.open_slots();
        if let Some(slot) = open.get(partition) {
            return Ok(Arc::clone(slot));
        }
        let layout = Layout::new(&self.root, &self.options.archive_dirs, partition);
        let segments = Segments::open(layout, partition, begin, &self.options)?;
        let (head, _) = watch::channel(segments.head()?.seq);
        let slot = Arc::new(Slot {
            partition: partition.clone(),
            segments: Mutex::new(segments),
            checkpointer: Mutex::default(),
            head,
        });
        open.insert(partition.clone(), Arc::clone(&slot));
        Ok(slot)
    }

    fn open_slots(&self) -> MutexGuard<'_, BTreeMap<Partition, Arc<Slot>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does blocking work on one partition, on the executor.
    async fn on_slot<T: Send + 'static>(
        &self,
        partition: &Partition,
        work: impl FnOnce(&Slot) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let slot = self.slot(partition)?;
        let (reply, answer) = oneshot::channel();
        self.executor.run(Box::new(move || {
            // A caller that has gone does not undo the work; it reads the head when it is back.
            let _ = reply.send(work(&slot));
        }));
        // The job answers unless it panicked or was dropped at shutdown: then nothing is known.
        answer
            .await
            .unwrap_or_else(|_| Err(LedgerError::Distrusted(partition.clone())))
    }

    /// The segments of a partition, in order.
    ///
    /// # Errors
    /// Where the partition cannot be opened.
    pub fn segments(&self, partition: &Partition) -> Result<Vec<SegmentInfo>, LedgerError> {
        Ok(self.slot(partition)?.segments().listed())
    }

    /// Refuses appends from now on while the file system has less than this free.
    pub fn keep_free(&self, bytes: u64) {
        self.free_bytes_min.store(bytes, Ordering::Relaxed);
    }

    /// Whether there is room for an append.
    fn check_space(&self, partition: &Partition) -> Result<(), LedgerError> {
        let min_bytes = self.free_bytes_min.load(Ordering::Relaxed);
        // A file system that does not tell is asked by writing to it.
        let free_bytes = self.options.disk.free_bytes(&self.root).unwrap_or(u64::MAX);
        if free_bytes >= min_bytes {
            return Ok(());
        }
        const MIB: u64 = 1024 * 1024;
        Err(LedgerError::NoSpace {
            partition: partition.clone(),
            what: format!(
                "{} MiB are free in {}, and {} MiB must stay free",
                free_bytes / MIB,
                self.root.display(),
                min_bytes.div_ceil(MIB)
            ),
        })
    }
}

impl Slot {
    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//--- Ledger

impl Ledger for SqliteLedger {
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>> {
        Box::pin(async { self.list() })
    }

    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        Box::pin(async move { self.on_slot(partition, |slot| slot.segments().head()).await })
    }

    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append> {
        Box::pin(async move {
            let partition = &entry.header().partition;
            self.check_space(partition)?;
            let (seq, stored) = (entry.header().seq, StoredEntry::new(entry));
            let append = self
                .on_slot(partition, move |slot| {
                    slot.segments().append(at, seq, &stored)
                })
                .await;
            match append {
                Ok(Append::Committed(head)) => {
                    self.slot(partition)?.head.send_replace(head.seq);
                    Ok(Append::Committed(head))
                }
                // The work may have been done before its answer was lost.
                Err(LedgerError::Distrusted(_)) => Ok(Append::Unknown),
                other => other,
            }
        })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: u64,
        bytes_max: usize,
    ) -> LedgerFuture<'a, Vec<Entry>> {
        Box::pin(async move {
            self.on_slot(partition, move |slot| slot.segments().read(from, bytes_max))
                .await
        })
    }

    fn wait<'a>(
        &'a self,
        partition: &'a Partition,
        after: u64,
        timeout: Duration,
    ) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            let mut head = self.slot(partition)?.head.subscribe();
            // Elapsed and changed are the same to a caller: look again.
            let _ = tokio::time::timeout(timeout, head.wait_for(|seq| *seq > after)).await;
            Ok(())
        })
    }

    fn seal<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        Box::pin(async move { self.on_slot(partition, |slot| slot.segments().seal()).await })
    }

    fn begin<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        let begin = |slot: &Slot| Ok(slot.segments().begin());
        Box::pin(async move { self.on_slot(partition, begin).await })
    }

    fn trim<'a>(&'a self, partition: &'a Partition, before: u64) -> LedgerFuture<'a, Head> {
        Box::pin(self.trim_unheld(partition, before))
    }

    fn writable<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            self.check_space(partition)?;
            self.on_slot(partition, |slot| slot.segments().check_trusted())
                .await
        })
    }
}
