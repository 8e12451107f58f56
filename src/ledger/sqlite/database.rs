//! A segment's file: opening it, what it says of itself, making it durable.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{SqliteOptions, reading::refused, wal};
use crate::{
    change::{Hash, Partition},
    ledger::{Head, LedgerError},
};

/// "bsl1": tells the file from other databases (`docs/format/ledger-v1.md`).
const APPLICATION_ID: i32 = 0x6273_6c31;

/// The version of the tables.
const USER_VERSION: i32 = 1;

/// How long to wait for another process's lock, such as a reader's checkpoint.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// WAL pages after which a commit checkpoints by itself: 256 MiB, which nobody reaches while the
/// node checkpoints at better times; it bounds the WAL where nobody does.
const CHECKPOINT_PAGES: i32 = 16_384;

/// A WAL that grew beyond this is cut when it starts anew; below it, overwriting what is there
/// costs no change of the file's size at each sync.
const WAL_BYTES_KEPT: i64 = 128 * 1024 * 1024;

/// An entry is some tens of KiB: larger pages make fewer of them.
const PAGE_BYTES: i32 = 16 * 1024;

/// Offset of the read version in SQLite's header: 2 while the database needs its WAL.
const READ_VERSION_AT: usize = 19;

/// What a path cannot hold as a URI.
const URI_ESCAPED: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

