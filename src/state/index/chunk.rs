//! Chunks: pieces of memory of one size that the arena hands out to the end and takes back whole.

use std::ptr;

use super::{arena::OFFSET_BITS, pages::Pages};

/// The size of a chunk, as a power of two: a huge page of the machines this runs on, so that one
/// entry of the processor's table of pages covers it. Under Miri, which pays for each byte, so
/// small that the few writes of a test fill some, empty them and use their numbers again.
pub(super) const CHUNK_BITS: u32 = if cfg!(miri) { 10 } else { 21 };

/// Bytes of a chunk.
pub(super) const CHUNK_BYTES: usize = 1 << CHUNK_BITS;

/// Chunks at one time: so many as offsets can name.
pub(super) const CHUNKS_MAX: usize = if cfg!(miri) {
    64
} else {
    1 << (OFFSET_BITS - CHUNK_BITS)
};

/// The most bytes of an entry: a record, a suffix and what else there is of both.
pub(super) const ENTRY_BYTES_MAX: usize = if cfg!(miri) { 900 } else { 80 * 1024 };

/// Bytes before an entry: its length, below 2²¹.
const LENGTH_BYTES_MAX: usize = 3;

//----------- Chunk ------------------------------------------------------------

/// Memory of [`CHUNK_BYTES`], aligned to its size.
#[derive(Debug)]
pub(super) struct Chunk {
    pages: Pages,
}

impl Chunk {
    /// Takes memory from the system, in a huge page where that is wanted and the kernel has one.
    pub(super) fn new(is_huge: bool) -> Self {
        let pages = Pages::new(CHUNK_BYTES, CHUNK_BYTES);
        if is_huge {
            pages.advise_huge();
        }
        Self { pages }
    }

    /// Where it starts; valid for [`CHUNK_BYTES`] until it is dropped.
    pub(super) fn start(&self) -> *mut u8 {
        self.pages.start().as_ptr()
    }
}

//----------- Entries ----------------------------------------------------------

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

/// Writes an entry of so many bytes, made of parts, and its length.
///
/// # Safety
/// `start` is that of a chunk; [`stored_bytes`] from the place on lie inside it, and nobody else
/// reads or writes them meanwhile.
#[expect(unsafe_code, reason = "memory that readers read without a lock")]
pub(super) unsafe fn write(start: *mut u8, place: usize, bytes: usize, parts: &[&[u8]]) {
    let mut length = [0; LENGTH_BYTES_MAX];
    let before = length_bytes(bytes);
    for (at, byte) in length[..before].iter_mut().enumerate() {
        let seven = u8::try_from(bytes >> (7 * at) & 0x7f).unwrap_or_default();
        *byte = seven | if at + 1 < before { 0x80 } else { 0 };
    }
    // SAFETY: the caller's; the parts are `bytes` together, and a chunk is no part of itself.
    unsafe {
        let mut at = start.add(place);
        for part in std::iter::once(&&length[..before]).chain(parts) {
            ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
            at = at.add(part.len());
        }
    }
}

/// The entry at a place.
///
/// # Safety
/// `start` is that of a chunk, and an entry was written whole at that place, which happened before
/// this. The chunk is there as long as `'a`.
#[expect(unsafe_code, reason = "memory that readers read without a lock")]
pub(super) unsafe fn read<'a>(start: *const u8, place: usize) -> &'a [u8] {
    // SAFETY: the caller's: the place lies inside the chunk.
    let at = unsafe { start.add(place) };
    let (mut bytes, mut read) = (0, 0);
    loop {
        // SAFETY: a length is as long as its bytes say, and at most LENGTH_BYTES_MAX.
        let byte = usize::from(unsafe { *at.add(read) });
        bytes |= (byte & 0x7f) << (7 * read);
        read += 1;
        if byte < 0x80 || read == LENGTH_BYTES_MAX {
            break;
        }
    }
    // SAFETY: behind the length, so many bytes were written, and entries do not change.
    unsafe { std::slice::from_raw_parts(at.add(read), bytes) }
}
