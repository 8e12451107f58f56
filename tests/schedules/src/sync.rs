//! What `src/state/index/sync.rs` has of the standard library, of the checker.

pub(super) use std::sync::{Arc, PoisonError};

pub(super) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicPtr, AtomicU64, Ordering},
};
