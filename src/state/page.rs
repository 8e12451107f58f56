//! Pages of the identifiers of a prefix, as they were at one cut.

use std::sync::{Arc, PoisonError};

use super::{
    PinError, State, View,
    index::{PrefixCounts, Slot},
};
use crate::identifier::{Identifier, System};

//----------- Page -------------------------------------------------------------

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
        let (view, counts) = self.pin_and(count)?;
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
    pub fn each(&self, from: u32, mut f: impl FnMut(&Slot) -> bool) -> Result<(), PinError> {
        let seq = self.view.pin().seq();
        let listed = self.counts.listed;
        let index = self.view.state().index();
        index.each_listed(System::Handle, &self.prefix, from, |slot| {
            if slot.ordinal() >= listed {
                return false;
            }
            let slot = slot.to_slot();
            if slot.position.seq <= seq {
                return f(&slot);
            }
            // Changed since: what it was went to the pin first.
            self.before(&slot).is_none_or(|before| f(&before))
        });
        self.view.check()
    }

    /// What a slot was at the cut.
    fn before(&self, slot: &Slot) -> Option<Slot> {
        let identifier = Identifier::parse_query(&slot.spelling).ok()?;
        let shard = self.view.state().index().shard_of(&identifier.key());
        let part = self.view.pin().part(shard);
        let part = part.lock().unwrap_or_else(PoisonError::into_inner);
        part.find(&slot.spelling).cloned()
    }
}
