//! `ledger`: reads a ledger from its first entry and says what is in it.
//!
//! Nothing is written, and a running node is not disturbed: heads are taken when it begins, and
//! what is appended meanwhile is not looked at.

mod counters;
mod shown;
mod snapshots;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::shown::{PartitionSummary, SegmentSummary, Summary};
use self::snapshots::Snapshots;
use super::arguments::LedgerCommand;
use super::progress::Progress;
use super::{Exit, Failure, Output};
use crate::change::Partition;
use crate::config::Config;
use crate::ledger::{
    self, ClosedSegment, Head, Inline, Ledger, LedgerError, SqliteLedger, SqliteOptions,
};
use crate::state::{self, DATA, ReplayError, State};

/// Payload bytes of a partition that is read and not folded, at a time: a few entries of the
/// largest size.
const READ_BYTES: usize = 8 * 1024 * 1024;

//----------- run ----------------------------------------------------------------

/// Does what was asked of the ledger.
pub(super) fn run(
    config: &Config,
    command: &LedgerCommand,
    output: &Output,
) -> Result<Exit, Failure> {
    match command {
        LedgerCommand::Verify { segment: None } => {
            let node = &config.server.node;
            let summary = verify(&node.data_dir, &config.server.ledger.archive_dirs)?;
            if output.is_json() {
                output.json(&summary.to_json())?;
            } else {
                output.text(&summary.to_string())?;
            }
            Ok(summary.exit())
        }
        LedgerCommand::Verify {
            segment: Some(path),
        } => {
            let segment = ClosedSegment::open(path)?;
            segment.verify()?;
            let summary = SegmentSummary(segment);
            if output.is_json() {
                output.json(&summary.to_json())?;
            } else {
                output.text(&summary.to_string())?;
            }
            Ok(Exit::Done)
        }
    }
}

/// Reads everything, and folds what can be folded.
fn verify(data_dir: &Path, archive_dirs: &[PathBuf]) -> Result<Summary, Failure> {
    let root = data_dir.join("ledger");
    if !root.is_dir() {
        return Err(Failure::new(
            format!("there is no ledger at {}", root.display()),
            "set [node] data_dir (or BIAOSHI_NODE_DATA_DIR) to a node's data directory; `biaoshi \
             serve` makes one",
        ));
    }
    let options = SqliteOptions {
        archive_dirs: archive_dirs.to_vec(),
        ..SqliteOptions::to_read()
    };
    let ledger = SqliteLedger::open(&root, options, Arc::new(Inline))?;
    // Before the heads are taken: what a snapshot was cut from is in the ledger by then.
    let snapshots = Snapshots::open(&data_dir.join("snapshots"));
    super::block_on(verify_at(&ledger, &root, snapshots))?
}

async fn verify_at(
    ledger: &SqliteLedger,
    root: &Path,
    mut snapshots: Snapshots,
) -> Result<Summary, Failure> {
    let mut progress = Progress::start("reading the ledger", Some("entries"));
    let state = State::new();
    state::replay_seen(ledger, &state, |entry, done| {
        snapshots.compare(entry, &state);
        progress.set(done.entries, done.entries_total, || {
            format!("{} changes", done.changes)
        });
    })
    .await?;
    let ledger_id = state.ledger_id().ok_or_else(|| {
        Failure::new(
            format!("the ledger at {} is empty", root.display()),
            "a node writes its first entry when it starts: run `biaoshi serve`, or restore the \
             ledger from a backup",
        )
    })?;
    let mut partitions = Vec::new();
    for partition in ledger.partitions().await? {
        let mut found = PartitionSummary {
            head: state.at(&partition).head,
            begin: Head::default(),
            is_rolled_up: true,
            digests: None,
            partition,
        };
        match &found.partition {
            Partition::Control | &DATA => found.digests = Some(state.digests(&found.partition)),
            counters @ Partition::Counters(_) => {
                let counters = counters::verify(ledger, counters, &state).await?;
                (found.begin, found.head) = (counters.begin, counters.head);
                found.is_rolled_up = counters.is_rolled_up;
            }
            other => found.head = chain(ledger, other).await?,
        }
        partitions.push(found);
    }
    Ok(Summary {
        ledger_id,
        partitions,
        data: state.data_totals(),
        directory: state.directory_totals(),
        snapshots: snapshots.verdicts(ledger_id),
    })
}

/// Checks the chain of a partition that this release does not fold.
async fn chain(ledger: &dyn Ledger, partition: &Partition) -> Result<Head, LedgerError> {
    let last = ledger.head(partition).await?;
    let mut head = Head::default();
    while head.seq < last.seq {
        head = ledger::verify_part(ledger, partition, head, READ_BYTES).await?;
    }
    Ok(head)
}

//============ Error types =======================================================

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let hint = match &error {
            LedgerError::Damaged { .. } => {
                "stop the node, copy the data directory, and restore this partition from a backup \
                 or from another copy of the ledger; docs/operations.md says how"
            }
            LedgerError::Open { .. } => {
                "see whether the files are there and whether this user may read them"
            }
            LedgerError::SegmentMissing { .. } => {
                "closed segments may lie elsewhere, and must be at hand to be read"
            }
            LedgerError::Sealed(_)
            | LedgerError::Kept(_)
            | LedgerError::Trimmed { .. }
            | LedgerError::NoSpace { .. }
            | LedgerError::Storage { .. }
            | LedgerError::Distrusted(_) => "see whether the disk can be read, and ask again",
        };
        Self::new(error.to_string(), hint)
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Ledger(error) => error.into(),
            ReplayError::Apply(error) => Self::new(
                error.to_string(),
                "if a newer biaoshi wrote this ledger, use that; otherwise restore the partition \
                 from a backup",
            ),
            ReplayError::NoGenesis(_) | ReplayError::ControlMissing { .. } => Self::new(
                error.to_string(),
                "restore the whole ledger directory from one backup, all partitions together",
            ),
        }
    }
}
