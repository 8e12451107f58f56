//! Memory for tables: boxes.

use std::sync::Arc;

use super::memory::{Zero, zeroed};

/// Nothing.
#[derive(Debug, Default)]
pub(super) struct Region;

/// Items.
pub(super) type Slice<T> = Box<[T]>;

impl Region {
    /// So many zeros.
    pub(super) fn zeroed<T: Zero>(self: &Arc<Self>, count: usize) -> Slice<T> {
        zeroed(count)
    }
}
