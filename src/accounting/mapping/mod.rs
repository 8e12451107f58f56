//! The counters file: what workers add to, kept by the kernel whatever becomes of the process.
//!
//! ```text
//! read ─▶ what a file before this start says      create ─▶ Mapping ─▶ words that threads add to
//! ```
//!
//! The bytes are those of `docs/format/counters-v1.md`.

mod layout;
mod words;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use rustix::fs::{FallocateFlags, fallocate};

use super::Kind;
use crate::{change::LedgerId, disk::folder_of, identifier::Prefix};
pub(in crate::accounting) use layout::{BANKS, EXTENT_CELLS, LANES_MAX};
use layout::{
    CHECKED_HEADER_BYTES, DAYS_WORD, HEADER_BYTES, Header, SLOT_WORDS, Slot, base_at, count_at,
    days_of, days_word, decode_slot, encode_slot, extent_bytes, slot_at,
};
use words::{WORD_BYTES, Words};

//----------- Extent -----------------------------------------------------------

/// Some cells, with what each lane has added to them.
#[derive(Debug)]
pub(super) struct Extent {
    words: Words,
    lanes: usize,
}

impl Extent {
    /// Adds to a bank of a cell; only this thread adds to that lane.
    pub(super) fn add(&self, lane: usize, cell: usize, bank: usize, more: u64) {
        if let Some(word) = self.words.all().get(count_at(lane, cell, bank)) {
            // One writer: no locked instruction is needed, and a kill leaves the one or the other.
            let sum = word.load(Ordering::Relaxed).wrapping_add(more);
            word.store(sum, Ordering::Relaxed);
        }
    }

    /// The same for a lane that several threads add to.
    pub(super) fn add_shared(&self, lane: usize, cell: usize, bank: usize, more: u64) {
        if let Some(word) = self.words.all().get(count_at(lane, cell, bank)) {
            word.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// What is in a bank of a cell since its base.
    pub(super) fn total(&self, cell: usize, bank: usize) -> u64 {
        let base = self.word(base_at(cell, bank));
        self.sum(cell, bank).wrapping_sub(base)
    }

    /// Says what a cell counts; it must be free.
    pub(super) fn name(&self, cell: usize, prefix: Option<&Prefix>, kind: Kind) {
        let slot = encode_slot(prefix, kind);
        let words = self.words.all().get(slot_at(cell)..).unwrap_or_default();
        for (word, value) in words.iter().zip(slot) {
            word.store(value.to_le(), Ordering::Relaxed);
        }
    }

    /// From here on a bank of each cell begins at zero.
    pub(super) fn begin(&self, bank: usize) {
        for cell in 0..EXTENT_CELLS {
            if let Some(base) = self.words.all().get(base_at(cell, bank)) {
                base.store(self.sum(cell, bank), Ordering::Relaxed);
            }
        }
    }

    fn sum(&self, cell: usize, bank: usize) -> u64 {
        let lanes = (0..self.lanes).map(|lane| self.word(count_at(lane, cell, bank)));
        lanes.fold(0, u64::wrapping_add)
    }

    fn slot(&self, cell: usize) -> Slot {
        let mut slot = [0; SLOT_WORDS];
        for (at, word) in slot.iter_mut().enumerate() {
            *word = u64::from_le(self.word(slot_at(cell) + at));
        }
        decode_slot(&slot)
    }

    fn word(&self, at: usize) -> u64 {
        let word = self.words.all().get(at);
        word.map_or(0, |word| word.load(Ordering::Relaxed))
    }
}

//----------- Mapping ----------------------------------------------------------

/// A counters file that is written to, or memory where there can be none.
#[derive(Debug)]
pub(super) struct Mapping {
    file: Option<File>,
    header: Words,
    lanes: usize,
}

impl Mapping {
    /// A new file beside the one of that path; see [`Mapping::publish`].
    pub(super) fn create(path: &Path, ledger_id: LedgerId, lanes: usize) -> io::Result<Self> {
        fs::create_dir_all(folder_of(path))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(new_path(path))?;
        allocate(&file, 0, HEADER_BYTES)?;
        let header = Words::of_file(&file, 0, HEADER_BYTES)?;
        Ok(Self::with(Some(file), header, ledger_id, lanes))
    }

    /// Without a file: what is counted is gone with the process, but for what the ledger has.
    pub(super) fn in_memory(ledger_id: LedgerId, lanes: usize) -> io::Result<Self> {
        let header = Words::of_memory(HEADER_BYTES)?;
        Ok(Self::with(None, header, ledger_id, lanes))
    }

    fn with(file: Option<File>, words: Words, ledger_id: LedgerId, lanes: usize) -> Self {
        let header = Header { lanes, ledger_id }.encode();
        let (chunks, _) = header.as_chunks::<WORD_BYTES>();
        for (word, bytes) in words.all().iter().zip(chunks) {
            word.store(u64::from_le_bytes(*bytes).to_le(), Ordering::Relaxed);
        }
        Self {
            file,
            header: words,
            lanes,
        }
    }

    /// Gives a new file its name, in place of the one before.
    pub(super) fn publish(&self, path: &Path) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        file.sync_all()?;
        fs::rename(new_path(path), path)?;
        File::open(folder_of(path))?.sync_all()
    }

    /// Whether it outlives the process.
    pub(super) fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Makes the next extent; `before` are there.
    pub(super) fn extend(&self, before: usize) -> io::Result<Arc<Extent>> {
        let bytes = extent_bytes(self.lanes);
        let words = match &self.file {
            Some(file) => {
                let offset = HEADER_BYTES + before * bytes;
                allocate(file, offset, bytes)?;
                Words::of_file(file, offset as u64, bytes)?
            }
            None => Words::of_memory(bytes)?,
        };
        Ok(Arc::new(Extent {
            words,
            lanes: self.lanes,
        }))
    }

    /// The days of the banks.
    pub(super) fn set_days(&self, days: [u32; BANKS]) {
        if let Some(word) = self.header.all().get(DAYS_WORD) {
            word.store(days_word(days).to_le(), Ordering::Relaxed);
        }
    }

    /// Waits until the header and these extents are on the disk.
    pub(super) fn sync(&self, extents: &[Arc<Extent>]) -> io::Result<()> {
        for extent in extents {
            extent.words.sync()?;
        }
        self.header.sync()
    }
}

/// Blocks of the file, so that writing to the mapping cannot fail.
fn allocate(file: &File, offset: usize, bytes: usize) -> io::Result<()> {
    fallocate(file, FallocateFlags::empty(), offset as u64, bytes as u64)?;
    Ok(())
}

fn new_path(path: &Path) -> PathBuf {
    path.with_extension("new")
}

//----------- read -------------------------------------------------------------

/// What a file says that a process before this one has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    /// The day of each bank; 0 for none.
    pub(super) days: [u32; BANKS],
    /// What each cell counts, and the total of each bank.
    pub(super) cells: Vec<(Option<Prefix>, Kind, [u64; BANKS])>,
    /// Cells whose slot is not what was written.
    pub(super) damaged: usize,
}

