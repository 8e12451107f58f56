//! Words of a file that is mapped into memory, shared by threads and kept by the kernel.

use std::{fs::File, io, ptr::NonNull, sync::atomic::AtomicU64};

use rustix::mm::{MapFlags, MsyncFlags, ProtFlags, mmap, mmap_anonymous, msync, munmap};

/// Bytes of a word.
pub(super) const WORD_BYTES: usize = 8;

//----------- Words ------------------------------------------------------------

/// A range of a file, as words.
///
/// The range must stay allocated while it is mapped, or reading it kills the process: whoever maps
/// a file is the only one that changes its length, and the data directory is locked.
#[derive(Debug)]
pub(super) struct Words {
    start: NonNull<u64>,
    bytes: usize,
    is_file: bool,
}

// SAFETY: it owns its mapping, which no thread is tied to.
#[expect(unsafe_code, reason = "memory that is owned may be sent")]
unsafe impl Send for Words {}

// SAFETY: it is given out as atomics only.
#[expect(unsafe_code, reason = "atomics may be shared")]
unsafe impl Sync for Words {}

impl Words {
    /// Maps `bytes` of a file from `offset` on, both multiples of a page; they must be allocated.
    pub(super) fn of_file(file: &File, offset: u64, bytes: usize) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: it replaces nothing: where it is to be is not said.
        #[expect(unsafe_code, reason = "memory by hand")]
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                bytes,
                access,
                MapFlags::SHARED,
                file,
                offset,
            )
        };
        Self::mapped(start?.cast(), bytes, true)
    }

    /// The same without a file: gone with the process.
    pub(super) fn of_memory(bytes: usize) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: as above.
        #[expect(unsafe_code, reason = "memory by hand")]
        let start =
            unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, access, MapFlags::PRIVATE) };
        Self::mapped(start?.cast(), bytes, false)
    }

    fn mapped(start: *mut u64, bytes: usize, is_file: bool) -> io::Result<Self> {
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self {
            start,
            bytes,
            is_file,
        })
    }

    /// All of them.
    #[expect(unsafe_code, reason = "memory by hand")]
    pub(super) fn all(&self) -> &[AtomicU64] {
        // SAFETY: the mapping begins at a page and has so many bytes until it is dropped; every bit
        // pattern is a word, and whoever has it has atomics of it only.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.bytes / WORD_BYTES) }
    }

    /// Waits until they are on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        if !self.is_file {
            return Ok(());
        }
        // SAFETY: the range is this mapping.
        #[expect(unsafe_code, reason = "memory by hand")]
        let synced = unsafe { msync(self.start.as_ptr().cast(), self.bytes, MsyncFlags::SYNC) };
        Ok(synced?)
    }
}

impl Drop for Words {
    #[expect(unsafe_code, reason = "memory by hand")]
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's, and whoever drops it has no reference into it.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}
