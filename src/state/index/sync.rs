//! What threads of the index share by. `tests/schedules` puts a checker's own in their place.

pub(super) use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicPtr, AtomicU64, Ordering},
};
