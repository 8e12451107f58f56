//! What a node does beside answering: checkpoints, snapshots, totals, and reading its ledger over
//! again.

mod collector;
mod counts;
mod scrub;
mod snapshots;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

pub(super) use collector::Collector;
pub(super) use counts::Counts;
pub(super) use scrub::Scrub;
pub(super) use snapshots::Snapshots;

use super::{health::Health, reporting::Reporter};
use crate::{
    change::Partition,
    disk::{Disk as _, RealDisk},
    ledger::SqliteLedger,
    registry::{Happened, Registry},
    state::DATA,
    telemetry::Metrics,
};

/// How often the ledger is looked after: a WAL grows by some tens of MiB meanwhile at the most.
const MAINTAIN_INTERVAL: Duration = Duration::from_millis(500);

//----------- Upkeep -----------------------------------------------------------

/// The tasks beside the answers, and how to end them.
#[derive(Debug)]
pub(super) struct Upkeep {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    snapshots: Arc<Snapshots>,
}

impl Upkeep {
    /// Starts them.
    pub(super) fn start(
        ledger: Arc<SqliteLedger>,
        room: Room,
        snapshots: Snapshots,
        registry: &Registry,
        scrub: Scrub,
        counts: Counts,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let snapshots = Arc::new(snapshots);
        let tasks = vec![
            super::spawn(maintain(
                ledger,
                room,
                registry.downgrade(),
                stopped.clone(),
            )),
            super::spawn(Arc::clone(&snapshots).run(stopped.clone())),
            super::spawn(counts.collector().run(stopped.clone())),
            super::spawn(counts.run(stopped.clone())),
            super::spawn(scrub.run(registry.downgrade(), stopped)),
        ];
        Self {
            tasks,
            stop,
            snapshots,
        }
    }

    /// Tells the national node, too.
    pub(super) fn report(&mut self, reporter: Reporter) {
        let stopped = self.stop.subscribe();
        self.tasks.push(super::spawn(reporter.run(stopped)));
    }

    /// Looks after the node's health, too.
    pub(super) fn watch_health(&mut self, health: Health, not_taken: Vec<Happened>) {
        let stopped = self.stop.subscribe();
        let watching = health.run(not_taken, stopped);
        self.tasks.push(super::spawn(watching));
    }

    /// Ends them, and takes a last snapshot; the writers must have ended.
    pub(super) async fn finish(self, timeout: Duration) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            // A task that panicked has aborted the process in a release.
            let _ = task.await;
        }
        self.snapshots.take_last(timeout).await;
    }
}

/// How much room the ledger's disk has, for the metrics: asking may take as long as the disk likes.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) root: PathBuf,
    pub(super) metrics: Arc<Metrics>,
}

impl Room {
    fn look(&self, ledger: &SqliteLedger) {
        self.metrics
            .set_free_bytes(RealDisk.free_bytes(&self.root).ok());
        for partition in [Partition::Control, DATA] {
            if let Ok(files) = ledger.segments(&partition) {
                self.metrics
                    .set_segments(&partition.to_string(), files.len());
            }
        }
    }
}

/// Checkpoints, and closes full segments.
async fn maintain(
    ledger: Arc<SqliteLedger>,
    room: Room,
    registry: crate::registry::WeakRegistry,
    mut stopped: watch::Receiver<bool>,
) {
    let mut ticks = tokio::time::interval(MAINTAIN_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        let ledger = Arc::clone(&ledger);
        let room = room.clone();
        let done = blocking(move || {
            room.look(&ledger);
            ledger.maintain()
        })
        .await;
        if let Some(Err(error)) = done {
            // The ledger takes no more entries now; it says so to whoever appends.
            if let Some(registry) = registry.upgrade() {
                registry.close(&Partition::Control, error.to_string());
            }
            return;
        }
    }
}

//----------- Helper functions -------------------------------------------------

/// Runs work that blocks; none where it panicked or the runtime ends.
#[expect(clippy::disallowed_methods, reason = "this is the server's executor")]
pub(in crate::server) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// Runs the same work on several threads, and waits for all.
pub(super) async fn on_threads(threads: usize, work: impl Fn() + Send + Sync + 'static) {
    let work = Arc::new(work);
    let running: Vec<_> = (0..threads)
        .map(|_| {
            let work = Arc::clone(&work);
            super::spawn(blocking(move || work()))
        })
        .collect();
    for thread in running {
        let _ = thread.await;
    }
}

/// Cores that this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
