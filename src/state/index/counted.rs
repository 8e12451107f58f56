//! A counted set of hashes: how often each of them is in it. Readers take no lock.
//!
//! ```text
//! pair = hash 8 (0: free) ‖ count 8 (0: not in the set any more)
//! ```
//!
//! Pairs are taken from where the hash says on, to the next free one. A pair is never freed; when the
//! table is full, those with a count go over to another.

use crossbeam_epoch::{Atomic, Guard, Owned, pin};

use super::{
    memory::{Zero, zeroed},
    sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError},
};

/// The share of pairs that may be taken.
const FULL: (usize, usize) = (3, 4);

/// Pairs of the first table.
const FIRST_PAIRS: usize = 8;

//----------- Counted ----------------------------------------------------------

/// Hashes and their counts.
#[derive(Debug)]
pub(super) struct Counted {
    table: Atomic<Pairs>,
    /// Behind this lock is who writes; in it, how many pairs are taken.
    writer: Mutex<usize>,
}

#[derive(Debug)]
struct Pairs(Box<[Pair]>);

#[derive(Debug, Default)]
struct Pair {
    hash: AtomicU64,
    count: AtomicU64,
}

// SAFETY: both numbers may be 0, and nothing stands between them.
#[expect(unsafe_code, reason = "memory that is zero")]
unsafe impl Zero for Pair {}

impl Counted {
    pub(super) fn new() -> Self {
        Self {
            table: Atomic::new(Pairs(zeroed(FIRST_PAIRS))),
            writer: Mutex::new(0),
        }
    }

    /// Whether a hash, which is not 0, is in it.
    pub(super) fn contains(&self, hash: u64) -> bool {
        self.count_of(hash).is_some_and(|count| count > 0)
    }

    /// How often it is, where it has a pair. A hash is seen with its count, never before it.
    pub(super) fn count_of(&self, hash: u64) -> Option<u64> {
        let guard = pin();
        let pair = self.pairs(&guard).find(hash)?;
        let is_its_own = pair.hash.load(Ordering::Acquire) == hash;
        is_its_own.then(|| pair.count.load(Ordering::Acquire))
    }

    /// Puts a hash in once more, or takes it out once.
    pub(super) fn count(&self, hash: u64, is_more: bool) {
        let guard = pin();
        let mut taken = self.writer();
        let mut pairs = self.pairs(&guard);
        if is_more && (*taken + 1) * FULL.1 > pairs.0.len() * FULL.0 {
            *taken = self.grow(pairs, &guard);
            pairs = self.pairs(&guard);
        }
        let Some(pair) = pairs.find(hash) else {
            return;
        };
        let count = pair.count.load(Ordering::Relaxed);
        if is_more {
            pair.count.store(count + 1, Ordering::Release);
            if pair.hash.load(Ordering::Relaxed) == 0 {
                pair.hash.store(hash, Ordering::Release);
                *taken += 1;
            }
        } else {
            pair.count.store(count.saturating_sub(1), Ordering::Release);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.pairs(&pin()).0)
    }

    /// Moves what has a count to a table that is half empty; how many there are.
    #[expect(unsafe_code, reason = "a table that is kept as long as its readers")]
    fn grow(&self, pairs: &Pairs, guard: &Guard) -> usize {
        let counted = |pair: &&Pair| pair.count.load(Ordering::Relaxed) > 0;
        let kept = pairs.0.iter().filter(counted).count();
        let larger = Pairs(zeroed((kept * 2).max(FIRST_PAIRS)));
        for pair in pairs.0.iter().filter(counted) {
            let hash = pair.hash.load(Ordering::Relaxed);
            if let Some(free) = larger.find(hash) {
                free.count
                    .store(pair.count.load(Ordering::Relaxed), Ordering::Relaxed);
                free.hash.store(hash, Ordering::Relaxed);
            }
        }
        let old = self.table.swap(Owned::new(larger), Ordering::AcqRel, guard);
        // SAFETY: no section that begins from now on can load the old table.
        unsafe { guard.defer_destroy(old) };
        kept
    }

    #[expect(unsafe_code, reason = "a table that is kept as long as its readers")]
    fn pairs<'g>(&'g self, guard: &'g Guard) -> &'g Pairs {
        // SAFETY: there is always one, and one that was replaced is kept until the sections that
        // could have loaded it are over. The last one goes with the set, which is borrowed.
        unsafe { self.table.load(Ordering::Acquire, guard).deref() }
    }

    fn writer(&self) -> MutexGuard<'_, usize> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    #[expect(unsafe_code, reason = "a table that nobody reads any more")]
    fn drop(&mut self) {
        // SAFETY: nobody else has it now, what it lent is over, and there is always a table.
        drop(unsafe { std::mem::take(&mut self.table).into_owned() });
    }
}

impl Pairs {
    /// The pair of a hash, or the free one where it belongs.
    fn find(&self, hash: u64) -> Option<&Pair> {
        let pairs = u128::try_from(self.0.len()).unwrap_or_default();
        let home = usize::try_from((u128::from(hash) * pairs) >> 64).unwrap_or_default();
        let (before, after) = self.0.split_at(home);
        after.iter().chain(before).find(|pair| {
            let held = pair.hash.load(Ordering::Acquire);
            held == hash || held == 0
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn it_counts_as_a_map_does() {
        let (set, mut model) = (Counted::new(), HashMap::<u64, u64>::new());
        let mut random = 1_u64;
        for _ in 0..if cfg!(miri) { 300 } else { 20_000 } {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let hash = ((random >> 33) % 500).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let count = model.entry(hash).or_default();
            let is_more = *count == 0 || random >> 63 == 0;
            set.count(hash, is_more);
            *count = if is_more { *count + 1 } else { *count - 1 };
            assert_eq!(set.contains(hash), *count > 0);
        }
        for (hash, count) in &model {
            assert_eq!(set.contains(*hash), *count > 0);
        }
        assert!(!set.contains(7));
        assert!(set.bytes() <= 500 * 3 * 16, "{}", set.bytes());
    }

    #[test]
    fn what_was_taken_out_takes_no_room_for_ever() {
        let set = Counted::new();
        for number in 1..if cfg!(miri) { 100 } else { 10_000_u64 } {
            let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            set.count(hash, true);
            set.count(hash, false);
        }
        assert!(set.bytes() <= 2 * FIRST_PAIRS * size_of::<Pair>());
    }
}
