//! One closed segment alone, wherever it lies: a copy of it in an archive or a backup.

use std::path::Path;

use super::{
    SqliteOptions,
    database::{Bounds, Database, cannot_open},
    reading::Reading,
};
use crate::{
    change::{Entry, Partition},
    ledger::{Head, LedgerError},
};

/// Payload bytes verified at a time.
const READ_BYTES: usize = 8 * 1024 * 1024;

//----------- ClosedSegment ----------------------------------------------------

/// A closed segment that is read.
#[derive(Debug)]
pub struct ClosedSegment {
    database: Database,
    partition: Partition,
    begin: Head,
    end: Head,
}

impl ClosedSegment {
    /// Opens a segment that is all in one file.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let (database, partition) = Database::open_closed(path, &SqliteOptions::to_read())?;
        let Bounds { begin, end } = database.bounds()?;
        let unfilled = || cannot_open(path, "its \"last\" is missing: it was never full");
        Ok(Self {
            end: end.ok_or_else(unfilled)?,
            database,
            partition,
            begin,
        })
    }

    /// Whose it is.
    #[must_use]
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The head that its first entry was appended behind.
    #[must_use]
    pub fn begin(&self) -> Head {
        self.begin
    }

    /// Its last entry.
    #[must_use]
    pub fn end(&self) -> Head {
        self.end
    }

    /// Entries from `from` on, some `bytes_max` bytes of them, each checked against the one before.
    ///
    /// # Errors
    /// Where they are not what was written, or there is none.
    pub fn entries(&self, from: u64, bytes_max: usize) -> Result<Vec<Entry>, LedgerError> {
        let reading = Reading {
            connection: &self.database.connection,
            partition: &self.partition,
            begin: self.begin,
        };
        let entries = reading.entries(from, bytes_max)?;
        if entries.is_empty() {
            return Err(self.damaged(from, "the entry is missing"));
        }
        Ok(entries)
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Where any entry of it is not what was written.
    pub fn verify(&self) -> Result<(), LedgerError> {
        let mut head = self.begin;
        while head.seq < self.end.seq {
            let entries = self.entries(head.seq + 1, READ_BYTES)?;
            head = entries.last().map_or(head, Head::after);
        }
        if head == self.end {
            Ok(())
        } else {
            Err(self.damaged(self.end.seq, "it is not what \"last\" says"))
        }
    }

    fn damaged(&self, seq: u64, what: &str) -> LedgerError {
        LedgerError::Damaged {
            partition: self.partition.clone(),
            seq,
            what: what.to_owned(),
        }
    }
}
