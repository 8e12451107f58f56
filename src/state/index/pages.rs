//! Memory straight from the kernel, in whole pages.
//!
//! The chunks of the arena and the pieces of the region are large and come and go. An allocator
//! keeps what is freed for what may come, in between what is in use: after ten million removals
//! that was a quarter of the process. A mapping is gone when it is given back.

use std::{
    alloc::{Layout, handle_alloc_error},
    ptr::NonNull,
};

//----------- Pages ------------------------------------------------------------

/// A mapping of its own. Its pages take no memory before they are written.
#[derive(Debug)]
pub(super) struct Pages {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it owns its memory, which no thread is tied to.
#[expect(unsafe_code, reason = "memory that is owned may be sent")]
unsafe impl Send for Pages {}

impl Pages {
    /// So many bytes, which start at a multiple of `align`; both are whole pages, and not 0.
    pub(super) fn new(bytes: usize, align: usize) -> Self {
        let layout = Layout::from_size_align(bytes, align);
        let layout = layout.expect("a power of two, and a size that a table or a chunk can have");
        match system::map(layout) {
            Some(start) => Self { start, layout },
            None => handle_alloc_error(layout),
        }
    }

    /// Where it starts; valid for all its bytes until it is dropped.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        self.layout.size()
    }

    /// Asks for huge pages, which the kernel may refuse (some are built without): then small ones do.
    pub(super) fn advise_huge(&self) {
        system::advise_huge(self.start, self.layout);
    }
}

impl Drop for Pages {
    #[expect(unsafe_code, reason = "memory by hand")]
    fn drop(&mut self) {
        // SAFETY: `map` made it for this layout, and whoever drops it is its only owner.
        unsafe { system::unmap(self.start, self.layout) };
    }
}

//----------- System -----------------------------------------------------------

#[cfg(not(miri))]
#[expect(unsafe_code, reason = "memory by hand")]
mod system {
    use std::{
        alloc::Layout,
        ptr::{NonNull, null_mut},
    };

    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

    /// A new mapping for that layout.
    pub(super) fn map(layout: Layout) -> Option<NonNull<u8>> {
        let (bytes, align) = (layout.size(), layout.align());
        // Mostly it is aligned: the kernel puts one such mapping below the other.
        let start = map_anywhere(bytes)?;
        if start.as_ptr().align_offset(align) == 0 {
            return Some(start);
        }
        // SAFETY: it was just made, and nobody knows it.
        unsafe { unmap_range(start, bytes) };
        // Then one that has room for it wherever it is, without what is too much of it.
        let start = map_anywhere(bytes + align)?;
        let before = start.as_ptr().align_offset(align);
        // SAFETY: `before` is less than `align`: both ranges are parts of what was just made, and
        // nobody knows it.
        unsafe {
            let found = start.add(before);
            unmap_range(start, before);
            unmap_range(found.add(bytes), align - before);
            Some(found)
        }
    }

    fn map_anywhere(bytes: usize) -> Option<NonNull<u8>> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: it replaces nothing: where it is to be is not said.
        let start = unsafe { mmap_anonymous(null_mut(), bytes, access, MapFlags::PRIVATE) };
        NonNull::new(start.ok()?.cast())
    }

    /// Gives a mapping back.
    ///
    /// # Safety
    /// [`map`] made it for that layout, and nobody reads or writes it any more.
    pub(super) unsafe fn unmap(start: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { unmap_range(start, layout.size()) };
    }

    /// # Safety
    /// All of the range is mapped by this module, and nobody reads or writes it any more.
    unsafe fn unmap_range(start: NonNull<u8>, bytes: usize) {
        if bytes > 0 {
            // SAFETY: the caller's.
            let unmapped = unsafe { munmap(start.as_ptr().cast(), bytes) };
            debug_assert!(unmapped.is_ok(), "{unmapped:?}");
        }
    }

    pub(super) fn advise_huge(start: NonNull<u8>, layout: Layout) {
        // SAFETY: the range is a mapping of ours; this advice changes nothing that is read.
        let _refused =
            unsafe { madvise(start.as_ptr().cast(), layout.size(), Advice::LinuxHugepage) };
    }
}

/// Miri has no kernel: its allocator does, which knows what was never written.
#[cfg(miri)]
#[expect(unsafe_code, reason = "memory by hand")]
mod system {
    use std::{
        alloc::{Layout, alloc, dealloc},
        ptr::NonNull,
    };

    pub(super) fn map(layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: its size is not 0.
        NonNull::new(unsafe { alloc(layout) })
    }

    /// # Safety
    /// [`map`] made it for that layout, and nobody reads or writes it any more.
    pub(super) unsafe fn unmap(start: NonNull<u8>, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { dealloc(start.as_ptr(), layout) };
    }

    pub(super) fn advise_huge(_: NonNull<u8>, _: Layout) {}
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "memory by hand")]
    fn mappings_are_aligned_zero_and_their_own() {
        let align = 1 << 21;
        let mut all = Vec::new();
        for nth in 1..20_u8 {
            let bytes = usize::from(nth % 3 + 1) << 20;
            let pages = Pages::new(bytes, align);
            assert_eq!(pages.start().as_ptr().align_offset(align), 0);
            assert_eq!(pages.bytes(), bytes);
            // SAFETY: the mapping is this test's own, and as long.
            let own = unsafe { std::slice::from_raw_parts_mut(pages.start().as_ptr(), bytes) };
            assert!(own.iter().all(|byte| *byte == 0));
            own.fill(nth);
            all.push((nth, pages));
            if nth % 4 == 0 {
                all.swap_remove(0);
            }
        }
        for (nth, pages) in &all {
            let bytes = pages.bytes();
            // SAFETY: as above.
            let own = unsafe { std::slice::from_raw_parts(pages.start().as_ptr(), bytes) };
            assert!(own.iter().all(|byte| byte == nth), "{nth} was another's");
        }
    }
}
