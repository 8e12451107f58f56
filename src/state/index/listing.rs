//! The identifiers of a prefix, in the order in which they were registered.
//!
//! An ordinal leads to 32 bits of the identifier's hash, and those to a few slots of one shard, of
//! which one has that ordinal. So four bytes list an identifier, and nothing of a listing changes
//! when an entry moves.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use super::memory::zeroed;

/// Items of the first bucket, as a power of two; each further one doubles what there is.
const FIRST_BITS: u32 = 2;

/// Buckets: so many as 2³² items need.
const BUCKETS: usize = 31;

//----------- Listing ----------------------------------------------------------

/// Items by their ordinals. Readers take no lock; two threads may set different items.
#[derive(Debug)]
pub(super) struct Listing {
    buckets: Box<[OnceLock<Box<[AtomicU32]>>]>,
    /// Ordinals that were given.
    given: AtomicU32,
}

impl Listing {
    pub(super) fn new() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| OnceLock::new()).collect(),
            given: AtomicU32::new(0),
        }
    }

    /// How many ordinals were given.
    pub(super) fn len(&self) -> u32 {
        self.given.load(Ordering::Acquire)
    }

    /// The item of an ordinal.
    pub(super) fn get(&self, ordinal: u32) -> Option<u32> {
        let (bucket, at) = place(ordinal);
        let item = self.buckets.get(bucket)?.get()?.get(at)?;
        Some(item.load(Ordering::Acquire)).filter(|item| *item != 0)
    }

    /// Enters an identifier by 32 bits of its hash, which are not 0; whether the ordinal was free.
    pub(super) fn set(&self, ordinal: u32, hash: u32) -> bool {
        let (bucket, at) = place(ordinal);
        let items = self.buckets[bucket].get_or_init(|| {
            let items = 1_usize << bucket.saturating_sub(1).saturating_add(bits());
            zeroed(items)
        });
        let was_free = items[at].swap(hash, Ordering::Release) == 0;
        self.given.fetch_max(ordinal + 1, Ordering::Release);
        was_free
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        let items = self.buckets.iter().filter_map(OnceLock::get);
        size_of_val(&*self.buckets) + items.map(|items| size_of_val(&**items)).sum::<usize>()
    }
}

/// The bucket of an ordinal, and its place in it.
fn place(ordinal: u32) -> (usize, usize) {
    let bits = 32 - (ordinal >> FIRST_BITS).leading_zeros();
    let before = if bits == 0 {
        0
    } else {
        1 << (bits - 1 + FIRST_BITS)
    };
    (as_index(bits), as_index(ordinal - before))
}

fn bits() -> usize {
    as_index(FIRST_BITS)
}

fn as_index(number: u32) -> usize {
    usize::try_from(number).expect("addresses have at least 32 bits here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ordinal_has_a_place_of_its_own() {
        let listing = Listing::new();
        assert_eq!((listing.len(), listing.get(0)), (0, None));
        let count = if cfg!(miri) { 100 } else { 5_000 };
        for ordinal in (0..count).rev() {
            assert!(listing.set(ordinal, ordinal + 1));
        }
        assert_eq!((listing.len(), listing.get(count)), (count, None));
        for ordinal in 0..count {
            assert_eq!(listing.get(ordinal), Some(ordinal + 1));
        }
        assert!(!listing.set(count - 1, 7));
        assert!(listing.bytes() < 8_192 * 4 + 1_000);
    }

    #[test]
    fn places_cover_all_ordinals() {
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(3), (0, 3));
        assert_eq!(place(4), (1, 0));
        assert_eq!(place(7), (1, 3));
        assert_eq!(place(8), (2, 0));
        assert_eq!(place(u32::MAX), (BUCKETS - 1, (1 << 31) - 1));
    }
}
