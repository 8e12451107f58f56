//! From files to a node that answers.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use jiff::civil::Date;
use tokio::task::JoinHandle;

use super::{
    clock::{SystemClock, Watch},
    counting::Registering,
    executor::BlockingPool,
    health::{self, AliveFile, Health},
    measured::MeasuredLedger,
    metrics::Scrape,
    options::Options,
    replaying,
    reporting::{Reporter, Transport},
    restoring,
    tables::Tables,
    upkeep::{Collector, Counts, Room, Scrub, Snapshots, Upkeep},
};
use crate::{
    accounting::Counters,
    change::Partition,
    disk::RealDisk,
    identifier::Prefix,
    ledger::{Ledger, LedgerError, SqliteLedger, SqliteOptions},
    protocol::http::{Accounting, Api, Node},
    registry::{ClockFault, ReadClock, Registry, WeakRegistry, WriterOptions},
    resolver::Resolver,
    state::{DATA, ReplayError, State, snapshot::SnapshotFolder},
};

//----------- Started ----------------------------------------------------------

/// The tasks of a node.
#[derive(Debug, Default)]
pub(super) struct Started {
    writers: Vec<JoinHandle<()>>,
    upkeep: Option<Upkeep>,
    /// By which it is said that the node stops, where it is there that it was ready.
    registry: Option<(WeakRegistry, Arc<AtomicBool>)>,
}

impl Started {
    /// Says in the ledger that the node stops; the registry must still be there.
    pub(super) async fn say_stopped(&self) {
        if let Some((registry, is_noted)) = &self.registry {
            health::stopped(registry, is_noted).await;
        }
    }

    /// Waits until the writers have written what was handed in, then ends the rest; their
    /// registry must be gone.
    pub(super) async fn finish(self, snapshot_timeout: Duration) {
        for writer in self.writers {
            // A writer that panicked has aborted the process in a release.
            let _ = writer.await;
        }
        if let Some(upkeep) = self.upkeep {
            upkeep.finish(snapshot_timeout).await;
        }
    }
}

/// What waits for the node to be ready.
pub(super) struct Doors {
    pub(super) api: Arc<Api>,
    /// Whoever listens for datagrams answers from it.
    pub(super) resolver: Arc<OnceLock<Resolver>>,
    pub(super) scrape: Arc<Scrape>,
    pub(super) counters: Arc<Counters>,
    pub(super) watch: Arc<Watch>,
    /// Prefixes that are for tests.
    pub(super) tests: Vec<Prefix>,
    pub(super) docking_date: Option<Date>,
    pub(super) tables: Arc<Tables>,
    /// On what way the national node is told, if it is not by hand.
    pub(super) transport: Option<Arc<dyn Transport>>,
    /// Where it listens for HTTP.
    pub(super) http_addresses: Vec<SocketAddr>,
}

impl Doors {
    /// Who writes.
    fn writers(
        &self,
        ledger: &Arc<dyn Ledger>,
        state: &Arc<State>,
        options: &WriterOptions,
    ) -> (Registry, Vec<JoinHandle<()>>) {
        let clock = || -> Box<dyn ReadClock> { Box::new(SystemClock) };
        let metrics = Arc::clone(&self.scrape.metrics);
        let measured = MeasuredLedger::new(Arc::clone(ledger), metrics);
        let measured: Arc<dyn Ledger> = Arc::new(measured);
        let (registry, writers) = Registry::open(&measured, state, clock, options);
        let writers = writers.into_iter().map(super::spawn).collect();
        (registry.observed_by(self.registering(state)), writers)
    }

    /// Who times what is registered.
    fn registering(&self, state: &Arc<State>) -> Arc<Registering> {
        let (state, watch) = (Arc::clone(state), Arc::clone(&self.watch));
        let registering = Registering::new(state, self.tests.clone(), &self.counters, watch);
        Arc::new(registering)
    }

    /// Who collects what is timed.
    fn collector(&self, state: &Arc<State>) -> Arc<Collector> {
        Arc::new(Collector {
            counters: Arc::clone(&self.counters),
            state: Arc::clone(state),
            watch: Arc::clone(&self.watch),
        })
    }

    /// Who tells the national node.
    fn reporter(&self, registry: &Registry, state: &Arc<State>) -> Option<Reporter> {
        Some(Reporter {
            reporting: Arc::clone(&self.tables.reporting),
            transport: Arc::clone(self.transport.as_ref()?),
            tables: Arc::clone(&self.tables),
            state: Arc::clone(state),
            counters: Arc::clone(&self.counters),
            tests: self.tests.clone(),
            registry: registry.downgrade(),
        })
    }

    /// Who looks after the node's health.
    fn health(
        &self,
        registry: &Registry,
        state: &Arc<State>,
        (data_dir, last_entry_ms): (&Path, u64),
    ) -> Health {
        Health {
            registry: registry.downgrade(),
            state: Arc::clone(state),
            listeners: self.http_addresses.clone(),
            alive: AliveFile::new(data_dir),
            last_entry_ms,
            is_noted: Arc::default(),
        }
    }

    /// From here on everybody is answered.
    fn open(self, registry: Registry, state: Arc<State>) {
        let resolver = Resolver::new(Arc::clone(&state));
        // It is opened once.
        let _ = self.resolver.set(resolver.clone());
        self.scrape.open(registry.downgrade(), Arc::clone(&state));
        self.api.open(Node {
            resolver,
            registry,
            state,
            tables: self.tables,
            accounting: Accounting {
                counters: self.counters,
                tests: self.tests,
                docking_date: self.docking_date,
                executor: Arc::new(BlockingPool),
            },
        });
    }
}

//----------- start ------------------------------------------------------------

