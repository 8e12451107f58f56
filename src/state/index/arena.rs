//! The arena: entries, one behind the other in chunks, written once and never changed.
//!
//! ```text
//! offset = chunk number ‖ place in the chunk (21 bits)
//! chunk  = (length varint ‖ entry)*, filled to where the next entry would not fit
//! ```
//!
//! One thread at a time writes, behind a lock. Readers take an offset from a slot, inside a
//! read-side section, and read without a lock: what a slot points to was written before the slot,
//! and a chunk is given back when no section is left in which it could have been found.

use std::{
    ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
};

use crossbeam_epoch::Guard;

use super::{
    chunk::{CHUNK_BITS, CHUNK_BYTES, Chunk},
    memory::zeroed,
};

/// Bits of an offset: with the tag it makes a slot of 64. 256 GiB are some 5 billion entries.
pub(super) const OFFSET_BITS: u32 = 38;

/// Chunks at one time: so many as offsets can name.
const CHUNKS_MAX: usize = if cfg!(miri) {
    64
} else {
    1 << (OFFSET_BITS - CHUNK_BITS)
};

/// Bytes that nothing is in at the start of the first chunk, so that no offset is 0.
const FIRST_OFFSET: u32 = 8;

/// Chunks before the first that asks for a huge page: a small node needs none.
const SMALL_CHUNKS: u32 = 4;

/// Bytes before an entry: its length, below 2²¹.
const LENGTH_BYTES_MAX: usize = 3;

/// The most bytes of an entry: a record, a suffix and what else there is of both.
pub(super) const ENTRY_BYTES_MAX: usize = 80 * 1024;

//----------- Arena ------------------------------------------------------------

/// Entries by their offsets.
#[derive(Debug)]
pub(super) struct Arena {
    /// Where chunks start, by number: only what slots point to is read.
    directory: Box<[AtomicPtr<u8>]>,
    writer: Mutex<Writer>,
}

/// What only writers need.
#[derive(Debug, Default)]
struct Writer {
    /// By number, those that are in use.
    chunks: Vec<Option<Filled>>,
    /// The one that is filled now.
    open: Option<u32>,
    /// Numbers that may be given again: their chunks are gone.
    free: Arc<Mutex<Vec<u32>>>,
    used_bytes: u64,
    garbage_bytes: u64,
}

/// A chunk, and how much of it is what.
#[derive(Debug)]
struct Filled {
    chunk: Chunk,
    used: u32,
    garbage: u32,
}

/// How much of the arena is what, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ArenaBytes {
    /// Chunks.
    pub(super) chunks: u64,
    /// Entries, with those that nothing points to any more.
    pub(super) used: u64,
    /// Entries that nothing points to any more.
    pub(super) garbage: u64,
}

impl Arena {
    pub(super) fn new() -> Self {
        Self {
            directory: zeroed(CHUNKS_MAX),
            writer: Mutex::default(),
        }
    }

    /// Writes an entry, made of parts, to the end; the offset may be stored in a slot with
    /// [`Ordering::Release`].
    pub(super) fn push(&self, parts: &[&[u8]]) -> u64 {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        assert!(bytes <= ENTRY_BYTES_MAX, "records and suffixes are limited");
        let mut writer = self.writer();
        let (number, place) = writer.reserve(stored_bytes(bytes), &self.directory);
        let start = self.directory[index(number)].load(Ordering::Relaxed);
        write(start, place, bytes, parts);
        (u64::from(number) << CHUNK_BITS) | u64::from(place)
    }