const SCHEMA: &str = "
    CREATE TABLE meta  (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE entry (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, header BLOB NOT NULL,
                        codec INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;";

//----------- Database ---------------------------------------------------------

/// An open segment file.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// What a segment says of where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The head that its first entry was appended behind.
    pub(super) begin: Head,
    /// Its last entry, once it is full.
    pub(super) end: Option<Head>,
}

impl Database {
    /// Opens the segment that is written to, making it where it is not there; what was committed
    /// before is durable when it returns.
    ///
    /// # Errors
    /// Where the file is not this partition's, cannot be synced, or begins elsewhere than
    /// `begin` says of a new one.
    pub(super) fn open(
        path: &Path,
        partition: &Partition,
        begin: Head,
        options: &SqliteOptions,
    ) -> Result<Self, LedgerError> {
        Self::check_log(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut database = Self::connect(path, path.as_os_str().as_bytes(), flags, options)?;
        let is_new = !database.has_tables()?;
        if is_new {
            let made = database.make_tables(partition, begin);
            made.map_err(|error| database.cannot_write(partition, &error))?;
        }
        // Before anything else is changed in it: the file may be another program's.
        database.check_identity(partition)?;
        if !is_new {
            database.check_pages()?;
        }
        database.make_durable(partition, options)?;
        Ok(database)
    }

    /// Opens the segment that is written to a second time, to checkpoint it beside the commits.
    ///
    /// # Errors
    /// As SQLite says.
    pub(super) fn open_beside(path: &Path, options: &SqliteOptions) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let database = Self::connect(path, path.as_os_str().as_bytes(), flags, options)?;
        let prepared = (|| {
            let connection = &database.connection;
            // What a checkpoint moved is synced by the connection that moved it.
            connection.pragma_update(None, "synchronous", options.synchronous())?;
            connection.busy_timeout(Duration::ZERO)
        })();
        prepared.map_err(|error: rusqlite::Error| database.cannot(&error))?;
        Ok(database)
    }

    /// Opens a segment to read it; none where its making was interrupted.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub(super) fn open_to_read(
        path: &Path,
        partition: &Partition,
        options: &SqliteOptions,
    ) -> Result<Option<Self>, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let is_cut_off = is_cut_off(path);
        if is_cut_off && !options.read_only {
            Self::roll_back(path, options)?;
        }
        let in_wal = needs_wal(path).map_err(|error| cannot_open(path, &error.to_string()))?;
        let database = if in_wal && !(is_cut_off && options.read_only) {
            Self::connect(path, path.as_os_str().as_bytes(), flags, options)?
        } else {
            // Closed: nothing but this file, which nobody writes to. Or cut off while it was being
            // closed, of which a reader need not know: only its mode is undecided.
            Self::connect_immutable(path, options)?
        };
        if !database.has_tables()? {
            return Ok(None);
        }
        database.check_identity(partition)?;
        Ok(Some(database))
    }

    /// Opens a closed segment of any partition, and says of which.
    ///
    /// # Errors
    /// Where it is not closed, or not a segment.
    pub(super) fn open_closed(
        path: &Path,
        options: &SqliteOptions,
    ) -> Result<(Self, Partition), LedgerError> {
        if needs_wal(path).map_err(|error| cannot_open(path, &error.to_string()))? {
            let what = "it is not a closed segment: what belongs to it is in other files too; \
                        verify the whole ledger instead";
            return Err(cannot_open(path, what));
        }
        let database = Self::connect_immutable(path, options)?;
        if !database.has_tables()? {
            return Err(cannot_open(path, "it is not a ledger of biaoshi"));
        }
        let name = database.meta("partition").unwrap_or_default();
        let name = String::from_utf8(name.unwrap_or_default()).unwrap_or_default();
        let partition = Partition::parse(&name)
            .map_err(|_| cannot_open(path, "it is not a ledger of biaoshi"))?;
        database.check_identity(&partition)?;
        Ok((database, partition))
    }

    fn connect_immutable(path: &Path, options: &SqliteOptions) -> Result<Self, LedgerError> {
        let escaped = percent_encode(path.as_os_str().as_bytes(), URI_ESCAPED);
        let uri = format!("file:{escaped}?immutable=1");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Self::connect(path, uri.as_bytes(), flags, options)
    }

    /// Refuses a file whose pages do not hold together: unlike a closed one it does not say which
    /// entry is its last, and the next would take the place of one that cannot be seen.
    fn check_pages(&self) -> Result<(), LedgerError> {
        let sql = "PRAGMA quick_check(1)";
        let found = self.connection.query_row(sql, [], |row| row.get(0));
        let found: String = found.map_err(|error| self.cannot(&error))?;
        if found == "ok" {
            Ok(())
        } else {
            Err(cannot_open(&self.path, &damaged(&found)))
        }
    }

    /// Undoes a change of mode that was cut off: all that a rollback journal here can hold.
    fn roll_back(path: &Path, options: &SqliteOptions) -> Result<(), LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let database = Self::connect(path, path.as_os_str().as_bytes(), flags, options)?;
        // The first to read does it.
        database.has_tables().map(drop)
    }

    /// Refuses a log of which SQLite would drop commits without a word.
    fn check_log(path: &Path) -> Result<(), LedgerError> {
        let wal = beside(path, "-wal");
        let damage = wal::damage(&wal).map_err(|error| cannot_open(&wal, &error.to_string()))?;
        damage.map_or(Ok(()), |what| Err(cannot_open(&wal, &damaged(&what))))
    }

    fn connect(
        path: &Path,
        name: &[u8],
        flags: OpenFlags,
        options: &SqliteOptions,
    ) -> Result<Self, LedgerError> {
        let name = Path::new(std::ffi::OsStr::from_bytes(name));
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match options.vfs {
            Some(vfs) => Connection::open_with_flags_and_vfs(name, flags, vfs),
            None => Connection::open_with_flags(name, flags),
        };
        let database = Self {
            connection: connection.map_err(|error| cannot_open(path, &hint(&error)))?,
            path: path.to_owned(),
        };
        let prepared = (|| {
            database.connection.busy_timeout(BUSY_TIMEOUT)?;
            database
                .connection
                .pragma_update(None, "trusted_schema", false)
        })();
        prepared.map_err(|error: rusqlite::Error| database.cannot(&error))?;
        Ok(database)
    }

    fn cannot(&self, error: &rusqlite::Error) -> LedgerError {
        cannot_open(&self.path, &hint(error))
    }

    fn cannot_write(&self, partition: &Partition, error: &rusqlite::Error) -> LedgerError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => refused(partition, error),
            _ => self.cannot(error),
        }
    }

    fn has_tables(&self) -> Result<bool, LedgerError> {
        let sql = "SELECT count(*) > 0 FROM sqlite_schema";
        let has = self.connection.query_row(sql, [], |row| row.get(0));
        has.map_err(|error| self.cannot(&error))
    }

    fn make_tables(&mut self, partition: &Partition, begin: Head) -> rusqlite::Result<()> {
        let connection = &mut self.connection;
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", USER_VERSION)?;
        let meta = [
            ("partition", partition.to_string().into_bytes()),
            ("first", (begin.seq + 1).to_be_bytes().to_vec()),
            ("previous", begin.hash.0.to_vec()),
        ];
        for (name, value) in meta {
            let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
            transaction.execute(sql, params![name, value])?;
        }
        transaction.commit()
    }

    /// From here on a commit is durable, and so is what was committed before.
    fn make_durable(
        &self,
        partition: &Partition,
        options: &SqliteOptions,
    ) -> Result<(), LedgerError> {
        let connection = &self.connection;
        let durable = (|| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", options.synchronous())?;
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
            connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
            // Pages that a failed sync left in the cache are written and synced before the tail
            // counts.
            self.checkpoint("TRUNCATE")
        })();
        match durable {
            Ok(Checkpointed::All) => self.sync_wal(options),
            Ok(Checkpointed::Part) => {
                let what = "another process reads it without end; stop that";
                Err(cannot_open(&self.path, what))
            }
            Err(error) => Err(self.cannot_write(partition, &error)),
        }
    }

    /// Makes the cut of the WAL durable: otherwise a loss of power before the next commit brings
    /// back frames that were synced in it once, over newer pages of the database.
    fn sync_wal(&self, options: &SqliteOptions) -> Result<(), LedgerError> {
        if !options.sync_commits {
            return Ok(());
        }
        match options.disk.sync_file(&beside(&self.path, "-wal")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(cannot_open(&self.path, &error.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn check_identity(&self, partition: &Partition) -> Result<(), LedgerError> {
        let cannot = |what: &str| Err(cannot_open(&self.path, what));
        let pragma = |name: &str| -> rusqlite::Result<i32> {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        let identity = (|| Ok((pragma("application_id")?, pragma("user_version")?)))();
        match identity.map_err(|error: rusqlite::Error| self.cannot(&error))? {
            (APPLICATION_ID, USER_VERSION) => {}
            (APPLICATION_ID, version) => {
                return cannot(&format!(
                    "its tables have version {version}; use a newer biaoshi"
                ));
            }
            _ => return cannot("it is not a ledger of biaoshi"),
        }
        let name = self
            .meta("partition")
            .map_err(|error| self.cannot(&error))?;
        if name.as_deref() == Some(partition.to_string().as_bytes()) {
            Ok(())
        } else {
            cannot(&format!("it is not partition {partition}"))
        }
    }

    //--- What it says of itself

    fn meta(&self, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        self.connection
            .query_row(sql, params![name], |row| row.get(0))
            .optional()
    }

    /// Where it begins and, if it is full, ends.
    ///
    /// # Errors
    /// Where that cannot be read.
    pub(super) fn bounds(&self) -> Result<Bounds, LedgerError> {
        let read = |name| self.meta(name).map_err(|error| self.cannot(&error));
        let wrong = |name: &str| cannot_open(&self.path, &format!("its \"{name}\" makes no sense"));
        let begin = match (read("first")?, read("previous")?) {
            (None, None) => Head::default(),
            (Some(first), Some(previous)) => Head {
                seq: number(&first)
                    .and_then(|first| first.checked_sub(1))
                    .ok_or_else(|| wrong("first"))?,
                hash: Hash::from_slice(&previous).ok_or_else(|| wrong("previous"))?,
            },
            _ => return Err(wrong("first")),
        };
        let end = match read("last")? {
            None => None,
            Some(last) => Some(head_of(&last).ok_or_else(|| wrong("last"))?),
        };
        if end.is_some_and(|end| end.seq <= begin.seq) {
            return Err(wrong("last"));
        }
        Ok(Bounds { begin, end })
    }

    /// How large the file is, or will be once its WAL is in it.
    ///
    /// # Errors
    /// As SQLite says.
    pub(super) fn bytes(&self) -> rusqlite::Result<u64> {
        let pages: i64 = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))?;
        let page_bytes: i64 = self
            .connection
            .pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(u64::try_from(pages * page_bytes).unwrap_or_default())
    }

    /// Moves what is in the WAL into the database and syncs it, as far as `mode` goes.
    ///
    /// # Errors
    /// As SQLite says; where a sync failed, nothing may be believed until the file is opened
    /// again.
    pub(super) fn checkpoint(&self, mode: &'static str) -> rusqlite::Result<Checkpointed> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        self.connection.query_row(&sql, [], |row| {
            let (busy, frames, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(if busy == 0 && frames == moved {
                Checkpointed::All
            } else {
                Checkpointed::Part
            })
        })
    }

    //--- Closing

    /// Closes a full segment for ever: everything into the one file, synced, and no more writes.
    ///
    /// `Ok(Err(self))` where somebody still reads it or the disk is full: to be asked again later.
    ///
    /// # Errors
    /// Where it cannot be synced.
    pub(super) fn close(self, options: &SqliteOptions) -> Result<Result<(), Self>, LedgerError> {
        let left = (|| {
            self.connection.busy_timeout(Duration::ZERO)?;
            if self.checkpoint("TRUNCATE")? == Checkpointed::Part {
                return Ok(false);
            }
            let mode: String =
                self.connection
                    .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
            Ok(mode.eq_ignore_ascii_case("delete"))
        })();
        match left {
            Ok(true) => {}
            Ok(false) => return Ok(Err(self)),
            Err(error) if is_for_later(&error) => return Ok(Err(self)),
            Err(error) => return Err(self.cannot(&error)),
        }
        let Self { connection, path } = self;
        let cannot = |what: String| cannot_open(&path, &what);
        connection
            .close()
            .map_err(|(_, error)| cannot(error.to_string()))?;
        let synced = (|| {
            options.disk.sync_file(&path)?;
            // The journal of the change of mode must be gone for good before nobody may write.
            options.disk.sync_folder(crate::disk::folder_of(&path))?;
            // A sign for everybody who might write to it by mistake.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o400))
        })();
        synced.map_err(|error: std::io::Error| cannot(error.to_string()))?;
        Ok(Ok(()))
    }
}

/// What a checkpoint came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checkpointed {
    /// Everything in the WAL is in the database: the next commit starts it anew.
    All,
    /// Somebody wrote or read meanwhile.
    Part,
}

