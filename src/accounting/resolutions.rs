//! What was answered, by statistics day: what the ledger has, and what is counted now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Kind, cells::CellKey};
use crate::state::{HostDays, RolledUp, directory::Whose};

/// The cells of a day.
pub(super) type OfDay = Arc<[(CellKey, u64)]>;

//----------- Resolutions ------------------------------------------------------

/// All days of a node. A copy shares the days with its original.
#[derive(Debug, Clone, Default)]
pub struct Resolutions {
    /// Days that are in no roll-up.
    days: BTreeMap<u32, OfDay>,
    /// The others, of all hosts.
    rolled_up: Arc<RolledUp>,
}

impl Resolutions {
    /// Takes what is rolled up beside the days of this host. A day that is in both, since it is
    /// rolled up just now, is there once.
    pub(super) fn roll_up(&mut self, rolled_up: Arc<RolledUp>, host: &str) {
        let own = rolled_up.host(host);
        self.days
            .retain(|day, _| !own.is_some_and(|own| own.has(*day)));
        self.rolled_up = rolled_up;
    }

    /// The days on which anything was answered, YYYYMMDD, in order.
    #[must_use]
    pub fn days(&self) -> BTreeSet<u32> {
        let rolled_up = self.rolled_up.hosts().flat_map(|(_, days)| days.whole());
        let rolled_up = rolled_up.filter(|(_, cells)| !cells.is_empty());
        let days = rolled_up.map(|(day, _)| day);
        // What was counted before days were told apart is of none.
        days.chain(self.days.keys().copied())
            .filter(|day| *day > 0)
            .collect()
    }

    /// How often there was each kind of answer on a day, by whose it was.
    pub fn of_day(&self, day: u32) -> impl Iterator<Item = (Whose, Kind, u64)> {
        let own = self.days.get(&day).into_iter();
        let own = own.flat_map(|cells| cells.iter().copied());
        let hosts = self.rolled_up.hosts().map(|(_, days)| days);
        let rolled_up = hosts.filter_map(move |days: &HostDays| days.day(day));
        let rolled_up = rolled_up.flatten().filter_map(|((whose, numbers), total)| {
            // A kind of a later release is in no figure of this one.
            let kind = Kind::from_numbers(*numbers).ok()?;
            Some(((*whose, kind), *total))
        });
        own.chain(rolled_up)
            .map(|((whose, kind), total)| (whose, kind, total))
    }

    /// What a day came to, or has come to so far.
    pub(super) fn add(&mut self, day: u32, cells: OfDay) {
        if !cells.is_empty() {
            self.days.insert(day, cells);
        }
    }

    /// Lets go of a day that is rolled up.
    pub(super) fn forget(&mut self, day: u32) {
        self.days.remove(&day);
    }
}