    /// The entry at an offset.
    ///
    /// # Safety
    /// The offset was loaded, with [`Ordering::Acquire`] and inside the section of `guard`, from a
    /// slot of the index that this arena belongs to; or nobody writes to that index meanwhile.
    #[expect(unsafe_code, reason = "the caller proves that the entry is there")]
    pub(super) unsafe fn entry<'g>(&self, offset: u64, _: &'g Guard) -> &'g [u8] {
        let start = self.directory[index_of(offset)].load(Ordering::Relaxed);
        // SAFETY: the slot was stored after the chunk was entered in the directory and after the
        // entry was written to it, and entries do not change. The chunk is dropped only once every
        // section is over that began before the slot pointed elsewhere (`retire`).
        unsafe {
            let at = start.add(place_of(offset));
            let (bytes, before) = read_length(at);
            std::slice::from_raw_parts(at.add(before), bytes)
        }
    }

    /// Where the entry at an offset is, for a hint to the processor only.
    pub(super) fn hint(&self, offset: u64) -> *const u8 {
        let start = self.directory[index_of(offset)].load(Ordering::Relaxed);
        start.wrapping_add(place_of(offset)).cast_const()
    }

    /// Notes that nothing points to an entry of that many bytes any more.
    pub(super) fn abandon(&self, offset: u64, bytes: usize) {
        let bytes = u32::try_from(stored_bytes(bytes)).unwrap_or(u32::MAX);
        let mut writer = self.writer();
        writer.garbage_bytes += u64::from(bytes);
        if let Some(Some(filled)) = writer.chunks.get_mut(index_of(offset)) {
            filled.garbage += bytes;
        }
    }

    pub(super) fn bytes(&self) -> ArenaBytes {
        let writer = self.writer();
        let chunks = writer.chunks.iter().flatten().count();
        ArenaBytes {
            chunks: u64::try_from(chunks * CHUNK_BYTES).unwrap_or(u64::MAX),
            used: writer.used_bytes,
            garbage: writer.garbage_bytes,
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//----------- Cleaning ---------------------------------------------------------

impl Arena {
    /// The full chunk with the most garbage, and how many bytes of it are used.
    pub(super) fn dirtiest(&self) -> Option<(u32, u32)> {
        let writer = self.writer();
        let all = (0_u32..).zip(&writer.chunks);
        let full = all.filter(|(number, _)| Some(*number) != writer.open);
        let filled = full.filter_map(|(number, filled)| Some((number, filled.as_ref()?)));
        let dirtiest = filled.max_by_key(|(_, filled)| filled.garbage);
        dirtiest.map(|(number, filled)| (number, filled.used))
    }

    /// The first place in a chunk that has an entry.
    pub(super) fn first_place(number: u32) -> u32 {
        if number == 0 { FIRST_OFFSET } else { 0 }
    }

    /// The entry at a place of a full chunk: its offset, its bytes and the place of the next.
    ///
    /// # Safety
    /// The chunk is in use and only the caller retires chunks; the place is the first, or one that
    /// this returned, and below what is used.
    #[expect(unsafe_code, reason = "the caller proves that the entry is there")]
    pub(super) unsafe fn entry_at<'g>(
        &self,
        number: u32,
        place: u32,
        guard: &'g Guard,
    ) -> (u64, &'g [u8], u32) {
        let offset = (u64::from(number) << CHUNK_BITS) | u64::from(place);
        // SAFETY: the chunk is there as long as the caller does not retire it, and what was
        // written to it was written before this thread took the lock of writers last.
        let entry = unsafe { self.entry(offset, guard) };
        let bytes = stored_bytes(entry.len());
        (
            offset,
            entry,
            place + u32::try_from(bytes).unwrap_or(u32::MAX),
        )
    }

    /// Gives a chunk back once no section is left that began before now.
    ///
    /// Nothing may point to it any more.
    pub(super) fn retire(&self, number: u32, guard: &Guard) {
        let mut writer = self.writer();
        let filled = writer.chunks.get_mut(index(number)).and_then(Option::take);
        let Some(filled) = filled else {
            return;
        };
        writer.used_bytes -= u64::from(filled.used);
        writer.garbage_bytes -= u64::from(filled.garbage);
        let free = Arc::clone(&writer.free);
        drop(writer);
        guard.defer(move || {
            drop(filled.chunk);
            free.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(number);
        });
        // A chunk is large: it should not wait until many others wait with it.
        guard.flush();
    }
}

impl Writer {
    /// Room for so many bytes in the open chunk, or in a new one.
    fn reserve(&mut self, bytes: usize, directory: &[AtomicPtr<u8>]) -> (u32, u32) {
        let bytes = u32::try_from(bytes).expect("an entry is limited");
        let has_room = |filled: &Filled| index(filled.used + bytes) <= CHUNK_BYTES;
        let open = self.open.filter(|number| {
            let filled = self.chunks.get(index(*number));
            filled.and_then(Option::as_ref).is_some_and(has_room)
        });
        let number = open.unwrap_or_else(|| self.open_another(directory));
        let filled = self.chunks[index(number)]
            .as_mut()
            .expect("the open chunk is in use");
        let place = filled.used;
        filled.used += bytes;
        self.used_bytes += u64::from(bytes);
        (number, place)
    }

    fn open_another(&mut self, directory: &[AtomicPtr<u8>]) -> u32 {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let number = free.unwrap_or_else(|| {
            self.chunks.push(None);
            u32::try_from(self.chunks.len() - 1).expect("there are at most CHUNKS_MAX")
        });
        let chunk = Chunk::new(number >= SMALL_CHUNKS);
        // Beyond CHUNKS_MAX there is no slot that could point there: a node has less memory.
        directory[index(number)].store(chunk.start(), Ordering::Relaxed);
        let first = Arena::first_place(number);
        self.chunks[index(number)] = Some(Filled {
            chunk,
            used: first,
            garbage: first,
        });
        self.used_bytes += u64::from(first);
        self.garbage_bytes += u64::from(first);
        self.open = Some(number);
        number
    }
}

//----------- Helper functions -------------------------------------------------

fn index(number: u32) -> usize {
    usize::try_from(number).expect("addresses have at least 32 bits here")
}

fn index_of(offset: u64) -> usize {
    usize::try_from(offset >> CHUNK_BITS).expect("an offset has 38 bits, and addresses 64")
}

fn place_of(offset: u64) -> usize {
    usize::try_from(offset).expect("addresses have 64 bits here") & (CHUNK_BYTES - 1)
}

/// Bytes that an entry of so many takes, with its length.
pub(super) fn stored_bytes(bytes: usize) -> usize {
    bytes + length_bytes(bytes)
}

/// Bytes of a length.
fn length_bytes(bytes: usize) -> usize {
    match bytes {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        _ => LENGTH_BYTES_MAX,
    }
}

/// Writes a length and parts to a place that was reserved for them.
#[expect(unsafe_code, reason = "memory that readers read without a lock")]
fn write(start: *mut u8, place: u32, bytes: usize, parts: &[&[u8]]) {
    let mut length = [0; LENGTH_BYTES_MAX];
    let before = length_bytes(bytes);
    for (at, byte) in length[..before].iter_mut().enumerate() {
        let seven = u8::try_from(bytes >> (7 * at) & 0x7f).unwrap_or_default();
        *byte = seven | if at + 1 < before { 0x80 } else { 0 };
    }
    // SAFETY: the range was reserved under the lock that is still held, lies inside the chunk, and
    // no reader looks there before a slot points to it.
    unsafe {
        let mut at = start.add(index(place));
        for part in std::iter::once(&&length[..before]).chain(parts) {
            ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
            at = at.add(part.len());
        }
    }
}

/// The length of an entry, and the bytes it takes itself.
///
/// # Safety
/// An entry that was written whole starts at `at`.
#[expect(unsafe_code, reason = "memory that readers read without a lock")]
unsafe fn read_length(at: *const u8) -> (usize, usize) {
    let (mut bytes, mut read) = (0, 0);
    loop {
        // SAFETY: a length is as long as its bytes say, and at most LENGTH_BYTES_MAX.
        let byte = usize::from(unsafe { *at.add(read) });
        bytes |= (byte & 0x7f) << (7 * read);
        read += 1;
        if byte < 0x80 || read == LENGTH_BYTES_MAX {
            return (bytes, read);
        }
    }
}