//----------- Helper functions -------------------------------------------------

/// A file that SQLite keeps beside a database.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether a change of its mode was cut off.
pub(super) fn is_cut_off(path: &Path) -> bool {
    beside(path, "-journal").exists()
}

/// Whether a file is still in WAL mode, by its own header: 2 is WAL, and an empty file is one
/// whose making was interrupted.
pub(super) fn needs_wal(path: &Path) -> std::io::Result<bool> {
    let mut header = [0; READ_VERSION_AT + 1];
    match File::open(path)?.read_exact(&mut header) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(true),
        read => read.map(|()| header[READ_VERSION_AT] != 1),
    }
}

/// Whether what was not done now may be done later, with nothing lost.
pub(super) fn is_for_later(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull)
    )
}

/// `last`, as `meta` holds it.
pub(super) fn encode_head(head: Head) -> Vec<u8> {
    [head.seq.to_be_bytes().as_slice(), head.hash.0.as_slice()].concat()
}

fn head_of(bytes: &[u8]) -> Option<Head> {
    let (seq, hash) = bytes.split_at_checked(8)?;
    let (seq, hash) = (number(seq)?, Hash::from_slice(hash)?);
    Some(Head { seq, hash })
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().map(u64::from_be_bytes).ok()
}

pub(super) fn cannot_open(path: &Path, what: &str) -> LedgerError {
    LedgerError::Open {
        path: path.display().to_string(),
        what: what.to_owned(),
    }
}

fn hint(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => damaged(&error.to_string()),
        _ => error.to_string(),
    }
}

fn damaged(what: &str) -> String {
    format!(
        "{what}: the file is damaged; keep it as it is and restore it from a backup (see \
         docs/operations.md, \"A damaged ledger\")"
    )
}
