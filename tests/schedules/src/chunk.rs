//! Chunks whose bytes know who wrote them, and whether they were given back.
//!
//! Each place has a cell of the checker, which fails a schedule in which a read of the entry there
//! does not come after its write, or comes beside the dropping of the chunk. What was dropped stays
//! until the schedule is over, and a read of it fails.

use std::sync::{
    Mutex as Plain, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use loom::cell::UnsafeCell;

/// A chunk holds four entries of the models.
pub(super) const CHUNK_BITS: u32 = 4;
pub(super) const CHUNK_BYTES: usize = 1 << CHUNK_BITS;
pub(super) const CHUNKS_MAX: usize = 4;
pub(super) const ENTRY_BYTES_MAX: usize = CHUNK_BYTES;

/// Chunks that were dropped, of this schedule.
#[expect(clippy::vec_box, reason = "readers point to it: it does not move")]
static DROPPED: Plain<Vec<Box<Memory>>> = Plain::new(Vec::new());

//----------- Chunk ------------------------------------------------------------

#[derive(Debug)]
struct Memory {
    entries: [UnsafeCell<[u8; CHUNK_BYTES]>; CHUNK_BYTES],
    is_dropped: AtomicBool,
}

/// Owns its memory; what it points to is a [`Memory`].
#[derive(Debug)]
pub(super) struct Chunk {
    start: *mut u8,
}

// SAFETY: a chunk owns its memory, which no thread is tied to.
unsafe impl Send for Chunk {}

impl Chunk {
    pub(super) fn new(_: bool) -> Self {
        let memory = Memory {
            entries: std::array::from_fn(|_| UnsafeCell::new([0; CHUNK_BYTES])),
            is_dropped: AtomicBool::new(false),
        };
        Self {
            start: Box::into_raw(Box::new(memory)).cast(),
        }
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.start
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: `new` made it of a box, and whoever drops it is its only owner.
        let memory = unsafe { Box::from_raw(self.start.cast::<Memory>()) };
        memory.is_dropped.store(true, Ordering::Relaxed);
        for entry in &memory.entries {
            // What a reader sees of it from now on is a race.
            entry.with_mut(|_| ());
        }
        let mut dropped = DROPPED.lock().unwrap_or_else(PoisonError::into_inner);
        dropped.push(memory);
    }
}

/// Forgets the chunks of the last schedule.
pub(super) fn begin() {
    DROPPED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}

//----------- Entries ----------------------------------------------------------

/// Bytes that an entry of so many takes, with its length.
pub(super) fn stored_bytes(bytes: usize) -> usize {
    bytes + 1
}

/// Writes an entry.
///
/// # Safety
/// As in `src/state/index/chunk.rs`.
pub(super) unsafe fn write(start: *mut u8, place: usize, bytes: usize, parts: &[&[u8]]) {
    // SAFETY: the caller's: it is the start of a chunk, which stays until the schedule is over.
    let memory = unsafe { &*start.cast::<Memory>() };
    memory.entries[place].with_mut(|entry| {
        // SAFETY: the checker sees to it that nobody else is here.
        let entry = unsafe { &mut *entry };
        entry[0] = u8::try_from(bytes).expect("a chunk is small");
        entry[1..=bytes].copy_from_slice(&parts.concat());
    });
}

/// The entry at a place.
///
/// # Safety
/// As in `src/state/index/chunk.rs`; here it is checked.
pub(super) unsafe fn read<'a>(start: *const u8, place: usize) -> &'a [u8] {
    assert!(!start.is_null(), "a chunk was entered before it was used");
    // SAFETY: it is the start of a chunk, which stays until the schedule is over.
    let memory = unsafe { &*start.cast::<Memory>() };
    assert!(
        !memory.is_dropped.load(Ordering::Relaxed),
        "a chunk was given back under a reader"
    );
    memory.entries[place].with(|entry| {
        // SAFETY: the checker sees to it that nobody writes here meanwhile.
        let entry = unsafe { &*entry };
        assert!(entry[0] > 0, "an entry was written before it was read");
        &entry[1..=usize::from(entry[0])]
    })
}
