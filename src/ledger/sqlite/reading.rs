//! Reading entries of one segment, each verified against the one before it.

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use crate::{
    change::{Entry, Hash, Partition},
    ledger::{Codec, Head, LedgerError, StoredEntry},
};

//----------- Reading ----------------------------------------------------------

/// A segment that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) partition: &'a Partition,
    /// The head that the segment's first entry was appended behind.
    pub(super) begin: Head,
}

impl Reading<'_> {
    /// The last sequence and hash; where the segment begins if it is empty.
    pub(super) fn head(&self) -> Result<Head, LedgerError> {
        let sql = "SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1";
        let row: Option<(i64, Vec<u8>)> = self
            .connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(|error| refused(self.partition, &error))?;
        let Some((seq, hash)) = row else {
            return Ok(self.begin);
        };
        let seq = u64::try_from(seq).unwrap_or_default();
        Hash::from_slice(&hash)
            .map(|hash| Head { seq, hash })
            .ok_or_else(|| self.damaged(seq, "its hash does not have 32 bytes"))
    }

    /// Reads entries from `from` on, which must not be before the segment, to its end or until
    /// they have `bytes_max` bytes.
    pub(super) fn entries(&self, from: u64, bytes_max: usize) -> Result<Vec<Entry>, LedgerError> {
        let mut head = self.head_before(from)?;
        let unreadable = |seq: u64, error: &rusqlite::Error| self.damaged(seq, &error.to_string());
        let sql =
            "SELECT seq, hash, header, codec, payload FROM entry WHERE seq >= ?1 ORDER BY seq";
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|error| unreadable(from, &error))?;
        let mut rows = statement
            .query(params![i64::try_from(from).unwrap_or(i64::MAX)])
            .map_err(|error| unreadable(from, &error))?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while bytes < bytes_max || entries.is_empty() {
            let seq = head.seq + 1;
            let Some(row) = rows.next().map_err(|error| unreadable(seq, &error))? else {
                break;
            };
            let stored_seq: i64 = row.get(0).map_err(|error| unreadable(seq, &error))?;
            if u64::try_from(stored_seq) != Ok(seq) {
                let what = format!("the entry is missing; the next one is {stored_seq}");
                return Err(self.damaged(seq, &what));
            }
            let stored = stored_entry(row).map_err(|error| unreadable(seq, &error))?;
            bytes += stored.payload.len();
            let entry = stored.verify(self.partition, head)?;
            head = Head::after(&entry);
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The head that the entry `seq` was appended behind.
    fn head_before(&self, seq: u64) -> Result<Head, LedgerError> {
        let before = seq.saturating_sub(1);
        if before <= self.begin.seq {
            return Ok(self.begin);
        }
        // Past the end there is nothing to read, and nothing to verify it against.
        let past_the_end = Head {
            seq: before,
            hash: Hash::default(),
        };
        let found = head_at(self.connection, self.partition, before)?;
        Ok(found.unwrap_or(past_the_end))
    }

    fn damaged(&self, seq: u64, what: &str) -> LedgerError {
        LedgerError::Damaged {
            partition: self.partition.clone(),
            seq,
            what: what.to_owned(),
        }
    }
}

//----------- Helper functions -------------------------------------------------

/// The head with that entry as the last; none where it is not there.
pub(super) fn head_at(
    connection: &Connection,
    partition: &Partition,
    seq: u64,
) -> Result<Option<Head>, LedgerError> {
    let sql = "SELECT hash FROM entry WHERE seq = ?1";
    let row = i64::try_from(seq).unwrap_or(i64::MAX);
    let hash: Option<Vec<u8>> = connection
        .query_row(sql, params![row], |row| row.get(0))
        .optional()
        .map_err(|error| refused(partition, &error))?;
    let Some(hash) = hash else { return Ok(None) };
    let hash = Hash::from_slice(&hash).ok_or_else(|| LedgerError::Damaged {
        partition: partition.clone(),
        seq,
        what: "its hash does not have 32 bytes".to_owned(),
    })?;
    Ok(Some(Head { seq, hash }))
}

fn stored_entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredEntry> {
    let conversion = |column: usize, what: &'static str| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, what.into())
    };
    let hash: Vec<u8> = row.get(1)?;
    let codec: u8 = row.get(3)?;
    Ok(StoredEntry {
        hash: Hash::from_slice(&hash).ok_or_else(|| conversion(1, "not a hash"))?,
        header: row.get(2)?,
        codec: Codec::from_byte(codec).ok_or_else(|| conversion(3, "not a codec"))?,
        payload: row.get(4)?,
    })
}

/// An error before any effect.
pub(super) fn refused(partition: &Partition, error: &rusqlite::Error) -> LedgerError {
    let partition = partition.clone();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LedgerError::NoSpace {
            partition,
            what: "the disk is full".to_owned(),
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => LedgerError::Damaged {
            partition,
            seq: 0,
            what: error.to_string(),
        },
        _ => LedgerError::Storage {
            partition,
            what: error.to_string(),
        },
    }
}
