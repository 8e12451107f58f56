//! One database file: the entries of a partition.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::SqliteOptions;
use crate::{
    change::{Entry, Hash, Partition},
    ledger::{Append, Codec, Head, LedgerError, StoredEntry},
};

/// "bsl1": tells the file from other databases (`docs/format/ledger-v1.md`).
const APPLICATION_ID: i32 = 0x6273_6c31;

/// The version of the tables.
const USER_VERSION: i32 = 1;

/// How long to wait for another process's lock, such as a reader's checkpoint.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// WAL pages after which a commit also checkpoints: 64 MiB of 16 KiB pages, so that a stall comes
/// once in tens of thousands of registrations and the tail to replay stays small.
const CHECKPOINT_PAGES: i32 = 4_096;

/// An entry is some tens of KiB: larger pages make fewer of them.
const PAGE_BYTES: i32 = 16 * 1024;

const SCHEMA: &str = "
    CREATE TABLE meta  (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE entry (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, header BLOB NOT NULL,
                        codec INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;";

//----------- Segment ----------------------------------------------------------

/// An open database of entries.
#[derive(Debug)]
pub(super) struct Segment {
    partition: Partition,
    connection: Connection,
    /// A commit failed: the kernel may hold pages as clean that never reached the disk, so nothing
    /// read through them is believed until the file is opened again.
    distrusted: bool,
}

impl Segment {
    /// Opens a partition's database, making it where it may.
    ///
    /// # Errors
    /// Where the file is not a ledger's, belongs to another partition, or cannot be synced.
    pub(super) fn open(
        folder: &Path,
        partition: &Partition,
        options: SqliteOptions,
    ) -> Result<Self, LedgerError> {
        let path = folder.join("segment-00000001.sqlite");
        let cannot = |what: String| LedgerError::Open {
            path: path.display().to_string(),
            what,
        };
        let flags = if options.read_only {
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
        } else {
            make_folder(folder).map_err(|error| cannot(error.to_string()))?;
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
        };
        let connection =
            Connection::open_with_flags(&path, flags).map_err(|error| cannot(error.to_string()))?;
        let mut segment = Self {
            partition: partition.clone(),
            connection,
            distrusted: false,
        };
        let has_tables = segment
            .has_tables()
            .map_err(|error| cannot(sqlite_open_hint(&error)))?;
        if !has_tables && !options.read_only {
            segment
                .create()
                .map_err(|error| cannot(sqlite_open_hint(&error)))?;
        }
        // Before anything is changed in it: the file may be another program's.
        segment.check_identity().map_err(cannot)?;
        if !options.read_only {
            segment
                .make_durable()
                .map_err(|error| cannot(sqlite_open_hint(&error)))?;
            sync_folder(&path).map_err(|error| cannot(error.to_string()))?;
        }
        Ok(segment)
    }

    fn has_tables(&self) -> rusqlite::Result<bool> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        self.connection
            .pragma_update(None, "trusted_schema", false)?;
        let sql = "SELECT count(*) > 0 FROM sqlite_schema";
        self.connection.query_row(sql, [], |row| row.get(0))
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        self.connection
            .pragma_update(None, "page_size", PAGE_BYTES)?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", USER_VERSION)?;
        transaction.execute(
            "INSERT INTO meta (name, value) VALUES ('partition', ?1)",
            params![self.partition.to_string().into_bytes()],
        )?;
        transaction.commit()
    }

    /// From here on a commit is durable, and so is what was committed before.
    fn make_durable(&self) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection
            .pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        // Pages that a failed sync left in the cache are written and synced before the tail counts.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn check_identity(&self) -> Result<(), String> {
        let pragma = |name: &str| -> rusqlite::Result<i32> {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        let identity = (|| Ok((pragma("application_id")?, pragma("user_version")?)))();
        match identity.map_err(|error: rusqlite::Error| error.to_string())? {
            (APPLICATION_ID, USER_VERSION) => {}
            (APPLICATION_ID, version) => {
                return Err(format!(
                    "its tables have version {version}; use a newer biaoshi"
                ));
            }
            _ => return Err("it is not a ledger of biaoshi".to_owned()),
        }
        let name = self.meta("partition").map_err(|error| error.to_string())?;
        if name.as_deref() == Some(self.partition.to_string().as_bytes()) {
            Ok(())
        } else {
            Err(format!("it is not partition {}", self.partition))
        }
    }

    fn meta(&self, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        self.connection
            .query_row(sql, params![name], |row| row.get(0))
            .optional()
    }

    //--- Appending

    /// Appends an entry behind `at`.
    pub(super) fn append(
        &mut self,
        at: Head,
        seq: u64,
        stored: &StoredEntry,
    ) -> Result<Append, LedgerError> {
        self.check_trusted()?;
        let partition = self.partition.clone();
        let nothing_happened = |error: rusqlite::Error| refused(&partition, &error);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(nothing_happened)?;
        if is_sealed(&transaction).map_err(nothing_happened)? {
            return Err(LedgerError::Sealed(partition));
        }
        let head = read_head(&transaction, &partition)?;
        if head != at || seq != at.seq + 1 {
            return Ok(Append::Conflict(head));
        }
        let row = i64::try_from(seq).map_err(|_| LedgerError::Storage {
            partition: partition.clone(),
            what: "the sequence is past what SQLite holds".to_owned(),
        })?;
        transaction
            .execute(
                "INSERT INTO entry (seq, hash, header, codec, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    row,
                    stored.hash.0,
                    stored.header,
                    stored.codec as u8,
                    stored.payload
                ],
            )
            .map_err(nothing_happened)?;
        match transaction.commit() {
            Ok(()) => Ok(Append::Committed(Head {
                seq,
                hash: stored.hash,
            })),
            Err(error) => {
                tracing::error!(%partition, seq, %error, "commit failed; its fate is unknown");
                self.distrusted = true;
                Ok(Append::Unknown)
            }
        }
    }

    /// Ends the partition.
    pub(super) fn seal(&mut self) -> Result<Head, LedgerError> {
        self.check_trusted()?;
        let partition = self.partition.clone();
        let sealed = self.connection.execute(
            "INSERT OR IGNORE INTO meta (name, value) VALUES ('sealed', x'01')",
            [],
        );
        if let Err(error) = sealed {
            self.distrusted = true;
            return Err(refused(&partition, &error));
        }
        self.head()
    }

    fn check_trusted(&self) -> Result<(), LedgerError> {
        if self.distrusted {
            Err(LedgerError::Distrusted(self.partition.clone()))
        } else {
            Ok(())
        }
    }

    //--- Reading

    /// The last sequence and hash.
    pub(super) fn head(&self) -> Result<Head, LedgerError> {
        self.check_trusted()?;
        read_head(&self.connection, &self.partition)
    }

    /// Reads entries from `from` on, each verified against the one before it.
    pub(super) fn read(&self, from: u64, bytes_max: usize) -> Result<Vec<Entry>, LedgerError> {
        self.check_trusted()?;
        let from = from.max(1);
        let mut head = self.head_before(from)?;
        let unreadable = |seq: u64, error: &rusqlite::Error| LedgerError::Damaged {
            partition: self.partition.clone(),
            seq,
            what: error.to_string(),
        };
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
                let partition = self.partition.clone();
                return Err(LedgerError::Damaged {
                    partition,
                    seq,
                    what,
                });
            }
            let stored = stored_entry(row).map_err(|error| unreadable(seq, &error))?;
            bytes += stored.payload.len();
            let entry = stored.verify(&self.partition, head)?;
            head = Head::after(&entry);
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The head that the entry `seq` was appended behind.
    fn head_before(&self, seq: u64) -> Result<Head, LedgerError> {
        let before = seq - 1;
        if before == 0 {
            return Ok(Head::default());
        }
        let sql = "SELECT hash FROM entry WHERE seq = ?1";
        let row = i64::try_from(before).unwrap_or(i64::MAX);
        let hash: Option<Vec<u8>> = self
            .connection
            .query_row(sql, params![row], |row| row.get(0))
            .optional()
            .map_err(|error| refused(&self.partition, &error))?;
        match hash {
            Some(hash) => Hash::from_slice(&hash)
                .map(|hash| Head { seq: before, hash })
                .ok_or_else(|| LedgerError::Damaged {
                    partition: self.partition.clone(),
                    seq: before,
                    what: "its hash does not have 32 bytes".to_owned(),
                }),
            // Past the end: there is nothing to read, and nothing to verify it against.
            None => Ok(Head {
                seq: before,
                hash: Hash::default(),
            }),
        }
    }
}

