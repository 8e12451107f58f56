//! Letting go of counters that are rolled up: the only entries that a ledger ever forgets.
//!
//! Closed segments go as files, once all of one may go. In the one that is written to rows are
//! deleted, some at a time, together with what says where it begins; SQLite uses their pages again.

use std::{
    fs::{File, TryLockError},
    io::ErrorKind,
};

use rusqlite::{TransactionBehavior, params};

use super::{
    Segments, Slot, SqliteLedger,
    database::cannot_open,
    reading::{head_at, refused},
    segments::writable,
};
use crate::{
    change::Partition,
    ledger::{Head, LedgerError},
};

/// Entries that are deleted in one transaction: an append waits for it.
const ENTRIES_AT_A_TIME: u64 = 128;

//----------- Hold -------------------------------------------------------------

/// While it is held no process trims the partition: for whoever reads all of it.
#[derive(Debug)]
pub struct Hold {
    /// None where there is no folder: nobody trims what is in archives only.
    _folder: Option<File>,
}

impl SqliteLedger {
    /// Holds off trimming of a partition, by this process or another, until the hold is dropped.
    ///
    /// # Errors
    /// Where its folder cannot be locked.
    pub fn hold(&self, partition: &Partition) -> Result<Hold, LedgerError> {
        let folder = self.lockable(partition)?;
        let cannot = |error: std::io::Error| cannot_open(&self.root, &error.to_string());
        let locked = folder.as_ref().map_or(Ok(()), File::lock_shared);
        locked.map_err(cannot)?;
        if self.options.read_only {
            // Where it began when it was opened may be trimmed since.
            let mut open = self.open_slots();
            open.remove(partition);
        }
        Ok(Hold { _folder: folder })
    }

    /// Trims, unless somebody holds it off; where the partition begins then.
    pub(super) async fn trim_unheld(
        &self,
        partition: &Partition,
        before: u64,
    ) -> Result<Head, LedgerError> {
        if !matches!(partition, Partition::Counters(_)) {
            return Err(LedgerError::Kept(partition.clone()));
        }
        let folder = self.lockable(partition)?;
        match folder.as_ref().map_or(Ok(()), File::try_lock) {
            Ok(()) => {
                let trim_some = move |slot: &Slot| slot.segments().trim_some(before);
                while self.on_slot(partition, trim_some).await? {}
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                return Err(cannot_open(&self.root, &error.to_string()));
            }
        }
        self.on_slot(partition, |slot| Ok(slot.segments().begin()))
            .await
    }

    fn lockable(&self, partition: &Partition) -> Result<Option<File>, LedgerError> {
        let layout = super::Layout::new(&self.root, &[], partition);
        match File::open(&layout.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            folder => folder
                .map(Some)
                .map_err(|error| cannot_open(&layout.folder, &error.to_string())),
        }
    }
}

//----------- Segments ---------------------------------------------------------

impl Segments {
    /// The head that the first entry it has was appended behind: the beginning, but for counters.
    pub(super) fn begin(&self) -> Head {
        if !matches!(self.partition, Partition::Counters(_)) {
            return Head::default();
        }
        let closed = self.closed.first().map(|closed| closed.begin);
        let active = self.active.as_ref().map(|active| active.begin);
        closed.or(active).unwrap_or_default()
    }

    /// Lets go of some entries before that one, and of the last entry never; whether there may be
    /// more to let go of.
    fn trim_some(&mut self, before: u64) -> Result<bool, LedgerError> {
        self.check_trusted()?;
        let before = before.min(self.head()?.seq);
        match self.closed.first() {
            Some(first) if first.end.seq < before => self.remove_first(),
            // It never changes: it goes once all of it may.
            Some(_) => Ok(false),
            None => self.delete_some(before),
        }
    }

    /// Removes the file of the first segment.
    fn remove_first(&mut self) -> Result<bool, LedgerError> {
        let path = self.closed[0].path.clone();
        if self.leaving.iter().any(|leaving| leaving.path == path) {
            // It is closed in a moment.
            return Ok(false);
        }
        self.reading = None;
        let cannot = |error: std::io::Error| cannot_open(&path, &error.to_string());
        let disk = &self.options.disk;
        crate::disk::remove_if_there(&**disk, &path).map_err(cannot)?;
        disk.sync_folder(crate::disk::folder_of(&path))
            .map_err(cannot)?;
        self.closed.remove(0);
        Ok(true)
    }

    /// Deletes the first entries of the segment that is written to.
    fn delete_some(&mut self, before: u64) -> Result<bool, LedgerError> {
        let partition = self.partition.clone();
        let active = writable(&mut self.active, &partition)?;
        let last = before
            .saturating_sub(1)
            .min(active.begin.seq + ENTRIES_AT_A_TIME);
        if active.is_full || last <= active.begin.seq {
            return Ok(false);
        }
        let nothing_happened = |error: rusqlite::Error| refused(&partition, &error);
        let connection = &mut active.database.connection;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(nothing_happened)?;
        let Some(begin) = head_at(&transaction, &partition, last)? else {
            return Err(LedgerError::Damaged {
                partition,
                seq: last,
                what: "the entry is missing".to_owned(),
            });
        };
        let deleted = (|| {
            let row = i64::try_from(last).unwrap_or(i64::MAX);
            transaction.execute("DELETE FROM entry WHERE seq <= ?1", params![row])?;
            let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
            let first = (last + 1).to_be_bytes();
            transaction.execute(sql, params!["first", first])?;
            transaction.execute(sql, params!["previous", begin.hash.0])
        })();
        deleted.map_err(nothing_happened)?;
        if let Err(error) = transaction.commit() {
            self.failed(&error, last)?;
            return Err(refused(&partition, &error));
        }
        active.begin = begin;
        Ok(last + 1 < before)
    }
}
