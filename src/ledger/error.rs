//! Why a ledger did not do what it was asked.

use crate::change::{DecodeError, Partition};

//----------- LedgerError ------------------------------------------------------

/// Why a ledger did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Bytes are not what was written. Nothing behind them is read.
    #[error(
        "the ledger is damaged at partition {partition}, sequence {seq}: {what}; nothing was \
         changed. Keep this directory as it is, and restore the partition from a backup or a \
         copy (see docs/operations.md, \"A damaged ledger\")"
    )]
    Damaged {
        /// The partition.
        partition: Partition,
        /// The sequence at which reading stopped.
        seq: u64,
        /// What is wrong with it.
        what: String,
    },
    /// No more entries here, ever.
    #[error("partition {0} is sealed and takes no more entries")]
    Sealed(Partition),
    /// Its entries are never trimmed.
    #[error("partition {0} keeps every entry: only counters are trimmed")]
    Kept(Partition),
    /// The entry was trimmed: what it counted is in a roll-up.
    #[error(
        "entry {seq} of partition {partition} was trimmed; its day is rolled up in control, and          entries are there from {first} on"
    )]
    Trimmed {
        /// The partition.
        partition: Partition,
        /// The entry that was asked for.
        seq: u64,
        /// The first that is there.
        first: u64,
    },
    /// Part of the partition is not where it is looked for.
    #[error(
        "the segment with entry {seq} of partition {partition} is missing; it was looked for in \
         {folders}. Bring it back, or name its directory in [ledger] archive_dirs"
    )]
    SegmentMissing {
        /// The partition.
        partition: Partition,
        /// The entry that was asked for.
        seq: u64,
        /// Where segments may be.
        folders: String,
    },
    /// There is too little space; nothing happened.
    #[error("no space for partition {partition}: {what}; free some, writes resume by themselves")]
    NoSpace {
        /// The partition.
        partition: Partition,
        /// How much there is, and how much there must be.
        what: String,
    },
    /// The engine refused before any effect.
    #[error("partition {partition}: {what}; nothing was written")]
    Storage {
        /// The partition.
        partition: Partition,
        /// What the engine said.
        what: String,
    },
    /// A commit failed in a way that leaves nothing to believe until the files are opened again.
    #[error("partition {0} had a failed commit and takes no more until the node is restarted")]
    Distrusted(Partition),
    /// The files could not be opened.
    #[error("cannot open the ledger at {path}: {what}")]
    Open {
        /// The file or folder.
        path: String,
        /// What the system said.
        what: String,
    },
}

impl LedgerError {
    /// Damage at a place.
    pub(crate) fn damaged(partition: &Partition, seq: u64, error: &DecodeError) -> Self {
        Self::Damaged {
            partition: partition.clone(),
            seq,
            what: error.to_string(),
        }
    }
}
