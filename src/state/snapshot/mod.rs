//! Snapshots: a faster way to a state that the ledger gives as well.
//!
//! ```text
//! State::pin ─▶ SnapshotWriter ── work, work, … ─▶ finish      a file, whole under its name
//! a file     ─▶ SnapshotLoader ── work, work, … ─▶ finish      a state; its tail is replayed
//! ```
//!
//! `work` is called by as many threads as its owner likes and returns when nothing is left to do:
//! nothing here spawns. The bytes are in `docs/format/snapshot-v4.md`. What is wrong with a file
//! is found before any of it is served, and never stops a start: the ledger knows it all.

mod error;
mod fit;
mod folder;
mod format;
mod items;
mod load;
#[cfg(test)]
pub(crate) mod tests;
mod write;

pub use error::SnapshotError;
pub use fit::Fit;
pub use folder::{SNAPSHOTS_KEPT, SnapshotFolder};
pub use load::SnapshotLoader;
pub use write::{SnapshotInfo, SnapshotWriter};
