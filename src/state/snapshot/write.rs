//! Writing a snapshot: a cut of the state, section by section, by as many threads as come.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::{
    SnapshotError, SnapshotFolder,
    format::{Header, Kind, Row, SECTION_BYTES_MAX, SECTIONS_MAX, encode_end},
    items,
};
use crate::{
    change::{CELLS_MAX, Hash, Partition},
    disk::DiskFile,
    ledger::{Codec, Head},
    state::{DATA, State, View},
};

/// A section is written once it has this many bytes: large enough for one write and one frame,
/// small enough that its threads hold little.
const SECTION_BYTES: usize = 4 * 1024 * 1024;

/// Written bytes after which the file is synced: so that the commits beside it never wait for
/// gigabytes of it.
const UNSYNCED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Requests read at a time, with their partition's writer held up.
const REQUESTS_AT_A_TIME: usize = 1_024;

/// zstd's fastest regular level: identifiers of one firm repeat each other.
const ZSTD_LEVEL: i32 = 1;

//----------- SnapshotWriter ---------------------------------------------------

/// A snapshot being written.
#[derive(Debug)]
pub struct SnapshotWriter {
    view: View,
    folder: SnapshotFolder,
    header: Vec<u8>,
    partial: PathBuf,
    path: PathBuf,
    /// Whether somebody has taken all that is not identifiers.
    rest_taken: AtomicBool,
    next_part: AtomicUsize,
    stopped: AtomicBool,
    output: Mutex<Output>,
}

struct Output {
    file: Option<Box<dyn DiskFile>>,
    offset: u64,
    unsynced: u64,
    rows: Vec<Row>,
    failed: Option<SnapshotError>,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// A snapshot that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The last `control` entry in it.
    pub control: Head,
    /// The last data entry in it.
    pub data: Head,
}

/// A section being filled.
struct Section {
    kind: Kind,
    items: u32,
    raw: Vec<u8>,
}

impl SnapshotWriter {
    /// Pins the state and begins a file.
    ///
    /// # Errors
    /// Where there is nothing to pin, or the file cannot be made.
    pub fn begin(state: &Arc<State>, folder: &SnapshotFolder) -> Result<Self, SnapshotError> {
        let view = state.pin()?;
        let header = Header::of(&view);
        let path = folder.path_of(header.data.head.seq, header.control.head.seq);
        let (partial, file) = folder.create_partial(&path)?;
        let header = header.encode();
        let writer = Self {
            view,
            folder: folder.clone(),
            partial,
            path,
            rest_taken: AtomicBool::new(false),
            next_part: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            output: Mutex::new(Output {
                file: Some(file),
                offset: 0,
                unsynced: 0,
                rows: Vec::new(),
                failed: None,
            }),
            header,
        };
        writer.output().write(&writer.header)?;
        Ok(writer)
    }

    /// Whether the newest snapshot is of this very cut.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Does what is left to do, together with whoever else works; returns when nothing is left,
    /// or somebody failed.
    pub fn work(&self) {
        if let Err(error) = self.try_work() {
            self.stopped.store(true, Ordering::Relaxed);
            self.output().failed.get_or_insert(error);
        }
    }

