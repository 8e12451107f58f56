//! Loading a snapshot: checked section by section, by as many threads as come.
//!
//! Sections are read, not mapped: a disk that fails under a mapping kills the process with a
//! signal, while a read that fails sets the snapshot aside, and the ledger is replayed.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{
    SnapshotError,
    format::{
        HEADER_BYTES, Header, Kind, ROW_BYTES, Row, SECTION_BYTES_MAX, TRAILER_BYTES, Trailer,
    },
    items,
};
use crate::{
    change::{Cursor, Hash, LedgerId, Partition, RollUp},
    ledger::Codec,
    state::{
        At, DATA, Digests, Events, Registrations, Reports, RolledUp, State, directory::Directory,
        index::SlotState, window::Window,
    },
};

//----------- SnapshotLoader ---------------------------------------------------

/// A snapshot being loaded.
#[derive(Debug)]
pub struct SnapshotLoader {
    file: File,
    bytes: u64,
    header: Header,
    /// Sections of identifiers, in any order.
    identifiers: Vec<Row>,
    /// The others, in the order of the file.
    rest: Mutex<Option<Vec<Row>>>,
    next: AtomicUsize,
    /// How many identifiers there can be.
    room: usize,
    state: State,
    live: AtomicU64,
    removed: AtomicU64,
    loaded: Mutex<Loaded>,
}

/// What one thread loads beside the identifiers, and what went wrong.
#[derive(Debug, Default)]
struct Loaded {
    directory: Directory,
    registrations: Registrations,
    /// Taken once the directory is whole.
    roll_ups: Vec<RollUp>,
    reports: Reports,
    events: Events,
    control: Window,
    data: Window,
    failed: Option<SnapshotError>,
}

