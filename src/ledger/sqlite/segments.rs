//! The segments of one partition: closed ones, and the one that is written to.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use super::{
    SqliteOptions,
    database::{Database, cannot_open, encode_head, is_cut_off, needs_wal},
    layout::Layout,
    reading::{Reading, refused},
};
use crate::{
    change::{Entry, Partition},
    ledger::{Append, Head, LedgerError, StoredEntry},
};

/// Room for one more entry of the largest size, its page and the tree above it.
const ENTRY_ROOM_BYTES: u64 = 2 * 1024 * 1024;

//----------- Segments ---------------------------------------------------------

/// A partition's segments, used by one call at a time.
#[derive(Debug)]
pub(super) struct Segments {
    pub(super) partition: Partition,
    layout: Layout,
    pub(super) options: Arc<SqliteOptions>,
    /// Full ones, in order; there may be gaps where some were taken away.
    pub(super) closed: Vec<Closed>,
    /// The one that is written to; none while only reading a partition that has none.
    pub(super) active: Option<Active>,
    /// Full ones that are still in WAL mode, to be closed at leisure.
    pub(super) leaving: Vec<Database>,
    /// The closed segment that was read last.
    pub(super) reading: Option<(usize, Database)>,
    /// A commit failed: the kernel may hold pages as clean that never reached the disk, so nothing
    /// read through them is believed until the files are opened again.
    distrusted: bool,
}

/// A segment that is full.
#[derive(Debug)]
pub(super) struct Closed {
    number: u32,
    pub(super) path: PathBuf,
    pub(super) begin: Head,
    pub(super) end: Head,
}

/// The segment that is written to.
#[derive(Debug)]
pub(super) struct Active {
    number: u32,
    pub(super) database: Database,
    pub(super) begin: Head,
    /// Set once it takes no more entries: `last` is in it.
    pub(super) is_full: bool,
    /// Bytes written since the last checkpoint, about.
    pending_bytes: u64,
}

impl Segments {
    /// Opens a partition, making it where it may; then it begins behind `begin`.
    ///
    /// # Errors
    /// Where files are not a ledger's, belong to another partition, do not follow each other, or
    /// cannot be synced.
    pub(super) fn open(
        layout: Layout,
        partition: &Partition,
        begin: Head,
        options: &Arc<SqliteOptions>,
    ) -> Result<Self, LedgerError> {
        let cannot = |error: std::io::Error| cannot_open(&layout.folder, &error.to_string());
        if !options.read_only {
            options.disk.create_folder(&layout.folder).map_err(cannot)?;
        }
        let mut files = layout.segments().map_err(cannot)?;
        let last = files.pop_last();
        let mut segments = Self {
            partition: partition.clone(),
            layout,
            options: Arc::clone(options),
            closed: Vec::new(),
            active: None,
            leaving: Vec::new(),
            reading: None,
            distrusted: false,
        };
        for (number, path) in files {
            segments.take_closed(number, path)?;
        }
        match last {
            Some((number, path)) => segments.take_last(number, path)?,
            None if options.read_only => {}
            None => segments.activate(1, begin)?,
        }
        Ok(segments)
    }

    /// Takes a segment that has a successor.
    fn take_closed(&mut self, number: u32, path: PathBuf) -> Result<(), LedgerError> {
        let database = Database::open_to_read(&path, &self.partition, &self.options)?;
        let bounds = database.as_ref().map(Database::bounds).transpose()?;
        let Some((begin, end)) = bounds.and_then(|bounds| Some((bounds.begin, bounds.end?))) else {
            let what = "it has a successor and is not full: a file was put beside it that is not \
                        of this ledger, or its own end is missing; restore it from a backup";
            return Err(cannot_open(&path, what));
        };
        if let Some(before) = self.closed.last()
            && (before.number + 1 == number && before.end != begin)
        {
            return Err(self.does_not_follow(begin));
        }
        drop(database);
        self.closed.push(Closed {
            number,
            path: path.clone(),
            begin,
            end,
        });
        if !self.options.read_only && is_in_wal_mode(&path)? {
            let database = Database::open(&path, &self.partition, begin, &self.options)?;
            self.leaving.push(database);
        }
        Ok(())
    }

