//! Why a backup was not taken, or nothing was restored from it.

use std::{io, path::Path};

use crate::{
    change::{LedgerId, Partition},
    ledger::LedgerError,
    state::ReplayError,
};

//----------- BackupError ------------------------------------------------------

/// Why a backup was not taken, or nothing was restored from it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The ledger that was to be backed up, or what was restored, cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What was restored does not fold.
    #[error("what was restored does not hold together: {0}")]
    Replay(#[from] ReplayError),
    /// A file or folder cannot be read or written.
    #[error("{name}: {what}")]
    Io {
        /// Which.
        name: String,
        /// What the system said.
        what: String,
    },
    /// A file of a backup is not what was written.
    #[error("{name} is damaged: {what}")]
    Damaged {
        /// Which.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// There is no ledger to be backed up.
    #[error("the ledger is empty: there is nothing to back up")]
    Empty,
    /// There is no finished backup.
    #[error("there is no finished backup in {0}")]
    NoBackup(String),
    /// The directory holds backups of another ledger.
    #[error("{name} holds backups of ledger {theirs}, and this is ledger {ours}")]
    OtherLedger {
        /// The directory.
        name: String,
        /// Whose backups it holds.
        theirs: LedgerId,
        /// The ledger that was to be backed up.
        ours: LedgerId,
    },
    /// Somebody else is taking a backup into the directory.
    #[error("another backup is being taken into {0}")]
    InUse(String),
    /// The directory has too little space.
    #[error("{name} has {free_bytes} bytes free, and the backup takes {needed_bytes}")]
    NoSpace {
        /// The directory.
        name: String,
        /// What is free.
        free_bytes: u64,
        /// What it takes, about.
        needed_bytes: u64,
    },
    /// A restore was to go where something is.
    #[error("{0} is not empty: nothing is restored over what is there")]
    NotEmpty(String),
    /// What was restored and what the archives hold are not one ledger.
    #[error(
        "the archives have segments that do not go with what was restored of {partition}: it would \
         end at {found_seq} instead of {expected_seq}"
    )]
    Archives {
        /// The partition.
        partition: Partition,
        /// Where it would end.
        found_seq: u64,
        /// Where it was to end.
        expected_seq: u64,
    },
    /// A restore was to replace what cannot be renamed.
    #[error("{0} is a mount point, and a restore ends with a rename")]
    MountPoint(String),
    /// An earlier restore was cut off.
    #[error("{0} is left of a restore that was cut off, or one is under way")]
    LeftOver(String),
    /// The point in time is behind the backup's end or before its beginning.
    #[error("partition {partition} has no entry {seq} in this backup, which ends at {head_seq}")]
    Beyond {
        /// The partition.
        partition: Partition,
        /// What was asked for.
        seq: u64,
        /// What there is.
        head_seq: u64,
    },
    /// Before that time there was nothing.
    #[error("at that time the ledger had not begun")]
    BeforeBeginning,
}

impl BackupError {
    /// What the system said of a file.
    pub(super) fn io(name: &str, error: &io::Error) -> Self {
        Self::Io {
            name: name.to_owned(),
            what: error.to_string(),
        }
    }

    /// The same, of a path.
    pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |error| Self::io(&path.display().to_string(), &error)
    }

    /// Damage of a file.
    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            name: path.display().to_string(),
            what: what.into(),
        }
    }
}