impl SnapshotLoader {
    /// Opens a file and checks its header, table and trailer.
    ///
    /// # Errors
    /// Where it cannot be read or is not what was written.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut header_bytes = vec![0; HEADER_BYTES];
        read_at(&file, 0, &mut header_bytes)?;
        let header = Header::decode(&header_bytes)?;
        let mut trailer = [0; TRAILER_BYTES];
        let trailer_bytes = u64::try_from(TRAILER_BYTES).unwrap_or(u64::MAX);
        let cut_off = || SnapshotError::damaged("it is cut off");
        let trailer_at = bytes.checked_sub(trailer_bytes).ok_or_else(cut_off)?;
        read_at(&file, trailer_at, &mut trailer)?;
        let trailer = Trailer::decode(&trailer)?;
        let table_bytes = usize::try_from(trailer.sections).unwrap_or(usize::MAX) * ROW_BYTES;
        let table_end = u64::try_from(table_bytes)
            .ok()
            .and_then(|length| trailer.table_offset.checked_add(length));
        if table_end != Some(trailer_at) {
            return Err(cut_off());
        }
        let mut table = vec![0; table_bytes];
        read_at(&file, trailer.table_offset, &mut table)?;
        let rows = trailer.rows(&header_bytes, &table)?;
        let (identifiers, rest): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| row.kind == Kind::Identifiers);
        // As many as the sections say, which the table's hash covers.
        let room = identifiers.iter().fold(0_usize, |room, row| {
            room.saturating_add(usize::try_from(row.items).unwrap_or_default())
        });
        // An identifier takes some bytes of the file: more than that is not worth believing.
        let room = room.min(usize::try_from(bytes).unwrap_or(usize::MAX));
        Ok(Self {
            file,
            bytes,
            header,
            identifiers,
            rest: Mutex::new(Some(rest)),
            next: AtomicUsize::new(0),
            room,
            state: State::with_room(room),
            live: AtomicU64::new(0),
            removed: AtomicU64::new(0),
            loaded: Mutex::default(),
        })
    }

    /// The ledger it is a snapshot of.
    #[must_use]
    pub fn ledger_id(&self) -> LedgerId {
        self.header.ledger_id
    }

    /// How far a partition is in it.
    #[must_use]
    pub fn at(&self, partition: &Partition) -> At {
        match partition {
            Partition::Control => self.header.control,
            &DATA => self.header.data,
            _ => At::default(),
        }
    }

    /// The digests of a partition at its cut, as the node that wrote it had them.
    #[must_use]
    pub fn digests(&self, partition: &Partition) -> Digests {
        match partition {
            Partition::Control => self.header.control_digests,
            &DATA => self.header.data_digests,
            _ => Digests::default(),
        }
    }

    /// The size of its file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Does what is left to do, together with whoever else works; returns when nothing is left,
    /// or somebody failed.
    pub fn work(&self) {
        if let Err(error) = self.try_work() {
            self.next.store(usize::MAX / 2, Ordering::Relaxed);
            self.loaded().failed.get_or_insert(error);
        }
    }

    /// The state, once nobody works any more.
    ///
    /// # Errors
    /// Where anything is not what was written; nothing of it may be served then.
    pub fn finish(self) -> Result<State, SnapshotError> {
        let loaded = self
            .loaded
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = loaded.failed {
            return Err(error);
        }
        let totals = self.header.totals;
        let counted = (self.live.into_inner(), self.removed.into_inner());
        let state = self.state;
        if counted != (totals.live, totals.removed) || !state.index().is_listed_whole() {
            return Err(SnapshotError::damaged("identifiers are missing from it"));
        }
        let new: u64 = (loaded.registrations.days())
            .flat_map(|(_, prefixes)| prefixes.values())
            .map(|counted| u64::from(counted.new))
            .sum();
        if new != totals.registrations {
            return Err(SnapshotError::damaged("registrations are missing from it"));
        }
        state.restore(&self.header, loaded);
        Ok(state)
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_work(&self) -> Result<(), SnapshotError> {
        let rest = self
            .rest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for row in rest.unwrap_or_default() {
            self.load_rest(&row)?;
        }
        loop {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = self.identifiers.get(next) else {
                return Ok(());
            };
            self.load_identifiers(row)?;
        }
    }

    fn load_identifiers(&self, row: &Row) -> Result<(), SnapshotError> {
        let raw = self.section(row)?;
        let mut cursor = Cursor::new(&raw);
        let (mut live, mut removed) = (0, 0);
        for _ in 0..row.items {
            let (key, slot) = items::take_slot(&mut cursor)?;
            match slot.state {
                SlotState::Live(_) => live += 1,
                SlotState::Removed { .. } => removed += 1,
            }
            let room = usize::try_from(slot.ordinal).unwrap_or(usize::MAX);
            if room >= self.room || !self.state.index.restore(&key, &slot) {
                return Err(SnapshotError::damaged("an identifier is in it twice"));
            }
        }
        self.live.fetch_add(live, Ordering::Relaxed);
        self.removed.fetch_add(removed, Ordering::Relaxed);
        Ok(cursor.end()?)
    }

    fn load_rest(&self, row: &Row) -> Result<(), SnapshotError> {
        let raw = self.section(row)?;
        let mut cursor = Cursor::new(&raw);
        let mut loaded = self.loaded();
        for _ in 0..row.items {
            match row.kind {
                Kind::Directory => {
                    items::take_directory_change(&mut cursor, &mut loaded.directory)?;
                }
                Kind::ControlRequests => loaded.control.restore(items::take_request(&mut cursor)?),
                Kind::DataRequests => loaded.data.restore(items::take_request(&mut cursor)?),
                Kind::Registrations => {
                    items::take_registrations(&mut cursor, &mut loaded.registrations)?;
                }
                Kind::RollUps => loaded.roll_ups.push(items::take_roll_up(&mut cursor)?),
                Kind::Reports => loaded.reports.restore(&mut cursor)?,
                Kind::Events => loaded.events.restore(&mut cursor)?,
                Kind::Identifiers => {}
            }
        }
        Ok(cursor.end()?)
    }

    /// The bytes of a section, checked.
    fn section(&self, row: &Row) -> Result<Vec<u8>, SnapshotError> {
        let damaged = |what: &str| {
            SnapshotError::damaged(format!("the section at offset {} {what}", row.offset))
        };
        let raw_len = usize::try_from(row.raw_len).unwrap_or(usize::MAX);
        let length = usize::try_from(row.length).unwrap_or(usize::MAX);
        // Compression never makes a section longer.
        if raw_len > SECTION_BYTES_MAX || length > raw_len {
            return Err(damaged("is too long"));
        }
        let mut stored = vec![0; length];
        read_at(&self.file, row.offset, &mut stored)?;
        if Hash::of(&[&stored]) != row.hash {
            return Err(damaged("is not what was written"));
        }
        let raw = match row.codec {
            Codec::None => stored,
            Codec::Zstd => {
                zstd::bulk::decompress(&stored, raw_len).map_err(|_| damaged("does not expand"))?
            }
        };
        if raw.len() == raw_len {
            Ok(raw)
        } else {
            Err(damaged("does not have its length"))
        }
    }
}

fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> Result<(), SnapshotError> {
    file.read_exact_at(bytes, offset).map_err(|error| {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            SnapshotError::damaged("it is cut off")
        } else {
            error.into()
        }
    })
}

impl State {
    /// Takes what a snapshot says of everything but the identifiers.
    fn restore(&self, header: &Header, loaded: Loaded) {
        let Loaded {
            directory,
            registrations,
            roll_ups,
            reports,
            events,
            control,
            data,
            ..
        } = loaded;
        let mut rolled_up = RolledUp::default();
        for one in &roll_ups {
            rolled_up.take(&directory, one);
        }
        let mut fold = self.control_fold();
        fold.at = header.control;
        fold.ledger_id = Some(header.ledger_id);
        fold.directory = std::sync::Arc::new(directory);
        fold.rolled_up = std::sync::Arc::new(rolled_up);
        fold.reports = std::sync::Arc::new(reports);
        fold.events = std::sync::Arc::new(events);
        fold.digests = header.control_digests;
        fold.window = control;
        self.directory.store(std::sync::Arc::clone(&fold.directory));
        let mut fold = self.data_fold();
        fold.at = header.data;
        fold.totals = header.totals;
        fold.registrations = registrations;
        fold.digests = header.data_digests;
        fold.window = data;
        let applied = header.control.head.seq + header.data.head.seq;
        self.applied.store(applied, Ordering::Relaxed);
    }
}
