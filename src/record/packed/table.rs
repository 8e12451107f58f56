//! The writer's tables: where a word is, and which values came once.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

/// The most places of a [`Table`]: 16 bits, of which 0 is none.
pub(super) const PLACES_MAX: u32 = 65_535;

/// Cells of a table that has its first place.
const CELLS_MIN: usize = 8;

/// Cells that are looked at: at most three quarters of them are taken, so that more is an accident,
/// or somebody's intent. What is not found there costs bytes.
const PROBES_MAX: usize = 32;

/// Cells of [`Seen`], 1 MiB: values of a prefix come again within some ten thousand records of all
/// prefixes, or are hardly worth a word.
const SEEN_CELLS: usize = if cfg!(miri) { 1 << 8 } else { 1 << 18 };

//----------- Table ------------------------------------------------------------

/// Places by the hash of what is there, which is kept elsewhere. A cell has 16 bits of the hash and
/// 16 of the place.
#[derive(Debug, Default)]
pub(super) struct Table {
    cells: Vec<u32>,
    taken: usize,
}

impl Table {
    /// The place with that hash that `is` is true of.
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(hash);
        for cell in probes(hash, self.cells.len()) {
            let cell = *self.cells.get(cell)?;
            let place = (cell & 0xffff).checked_sub(1)?;
            if cell >> 16 == tag && is(place) {
                return Some(place);
            }
        }
        None
    }

    /// Puts a place in, where there is a cell for it; `hash_of` is the hash of any place.
    pub(super) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        if self.taken * 4 >= self.cells.len() * 3 {
            let cells = (self.cells.len() * 2).max(CELLS_MIN);
            let old = std::mem::replace(&mut self.cells, vec![0; cells]);
            self.taken = 0;
            for place in old.iter().filter_map(|cell| (cell & 0xffff).checked_sub(1)) {
                self.put(hash_of(place), place);
            }
        }
        self.put(hash, place);
    }

    /// Bytes that it has taken from the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.cells.capacity() * size_of::<u32>()
    }

    fn put(&mut self, hash: u64, place: u32) {
        for cell in probes(hash, self.cells.len()) {
            if let Some(cell @ 0) = self.cells.get_mut(cell) {
                *cell = tag(hash) << 16 | (place + 1);
                self.taken += 1;
                return;
            }
        }
    }
}

/// The cells that a hash may be in, of a power of two.
fn probes(hash: u64, cells: usize) -> impl Iterator<Item = usize> {
    let mask = cells.saturating_sub(1);
    let first = usize::try_from(hash & 0xffff_ffff).unwrap_or_default();
    (0..PROBES_MAX.min(cells)).map(move |step| first.wrapping_add(step) & mask)
}

fn tag(hash: u64) -> u32 {
    u32::try_from(hash >> 48).unwrap_or_default()
}

//----------- Seen -------------------------------------------------------------

/// Values that came once, of all dictionaries: a word is taken into a dictionary when it comes a
/// second time, so that values of which there is one do not fill it.
///
/// A value is a cell with 32 bits of its hash, and goes when another takes the cell. Packers of
/// several threads may share it: where two take a cell at one time, one of them is forgotten.
#[derive(Debug)]
pub struct Seen {
    /// Made with the first value.
    cells: OnceLock<Box<[AtomicU32]>>,
}

impl Seen {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cells: OnceLock::new(),
        }
    }

    /// Bytes that it has taken from the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.cells.get().map_or(0, |cells| size_of_val(&**cells))
    }

    /// Whether the value with that hash came before, as far as is known. It came now.
    pub(super) fn again(&self, hash: u64) -> bool {
        // Shapes and words probe with the low bits of the same hash; it does not matter.
        let cell = usize::try_from(hash & 0xffff_ffff).unwrap_or_default() % SEEN_CELLS;
        let print = u32::try_from(hash >> 32).unwrap_or_default().max(1);
        let cells = self.cells.get_or_init(|| {
            let empty = || AtomicU32::new(0);
            std::iter::repeat_with(empty).take(SEEN_CELLS).collect()
        });
        let cell = &cells[cell];
        let is_again = cell.load(Ordering::Relaxed) == print;
        cell.store(print, Ordering::Relaxed);
        is_again
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads numbers over 64 bits.
    fn hash(place: u32) -> u64 {
        u64::from(place).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn places_are_found_by_their_hash() {
        let mut table = Table::default();
        assert_eq!(table.find(hash(0), |_| true), None);
        for place in 0..10_000 {
            table.insert(hash(place), place, hash);
        }
        for place in 0..10_000 {
            assert_eq!(table.find(hash(place), |at| at == place), Some(place));
            assert_eq!(table.find(hash(place), |_| false), None);
        }
        let bytes = table.heap_bytes();
        assert!((40_000..=65_536 * 4).contains(&bytes), "{bytes}");
    }

    #[test]
    fn places_that_hash_alike_are_given_up_in_the_end() {
        let mut table = Table::default();
        for place in 0..1_000 {
            table.insert(7, place, |_| 7);
        }
        let found = |place| table.find(7, |at| at == place).is_some();
        assert_eq!((0..1_000).filter(|place| found(*place)).count(), PROBES_MAX);
    }

    #[test]
    fn a_value_is_seen_again_until_another_takes_its_cell() {
        let seen = Seen::new();
        assert!(!seen.again(1 << 40 | 5));
        assert!(seen.again(1 << 40 | 5) && seen.again(1 << 40 | 5));
        assert!(!seen.again(2 << 40 | 5));
        assert!(!seen.again(1 << 40 | 5));
        assert!(!seen.again(0) && seen.again(0));
        assert_eq!(seen.heap_bytes(), 1 << 20);
    }
}