//----------- Helper functions -------------------------------------------------

fn is_sealed(transaction: &Transaction<'_>) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 FROM meta WHERE name = 'sealed'";
    transaction.query_row(sql, [], |row| row.get(0))
}

fn read_head(connection: &Connection, partition: &Partition) -> Result<Head, LedgerError> {
    let sql = "SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1";
    let row: Option<(i64, Vec<u8>)> = connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(|error| refused(partition, &error))?;
    let Some((seq, hash)) = row else {
        return Ok(Head::default());
    };
    let seq = u64::try_from(seq).unwrap_or_default();
    Hash::from_slice(&hash)
        .map(|hash| Head { seq, hash })
        .ok_or_else(|| LedgerError::Damaged {
            partition: partition.clone(),
            seq,
            what: "its hash does not have 32 bytes".to_owned(),
        })
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
fn refused(partition: &Partition, error: &rusqlite::Error) -> LedgerError {
    let partition = partition.clone();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LedgerError::NoSpace(partition),
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

fn sqlite_open_hint(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => format!(
            "{error}; the file is damaged: keep it as it is and restore it from a backup \
             (see docs/operations.md, \"A damaged ledger\")"
        ),
        _ => error.to_string(),
    }
}

/// Makes a folder whose name survives the loss of power.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    folder
        .parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// Makes a new file's name survive the loss of power.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    path.parent()
        .map(PathBuf::from)
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