    /// Takes the last segment: it is written to, unless it is full.
    fn take_last(&mut self, number: u32, path: PathBuf) -> Result<(), LedgerError> {
        let begin = self.closed.last().map(|last| last.end).unwrap_or_default();
        let found = Database::open_to_read(&path, &self.partition, &self.options)?;
        let bounds = found.as_ref().map(Database::bounds).transpose()?;
        if let Some(bounds) = &bounds
            && self
                .closed
                .last()
                .is_some_and(|before| before.number + 1 == number && before.end != bounds.begin)
        {
            return Err(self.does_not_follow(bounds.begin));
        }
        if bounds.is_some_and(|bounds| bounds.end.is_some()) {
            drop(found);
            self.take_closed(number, path)?;
            // Cut off between filling it and making its successor.
            let end = self.closed.last().map_or(begin, |last| last.end);
            return if self.options.read_only {
                Ok(())
            } else {
                self.activate(number + 1, end)
            };
        }
        if self.options.read_only {
            self.active = match (found, bounds) {
                (Some(database), Some(bounds)) => Some(Active {
                    number,
                    database,
                    begin: bounds.begin,
                    is_full: false,
                    pending_bytes: 0,
                }),
                _ => None,
            };
            return Ok(());
        }
        drop(found);
        if path != self.layout.path(number) {
            let what = "it is not full, so it must lie in the data directory; move it back";
            return Err(cannot_open(&path, what));
        }
        self.activate(number, bounds.map_or(begin, |bounds| bounds.begin))
    }

    fn does_not_follow(&self, begin: Head) -> LedgerError {
        LedgerError::Damaged {
            partition: self.partition.clone(),
            seq: begin.seq + 1,
            what: "the segment that begins here does not follow the one before it".to_owned(),
        }
    }

    /// Makes a segment the one that is written to.
    fn activate(&mut self, number: u32, begin: Head) -> Result<(), LedgerError> {
        let path = self.layout.path(number);
        let database = Database::open(&path, &self.partition, begin, &self.options)?;
        let found = database.bounds()?;
        if found.begin != begin {
            return Err(self.does_not_follow(found.begin));
        }
        // Its name must be as durable as what it will hold.
        let synced = self.options.disk.sync_folder(&self.layout.folder);
        synced.map_err(|error| cannot_open(&path, &error.to_string()))?;
        self.active = Some(Active {
            number,
            database,
            begin,
            is_full: found.end.is_some(),
            pending_bytes: 0,
        });
        Ok(())
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
        let active = writable(&mut self.active, &partition)?;
        if is_sealed(&active.database.connection).map_err(nothing_happened)? {
            return Err(LedgerError::Sealed(partition));
        }
        self.make_room()?;
        let active = writable(&mut self.active, &partition)?;
        let begin = active.begin;
        let transaction = active
            .database
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(nothing_happened)?;
        let reading = Reading {
            connection: &transaction,
            partition: &partition,
            begin,
        };
        let head = reading.head()?;
        if head != at || seq != at.seq + 1 {
            return Ok(Append::Conflict(head));
        }
        let row = i64::try_from(seq).map_err(|_| LedgerError::Storage {
            partition: partition.clone(),
            what: "the sequence is past what SQLite holds".to_owned(),
        })?;
        let StoredEntry {
            hash,
            header,
            codec,
            payload,
        } = stored;
        let sql =
            "INSERT INTO entry (seq, hash, header, codec, payload) VALUES (?1, ?2, ?3, ?4, ?5)";
        transaction
            .execute(sql, params![row, hash.0, header, *codec as u8, payload])
            .map_err(nothing_happened)?;
        let bytes = u64::try_from(header.len() + payload.len()).unwrap_or(u64::MAX);
        match transaction.commit() {
            Ok(()) => {
                active.pending_bytes = active.pending_bytes.saturating_add(bytes);
                Ok(Append::Committed(Head { seq, hash: *hash }))
            }
            Err(error) => self.failed(&error, seq).map(|()| Append::Unknown),
        }
    }

