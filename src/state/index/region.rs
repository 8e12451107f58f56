//! Memory for tables, in huge pages.
//!
//! A look-up begins at a random line of a table. With small pages the processor has to find out
//! where that is in memory before it can ask for it. So tables of some
//! size lie side by side in pieces of huge pages. What a table leaves when it has grown is joined
//! with what is free beside it, and given to the next.

use std::{
    collections::BTreeMap,
    ops::Deref,
    ptr::NonNull,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    memory::{Zero, zeroed},
    pages::Pages,
};

/// Bytes of a piece: some huge pages, so that what is free at its end is little.
const PIECE_BYTES: usize = if cfg!(miri) { 1 << 14 } else { 1 << 25 };

/// What a piece is aligned to: a huge page.
const PIECE_ALIGN: usize = if cfg!(miri) { 1 << 12 } else { 1 << 21 };

/// Slices below this many bytes come from the allocator: then all tables of a node together are as
/// large as one huge page.
const SMALL_BYTES: usize = if cfg!(miri) { 1 << 8 } else { 1 << 11 };

/// What slices start at a multiple of: a line of the cache.
const LINE_BYTES: usize = 64;

//----------- Region -----------------------------------------------------------

/// Pieces, and what is free in them.
#[derive(Debug, Default)]
pub(super) struct Region {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    pieces: Vec<Piece>,
    /// Free ranges by where they start: piece and offset. No two of them touch.
    free: BTreeMap<(usize, usize), usize>,
}

/// Memory of one piece.
#[derive(Debug)]
struct Piece {
    pages: Pages,
    /// So many bytes of it, from the start, some slice had.
    touched: usize,
}

impl Region {
    /// So many zeros.
    pub(super) fn zeroed<T: Zero>(self: &Arc<Self>, count: usize) -> Slice<T> {
        let bytes = (count * size_of::<T>()).next_multiple_of(LINE_BYTES);
        if bytes < SMALL_BYTES || align_of::<T>() > LINE_BYTES {
            return Slice::of_box(zeroed(count));
        }
        let (place, start) = self.inner().take(bytes);
        Slice::of_region(start.cast(), count, (Arc::clone(self), place, bytes))
    }

    /// Bytes that slices had and have no more: what was never written takes no memory.
    pub(super) fn free_bytes(&self) -> usize {
        let inner = self.inner();
        let untouched = |piece: &Piece| piece.pages.bytes() - piece.touched;
        let free: usize = inner.free.values().sum();
        free - inner.pieces.iter().map(untouched).sum::<usize>()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The first range that is large enough: its place, and where it is.
    fn take(&mut self, bytes: usize) -> ((usize, usize), NonNull<u8>) {
        let found = self.free.iter().find(|(_, free)| **free >= bytes);
        let (place, free) = match found {
            Some((place, free)) => (*place, *free),
            None => self.add_piece(bytes),
        };
        self.free.remove(&place);
        let (piece, offset) = place;
        if free > bytes {
            self.free.insert((piece, offset + bytes), free - bytes);
        }
        let piece = &mut self.pieces[piece];
        piece.touched = piece.touched.max(offset + bytes);
        (place, piece.at(offset))
    }

    fn add_piece(&mut self, bytes: usize) -> ((usize, usize), usize) {
        let piece = Piece::new(bytes.next_multiple_of(PIECE_BYTES));
        let (place, free) = ((self.pieces.len(), 0), piece.pages.bytes());
        self.pieces.push(piece);
        self.free.insert(place, free);
        (place, free)
    }

    /// Takes a range back, and joins it with what is free before and behind it.
    fn give(&mut self, place: (usize, usize), mut bytes: usize) {
        let (piece, mut offset) = place;
        if let Some(behind) = self.free.remove(&(piece, offset + bytes)) {
            bytes += behind;
        }
        let before = self.free.range(..place).next_back();
        if let Some((&(before_piece, before_offset), &before_bytes)) = before
            && before_piece == piece
            && before_offset + before_bytes == offset
        {
            offset = before_offset;
            bytes += before_bytes;
        }
        self.free.insert((piece, offset), bytes);
    }
}

impl Piece {
    fn new(bytes: usize) -> Self {
        let pages = Pages::new(bytes, PIECE_ALIGN);
        pages.advise_huge();
        Self { pages, touched: 0 }
    }

