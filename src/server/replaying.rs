//! From a ledger to the state it comes to, begun where there is none.

use std::time::{Duration, Instant};

use super::{clock::SystemClock, startup::StartupError};
use crate::{
    change::Partition,
    ledger::{Head, Ledger},
    protocol::http::Api,
    registry::{EntryClock, ReadClock, genesis},
    state::{Progress, ReplayError, State, replay_onto},
};

/// How often a long replay says how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(3);

/// Begins a new ledger, at a time that can be right.
pub(super) async fn begin(ledger: &dyn Ledger, accept_clock: bool) -> Result<(), StartupError> {
    if ledger.head(&Partition::Control).await? != Head::default() {
        return Ok(());
    }
    let time = EntryClock::new(0, accept_clock).next(SystemClock.read())?;
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).map_err(|error| StartupError::Entropy(error.to_string()))?;
    Ok(genesis(ledger, entropy, time.time_ms).await?)
}

#[expect(clippy::disallowed_methods, reason = "the server times its own start")]
pub(super) async fn replay_told(
    ledger: &dyn Ledger,
    state: &State,
    api: &Api,
) -> Result<(), ReplayError> {
    let began = Instant::now();
    let mut told = began;
    let tell = |progress: &Progress| {
        let Progress {
            entries,
            entries_total,
            changes,
        } = *progress;
        api.startup.set(entries, entries_total);
        if told.elapsed() >= PROGRESS_INTERVAL {
            told = Instant::now();
            tracing::info!(entries, entries_total, changes, "replaying the ledger");
        }
    };
    replay_onto(ledger, state, tell).await?;
    let totals = state.data_totals();
    tracing::info!(
        identifiers = totals.live,
        registrations = totals.registrations,
        firms = state.directory_totals().connected_firms,
        seconds = began.elapsed().as_secs_f64(),
        "the ledger is replayed"
    );
    Ok(())
}
