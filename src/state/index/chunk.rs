//! Chunks: pieces of memory of one size that the arena hands out to the end and takes back whole.

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
};

use super::memory::advise_huge;

/// The size of a chunk, as a power of two: a huge page of the machines this runs on, so that one
/// entry of the processor's table of pages covers it. Under Miri, which pays for each byte, the
/// smallest that holds the largest entry.
pub(super) const CHUNK_BITS: u32 = if cfg!(miri) { 17 } else { 21 };

/// Bytes of a chunk.
pub(super) const CHUNK_BYTES: usize = 1 << CHUNK_BITS;

//----------- Chunk ------------------------------------------------------------

/// Memory of [`CHUNK_BYTES`], aligned to its size. What was not written is not initialised.
#[derive(Debug)]
pub(super) struct Chunk {
    start: NonNull<u8>,
}

// SAFETY: a chunk owns its memory, which no thread is tied to.
#[expect(unsafe_code, reason = "memory that is owned may be sent")]
unsafe impl Send for Chunk {}

impl Chunk {
    /// Takes memory from the allocator, in a huge page where that is wanted and the kernel has one.
    #[expect(unsafe_code, reason = "memory by hand")]
    pub(super) fn new(is_huge: bool) -> Self {
        // SAFETY: the size of the layout is not 0.
        let start = unsafe { alloc(Self::layout()) };
        let Some(start) = NonNull::new(start) else {
            handle_alloc_error(Self::layout());
        };
        if is_huge {
            advise_huge(start, CHUNK_BYTES);
        }
        Self { start }
    }

    /// Where it starts; valid for [`CHUNK_BYTES`] until it is dropped.
    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    fn layout() -> Layout {
        Layout::from_size_align(CHUNK_BYTES, CHUNK_BYTES)
            .expect("a power of two that is far below the largest size")
    }
}

impl Drop for Chunk {
    #[expect(unsafe_code, reason = "memory by hand")]
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout, and whoever drops it is its only owner.
        unsafe { dealloc(self.start.as_ptr(), Self::layout()) };
    }
}