    #[expect(unsafe_code, reason = "memory by hand")]
    fn at(&self, offset: usize) -> NonNull<u8> {
        assert!(offset < self.pages.bytes(), "ranges lie inside their piece");
        // SAFETY: inside of one mapping.
        unsafe { self.pages.start().add(offset) }
    }
}

//----------- Slice ------------------------------------------------------------

/// Items in memory of a region, or of the allocator.
#[derive(Debug)]
pub(super) struct Slice<T> {
    start: NonNull<T>,
    count: usize,
    /// Where it came from: region, place and bytes. None is a box.
    from: Option<(Arc<Region>, (usize, usize), usize)>,
}

// SAFETY: a slice owns its items, as a box does.
#[expect(unsafe_code, reason = "memory that is owned may be sent")]
unsafe impl<T: Send> Send for Slice<T> {}

// SAFETY: as of a box.
#[expect(unsafe_code, reason = "memory that is owned may be shared")]
unsafe impl<T: Sync> Sync for Slice<T> {}

impl<T: Zero> Slice<T> {
    fn of_box(items: Box<[T]>) -> Self {
        let count = items.len();
        let start = NonNull::from(Box::leak(items)).cast();
        Self {
            start,
            count,
            from: None,
        }
    }

    #[expect(unsafe_code, reason = "memory by hand")]
    fn of_region(
        start: NonNull<T>,
        count: usize,
        from: (Arc<Region>, (usize, usize), usize),
    ) -> Self {
        // SAFETY: the range has room for so many items, is aligned to a line, and is nobody else's.
        unsafe { start.write_bytes(0, count) };
        Self {
            start,
            count,
            from: Some(from),
        }
    }
}

impl<T> Deref for Slice<T> {
    type Target = [T];

    #[expect(unsafe_code, reason = "memory by hand")]
    fn deref(&self) -> &[T] {
        // SAFETY: so many items are there, and all bytes 0 was one; they are this slice's own.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.count) }
    }
}

impl<T> Drop for Slice<T> {
    #[expect(unsafe_code, reason = "memory by hand")]
    fn drop(&mut self) {
        let items = NonNull::slice_from_raw_parts(self.start, self.count);
        match &self.from {
            // SAFETY: it was a box of so many items.
            None => drop(unsafe { Box::from_raw(items.as_ptr()) }),
            Some((region, place, bytes)) => {
                // SAFETY: the items are this slice's own, and nobody sees them again.
                unsafe { items.drop_in_place() };
                region.inner().give(*place, *bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn slices_are_zero_and_do_not_overlap() {
        let region = Arc::new(Region::default());
        let items = SMALL_BYTES / 4;
        let mut slices = Vec::new();
        let mut random = 1_usize;
        for round in 1..if cfg!(miri) { 40 } else { 200_u32 } {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            if round % 3 == 0 {
                let (_, slice): (u32, Slice<AtomicU32>) =
                    slices.swap_remove((random >> 33) % slices.len());
                drop(slice);
            }
            let slice = region.zeroed::<AtomicU32>(items / 2 + (random >> 33) % (3 * items));
            assert!(slice.iter().all(|item| item.load(Ordering::Relaxed) == 0));
            slice
                .iter()
                .for_each(|item| item.store(round, Ordering::Relaxed));
            slices.push((round, slice));
        }
        for (round, slice) in &slices {
            assert!(
                slice
                    .iter()
                    .all(|item| item.load(Ordering::Relaxed) == *round)
            );
        }
        slices.clear();
        let inner = region.inner();
        let pieces: usize = inner.pieces.iter().map(|piece| piece.pages.bytes()).sum();
        assert_eq!(inner.free.len(), inner.pieces.len(), "all is joined again");
        assert_eq!(inner.free.values().sum::<usize>(), pieces);
        let touched: usize = inner.pieces.iter().map(|piece| piece.touched).sum();
        assert!(touched > 0 && touched <= pieces);
        drop(inner);
        assert_eq!(region.free_bytes(), touched);
    }

    #[test]
    fn a_slice_outlives_whoever_made_it() {
        let region = Arc::new(Region::default());
        let slice = region.zeroed::<AtomicU32>(SMALL_BYTES);
        drop(region);
        assert_eq!(slice[SMALL_BYTES - 1].load(Ordering::Relaxed), 0);
    }
}
