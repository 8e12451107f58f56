//! Verifying one closed segment alone: a copy of it in an archive or a backup.

use std::path::Path;

use super::{
    SqliteOptions,
    database::{Database, cannot_open},
    reading::Reading,
};
use crate::{
    change::Partition,
    ledger::{Head, LedgerError},
};

/// Payload bytes verified at a time.
const READ_BYTES: usize = 8 * 1024 * 1024;

/// A closed segment that is what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSegment {
    /// Whose it is.
    pub partition: Partition,
    /// The head that its first entry was appended behind.
    pub begin: Head,
    /// Its last entry.
    pub end: Head,
}

/// Reads a closed segment, wherever it lies, and checks each entry against the one before it.
///
/// That it follows the segment before it shows in [`VerifiedSegment::begin`].
///
/// # Errors
/// Where it is not a closed segment, or any entry of it is not what was written.
pub fn verify_segment(path: &Path) -> Result<VerifiedSegment, LedgerError> {
    let (database, partition) = Database::open_closed(path, &SqliteOptions::to_read())?;
    let bounds = database.bounds()?;
    let Some(end) = bounds.end else {
        return Err(cannot_open(
            path,
            "its \"last\" is missing: it was never full",
        ));
    };
    let reading = Reading {
        connection: &database.connection,
        partition: &partition,
        begin: bounds.begin,
    };
    let mut head = bounds.begin;
    while head.seq < end.seq {
        let entries = reading.entries(head.seq + 1, READ_BYTES)?;
        let Some(last) = entries.last() else {
            return Err(damaged(&partition, head.seq + 1, "the entry is missing"));
        };
        head = Head::after(last);
    }
    if head != end {
        return Err(damaged(&partition, end.seq, "it is not what \"last\" says"));
    }
    Ok(VerifiedSegment {
        partition,
        begin: bounds.begin,
        end,
    })
}

fn damaged(partition: &Partition, seq: u64, what: &str) -> LedgerError {
    LedgerError::Damaged {
        partition: partition.clone(),
        seq,
        what: what.to_owned(),
    }
}