/// Reads the file of that path; none where there is none. Damage of the header is none too, and
/// the file is set aside, as one of another ledger is.
pub(super) fn read(path: &Path, ledger_id: LedgerId) -> io::Result<Option<Left>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = vec![0; HEADER_BYTES];
    let header = match file.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
        read => {
            read?;
            let checked = bytes.first_chunk::<CHECKED_HEADER_BYTES>();
            checked.and_then(Header::decode)
        }
    };
    let Some(header) = header.filter(|header| header.ledger_id == ledger_id) else {
        fs::rename(path, path.with_extension("map.set-aside"))?;
        return Ok(None);
    };
    let (words, _) = bytes.as_chunks::<WORD_BYTES>();
    let days = words.get(DAYS_WORD).map(|word| u64::from_le_bytes(*word));
    let mut left = Left {
        days: days_of(days.unwrap_or_default()),
        cells: Vec::new(),
        damaged: 0,
    };
    let length = extent_bytes(header.lanes);
    // Read, not mapped: a sector that cannot be read is an error and no signal.
    let memory = Words::of_memory(length)?;
    let extent = Extent {
        words: memory,
        lanes: header.lanes,
    };
    let mut bytes = vec![0; length];
    loop {
        match file.read_exact(&mut bytes) {
            // The last one may not have been whole yet; nothing is counted there then.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Some(left)),
            read => read?,
        }
        let (words, _) = bytes.as_chunks::<WORD_BYTES>();
        for (word, bytes) in extent.words.all().iter().zip(words) {
            word.store(u64::from_le_bytes(*bytes).to_le(), Ordering::Relaxed);
        }
        left.take(&extent);
    }
}

impl Left {
    fn take(&mut self, extent: &Extent) {
        for cell in 0..EXTENT_CELLS {
            match extent.slot(cell) {
                Slot::Free => {}
                Slot::Damaged => self.damaged += 1,
                Slot::Cell(prefix, kind) => {
                    let totals = std::array::from_fn(|bank| extent.total(cell, bank));
                    self.cells.push((prefix, kind, totals));
                }
            }
        }
    }
}
