//! Pages of the identifiers of a prefix, as they were at one cut.

use std::sync::{Arc, PoisonError};

use super::{
    PIN_BYTES_MAX, PinError, State, View,
    index::{PrefixCounts, Slot, SlotRef, SlotRefState, SlotState},
};
use crate::{
    change::Position,
    identifier::{Identifier, System},
};

//----------- PrefixView -------------------------------------------------------

/// The identifiers of a prefix at a cut, in the order in which they were registered.
#[derive(Debug)]
pub struct PrefixView {
    view: View,
    prefix: Box<str>,
    counts: PrefixCounts,
}

impl State {
    /// Pins the identifiers of a prefix as they are now.
    ///
    /// # Errors
    /// As of [`State::pin`].
    pub fn pin_prefix(self: &Arc<Self>, prefix: &str) -> Result<PrefixView, PinError> {
        let count = |state: &Self| state.index().counts(System::Handle, prefix);
        let (view, counts) = self.pin_and(PIN_BYTES_MAX, count)?;
        Ok(PrefixView {
            view,
            prefix: prefix.into(),
            counts,
        })
    }
}

impl PrefixView {
    /// How many identifiers the prefix has.
    #[must_use]
    pub fn counts(&self) -> PrefixCounts {
        self.counts
    }

    /// The cut.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Runs `f` on the identifiers from an ordinal on, live and removed, as long as it says so.
    ///
    /// # Errors
    /// Where more was changed meanwhile than is kept; then the reader starts again.
    pub fn each(&self, from: u32, mut f: impl FnMut(Listed<'_>) -> bool) -> Result<(), PinError> {
        let seq = self.view.pin().seq();
        let listed = self.counts.listed;
        let index = self.view.state().index();
        index.each_listed(System::Handle, &self.prefix, from, |slot| {
            if slot.ordinal() >= listed {
                return false;
            }
            if slot.position().seq <= seq {
                return f(Listed::Held(slot));
            }
            // Changed since: what it was went to the pin first.
            self.before(&slot.spelling().to_string())
                .is_none_or(|before| f(Listed::Kept(before)))
        });
        self.view.check()
    }

    /// What an identifier was at the cut.
    fn before(&self, spelling: &str) -> Option<Slot> {
        let identifier = Identifier::parse_query(spelling).ok()?;
        let shard = self.view.state().index().shard_of(&identifier.key());
        let part = self.view.pin().part(shard);
        let part = part.lock().unwrap_or_else(PoisonError::into_inner);
        part.find(spelling).cloned()
    }
}

//----------- Listed -----------------------------------------------------------

/// An identifier of a listing.
#[derive(Debug)]
pub enum Listed<'a> {
    /// As it is still.
    Held(SlotRef<'a>),
    /// As it was before it changed.
    Kept(Slot),
}

impl Listed<'_> {
    /// Its place among those of its prefix.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        match self {
            Self::Held(slot) => slot.ordinal(),
            Self::Kept(slot) => slot.ordinal,
        }
    }

    /// As first registered.
    #[must_use]
    pub fn spelling(&self) -> String {
        match self {
            Self::Held(slot) => slot.spelling().to_string(),
            Self::Kept(slot) => slot.spelling.to_string(),
        }
    }

    /// Its last change.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Held(slot) => slot.position(),
            Self::Kept(slot) => slot.position,
        }
    }

    /// When it was removed, in milliseconds since the epoch; none where it is live.
    #[must_use]
    pub fn removed_at_ms(&self) -> Option<u64> {
        match self {
            Self::Held(slot) => match slot.state() {
                SlotRefState::Removed { at_ms } => Some(at_ms),
                SlotRefState::Live(_) => None,
            },
            Self::Kept(slot) => match &slot.state {
                SlotState::Removed { at_ms } => Some(*at_ms),
                SlotState::Live(_) => None,
            },
        }
    }
}
