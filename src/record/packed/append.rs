//! A vector that grows and whose items never change or move.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Items of the first bucket; each further one has twice as many. A prefix of few identifiers has
/// few words.
const FIRST: u64 = 4;

/// Buckets that are found without another step, 60 items; most prefixes need no more.
const NEAR: usize = 4;

/// The buckets behind them: with these a place is any `u32`.
const FAR: usize = 27;

/// Items that are set one after another; a bucket is made when its first item comes.
type Bucket<T> = OnceLock<Box<[OnceLock<T>]>>;

//----------- Append -----------------------------------------------------------

/// A vector that grows and whose items never change or move: many readers, one writer (who holds
/// a lock of its own).
pub(crate) struct Append<T> {
    near: [Bucket<T>; NEAR],
    far: OnceLock<Box<[Bucket<T>; FAR]>>,
    len: AtomicU32,
}

impl<T> Append<T> {
    /// An empty one, which has no memory but its own.
    pub(crate) fn new() -> Self {
        Self {
            near: [const { OnceLock::new() }; NEAR],
            far: OnceLock::new(),
            len: AtomicU32::new(0),
        }
    }

    /// The item of that place.
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        let (bucket, place) = place_of(at);
        let bucket = match bucket.checked_sub(NEAR) {
            None => self.near.get(bucket)?,
            Some(far) => self.far.get()?.get(far)?,
        };
        bucket.get()?.get(place)?.get()
    }

    /// Appends an item and returns its place. One writer at a time.
    ///
    /// # Panics
    /// Where there are two writers, or 2³² items already.
    pub(crate) fn push(&self, item: T) -> u32 {
        let at = self.len();
        assert!(at < u32::MAX, "a place is 32 bits");
        let (number, place) = place_of(at);
        let bucket = match number.checked_sub(NEAR) {
            None => &self.near[number],
            Some(far) => {
                let empty = || Box::new([const { OnceLock::new() }; FAR]);
                &self.far.get_or_init(empty)[far]
            }
        };
        let room = || (0..FIRST << number).map(|_| OnceLock::new()).collect();
        let is_free = bucket.get_or_init(room)[place].set(item).is_ok();
        assert!(is_free, "one writer at a time");
        self.len.store(at + 1, Ordering::Release);
        at
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// Bytes that it has taken from the heap, but for what its items took.
    pub(crate) fn heap_bytes(&self) -> usize {
        let far = self.far.get();
        let buckets = self.near.iter().chain(far.iter().flat_map(|far| &far[..]));
        let items: usize = buckets.filter_map(OnceLock::get).map(|b| b.len()).sum();
        items * size_of::<OnceLock<T>>() + far.map_or(0, |_| FAR * size_of::<Bucket<T>>())
    }
}

impl<T> fmt::Debug for Append<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The bucket of a place, and where in it.
fn place_of(at: u32) -> (usize, usize) {
    let from_first = u64::from(at) + FIRST;
    let bucket = from_first.ilog2() - FIRST.ilog2();
    let place = from_first - (FIRST << bucket);
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    (size(u64::from(bucket)), size(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stay_where_they_were_put() {
        let append = Append::new();
        let first = append.push(0_u64);
        let kept: *const u64 = append.get(first).unwrap();
        for item in 1..10_000_u32 {
            assert_eq!(append.get(item), None);
            assert_eq!(append.push(u64::from(item)), item);
        }
        assert_eq!(append.len(), 10_000);
        for item in 0..10_000_u32 {
            assert_eq!(append.get(item), Some(&u64::from(item)));
        }
        assert!(std::ptr::eq(kept, append.get(first).unwrap()));
        assert_eq!((append.get(10_000), append.get(u32::MAX)), (None, None));
    }

    #[test]
    fn readers_see_whole_items_while_one_writes() {
        const ITEMS: u32 = 20_000;
        let append: Append<[u64; 4]> = Append::new();
        let read = || {
            // So many times and not until the end, which a writer that fails never comes to.
            for _ in 0..5_000 {
                for at in (0..append.len()).rev().take(20) {
                    assert_eq!(append.get(at), Some(&[u64::from(at); 4]));
                }
            }
        };
        std::thread::scope(|scope| {
            let readers = [scope.spawn(read), scope.spawn(read)];
            for at in 0..ITEMS {
                append.push([u64::from(at); 4]);
            }
            for reader in readers {
                reader.join().unwrap();
            }
        });
    }

    #[test]
    fn places_follow_each_other_through_all_buckets() {
        let mut last = place_of(0);
        assert_eq!(last, (0, 0));
        for at in 1..100_000 {
            let (bucket, place) = place_of(at);
            let follows = (bucket, place) == (last.0, last.1 + 1);
            assert!(follows || (bucket, place) == (last.0 + 1, 0), "{at}");
            assert!(place < 4 << bucket, "{at}");
            last = (bucket, place);
        }
        assert!(place_of(u32::MAX).0 < NEAR + FAR);
    }

    #[test]
    fn memory_grows_with_the_items() {
        let append = Append::new();
        assert_eq!(append.heap_bytes(), 0);
        for item in 0..1_000_u64 {
            append.push(item);
        }
        let item = size_of::<OnceLock<u64>>();
        let far = FAR * size_of::<Bucket<u64>>();
        assert_eq!(append.heap_bytes(), 1_020 * item + far);
    }
}
