//! Taking snapshots: at intervals, and when the node stops.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{cores, on_threads};
use crate::{
    change::Partition,
    ledger::SqliteLedger,
    registry::ReadClock,
    server::clock::SystemClock,
    state::{
        DATA, PinError, State,
        snapshot::{SnapshotError, SnapshotFolder, SnapshotInfo, SnapshotWriter},
    },
    telemetry::Metrics,
};

/// How often a cut is lost to writers before this turn is given up: the next one may be quieter.
const TRIES_MAX: u32 = 3;

//----------- Snapshots --------------------------------------------------------

/// Takes snapshots of a node.
#[derive(Debug)]
pub(in crate::server) struct Snapshots {
    state: Arc<State>,
    ledger: Arc<SqliteLedger>,
    folder: SnapshotFolder,
    metrics: Arc<Metrics>,
    interval: Duration,
    /// Free space that must stay whatever the snapshots' size.
    free_bytes_min: u64,
    /// The sequences of the last one, control and data.
    last: Mutex<(u64, u64)>,
    /// The one that is being written, to be stopped.
    writing: Mutex<Option<Arc<SnapshotWriter>>>,
    stopping: AtomicBool,
}

impl Snapshots {
    /// Takes snapshots into `folder`; the last one is of `bytes`, and is what the state came from.
    pub(in crate::server) fn new(
        state: Arc<State>,
        ledger: Arc<SqliteLedger>,
        folder: SnapshotFolder,
        metrics: Arc<Metrics>,
        (interval, free_bytes_min): (Duration, u64),
    ) -> Self {
        Self {
            state,
            ledger,
            folder,
            metrics,
            interval,
            free_bytes_min,
            last: Mutex::default(),
            writing: Mutex::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Notes the snapshot that the state came from.
    pub(in crate::server) fn came_from(&self, sequences: (u64, u64), bytes: u64) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = sequences;
        self.keep_free(bytes);
    }

    /// Writes stop while there is no room for two more of the last one's size.
    fn keep_free(&self, bytes: u64) {
        let min_bytes = self.free_bytes_min.max(bytes.saturating_mul(2));
        self.ledger.keep_free(min_bytes);
    }

    /// Takes one at each interval, if anything has changed.
    pub(super) async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.interval) => {}
                _ = stopped.changed() => return,
            }
            // Half of the cores: the others go on answering.
            let taking = self.take(cores().div_ceil(2));
            tokio::pin!(taking);
            tokio::select! {
                () = &mut taking => {}
                _ = stopped.changed() => {
                    self.stop_writing();
                    taking.await;
                    return;
                }
            }
        }
    }

    /// Takes the last one before the node ends, if there is time for it.
    pub(super) async fn take_last(&self, timeout: Duration) {
        let taking = self.take(cores());
        tokio::pin!(taking);
        if tokio::time::timeout(timeout, &mut taking).await.is_err() {
            tracing::warn!("no time is left for a snapshot; the next start replays the ledger");
            self.stopping.store(true, Ordering::Relaxed);
            self.stop_writing();
            taking.await;
        }
    }

    fn stop_writing(&self) {
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = &*writing {
            writer.stop();
        }
    }

    fn sequences(&self) -> (u64, u64) {
        let seq = |partition| self.state.at(partition).head.seq;
        (seq(&Partition::Control), seq(&DATA))
    }

    async fn take(&self, threads: usize) {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sequences() == last {
            return;
        }
        for _ in 0..TRIES_MAX {
            match self.write(threads).await {
                Ok(info) => {
                    let sequences = (info.control.seq, info.data.seq);
                    *self.last.lock().unwrap_or_else(PoisonError::into_inner) = sequences;
                    self.keep_free(info.bytes);
                    return;
                }
                Err(SnapshotError::Pin(error @ PinError::Overflow)) => {
                    tracing::warn!(%error, "a snapshot lost its cut");
                }
                Err(SnapshotError::Stopped) => return,
                Err(error) => {
                    self.metrics.snapshot_failed();
                    tracing::error!(%error, "no snapshot was written; the last one stays");
                    return;
                }
            }
        }
        // Every try lost its cut.
        self.metrics.snapshot_failed();
    }

    #[expect(clippy::disallowed_methods, reason = "the server times its own work")]
    async fn write(&self, threads: usize) -> Result<SnapshotInfo, SnapshotError> {
        let began = Instant::now();
        let writer = Arc::new(SnapshotWriter::begin(&self.state, &self.folder)?);
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&writer));
        if self.stopping.load(Ordering::Relaxed) {
            writer.stop();
        }
        let work = {
            let writer = Arc::clone(&writer);
            move || writer.work()
        };
        on_threads(threads, work).await;
        self.writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(writer) = Arc::into_inner(writer) else {
            return Err(SnapshotError::Stopped);
        };
        let finished = super::blocking(move || writer.finish()).await;
        let info = finished.unwrap_or(Err(SnapshotError::Stopped))?;
        let took = began.elapsed();
        let now_seconds = Duration::from_millis(SystemClock.read().wall_ms).as_secs_f64();
        self.metrics.snapshot_written(took, info.bytes, now_seconds);
        tracing::info!(
            snapshot = %info.path.display(),
            bytes = info.bytes,
            seconds = took.as_secs_f64(),
            "a snapshot is written"
        );
        Ok(info)
    }
}
