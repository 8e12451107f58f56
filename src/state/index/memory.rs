//! Memory as the machine has it: zeroed at once, and asked for before it is read.

use std::sync::atomic::{AtomicPtr, AtomicU32};

//----------- Zero -------------------------------------------------------------

/// What is itself when all its bytes are 0, and is by default.
///
/// # Safety
/// It is.
#[expect(unsafe_code, reason = "a promise that the compiler cannot check")]
pub(super) unsafe trait Zero: Default {}

// SAFETY: a number of zeros is 0.
#[expect(unsafe_code, reason = "memory that is zero")]
unsafe impl Zero for AtomicU32 {}

// SAFETY: a pointer of zeros is the null pointer.
#[expect(unsafe_code, reason = "memory that is zero")]
unsafe impl<T> Zero for AtomicPtr<T> {}

/// So many zeros. The pages of a large slice take no memory before they are written.
#[expect(unsafe_code, reason = "memory that is zero")]
pub(super) fn zeroed<T: Zero>(count: usize) -> Box<[T]> {
    let slice = Box::<[T]>::new_zeroed_slice(count);
    // SAFETY: all bytes are 0, which is a `T`.
    unsafe { slice.assume_init() }
}

//----------- prefetch ---------------------------------------------------------

/// Asks the processor for the line of the cache that an address is in. A hint: any address will do.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(
    unsafe_code,
    reason = "an instruction that the language has no word for"
)]
pub(super) fn prefetch(at: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: it reads nothing, and does not fault.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
}

/// Asks the processor for the line of the cache that an address is in. A hint: any address will do.
#[cfg(all(target_arch = "aarch64", not(miri)))]
#[expect(
    unsafe_code,
    reason = "an instruction that the language has no word for"
)]
pub(super) fn prefetch(at: *const u8) {
    // SAFETY: it reads nothing, and does not fault.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{at}]", at = in(reg) at, options(nostack, readonly));
    }
}

/// Elsewhere the processor finds out itself.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(super) fn prefetch(_: *const u8) {}
