//! The embedded ledger: one SQLite database per partition.
//!
//! A folder per partition under `<data_dir>/ledger`, as `docs/format/ledger-v1.md` says. SQLite is
//! bundled, so every node has a version without the WAL-reset race (3.51.3 and later).

mod segment;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use segment::Segment;

use super::{Append, Head, Ledger, LedgerError, LedgerFuture, RunBlocking, StoredEntry};
use crate::change::{Entry, Partition};

//----------- SqliteLedger -----------------------------------------------------

/// A ledger on local disk.
///
/// One process at a time: whoever opens it for writing holds the data directory's lock.
pub struct SqliteLedger {
    root: PathBuf,
    options: SqliteOptions,
    executor: Arc<dyn RunBlocking>,
    /// Open partitions; opening one is rare, so one lock serves.
    open: Mutex<BTreeMap<Partition, Arc<Slot>>>,
}

/// How a ledger is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqliteOptions {
    /// Only reads: files are neither made nor changed, and a running node is not disturbed.
    pub read_only: bool,
}

/// One partition: its segment, used by one call at a time, and its head for those who wait.
struct Slot {
    segment: Mutex<Segment>,
    head: watch::Sender<u64>,
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
        let cannot = |what: std::io::Error| LedgerError::Open {
            path: root.display().to_string(),
            what: what.to_string(),
        };
        if options.read_only {
            std::fs::read_dir(root).map_err(cannot)?;
        } else {
            std::fs::create_dir_all(root).map_err(cannot)?;
        }
        Ok(Self {
            root: root.to_owned(),
            options,
            executor,
            open: Mutex::default(),
        })
    }

    /// The folder of a partition: its name, with what a file name cannot hold replaced.
    fn folder(&self, partition: &Partition) -> PathBuf {
        self.root.join(partition.to_string().replacen('/', "-", 1))
    }

    fn list(&self) -> Result<Vec<Partition>, LedgerError> {
        let cannot = |what: std::io::Error| LedgerError::Open {
            path: self.root.display().to_string(),
            what: what.to_string(),
        };
        let mut partitions = Vec::new();
        for folder in std::fs::read_dir(&self.root).map_err(cannot)? {
            let name = folder.map_err(cannot)?.file_name();
            let name = name.to_string_lossy().replacen('-', "/", 1);
            partitions.extend(Partition::parse(&name).ok());
        }
        partitions.sort();
        Ok(partitions)
    }

    fn slot(&self, partition: &Partition) -> Result<Arc<Slot>, LedgerError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = open.get(partition) {
            return Ok(Arc::clone(slot));
        }
        let segment = Segment::open(&self.folder(partition), partition, self.options)?;
        let (head, _) = watch::channel(segment.head()?.seq);
        let slot = Arc::new(Slot {
            segment: Mutex::new(segment),
            head,
        });
        open.insert(partition.clone(), Arc::clone(&slot));
        Ok(slot)
    }

    /// Does blocking work on one partition, on the executor.
    async fn on_segment<T: Send + 'static>(
        &self,
        partition: &Partition,
        work: impl FnOnce(&mut Segment) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let slot = self.slot(partition)?;
        let (reply, answer) = oneshot::channel();
        self.executor.run(Box::new(move || {
            let mut segment = slot.segment.lock().unwrap_or_else(PoisonError::into_inner);
            // A caller that has gone does not undo the work; it reads the head when it is back.
            let _ = reply.send(work(&mut segment));
        }));
        // The job answers unless it panicked or was dropped at shutdown: then nothing is known.
        answer
            .await
            .unwrap_or_else(|_| Err(LedgerError::Distrusted(partition.clone())))
    }
}

//--- Ledger

impl Ledger for SqliteLedger {
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>> {
        Box::pin(async { self.list() })
    }

    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        Box::pin(async move { self.on_segment(partition, |segment| segment.head()).await })
    }

    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append> {
        Box::pin(async move {
            let partition = &entry.header().partition;
            let (seq, stored) = (entry.header().seq, StoredEntry::new(entry));
            let append = self
                .on_segment(partition, move |segment| segment.append(at, seq, &stored))
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
            self.on_segment(partition, move |segment| segment.read(from, bytes_max))
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
        Box::pin(async move { self.on_segment(partition, |segment| segment.seal()).await })
    }
}
