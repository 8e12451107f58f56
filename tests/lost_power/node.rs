//! A node's store: what `serve` has between its listeners and its disk.

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use biaoshi::{
    disk::{Disk, RealDisk},
    ledger::{Inline, Ledger, SqliteLedger, SqliteOptions},
    registry::{ClockReading, RELEASE_DATE_MS, ReadClock, Registry, WriterOptions, genesis},
    state::{
        State, replay_onto,
        snapshot::{Fit, SnapshotFolder, SnapshotInfo, SnapshotLoader, SnapshotWriter},
    },
};
use tokio::task::JoinHandle;

use crate::faults::{disk::FaultyDisk, plan::Faults, trace::Recorder, vfs::Shim};

/// Small, so that a short history closes some.
const SEGMENT_BYTES_MAX: u64 = 160 * 1024;

//----------- Storage ----------------------------------------------------------

/// A folder, and the disk under it.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) root: PathBuf,
    pub(crate) vfs: Option<&'static str>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) sync_commits: bool,
}

impl Storage {
    /// A folder on the disk of this machine, without syncs: it is looked at and thrown away.
    pub(crate) fn plain(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            vfs: None,
            disk: Arc::new(RealDisk),
            sync_commits: false,
        }
    }

    /// A folder on a disk that is watched and can break.
    pub(crate) fn watched(root: &Path, recorder: &Recorder, faults: &Faults) -> Self {
        Self::on(root, &FaultyDisk::new(recorder, faults), recorder, faults)
    }

    /// The same, where the test keeps hold of the disk.
    pub(crate) fn on(root: &Path, disk: &FaultyDisk, recorder: &Recorder, faults: &Faults) -> Self {
        let shim = Shim::register(recorder, faults);
        let name = shim.name().to_str().expect("its name is plain").to_owned();
        Self {
            root: root.to_owned(),
            vfs: Some(Box::leak(name.into_boxed_str())),
            disk: Arc::new(disk.clone()),
            sync_commits: true,
        }
    }

    pub(crate) fn ledger(&self) -> Result<Arc<SqliteLedger>, String> {
        let options = SqliteOptions {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            free_bytes_min: 1,
            sync_commits: self.sync_commits,
            vfs: self.vfs,
            disk: Arc::clone(&self.disk),
            ..SqliteOptions::default()
        };
        let ledger = SqliteLedger::open(&self.root.join("ledger"), options, Arc::new(Inline));
        ledger.map(Arc::new).map_err(text)
    }

    pub(crate) fn snapshots(&self) -> SnapshotFolder {
        SnapshotFolder::new(self.root.join("snapshots"), Arc::clone(&self.disk))
    }
}

//----------- Node -------------------------------------------------------------

/// A started store.
pub(crate) struct Node {
    pub(crate) registry: Registry,
    pub(crate) state: Arc<State>,
    pub(crate) ledger: Arc<SqliteLedger>,
    pub(crate) snapshots: SnapshotFolder,
    writers: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts as a node does: from the newest snapshot that fits, and the ledger's tail.
    pub(crate) async fn start(storage: &Storage) -> Result<Self, String> {
        let sqlite = storage.ledger()?;
        let ledger: Arc<dyn Ledger> = sqlite.clone();
        let clock = Clock::default();
        genesis(&*ledger, [7; 16], clock.read().wall_ms)
            .await
            .map_err(text)?;
        let snapshots = storage.snapshots();
        snapshots.clean().map_err(text)?;
        let state = restore(&*ledger, &snapshots).await?;
        replay_onto(&*ledger, &state, |_| {}).await.map_err(text)?;
        let state = Arc::new(state);
        let options = WriterOptions {
            accept_clock: false,
            zone: "id.example".to_owned(),
        };
        let clock = || -> Box<dyn ReadClock> { Box::new(clock.clone()) };
        let (registry, writers) = Registry::open(&ledger, &state, clock, &options);
        Ok(Self {
            registry,
            state,
            ledger: sqlite,
            snapshots,
            writers: writers.into_iter().map(spawn).collect(),
        })
    }

    /// Ends the writers and closes every file.
    pub(crate) async fn stop(self) {
        drop(self.registry);
        for writer in self.writers {
            writer.await.expect("a writer does not panic");
        }
    }
}

async fn restore(ledger: &dyn Ledger, snapshots: &SnapshotFolder) -> Result<State, String> {
    for path in snapshots.list().map_err(text)? {
        let Ok(loader) = SnapshotLoader::open(&path) else {
            continue;
        };
        match loader.fit(ledger).await.map_err(text)? {
            Fit::Fits => {}
            Fit::Foreign(_) => continue,
            ahead @ Fit::LedgerEndsBefore { .. } => return Err(format!("{ahead:?}")),
        }
        loader.work();
        if let Ok(state) = loader.finish() {
            return Ok(state);
        }
    }
    Ok(State::new())
}

/// Takes a snapshot; a node does it on several threads.
pub(crate) fn take_snapshot(
    state: &Arc<State>,
    snapshots: &SnapshotFolder,
) -> Result<SnapshotInfo, String> {
    let writer = SnapshotWriter::begin(state, snapshots).map_err(text)?;
    writer.work();
    writer.finish().map_err(text)
}

//----------- Clock ------------------------------------------------------------

/// A clock that goes on a little whenever somebody looks at it.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl ReadClock for Clock {
    fn read(&self) -> ClockReading {
        let passed_ms = self.0.fetch_add(3, Ordering::Relaxed);
        ClockReading {
            wall_ms: RELEASE_DATE_MS + 1_000_000 + passed_ms,
            boot_ms: 5_000 + passed_ms,
        }
    }
}

//----------- Helper functions -------------------------------------------------

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Runs a test on a runtime of its own; where nothing else is to do, its time jumps ahead.
pub(crate) fn block_on<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime can be built").block_on(task)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is the server of its node"
)]
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(task)
}
