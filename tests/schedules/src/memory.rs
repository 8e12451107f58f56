//! Memory that is zero: made one by one, since the checker's atomics are more than their bits.

/// What is 0 by default.
///
/// # Safety
/// None here.
pub(super) unsafe trait Zero: Default {}

// SAFETY: none is asked for.
unsafe impl<T> Zero for loom::sync::atomic::AtomicPtr<T> {}

/// So many zeros.
pub(super) fn zeroed<T: Zero>(count: usize) -> Box<[T]> {
    (0..count).map(|_| T::default()).collect()
}
