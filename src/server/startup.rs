//! From files to a node that answers.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{clock::SystemClock, executor::BlockingPool, options::NodeOptions, replaying};
use crate::{
    identifier::Prefix,
    ledger::{Ledger, LedgerError, SqliteLedger, SqliteOptions},
    protocol::http::{Api, Node},
    registry::{ClockFault, ReadClock, Registry, WriterOptions},
    resolver::Resolver,
    state::{ReplayError, State},
};

//----------- Writers ----------------------------------------------------------

/// The tasks of the writers.
#[derive(Debug, Default)]
pub(super) struct Writers(Vec<JoinHandle<()>>);

impl Writers {
    /// Waits until they have written what was handed in; their registry must be gone.
    pub(super) async fn join(self) {
        for writer in self.0 {
            // A writer that panicked has aborted the process in a release.
            let _ = writer.await;
        }
    }
}

//----------- start ------------------------------------------------------------

/// Replays the ledger, starts the writers and opens the routes.
pub(super) async fn start(
    options: NodeOptions,
    api: Arc<Api>,
    accept_clock: bool,
) -> Result<Writers, StartupError> {
    let root = options.data_dir.join("ledger");
    let opened = SqliteLedger::open(&root, SqliteOptions::default(), Arc::new(BlockingPool))?;
    let ledger: Arc<dyn Ledger> = Arc::new(opened);
    replaying::begin(&*ledger, accept_clock).await?;
    let state = Arc::new(replaying::replay_told(&*ledger, &api).await?);
    let clock = || -> Box<dyn ReadClock> { Box::new(SystemClock) };
    let (registry, writers) =
        Registry::open(&ledger, &state, clock, &WriterOptions { accept_clock });
    let writers = Writers(writers.into_iter().map(super::spawn).collect());
    if accept_clock && let Err(error) = registry.accept_clock().await {
        tracing::error!(%error, "the accepted clock could not be noted in the ledger");
    }
    take_prefixes(&registry, &state, &options.secondary_prefixes).await;
    let resolver = Resolver::new(Arc::clone(&state));
    api.open(Node {
        resolver,
        registry,
        state,
    });
    tracing::info!("ready");
    Ok(writers)
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