    /// What a failed commit leaves.
    ///
    /// The frame that commits is the last one written. On a full disk it is not whole, and whoever
    /// takes its place overwrites it: nothing happened. Anything else is not believed.
    pub(super) fn failed(&mut self, error: &rusqlite::Error, seq: u64) -> Result<(), LedgerError> {
        let partition = &self.partition;
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            tracing::error!(%partition, seq, %error, "the disk filled up during a commit");
            return Err(refused(partition, error));
        }
        tracing::error!(%partition, seq, %error, "a commit failed; its fate is unknown");
        self.distrusted = true;
        Ok(())
    }

    /// Ends the segment that is written to if it has no room, and begins the next.
    fn make_room(&mut self) -> Result<(), LedgerError> {
        let bytes_max = self.options.segment_bytes_max;
        // Of a segment that a test made small, at least half can be used.
        let room_bytes = ENTRY_ROOM_BYTES.min(bytes_max / 2);
        let partition = self.partition.clone();
        let active = writable(&mut self.active, &partition)?;
        let bytes = active.database.bytes();
        let bytes = bytes.map_err(|error| refused(&partition, &error))?;
        if bytes.saturating_add(room_bytes) <= bytes_max && !active.is_full {
            return Ok(());
        }
        let head = active.reading(&partition).head()?;
        if head == active.begin {
            return Ok(());
        }
        if !active.is_full {
            let sql = "INSERT INTO meta (name, value) VALUES ('last', ?1)";
            let ended = active
                .database
                .connection
                .execute(sql, params![encode_head(head)]);
            if let Err(error) = ended {
                self.failed(&error, head.seq)?;
                return Err(refused(&partition, &error));
            }
            active.is_full = true;
        }
        self.roll(head)
    }

    /// Begins the next segment behind a full one.
    fn roll(&mut self, end: Head) -> Result<(), LedgerError> {
        let Some(full) = self.active.take() else {
            return Ok(());
        };
        let number = full.number;
        if let Err(error) = self.activate(number + 1, end) {
            self.active = Some(full);
            return Err(error);
        }
        tracing::info!(partition = %self.partition, segment = number, last = end.seq, "a segment is full");
        self.closed.push(Closed {
            number,
            path: full.database.path.clone(),
            begin: full.begin,
            end,
        });
        self.leaving.push(full.database);
        Ok(())
    }

    /// Ends the partition.
    pub(super) fn seal(&mut self) -> Result<Head, LedgerError> {
        self.check_trusted()?;
        let partition = self.partition.clone();
        let active = writable(&mut self.active, &partition)?;
        let sql = "INSERT OR IGNORE INTO meta (name, value) VALUES ('sealed', x'01')";
        if let Err(error) = active.database.connection.execute(sql, []) {
            self.distrusted = true;
            return Err(refused(&partition, &error));
        }
        self.head()
    }

    /// Believes nothing from here on, until the files are opened again.
    pub(super) fn distrust(&mut self) {
        self.distrusted = true;
    }

    /// Whether the files are believed.
    pub(super) fn check_trusted(&self) -> Result<(), LedgerError> {
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
        match (&self.active, self.closed.last()) {
            (Some(active), _) => active.reading(&self.partition).head(),
            (None, Some(last)) => Ok(last.end),
            (None, None) => Ok(Head::default()),
        }
    }

    /// Reads entries from `from` on, each verified against the one before it.
    pub(super) fn read(&mut self, from: u64, bytes_max: usize) -> Result<Vec<Entry>, LedgerError> {
        self.check_trusted()?;
        let mut entries: Vec<Entry> = Vec::new();
        let (mut from, mut bytes) = (from.max(1), 0);
        while bytes < bytes_max || entries.is_empty() {
            let part = self.read_one_segment(from, bytes_max - bytes)?;
            let Some(last) = part.last() else { break };
            from = last.header().seq + 1;
            bytes += part
                .iter()
                .map(|entry| entry.payload().len())
                .sum::<usize>();
            entries.extend(part);
            bytes = bytes.min(bytes_max);
        }
        Ok(entries)
    }

    /// Reads entries from `from` on, no further than their segment reaches.
    fn read_one_segment(&mut self, from: u64, bytes_max: usize) -> Result<Vec<Entry>, LedgerError> {
        let in_active = self
            .active
            .as_ref()
            .filter(|active| from > active.begin.seq);
        if let Some(active) = in_active {
            return active.reading(&self.partition).entries(from, bytes_max);
        }
        let place = self
            .closed
            .iter()
            .position(|closed| closed.begin.seq < from && from <= closed.end.seq);
        let Some(place) = place else {
            let is_past_the_end = from > self.head()?.seq;
            let begin = self.begin();
            return if is_past_the_end {
                Ok(Vec::new())
            } else if from <= begin.seq {
                Err(LedgerError::Trimmed {
                    partition: self.partition.clone(),
                    seq: from,
                    first: begin.seq + 1,
                })
            } else {
                Err(self.missing(from))
            };
        };
        self.open_closed(place)?;
        let begin = self.closed[place].begin;
        let Some((_, database)) = &self.reading else {
            return Err(self.missing(from));
        };
        let reading = Reading {
            connection: &database.connection,
            partition: &self.partition,
            begin,
        };
        let entries = reading.entries(from, bytes_max)?;
        // A segment that says it goes further than it does would end a replay early.
        if entries.is_empty() {
            return Err(LedgerError::Damaged {
                partition: self.partition.clone(),
                seq: from,
                what: "the entry is missing from its segment".to_owned(),
            });
        }
        Ok(entries)
    }

    fn open_closed(&mut self, place: usize) -> Result<(), LedgerError> {
        if self
            .reading
            .as_ref()
            .is_some_and(|(open, _)| *open == place)
        {
            return Ok(());
        }
        let closed = &mut self.closed[place];
        if !closed.path.exists() {
            // It may have been moved to an archive since.
            let found = self.layout.segments().ok();
            if let Some(path) = found.and_then(|mut found| found.remove(&closed.number)) {
                closed.path = path;
            }
        }
        let opened = Database::open_to_read(&closed.path, &self.partition, &self.options)?;
        self.reading = opened.map(|database| (place, database));
        Ok(())
    }

    fn missing(&self, seq: u64) -> LedgerError {
        LedgerError::SegmentMissing {
            partition: self.partition.clone(),
            seq,
            folders: self.layout.described(),
        }
    }

    //--- Upkeep

    /// Hands out the full segments that are still in WAL mode; they are closed without the lock.
    pub(super) fn take_leaving(&mut self) -> Vec<Database> {
        if !self.leaving.is_empty() {
            // It could keep one of them in WAL mode.
            self.reading = None;
        }
        std::mem::take(&mut self.leaving)
    }

    /// Takes back what could not be closed yet.
    pub(super) fn leave_later(&mut self, database: Database) {
        self.leaving.push(database);
    }

    /// The file that is written to, and the bytes that a checkpoint would move, about.
    pub(super) fn pending(&self) -> Option<(PathBuf, u64)> {
        let active = self.active.as_ref()?;
        Some((active.database.path.clone(), active.pending_bytes))
    }

    /// Notes that everything in the WAL of that file was moved.
    pub(super) fn checkpointed(&mut self, path: &Path) {
        if let Some(active) = self
            .active
            .as_mut()
            .filter(|active| active.database.path == path)
        {
            active.pending_bytes = 0;
        }
    }

    /// What there is, for those who list it.
    pub(super) fn listed(&self) -> Vec<super::SegmentInfo> {
        let closed = self.closed.iter().map(|closed| super::SegmentInfo {
            number: closed.number,
            path: closed.path.clone(),
            begin: closed.begin,
            end: closed.end,
            is_closed: true,
            is_one_file: is_one_file(&closed.path),
        });
        let active = self.active.as_ref().and_then(|active| {
            Some(super::SegmentInfo {
                number: active.number,
                path: active.database.path.clone(),
                begin: active.begin,
                end: active.reading(&self.partition).head().ok()?,
                is_closed: false,
                is_one_file: false,
            })
        });
        closed.chain(active).collect()
    }
}

impl Active {
    fn reading<'a>(&'a self, partition: &'a Partition) -> Reading<'a> {
        Reading {
            connection: &self.database.connection,
            partition,
            begin: self.begin,
        }
    }
}

//----------- Helper functions -------------------------------------------------

pub(super) fn writable<'a>(
    active: &'a mut Option<Active>,
    partition: &Partition,
) -> Result<&'a mut Active, LedgerError> {
    active.as_mut().ok_or_else(|| LedgerError::Storage {
        partition: partition.clone(),
        what: "it is open for reading only".to_owned(),
    })
}

fn is_sealed(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) > 0 FROM meta WHERE name = 'sealed'";
    connection.query_row(sql, [], |row| row.get(0))
}

fn is_one_file(path: &Path) -> bool {
    !is_cut_off(path) && needs_wal(path).is_ok_and(|needs| !needs)
}

fn is_in_wal_mode(path: &Path) -> Result<bool, LedgerError> {
    needs_wal(path).map_err(|error| cannot_open(path, &error.to_string()))
}
