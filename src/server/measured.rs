//! A ledger whose appends are timed: the server reads clocks, the ledger does not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    change::{Entry, Partition},
    ledger::{Append, Head, Ledger, LedgerFuture},
    telemetry::Metrics,
};

//----------- MeasuredLedger ---------------------------------------------------

/// Times the appends of the ledger behind it.
pub(super) struct MeasuredLedger {
    inner: Arc<dyn Ledger>,
    metrics: Arc<Metrics>,
}

impl MeasuredLedger {
    pub(super) fn new(inner: Arc<dyn Ledger>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

impl Ledger for MeasuredLedger {
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>> {
        self.inner.partitions()
    }

    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.head(partition)
    }

    #[expect(clippy::disallowed_methods, reason = "the server times its own work")]
    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append> {
        Box::pin(async move {
            let began = Instant::now();
            let appended = self.inner.append(at, entry).await;
            let partition = entry.header().partition.to_string();
            self.metrics.appended(&partition, began.elapsed());
            appended
        })
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: u64,
        bytes_max: usize,
    ) -> LedgerFuture<'a, Vec<Entry>> {
        self.inner.read(partition, from, bytes_max)
    }

    fn wait<'a>(
        &'a self,
        partition: &'a Partition,
        after: u64,
        timeout: Duration,
    ) -> LedgerFuture<'a, ()> {
        self.inner.wait(partition, after, timeout)
    }

    fn seal<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.seal(partition)
    }

    fn begin<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.begin(partition)
    }

    fn trim<'a>(&'a self, partition: &'a Partition, before: u64) -> LedgerFuture<'a, Head> {
        self.inner.trim(partition, before)
    }

    fn writable<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, ()> {
        self.inner.writable(partition)
    }
}
