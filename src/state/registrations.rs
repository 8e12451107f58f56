//! What was registered, by statistics day and prefix.

use std::{collections::BTreeMap, sync::Arc};

use super::directory::{Directory, Whose};
use crate::change::Class;

//----------- DayRegistrations -------------------------------------------------

/// What happened to the identifiers of a prefix on one day. The meaning of each is in
/// `docs/counting.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayRegistrations {
    /// Registered for the first time in their life (累计注册量 grows by these).
    pub new: u32,
    /// Registered again after removal.
    pub restored: u32,
    /// Taken over from elsewhere: registered there.
    pub adopted: u32,
    /// Removed (注销).
    pub removed: u32,
}

impl DayRegistrations {
    /// Adds what happened elsewhere, or later.
    pub fn add(&mut self, other: Self) {
        self.new = self.new.saturating_add(other.new);
        self.restored = self.restored.saturating_add(other.restored);
        self.adopted = self.adopted.saturating_add(other.adopted);
        self.removed = self.removed.saturating_add(other.removed);
    }
}

/// All prefixes of a day.
pub type OfDay = BTreeMap<Whose, DayRegistrations>;

//----------- Registrations ----------------------------------------------------

/// All days of a ledger. A copy shares the days with its original.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registrations {
    days: BTreeMap<u32, Arc<OfDay>>,
}

impl Registrations {
    /// The days on which anything happened, YYYYMMDD, in order.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = (u32, &OfDay)> {
        self.days
            .iter()
            .map(|(day, of_day)| (*day, of_day.as_ref()))
    }

    /// Adds what happened to a prefix on a day.
    pub(super) fn add(&mut self, day: u32, whose: Whose, more: DayRegistrations) {
        if more != DayRegistrations::default() {
            let of_day = Arc::make_mut(self.days.entry(day).or_default());
            of_day.entry(whose).or_default().add(more);
        }
    }
}

//----------- OfEntry ----------------------------------------------------------

/// What happens in one entry: most of it to one prefix after the other.
#[derive(Debug)]
pub(super) struct OfEntry<'a> {
    directory: &'a Directory,
    day: u32,
    prefix: String,
    whose: Whose,
    counted: DayRegistrations,
}

impl<'a> OfEntry<'a> {
    pub(super) fn new(directory: &'a Directory, day: u32) -> Self {
        Self {
            directory,
            day,
            prefix: String::new(),
            whose: Whose::NOBODY,
            counted: DayRegistrations::default(),
        }
    }

    /// An identifier of a prefix was registered that was not live; `was_there` as a tombstone.
    pub(super) fn registered(
        &mut self,
        all: &mut Registrations,
        prefix: &str,
        class: Class,
        was_there: bool,
    ) {
        let counted = self.of(all, prefix);
        match class {
            Class::Test => {}
            Class::New if !was_there => counted.new += 1,
            Class::Adopted if !was_there => counted.adopted += 1,
            Class::New | Class::Adopted | Class::Restored => counted.restored += 1,
        }
    }

    /// A live identifier of a prefix was removed.
    pub(super) fn removed(&mut self, all: &mut Registrations, prefix: &str, class: Class) {
        let counted = self.of(all, prefix);
        if class != Class::Test {
            counted.removed += 1;
        }
    }

    /// Adds what was counted last.
    pub(super) fn finish(&mut self, all: &mut Registrations) {
        all.add(self.day, self.whose, std::mem::take(&mut self.counted));
    }

    fn of(&mut self, all: &mut Registrations, prefix: &str) -> &mut DayRegistrations {
        if self.prefix != prefix {
            self.finish(all);
            self.prefix.clear();
            self.prefix.push_str(prefix);
            self.whose = self.directory.whose(prefix).unwrap_or_default();
        }
        &mut self.counted
    }
}
