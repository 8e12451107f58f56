//! Identifier → record, in memory.
//!
//! Readers pass a closure that runs inside the shard's read section and encodes straight into the
//! reply; nothing of the map leaves `shard.rs`.

mod ancestors;
mod shard;

pub use shard::Index;

use crate::{
    change::{Class, Position},
    record::RecordRef,
};

//----------- Slot -------------------------------------------------------------

/// What the index holds of an identifier, live or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// As first registered.
    pub spelling: Box<str>,
    /// How it came to be here.
    pub class: Class,
    /// Its last change.
    pub position: Position,
    /// Its record, or its tombstone.
    pub state: SlotState,
}

/// A record, or the tombstone that stays for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    /// The canonical encoding of its record.
    Live(Box<[u8]>),
    /// Removed.
    Removed {
        /// When, in milliseconds since the epoch.
        at_ms: u64,
    },
}

impl Slot {
    fn is_live(&self) -> bool {
        matches!(self.state, SlotState::Live(_))
    }

    /// Its record, unless it was removed.
    #[must_use]
    pub fn record(&self) -> Option<RecordRef<'_>> {
        match &self.state {
            SlotState::Live(bytes) => Some(RecordRef::trusted(bytes)),
            SlotState::Removed { .. } => None,
        }
    }
}
