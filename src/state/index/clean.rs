//! Garbage of the arena, bounded and given back.
//!
//! A write that leaves an entry behind looks at some more entries of one chunk, in their order, and
//! moves those that are not garbage to the end of the arena. When it is through, all of the chunk is
//! garbage, and it is given back. So the work is spread over the writes that make it necessary,
//! and no write waits for a chunk.

use std::sync::PoisonError;

use crossbeam_epoch::Guard;

use super::{Index, arena::Arena, chunk::CHUNK_BYTES, table::point};

/// Garbage that is left alone: two chunks.
const GARBAGE_MIN_BYTES: u64 = 2 * CHUNK_BYTES as u64;

/// The share of the arena that may be garbage: one in so many bytes.
const GARBAGE_SHARE: u64 = 8;

/// Bytes looked at for each byte that becomes garbage. The chunk with the most has at least an
/// eighth, as the whole arena does: looking at eight makes up for one, and twice that catches up.
const WORK: usize = 16;

//----------- Cleaning ---------------------------------------------------------

/// The chunk that is emptied now.
#[derive(Debug, Default)]
pub(super) struct Cleaning {
    chunk: Option<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    number: u32,
    /// Where the next entry is.
    place: u32,
    /// Bytes that were used.
    used: u32,
}

impl Index {
    /// Makes up for so many bytes that became garbage.
    pub(super) fn clean(&self, garbage: usize, guard: &Guard) {
        let mut cleaning = self.cleaning.lock().unwrap_or_else(PoisonError::into_inner);
        if cleaning.chunk.is_none() {
            let bytes = self.arena.bytes();
            if bytes.garbage < GARBAGE_MIN_BYTES || bytes.garbage < bytes.used / GARBAGE_SHARE {
                return;
            }
            cleaning.chunk = self.arena.dirtiest().map(|(number, used)| Chunk {
                number,
                place: Arena::first_place(number),
                used,
            });
        }
        let Some(chunk) = &mut cleaning.chunk else {
            return;
        };
        let budget = u32::try_from(garbage * WORK).unwrap_or(u32::MAX);
        let until = chunk.place.saturating_add(budget).min(chunk.used);
        while chunk.place < until {
            chunk.place = self.move_entry(chunk.number, chunk.place, guard);
        }
        // A writer that pointed a slot elsewhere and has not yet said so comes here when it has.
        if chunk.place >= chunk.used && self.arena.retire(chunk.number, guard) {
            cleaning.chunk = None;
        }
    }

    /// Moves the entry at a place, unless it is garbage; returns the next place.
    #[expect(unsafe_code, reason = "entries are read without a lock")]
    fn move_entry(&self, number: u32, place: u32, guard: &Guard) -> u32 {
        // SAFETY: only this module asks for chunks and retires them, behind the lock of `cleaning`,
        // and the place is the first or one that the last call returned, below what is used.
        let (offset, bytes, next) = unsafe { self.arena.entry_at(number, place, guard) };
        // SAFETY: `entry_at` returned the offset, for this guard.
        let Some(slot) = (unsafe { self.entry(offset, guard) }) else {
            return next;
        };
        let mut key = Vec::with_capacity(64);
        slot.put_key(&mut key);
        let address = self.address(&key);
        let shard = self.shard(address);
        let taken = shard.writer();
        let table = shard.table(guard);
        if let Some((there, _)) = table.find(address.tag(), |other| other == offset) {
            let moved = self.arena.push(&[bytes]);
            point(there, address.tag(), moved);
            self.arena.abandon(offset, bytes.len());
        }
        drop(taken);
        next
    }
}
