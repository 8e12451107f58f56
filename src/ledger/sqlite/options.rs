//! How an embedded ledger is opened.

use std::{path::PathBuf, sync::Arc};

use crate::disk::{Disk, RealDisk};

/// The most bytes of a segment: what a file system, a copy and an archive handle without thought.
pub const SEGMENT_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Free space below which writes stop, unless told otherwise: enough to checkpoint, to write a
/// snapshot of a common node and for an operator to work in.
pub const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;

//----------- SqliteOptions ----------------------------------------------------

/// How an embedded ledger is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Only reads: files are neither made nor changed, and a running node is not disturbed.
    pub read_only: bool,
    /// A segment that would grow beyond this is closed; at most [`SEGMENT_BYTES_MAX`].
    pub segment_bytes_max: u64,
    /// Appends are refused while the file system has less than this free.
    pub free_bytes_min: u64,
    /// Where closed segments may have been moved to.
    pub archive_dirs: Vec<PathBuf>,
    /// Whether a commit is synced before it is acknowledged. Without it the loss of power loses
    /// entries: only the test that shows that its power cuts bite turns it off.
    pub sync_commits: bool,
    /// SQLite's name of the layer it reaches files through; the system's if none.
    pub vfs: Option<&'static str>,
    /// The disk under everything else.
    pub disk: Arc<dyn Disk>,
}

impl SqliteOptions {
    /// To read a ledger that a node may be writing to.
    #[must_use]
    pub fn to_read() -> Self {
        Self {
            read_only: true,
            ..Self::default()
        }
    }

    /// SQLite's word for it.
    pub(super) fn synchronous(&self) -> &'static str {
        if self.sync_commits { "FULL" } else { "OFF" }
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            read_only: false,
            segment_bytes_max: SEGMENT_BYTES_MAX,
            free_bytes_min: FREE_BYTES_MIN,
            archive_dirs: Vec::new(),
            sync_commits: true,
            vfs: None,
            disk: Arc::new(RealDisk),
        }
    }
}
