//! Checkpoints where they hurt least: beside the commits, on a connection of their own.
//!
//! ```text
//! commits  ──┬──┬──┬──┬──┬──┬──     ──┬──┬──
//! 1 passive     ├──────────┤              most of the WAL, while commits go on
//! 2 passive                  ├─┤          what came meanwhile, with commits held: the WAL starts anew
//! ```
//!
//! A partition is checkpointed when its WAL has grown, or when nobody has written for a moment. A
//! full segment is taken out of WAL mode at the same leisure.

use std::path::Path;

use super::{
    Slot, SqliteLedger, SqliteOptions,
    database::{Checkpointed, Database, is_for_later},
};
use crate::ledger::{Head, LedgerError};

/// A WAL of this size is checkpointed under load: some seconds of imports, so that the sync of the
/// database, which every commit beside it feels, stays rare.
const CHECKPOINT_BYTES: u64 = 32 * 1024 * 1024;

//----------- Checkpointer -----------------------------------------------------

/// The connection that checkpoints a partition, and what it saw last.
#[derive(Debug, Default)]
pub(super) struct Checkpointer {
    database: Option<Database>,
    /// The head at the last round; the same at the next means that nobody writes.
    seen: Option<Head>,
}

impl SqliteLedger {
    /// Does what upkeep is due: full segments are closed, WALs moved into their databases.
    ///
    /// To be called every second or so, on a thread that may block. Appends go on.
    ///
    /// # Errors
    /// Where a file cannot be synced: then its partition is not believed until it is opened again.
    pub fn maintain(&self) -> Result<(), LedgerError> {
        let open: Vec<_> = {
            let open = self.open.lock();
            let open = open.unwrap_or_else(std::sync::PoisonError::into_inner);
            open.values().cloned().collect()
        };
        for slot in open {
            slot.maintain(&self.options)
                .inspect_err(|_| slot.segments().distrust())?;
        }
        Ok(())
    }
}

impl Slot {
    fn maintain(&self, options: &SqliteOptions) -> Result<(), LedgerError> {
        let mut checkpointer = self
            .checkpointer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let leaving = self.segments().take_leaving();
        for full in leaving {
            // A connection of ours would keep it in WAL mode.
            checkpointer.database.take_if(|open| open.path == full.path);
            if let Err(busy) = full.close(options)? {
                self.segments().leave_later(busy);
            }
        }
        let (head, pending) = {
            let segments = self.segments();
            segments.check_trusted()?;
            (segments.head()?, segments.pending())
        };
        let is_quiet = checkpointer.seen.replace(head) == Some(head);
        match pending {
            Some((path, bytes)) if bytes >= CHECKPOINT_BYTES || (is_quiet && bytes > 0) => {
                checkpointer.checkpoint(self, &path, options)
            }
            _ => Ok(()),
        }
    }
}

impl Checkpointer {
    fn checkpoint(
        &mut self,
        slot: &Slot,
        path: &Path,
        options: &SqliteOptions,
    ) -> Result<(), LedgerError> {
        self.database.take_if(|open| open.path != path);
        if self.database.is_none() {
            self.database = Some(Database::open_beside(path, options)?);
        }
        let Some(database) = &self.database else {
            return Ok(());
        };
        let passive = || match database.checkpoint("PASSIVE") {
            // The WAL keeps what a full disk had no room for.
            Err(error) if is_for_later(&error) => Ok(Checkpointed::Part),
            Err(error) => Err(LedgerError::Storage {
                partition: slot.partition.clone(),
                what: format!("a checkpoint failed: {error}"),
            }),
            Ok(moved) => Ok(moved),
        };
        passive()?;
        let mut commits_held = slot.segments();
        if passive()? == Checkpointed::All {
            commits_held.checkpointed(path);
        }
        Ok(())
    }
}
