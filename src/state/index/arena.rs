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

use crossbeam_epoch::Guard;

use super::{
    chunk::{self, CHUNK_BITS, CHUNK_BYTES, CHUNKS_MAX, Chunk, stored_bytes},
    memory::zeroed,
    sync::{Arc, AtomicPtr, Mutex, MutexGuard, Ordering, PoisonError},
};

/// Bits of an offset: with the tag it makes a slot of 64. 256 GiB are some 5 billion entries.
pub(super) const OFFSET_BITS: u32 = 38;

/// Bytes that nothing is in at the start of the first chunk, so that no offset is 0.
const FIRST_OFFSET: u32 = 8;

/// Chunks before the first that asks for a huge page: a small node needs none.
const SMALL_CHUNKS: u32 = 4;

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
    #[expect(unsafe_code, reason = "memory that readers read without a lock")]
    pub(super) fn push(&self, parts: &[&[u8]]) -> u64 {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        assert!(
            bytes <= chunk::ENTRY_BYTES_MAX,
            "records and suffixes are limited"
        );
        let mut writer = self.writer();
        let (number, place) = writer.reserve(stored_bytes(bytes), &self.directory);
        let start = self.directory[index(number)].load(Ordering::Relaxed);
        // SAFETY: the range was reserved under the lock that is still held, lies inside the chunk,
        // and no reader looks there before a slot points to it.
        unsafe { chunk::write(start, index(place), bytes, parts) };
        (u64::from(number) << CHUNK_BITS) | u64::from(place)
    }

    /// The entry at an offset.
    ///
    /// # Safety
    /// The offset was loaded, with [`Ordering::Acquire`] and inside the section of `guard`, from a
    /// slot of the index that this arena belongs to, which was stored with [`Ordering::Release`]; or
    /// [`Arena::entry_at`] returned it for that guard.
    #[expect(unsafe_code, reason = "the caller proves that the entry is there")]
    pub(super) unsafe fn entry<'g>(&'g self, offset: u64, _: &'g Guard) -> &'g [u8] {
        // Relaxed: the store of the chunk that the slot means happened before the slot was stored,
        // and the number is given again only when this section is over (`retire`).
        let start = self.directory[index_of(offset)].load(Ordering::Relaxed);
        // SAFETY: the slot was stored after the chunk was entered in the directory and after the
        // entry was written to it, and entries do not change. The chunk is dropped only once every
        // section is over that began before the slot pointed elsewhere (`retire`), or with the
        // arena, which is borrowed as long as the entry is.
        unsafe { chunk::read(start, place_of(offset)) }
    }

    /// Where the entry at an offset is, for a hint to the processor only.
    pub(super) fn hint(&self, offset: u64) -> *const u8 {
        let start = self.directory[index_of(offset)].load(Ordering::Relaxed);
        start.wrapping_add(place_of(offset)).cast_const()
    }

    /// Notes that nothing points to an entry of that many bytes any more: once for each entry,
    /// after the slot was pointed elsewhere.
    pub(super) fn abandon(&self, offset: u64, bytes: usize) {
        let bytes = u32::try_from(stored_bytes(bytes)).unwrap_or(u32::MAX);
        let mut writer = self.writer();
        // It is still there: a chunk is given back after the last of its entries was abandoned.
        if let Some(Some(filled)) = writer.chunks.get_mut(index_of(offset)) {
            filled.garbage += bytes;
            writer.garbage_bytes += u64::from(bytes);
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
    /// [`Arena::dirtiest`] returned the chunk, to this thread or one that it has synchronised with
    /// since, and only the caller retires chunks; the place is the first, or one that this returned,
    /// and below what is used. The arena's entries are read inside the section of `guard`.
    #[expect(unsafe_code, reason = "the caller proves that the entry is there")]
    pub(super) unsafe fn entry_at<'g>(
        &'g self,
        number: u32,
        place: u32,
        _: &'g Guard,
    ) -> (u64, &'g [u8], u32) {
        let offset = (u64::from(number) << CHUNK_BITS) | u64::from(place);
        let start = self.directory[index(number)].load(Ordering::Relaxed);
        // SAFETY: the chunk is there as long as the caller does not retire it, and then until the
        // section of `guard` is over. What is used of it was entered in the directory and written
        // under the lock of writers, before `dirtiest` took that lock and said how much it is.
        let entry = unsafe { chunk::read(start, index(place)) };
        let bytes = stored_bytes(entry.len());
        (
            offset,
            entry,
            place + u32::try_from(bytes).unwrap_or(u32::MAX),
        )
    }

    /// Gives a full chunk back once no section is left that began before now, if all in it is
    /// garbage; whether it was.
    ///
    /// That counts, and not what a walk through it saw: each entry is abandoned once, after a slot
    /// was pointed elsewhere, so that nothing points to a chunk whose every byte is garbage, whatever
    /// keys its entries are of. A writer may have pointed a slot elsewhere and not yet said so.
    pub(super) fn retire(&self, number: u32, guard: &Guard) -> bool {
        let mut writer = self.writer();
        if writer.open == Some(number) {
            return false;
        }
        let there = writer.chunks.get_mut(index(number));
        let all_garbage =
            there.and_then(|there| there.take_if(|filled| filled.garbage == filled.used));
        let Some(filled) = all_garbage else {
            return false;
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
        true
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

#[cfg(test)]
mod tests {
    use crossbeam_epoch::pin;

    use super::*;

    #[test]
    fn a_chunk_is_given_back_when_all_of_it_is_garbage_and_not_before() {
        let (arena, entry) = (Arena::new(), [7; 500]);
        let mut offsets = vec![arena.push(&[&entry])];
        while offsets[offsets.len() - 1] >> CHUNK_BITS == 0 {
            offsets.push(arena.push(&[&entry]));
        }
        let (first, open) = offsets.split_at(offsets.len() - 1);
        arena.abandon(open[0], entry.len());
        assert!(!arena.retire(1, &pin()), "it is open");
        for offset in first {
            assert!(!arena.retire(0, &pin()), "something may point to {offset}");
            arena.abandon(*offset, entry.len());
        }
        let bytes = arena.bytes();
        assert!(arena.retire(0, &pin()));
        assert!(!arena.retire(0, &pin()), "once");
        let rest = u64::try_from(stored_bytes(entry.len())).unwrap();
        let left = arena.bytes();
        assert_eq!((left.used, left.garbage), (rest, rest));
        assert_eq!(bytes.chunks - left.chunks, CHUNK_BYTES as u64);
    }
}