    /// Stops everybody who works; the file is not finished.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Finishes the file once nobody works any more, and removes older ones.
    ///
    /// # Errors
    /// Where anything went wrong; then there is no file.
    pub fn finish(self) -> Result<SnapshotInfo, SnapshotError> {
        let mut output = self.output();
        if let Some(error) = output.failed.take() {
            return Err(error);
        }
        if self.stopped.load(Ordering::Relaxed) {
            return Err(SnapshotError::Stopped);
        }
        let table_offset = output.offset;
        let end = encode_end(&self.header, &output.rows, table_offset);
        output.write(&end)?;
        let bytes = output.offset;
        output.sync()?;
        // Closed before it gets its name.
        output.file = None;
        drop(output);
        self.folder.publish(&self.partial, &self.path)?;
        Ok(SnapshotInfo {
            path: self.path.clone(),
            bytes,
            control: self.view.at(&Partition::Control).head,
            data: self.view.at(&DATA).head,
        })
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_stopped(&self) -> Result<(), SnapshotError> {
        if self.stopped.load(Ordering::Relaxed) {
            Err(SnapshotError::Stopped)
        } else {
            Ok(())
        }
    }

    fn try_work(&self) -> Result<(), SnapshotError> {
        if !self.rest_taken.swap(true, Ordering::Relaxed) {
            self.write_directory()?;
            self.write_registrations()?;
            self.write_roll_ups()?;
            self.write_reports()?;
            self.write_events()?;
            self.write_requests(Kind::ControlRequests, &Partition::Control)?;
            self.write_requests(Kind::DataRequests, &DATA)?;
        }
        self.write_identifiers()
    }

    fn write_directory(&self) -> Result<(), SnapshotError> {
        let mut section = Section::new(Kind::Directory);
        for item in items::directory_changes(self.view.directory()) {
            items::put_directory_change(&item, &mut section.raw);
            section.items += 1;
            self.flush_if_full(&mut section)?;
        }
        self.flush(&mut section)
    }

    fn write_registrations(&self) -> Result<(), SnapshotError> {
        let mut section = Section::new(Kind::Registrations);
        for (day, prefixes) in self.view.registrations().days() {
            for (whose, counted) in prefixes {
                items::put_registrations(day, *whose, *counted, &mut section.raw);
                section.items += 1;
                self.flush_if_full(&mut section)?;
            }
        }
        self.flush(&mut section)
    }

    fn write_roll_ups(&self) -> Result<(), SnapshotError> {
        let mut section = Section::new(Kind::RollUps);
        for (host, days) in self.view.rolled_up().hosts() {
            for rolled_up in days.changes(host, self.view.directory(), CELLS_MAX) {
                items::put_roll_up(rolled_up, &mut section.raw);
                section.items += 1;
                self.flush_if_full(&mut section)?;
            }
        }
        self.flush(&mut section)
    }

    fn write_reports(&self) -> Result<(), SnapshotError> {
        let mut section = Section::new(Kind::Reports);
        let reports = self.view.reports();
        for table in reports.numbers() {
            reports.put(table, &mut section.raw);
            section.items += 1;
            self.flush_if_full(&mut section)?;
        }
        self.flush(&mut section)
    }

    fn write_events(&self) -> Result<(), SnapshotError> {
        let mut section = Section::new(Kind::Events);
        let events = self.view.events();
        for item in events.items() {
            section.raw.extend_from_slice(&item);
            section.items += 1;
            self.flush_if_full(&mut section)?;
        }
        self.flush(&mut section)
    }

    fn write_requests(&self, kind: Kind, partition: &Partition) -> Result<(), SnapshotError> {
        let mut section = Section::new(kind);
        let mut next = Some(0);
        while let Some(from) = next {
            let (requests, behind) = self.view.requests(partition, from, REQUESTS_AT_A_TIME);
            next = behind;
            for request in &requests {
                items::put_request(request, &mut section.raw);
                section.items += 1;
                self.flush_if_full(&mut section)?;
            }
        }
        self.flush(&mut section)
    }

    fn write_identifiers(&self) -> Result<(), SnapshotError> {
        let mut section = Section::new(Kind::Identifiers);
        loop {
            let part = self.next_part.fetch_add(1, Ordering::Relaxed);
            if part >= self.view.parts() {
                return self.flush(&mut section);
            }
            let mut part_items = Section::new(Kind::Identifiers);
            let mut full = Vec::new();
            self.view.read_part(part, |slot| {
                items::put_slot(slot, &mut part_items.raw);
                part_items.items += 1;
                // Only in memory: a writer waits for this shard.
                if part_items.raw.len() >= SECTION_BYTES {
                    full.push(part_items.take());
                }
            })?;
            for mut section in full {
                self.flush(&mut section)?;
            }
            section.raw.append(&mut part_items.raw);
            section.items += part_items.items;
            self.flush_if_full(&mut section)?;
        }
    }

    fn flush_if_full(&self, section: &mut Section) -> Result<(), SnapshotError> {
        if section.raw.len() < SECTION_BYTES {
            return Ok(());
        }
        self.flush(section)
    }

    /// Writes a section and empties it. An item is at most some 128 KiB, or a request's parts, so
    /// that a section never reaches its maximum.
    fn flush(&self, section: &mut Section) -> Result<(), SnapshotError> {
        self.check_stopped()?;
        let section = section.take();
        if section.items == 0 {
            return Ok(());
        }
        if section.raw.len() > SECTION_BYTES_MAX {
            return Err(SnapshotError::damaged("an item is larger than a section"));
        }
        let raw_len = u32::try_from(section.raw.len()).unwrap_or(u32::MAX);
        let compressed = zstd::bulk::compress(&section.raw, ZSTD_LEVEL).ok();
        let (codec, stored) = compressed
            .filter(|compressed| compressed.len() < section.raw.len())
            .map_or((Codec::None, section.raw), |bytes| (Codec::Zstd, bytes));
        let mut row = Row {
            kind: section.kind,
            codec,
            items: section.items,
            raw_len,
            offset: 0,
            length: u64::try_from(stored.len()).unwrap_or(u64::MAX),
            hash: Hash::of(&[&stored]),
        };
        let mut output = self.output();
        if output.rows.len() >= usize::try_from(SECTIONS_MAX).unwrap_or(usize::MAX) {
            return Err(SnapshotError::damaged("it has too many sections"));
        }
        row.offset = output.offset;
        output.write(&stored)?;
        output.rows.push(row);
        if output.unsynced >= UNSYNCED_BYTES_MAX {
            output.sync()?;
        }
        Ok(())
    }
}

impl Drop for SnapshotWriter {
    fn drop(&mut self) {
        self.output().file = None;
        self.folder.discard(&self.partial);
    }
}

impl Output {
    fn write(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes)?;
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.offset += length;
        self.unsynced += length;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SnapshotError> {
        if let Some(file) = &mut self.file {
            file.sync()?;
        }
        self.unsynced = 0;
        Ok(())
    }
}

impl Section {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            items: 0,
            raw: Vec::new(),
        }
    }

    /// What is in it, leaving it empty.
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.kind))
    }
}