/// Restores the state, starts the writers and opens the routes.
#[expect(clippy::disallowed_methods, reason = "the server times its own start")]
pub(super) async fn start(
    options: Options,
    doors: Doors,
    accept_clock: bool,
) -> Result<Started, StartupError> {
    let began = Instant::now();
    let metrics = &doors.scrape.metrics;
    let root = options.node.data_dir.join("ledger");
    let sqlite = sqlite_options(&options);
    let opened = SqliteLedger::open(&root, sqlite.clone(), Arc::new(BlockingPool))?;
    let sqlite_ledger = Arc::new(opened);
    let ledger: Arc<dyn Ledger> = sqlite_ledger.clone();
    replaying::begin(&*ledger, accept_clock).await?;
    let folder = SnapshotFolder::new(options.node.data_dir.join("snapshots"), Arc::new(RealDisk));
    let restored = restoring::restore(&*ledger, &folder, metrics).await?;
    let snapshot_bytes = restored.as_ref().map(|(_, bytes)| *bytes);
    let state = restored.map_or_else(State::new, |(state, _)| state);
    let until = [Partition::Control, DATA].map(|partition| {
        let head = state.at(&partition).head;
        (partition, head)
    });
    replaying::replay_told(&*ledger, &state, &doors.api).await?;
    let last_entry_ms = [Partition::Control, DATA].map(|partition| state.at(&partition).time_ms);
    let last_entry_ms = last_entry_ms.into_iter().max().unwrap_or_default();
    let state = Arc::new(state);
    let writing = WriterOptions {
        accept_clock,
        zone: options.node.zone.clone(),
    };
    let (registry, writers) = doors.writers(&ledger, &state, &writing);
    let snapshots = Snapshots::new(
        Arc::clone(&state),
        Arc::clone(&sqlite_ledger),
        folder,
        Arc::clone(metrics),
        (options.snapshot.interval, options.ledger.free_bytes_min),
    );
    if let Some(bytes) = snapshot_bytes {
        snapshots.came_from((until[0].1.seq, until[1].1.seq), bytes);
    }
    // Nothing was taken from a snapshot where there was none, and nothing is read over again.
    let scrub = Scrub::new(&root, sqlite, until.to_vec())?;
    let metrics = Arc::clone(metrics);
    let room = Room { root, metrics };
    let path = options.node.data_dir.join("counters/counters.map");
    let (collector, weak) = (doors.collector(&state), registry.downgrade());
    let counts = Counts::open(ledger, collector, weak, path, accept_clock).await;
    let mut upkeep = Upkeep::start(sqlite_ledger, room, snapshots, &registry, scrub, counts);
    if accept_clock {
        note_clock(&registry).await;
    }
    take_prefixes(&registry, &state, &options.node.secondary_prefixes).await;
    let before = (options.node.data_dir.as_path(), last_entry_ms);
    let health = doors.health(&registry, &state, before);
    let stopping = (registry.downgrade(), Arc::clone(&health.is_noted));
    let not_taken = health.started().await;
    upkeep.watch_health(health, not_taken);
    if let Some(reporter) = doors.reporter(&registry, &state) {
        upkeep.report(reporter);
    }
    doors.scrape.metrics.started(began.elapsed());
    doors.open(registry, state);
    tracing::info!("ready");
    Ok(Started {
        writers,
        upkeep: Some(upkeep),
        registry: Some(stopping),
    })
}

fn sqlite_options(options: &Options) -> SqliteOptions {
    SqliteOptions {
        segment_bytes_max: options.ledger.segment_bytes_max,
        archive_dirs: options.ledger.archive_dirs.clone(),
        free_bytes_min: options.ledger.free_bytes_min,
        ..SqliteOptions::default()
    }
}

async fn note_clock(registry: &Registry) {
    if let Err(error) = registry.accept_clock().await {
        tracing::error!(%error, "the accepted clock could not be noted in the ledger");
    }
}

/// Takes the secondary prefixes of the configuration into the ledger.
async fn take_prefixes(registry: &Registry, state: &State, configured: &[Prefix]) {
    if let Err(error) = registry.ensure_secondary_prefixes(configured).await {
        // What is registered still resolves: the node serves, and says why it does not register.
        tracing::error!(%error, "the secondary prefixes could not be taken into the ledger");
    }
    let directory = state.directory();
    for known in directory
        .secondary()
        .iter()
        .filter(|known| !configured.contains(known))
    {
        let prefix = known.as_str();
        tracing::warn!(
            prefix,
            "the ledger has a secondary prefix that the configuration lacks"
        );
    }
    if directory.secondary().is_empty() {
        tracing::warn!(
            "no secondary prefix yet: set [node] secondary_prefixes or \
             BIAOSHI_NODE_SECONDARY_PREFIXES, for example 88.118"
        );
    }
}

//============ Error types =====================================================

/// Why a node did not come up.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The ledger cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger does not hold together.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// Acknowledged entries are missing from the ledger.
    #[error(
        "the snapshot {snapshot} knows entry {seq} of partition {partition}, but the ledger ends \
         at {ledger_seq}: acknowledged entries are missing. Restore the ledger from a backup; if \
         it was meant to go back, move the snapshots away"
    )]
    LedgerEndsBefore {
        /// The snapshot's file.
        snapshot: String,
        /// The partition.
        partition: Partition,
        /// The last entry that the snapshot knows.
        seq: u64,
        /// The last entry that the ledger has.
        ledger_seq: u64,
    },
    /// The clock cannot be right: a ledger must not begin with it.
    #[error(transparent)]
    Clock(#[from] ClockFault),
    /// The kernel gave no entropy.
    #[error("the kernel gave no entropy: {0}")]
    Entropy(String),
    /// The start was interrupted.
    #[error("the start was interrupted")]
    Interrupted,
}
