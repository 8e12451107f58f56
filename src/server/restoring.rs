//! From a snapshot and the ledger's tail to the state, or from the ledger alone.

use std::{path::Path, sync::Arc, time::Instant};

use super::startup::StartupError;
use crate::{
    ledger::Ledger,
    state::{
        State,
        snapshot::{Fit, SnapshotError, SnapshotFolder, SnapshotLoader},
    },
    telemetry::Metrics,
};

//----------- restore ----------------------------------------------------------

/// The newest snapshot that is whole and of this ledger, loaded; none where there is none.
///
/// What is of no use is set aside with a warning: the ledger knows it all.
///
/// # Errors
/// Where the ledger cannot be read, or lacks what a snapshot of it knows.
pub(super) async fn restore(
    ledger: &dyn Ledger,
    folder: &SnapshotFolder,
    metrics: &Metrics,
) -> Result<Option<(State, u64)>, StartupError> {
    if let Err(error) = folder.clean() {
        tracing::warn!(%error, "unfinished snapshots could not be removed");
    }
    let paths = folder.list().unwrap_or_else(|error| {
        tracing::warn!(%error, "the snapshots cannot be listed; the whole ledger is replayed");
        Vec::new()
    });
    for path in paths {
        match load(ledger, &path).await? {
            Ok(loaded) => return Ok(Some(loaded)),
            Err(reason) => {
                metrics.snapshot_set_aside();
                set_aside(folder, &path, &reason);
            }
        }
    }
    Ok(None)
}

fn set_aside(folder: &SnapshotFolder, path: &Path, reason: &str) {
    let snapshot = path.display();
    tracing::warn!(%snapshot, reason, "a snapshot is of no use and is set aside");
    if let Err(error) = folder.set_aside(path) {
        tracing::warn!(%snapshot, %error, "it could not be renamed");
    }
}

#[expect(clippy::disallowed_methods, reason = "the server times its own start")]
async fn load(
    ledger: &dyn Ledger,
    path: &Path,
) -> Result<Result<(State, u64), String>, StartupError> {
    let began = Instant::now();
    let loader = match SnapshotLoader::open(path) {
        Ok(loader) => Arc::new(loader),
        Err(error) => return Ok(Err(error.to_string())),
    };
    match loader.fit(ledger).await? {
        Fit::Fits => {}
        Fit::Foreign(reason) => return Ok(Err(reason)),
        Fit::LedgerEndsBefore {
            partition,
            seq,
            ledger_seq,
        } => {
            return Err(StartupError::LedgerEndsBefore {
                snapshot: path.display().to_string(),
                partition,
                seq,
                ledger_seq,
            });
        }
    }
    let bytes = loader.bytes();
    let state = match finish(loader).await {
        Ok(state) => state,
        Err(error) => return Ok(Err(error.to_string())),
    };
    tracing::info!(
        snapshot = %path.display(),
        identifiers = state.data_totals().live,
        seconds = began.elapsed().as_secs_f64(),
        "the snapshot is loaded"
    );
    Ok(Ok((state, bytes)))
}

/// Loads on every core: nobody is served yet.
async fn finish(loader: Arc<SnapshotLoader>) -> Result<State, SnapshotError> {
    let work = {
        let loader = Arc::clone(&loader);
        move || loader.work()
    };
    super::upkeep::on_threads(super::upkeep::cores(), work).await;
    match Arc::into_inner(loader) {
        Some(loader) => loader.finish(),
        None => Err(SnapshotError::Stopped),
    }
}
