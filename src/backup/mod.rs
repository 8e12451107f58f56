//! Backups of the ledger, and what is restored from them.
//!
//! ```text
//! a ledger, beside its node ─▶ Cut ─┬─▶ create    a directory of backups that share closed segments
//!                                   └─▶ stream    one stream with every entry
//! a backup or a stream ─▶ restore ─▶ <data_dir>.restoring ─▶ verified, synced ─▶ <data_dir>
//! ```
//!
//! The files are described in `docs/format/backup-v1.md`. What is read from a backup is checked as
//! if it came from the network: lengths are bounded, names stay in their directory, every byte is
//! under a hash.

mod create;
mod cut;
mod entries;
mod error;
mod hashing;
mod manifest;
mod place;
mod repository;
mod restore;
mod restoring;
mod until;
mod verify;

pub use create::{Created, create, stream};
pub use cut::Cut;
pub use error::BackupError;
pub use repository::{Backup, Repository};
pub use restore::{From, Restore, Restored, restore};
pub use until::Until;
pub use verify::{Verified, check_restore, verify};

/// Told how many entries of how many are done.
pub type Tell<'a> = dyn FnMut(u64, u64) + Send + 'a;
