//! The figures of the assessment, computed from the fold and the counters whenever they are asked
//! for. What each means is in `docs/counting.md`; its version goes with every reply.

mod node;
mod scope;
mod sums;
#[cfg(test)]
mod tests;
mod timings;

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;

pub use node::{ACTIVE_DAYS, Average, NodeFigures};
pub use scope::{Period, Scope, begins_ms, day_after, day_of, number_of};
pub use sums::{Registered, Resolved, Sums};
pub use timings::{PeriodTimings, ScopeTimings, TimingFigures};

use super::{Kind, Resolutions};
use crate::{
    identifier::{Prefix, System},
    state::{
        DayRegistrations, Registrations, State,
        directory::{Directory, PrefixEntry, Whose},
    },
};

/// The version of the definitions in `docs/counting.md`.
pub const DEFINITIONS: u32 = 2;

//----------- Figures ----------------------------------------------------------

/// What figures are computed from, at one moment.
pub struct Figures<'a> {
    state: &'a State,
    directory: &'a Directory,
    registrations: Registrations,
    resolutions: Resolutions,
    /// Prefixes that are for tests.
    tests: HashSet<Whose>,
    docking_date: Option<Date>,
}

impl<'a> Figures<'a> {
    /// What a node knows now; `directory` is its state's, `tests` are the prefixes that are for
    /// tests, with all below them.
    #[must_use]
    pub fn new(
        state: &'a State,
        directory: &'a Directory,
        resolutions: Resolutions,
        tests: &[Prefix],
    ) -> Self {
        let is_test = |entry: &&PrefixEntry| {
            let mut tests = tests.iter();
            tests.any(|test| entry.facts.prefix.is_at_or_below(test))
        };
        Self {
            state,
            directory,
            registrations: state.registrations(),
            resolutions,
            tests: (directory.prefixes().filter(is_test))
                .map(PrefixEntry::whose)
                .collect(),
            docking_date: None,
        }
    }

    /// The same of a node that docked with the national top-level node on a day: means count from
    /// there.
    #[must_use]
    pub fn docked(self, docking_date: Option<Date>) -> Self {
        Self {
            docking_date,
            ..self
        }
    }

    /// What happened in a period.
    #[must_use]
    pub fn sums(&self, scope: &Scope, period: Period) -> Sums {
        let mut sums = Sums::default();
        self.each(period, |whose, what| {
            if scope.has(whose) {
                what.add_to(&mut sums);
            }
        });
        sums
    }

    /// What happened to each enterprise prefix in a period; those to which nothing did are missing.
    #[must_use]
    pub fn by_prefix(&self, period: Period) -> BTreeMap<Whose, Sums> {
        let mut all: BTreeMap<Whose, Sums> = BTreeMap::new();
        self.each(period, |whose, what| {
            what.add_to(all.entry(whose).or_default())
        });
        all
    }

    /// The first day of which anything is known.
    #[must_use]
    pub fn first_day(&self) -> Option<u32> {
        let registered = self.registrations.days().next().map(|(day, _)| day);
        let resolved = self.resolutions.days().first().copied();
        registered.into_iter().chain(resolved).min()
    }

    /// Whether a prefix is for tests.
    #[must_use]
    pub fn is_test(&self, whose: Whose) -> bool {
        self.tests.contains(&whose)
    }

    /// Live identifiers of an enterprise prefix that are hosted here.
    #[must_use]
    pub fn live(&self, entry: &PrefixEntry) -> u64 {
        let is_hosted = matches!(entry.facts.hosting, crate::change::Hosting::Hosted);
        if !is_hosted || self.tests.contains(&entry.whose()) {
            return 0;
        }
        let prefix = entry.facts.prefix.as_str();
        self.state.index().counts(System::Handle, prefix).live
    }

    /// How many live identifiers each enterprise prefix had at the end of a day; those without any are
    /// missing. From what happened on each day alone: what is registered meanwhile is in no sum of a
    /// day before.
    #[must_use]
    pub fn live_at_end_of(&self, day: Date) -> BTreeMap<Whose, u64> {
        let mut net: BTreeMap<Whose, i64> = BTreeMap::new();
        let until = self.registrations.days();
        for (_, prefixes) in until.take_while(|(of, _)| *of <= number_of(day)) {
            for (whose, counted) in prefixes {
                let more = [counted.new, counted.restored, counted.adopted].map(i64::from);
                let grown = more.iter().sum::<i64>() - i64::from(counted.removed);
                *net.entry(*whose).or_default() += grown;
            }
        }
        let live = net
            .into_iter()
            .map(|(whose, net)| (whose, u64::try_from(net)));
        let live = live.filter_map(|(whose, live)| Some((whose, live.ok()?)));
        live.filter(|(_, live)| *live > 0).collect()
    }

    fn each(&self, period: Period, mut f: impl FnMut(Whose, What)) {
        for (day, prefixes) in self.registrations.days() {
            if period.has(day) {
                for (whose, counted) in prefixes {
                    if !self.tests.contains(whose) {
                        f(*whose, What::Registered(*counted));
                    }
                }
            }
        }
        let days = self.resolutions.days().into_iter();
        for day in days.filter(|day| period.has(*day)) {
            for (whose, kind, total) in self.resolutions.of_day(day) {
                f(whose, What::Resolved(kind, total));
            }
        }
    }
}

/// Something that is summed.
enum What {
    Registered(DayRegistrations),
    Resolved(Kind, u64),
}

impl What {
    fn add_to(self, sums: &mut Sums) {
        match self {
            Self::Registered(counted) => sums.add_registrations(counted),
            Self::Resolved(kind, total) => sums.add_resolutions(kind, total),
        }
    }
}
