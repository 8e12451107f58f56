//! What the index holds of an identifier: owned, and as it lies in memory.

use std::fmt;

use super::{entry::Entry, space::Space};
use crate::{
    change::{Class, Position},
    record::{
        RecordRef, SuffixRef,
        packed::{PackedRef, take_suffix, time::take_time},
    },
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
    /// Its place among the identifiers of its prefix, from 0, in the order in which they were
    /// registered. The index gives it; what is put in keeps the one it has.
    pub ordinal: u32,
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
    /// Whether it was not removed.
    #[must_use]
    pub fn is_live(&self) -> bool {
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

//----------- SlotRef ----------------------------------------------------------

/// The same as it lies in memory, inside a read-side section.
#[derive(Clone, Copy)]
pub struct SlotRef<'a> {
    entry: Entry,
    space: &'a Space,
    suffix: SuffixRef<'a>,
    /// The packed record, or when it was removed.
    state: &'a [u8],
    /// Bytes of the whole entry.
    bytes: usize,
}

/// A record as it lies in memory, or the tombstone.
#[derive(Debug, Clone, Copy)]
pub enum SlotRefState<'a> {
    /// Its record.
    Live(PackedRef<'a>),
    /// Removed.
    Removed {
        /// When, in milliseconds since the epoch.
        at_ms: u64,
    },
}

impl<'a> SlotRef<'a> {
    /// Reads an entry, for which `space` finds the prefix of a number.
    #[inline]
    pub(super) fn read(
        bytes: &'a [u8],
        space: impl FnOnce(u32) -> Option<&'a Space>,
    ) -> Option<Self> {
        let mut state = bytes;
        let entry = Entry::take(&mut state)?;
        let space = space(entry.prefix)?;
        let suffix = take_suffix(space.dictionary(), &mut state)?;
        Some(Self {
            entry,
            space,
            suffix,
            state,
            bytes: bytes.len(),
        })
    }

    /// Its last change.
    #[must_use]
    pub fn position(&self) -> Position {
        self.entry.position
    }

    /// How it came to be here.
    #[must_use]
    pub fn class(&self) -> Class {
        self.entry.class
    }

    /// Its place among the identifiers of its prefix.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        self.entry.ordinal
    }

    /// Whether it was not removed.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.entry.is_live
    }

    /// As first registered.
    #[must_use]
    pub fn spelling(&self) -> Spelling<'a> {
        Spelling {
            authority: self.space.authority(),
            suffix: self.suffix,
        }
    }

    /// Its record, or its tombstone.
    #[must_use]
    pub fn state(&self) -> SlotRefState<'a> {
        if self.entry.is_live {
            let authority = self.space.authority();
            let dictionary = self.space.dictionary();
            SlotRefState::Live(PackedRef::new(
                dictionary,
                authority,
                self.suffix,
                self.state,
            ))
        } else {
            let mut time = self.state;
            SlotRefState::Removed {
                at_ms: take_time(self.space.dictionary(), &mut time).unwrap_or_default(),
            }
        }
    }

    /// Its record, unless it was removed.
    #[must_use]
    pub fn record(&self) -> Option<PackedRef<'a>> {
        match self.state() {
            SlotRefState::Live(record) => Some(record),
            SlotRefState::Removed { .. } => None,
        }
    }

    /// The same, owned.
    #[must_use]
    pub fn to_slot(&self) -> Slot {
        let state = match self.state() {
            SlotRefState::Live(record) => {
                let mut bytes = Vec::with_capacity(512);
                record.encode(&mut bytes);
                SlotState::Live(bytes.into())
            }
            SlotRefState::Removed { at_ms } => SlotState::Removed { at_ms },
        };
        Slot {
            spelling: self.spelling().to_string().into(),
            class: self.class(),
            position: self.position(),
            ordinal: self.ordinal(),
            state,
        }
    }

    pub(super) fn space(&self) -> &'a Space {
        self.space
    }

    /// Bytes of the entry.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Of those, bytes of the packed record or of the time it was removed.
    pub(super) fn state_bytes(&self) -> usize {
        self.state.len()
    }

    /// Writes its folded key.
    pub(super) fn put_key(&self, key: &mut Vec<u8>) {
        key.clear();
        key.extend_from_slice(self.space.key_head());
        self.suffix
            .each_piece(|piece| key.extend_from_slice(piece.bytes()));
        key.make_ascii_uppercase();
    }

    /// Whether it is the identifier of that folded key.
    #[inline]
    pub(super) fn is_of(&self, key: &[u8]) -> bool {
        key.strip_prefix(self.space.key_head())
            .is_some_and(|local| self.suffix.is_folded(local))
    }
}

impl fmt::Debug for SlotRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_slot(), f)
    }
}

//----------- Spelling ---------------------------------------------------------

/// An identifier as first registered.
#[derive(Debug, Clone, Copy)]
pub struct Spelling<'a> {
    authority: &'a str,
    suffix: SuffixRef<'a>,
}

impl Spelling<'_> {
    /// Runs `f` on each of its pieces, in order.
    pub fn each_piece(&self, mut f: impl FnMut(&str)) {
        f(self.authority);
        f("/");
        self.suffix.each_piece(|piece| f(piece.text()));
    }
}

impl fmt::Display for Spelling<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Ok(());
        self.each_piece(|piece| {
            if written.is_ok() {
                written = f.write_str(piece);
            }
        });
        written
    }
}
