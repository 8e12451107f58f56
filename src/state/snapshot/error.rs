//! Why a snapshot was not written or not loaded.

use std::io;

use crate::{change::DecodeError, state::PinError};

//----------- SnapshotError ----------------------------------------------------

/// Why a snapshot was not written or not loaded.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The cut was lost, or there was none to be had.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
    /// The file is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The file is of another version.
    #[error("it has version {0}, which this release does not read")]
    UnknownVersion(u16),
}

impl SnapshotError {
    /// Damage at a place.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }
}

impl From<DecodeError> for SnapshotError {
    fn from(error: DecodeError) -> Self {
        Self::Damaged(error.to_string())
    }
}
