//! A ledger in memory, for tests and `--ephemeral`: it keeps every promise but the one about
//! power.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{Append, Head, Ledger, LedgerError, LedgerFuture, StoredEntry};
use crate::change::{Entry, Partition};

//----------- MemoryLedger -----------------------------------------------------

/// A vector of entries per partition.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    logs: Mutex<BTreeMap<Partition, Log>>,
    appended: Notify,
}

#[derive(Debug, Default)]
struct Log {
    /// Where the entries begin, once some were trimmed.
    begin: Head,
    entries: Vec<StoredEntry>,
    sealed: bool,
}

impl Log {
    /// The head after `count` of the entries that are there.
    fn head_at(&self, count: usize) -> Head {
        let Some(last) = count.checked_sub(1) else {
            return self.begin;
        };
        Head {
            seq: self.begin.seq + u64::try_from(count).unwrap_or(u64::MAX),
            hash: self.entries[last].hash,
        }
    }

    /// How many entries there are before that one.
    fn before(&self, seq: u64) -> usize {
        let before = seq.saturating_sub(self.begin.seq + 1);
        usize::try_from(before).unwrap_or(usize::MAX)
    }

    fn trim(&mut self, before: u64) -> Head {
        let count = self.before(before.min(self.head().seq));
        self.begin = self.head_at(count);
        self.entries.drain(..count);
        self.begin
    }

    fn head(&self) -> Head {
        self.head_at(self.entries.len())
    }
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the stored entry at `seq`, to see that readers notice.
    pub fn damage(&self, partition: &Partition, seq: u64, f: impl FnOnce(&mut StoredEntry)) {
        let mut logs = self.logs();
        if let Some(log) = logs.get_mut(partition) {
            let index = log.before(seq);
            if let Some(entry) = log.entries.get_mut(index) {
                f(entry);
            }
        }
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<Partition, Log>> {
        // Every change below is a single push or assignment: a panic leaves nothing half done.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append_now(&self, at: Head, entry: &Entry) -> Result<Append, LedgerError> {
        let partition = &entry.header().partition;
        let stored = StoredEntry::new(entry);
        let mut logs = self.logs();
        let log = logs.entry(partition.clone()).or_default();
        if log.sealed {
            return Err(LedgerError::Sealed(partition.clone()));
        }
        let head = log.head();
        if head != at || entry.header().seq != at.seq + 1 {
            return Ok(Append::Conflict(head));
        }
        log.entries.push(stored);
        drop(logs);
        self.appended.notify_waiters();
        Ok(Append::Committed(Head::after(entry)))
    }

    fn read_now(
        &self,
        partition: &Partition,
        from: u64,
        bytes_max: usize,
    ) -> Result<Vec<Entry>, LedgerError> {
        let logs = self.logs();
        let Some(log) = logs.get(partition) else {
            return Ok(Vec::new());
        };
        let from = from.max(1);
        if from <= log.begin.seq {
            return Err(LedgerError::Trimmed {
                partition: partition.clone(),
                seq: from,
                first: log.begin.seq + 1,
            });
        }
        let first = log.before(from);
        let mut head = log.head_at(first.min(log.entries.len()));
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for stored in log.entries.iter().skip(first) {
            bytes += stored.payload.len();
            if bytes > bytes_max && !entries.is_empty() {
                break;
            }
            let entry = stored.clone().verify(partition, head)?;
            head = Head::after(&entry);
            entries.push(entry);
        }
        Ok(entries)
    }
}

//--- Ledger

impl Ledger for MemoryLedger {
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>> {
        Box::pin(async { Ok(self.logs().keys().cloned().collect()) })
    }

    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        Box::pin(async {
            Ok(self
                .logs()
                .get(partition)
                .map(Log::head)
                .unwrap_or_default())
        })
    }

    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append> {
        Box::pin(async move { self.append_now(at, entry) })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: u64,
        bytes_max: usize,
    ) -> LedgerFuture<'a, Vec<Entry>> {
        Box::pin(async move { self.read_now(partition, from, bytes_max) })
    }

    fn wait<'a>(
        &'a self,
        partition: &'a Partition,
        after: u64,
        timeout: Duration,
    ) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            let notified = self.appended.notified();
            if self.head(partition).await?.seq <= after {
                // Elapsed and notified are the same to a caller: look again.
                let _ = tokio::time::timeout(timeout, notified).await;
            }
            Ok(())
        })
    }

    fn seal<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        Box::pin(async {
            let mut logs = self.logs();
            let log = logs.entry(partition.clone()).or_default();
            log.sealed = true;
            Ok(log.head())
        })
    }

    fn begin<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        Box::pin(async {
            let logs = self.logs();
            Ok(logs.get(partition).map(|log| log.begin).unwrap_or_default())
        })
    }

    fn trim<'a>(&'a self, partition: &'a Partition, before: u64) -> LedgerFuture<'a, Head> {
        Box::pin(async move {
            if !matches!(partition, Partition::Counters(_)) {
                return Err(LedgerError::Kept(partition.clone()));
            }
            let mut logs = self.logs();
            Ok(logs.entry(partition.clone()).or_default().trim(before))
        })
    }

    fn writable<'a>(&'a self, _: &'a Partition) -> LedgerFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::conformance;

    #[tokio::test]
    async fn conforms() {
        let failures = conformance::run(&MemoryLedger::new).await;
        assert_eq!(failures, Vec::<String>::new());
    }
}
