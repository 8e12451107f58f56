//! Replay: the state of a ledger, from its first entry or from a snapshot on.

use super::{ApplyError, DATA, State};
use crate::{
    change::{Entry, Partition},
    ledger::{Ledger, LedgerError},
};

/// Payload bytes read at a time: a few entries of the largest size, so that reading ahead costs
/// little memory and the engine is asked rarely.
const READ_BYTES: usize = 8 * 1024 * 1024;

/// Entries between two words about progress.
const TELL_ENTRIES: u64 = 256;

//----------- replay -----------------------------------------------------------

/// Folds a whole ledger, telling `progress` after each part read.
///
/// # Errors
/// As [`replay_onto`].
pub async fn replay(
    ledger: &dyn Ledger,
    progress: impl FnMut(&Progress) + Send,
) -> Result<State, ReplayError> {
    let state = State::new();
    replay_onto(ledger, &state, progress).await?;
    Ok(state)
}

/// Folds what a ledger has behind a state, which is a cut of it or empty.
///
/// `control` is applied as far as each data entry says it was validated against, before that entry.
///
/// # Errors
/// At the first entry that is damaged or not understood: a node must not start on part of its past.
pub async fn replay_onto(
    ledger: &dyn Ledger,
    state: &State,
    mut progress: impl FnMut(&Progress) + Send,
) -> Result<(), ReplayError> {
    let tell = |_: &Entry, done: &Progress| {
        if done.entries.is_multiple_of(TELL_ENTRIES) || done.entries == done.entries_total {
            progress(done);
        }
    };
    replay_seen(ledger, state, tell).await
}

/// The same, telling `seen` of each entry once it is applied.
///
/// # Errors
/// As [`replay_onto`].
pub async fn replay_seen(
    ledger: &dyn Ledger,
    state: &State,
    mut seen: impl FnMut(&Entry, &Progress) + Send,
) -> Result<(), ReplayError> {
    // Data first: beside a running node, what it rests on is in `control` by the time that is read.
    let mut data = Reader::open(ledger, state, DATA).await?;
    let mut control = Reader::open(ledger, state, Partition::Control).await?;
    let mut done = Progress {
        entries: 0,
        entries_total: control.left() + data.left(),
        changes: 0,
    };
    let has_genesis = control.applied > 0;
    // The genesis comes first: it says whose entries these are.
    let mut apply = |entry: &Entry| -> Result<(), ReplayError> {
        state.apply(entry)?;
        done.entries += 1;
        done.changes += u64::from(entry.header().count);
        seen(entry, &done);
        Ok(())
    };
    if has_genesis {
        // The state has it.
    } else if let Some(genesis) = control.next().await? {
        apply(&genesis)?;
    } else if data.head_seq > 0 {
        return Err(ReplayError::NoGenesis(DATA));
    }
    while let Some(entry) = data.next().await? {
        let wanted = entry.header().control_at;
        while control.applied < wanted {
            let Some(earlier) = control.next().await? else {
                let seq = entry.header().seq;
                return Err(ReplayError::ControlMissing {
                    partition: DATA,
                    seq,
                    wanted,
                });
            };
            apply(&earlier)?;
        }
        apply(&entry)?;
    }
    while let Some(entry) = control.next().await? {
        apply(&entry)?;
    }
    Ok(())
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries applied.
    pub entries: u64,
    /// Entries there were when it began.
    pub entries_total: u64,
    /// Changes applied.
    pub changes: u64,
}

//----------- Reader -----------------------------------------------------------

/// Takes entries of a partition one by one, reading them in parts.
struct Reader<'a> {
    ledger: &'a dyn Ledger,
    partition: Partition,
    head_seq: u64,
    applied: u64,
    ahead: std::vec::IntoIter<Entry>,
}

impl<'a> Reader<'a> {
    async fn open(
        ledger: &'a dyn Ledger,
        state: &State,
        partition: Partition,
    ) -> Result<Self, LedgerError> {
        let exists = ledger.partitions().await?.contains(&partition);
        let head_seq = if exists {
            ledger.head(&partition).await?.seq
        } else {
            0
        };
        Ok(Self {
            ledger,
            applied: state.at(&partition).head.seq,
            partition,
            head_seq,
            ahead: Vec::new().into_iter(),
        })
    }

    /// How many entries are still to come.
    fn left(&self) -> u64 {
        self.head_seq.saturating_sub(self.applied)
    }

    async fn next(&mut self) -> Result<Option<Entry>, LedgerError> {
        if self.applied >= self.head_seq {
            return Ok(None);
        }
        if self.ahead.as_slice().is_empty() {
            let from = self.applied + 1;
            self.ahead = self
                .ledger
                .read(&self.partition, from, READ_BYTES)
                .await?
                .into_iter();
        }
        let next = self.ahead.next();
        self.applied += u64::from(next.is_some());
        // A head that says more than can be read is damage too.
        next.map(Some).ok_or_else(|| LedgerError::Damaged {
            partition: self.partition.clone(),
            seq: self.applied + 1,
            what: "the entry is missing".to_owned(),
        })
    }
}

//============ Error types =====================================================

/// Why a ledger was not folded.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An entry was not understood.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// There are identifiers and no genesis.
    #[error(
        "{0} holds entries, but control has no genesis: part of the ledger is missing; restore it from a backup"
    )]
    NoGenesis(Partition),
    /// A data entry was validated against a `control` entry that is not there.
    #[error(
        "entry {seq} of {partition} rests on control entry {wanted}, which is missing; restore control from a backup"
    )]
    ControlMissing {
        /// The partition.
        partition: Partition,
        /// The entry.
        seq: u64,
        /// The `control` sequence it names.
        wanted: u64,
    },
}
