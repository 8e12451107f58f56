//! The figures of the assessment, computed from the fold and the counters whenever they are asked
//! for. What each means is in `docs/counting.md`; its version goes with every reply.

mod node;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

pub use node::{ACTIVE_DAYS, Average, NodeFigures};
pub(super) use scope::is_at_or_below;
pub use scope::{Period, Scope, day_after, day_of, number_of};

use super::{Kind, Origin, Outcome, Resolutions, Subject};
use crate::{
    identifier::{Prefix, System},
    state::{
        DayRegistrations, Registrations, State,
        directory::{Directory, PrefixEntry, Whose},
    },
};

/// The version of the definitions in `docs/counting.md`.
pub const DEFINITIONS: u32 = 2;

//----------- Sums -------------------------------------------------------------

/// What happened in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sums {
    /// Of identifiers.
    pub registrations: Registered,
    /// Questions for identifiers (T8).
    pub resolutions: Resolved,
    /// Questions for where the identifiers of a prefix are (T3).
    pub route_resolutions: Resolved,
}

/// What happened to identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Registered {
    /// For the first time in their life: what the cumulative count grows by.
    pub new: u64,
    /// Again after removal.
    pub restored: u64,
    /// Both: the day figure of T8.
    pub registered: u64,
    /// Taken over from elsewhere; in no count of what was registered here.
    pub adopted: u64,
    /// Removed.
    pub removed: u64,
}

/// What became of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Resolved {
    /// Received.
    pub requests: u64,
    /// Found and answered, asked from outside.
    pub successes: u64,
}

impl Sums {
    fn add_registrations(&mut self, more: DayRegistrations) {
        let sums = &mut self.registrations;
        sums.new += u64::from(more.new);
        sums.restored += u64::from(more.restored);
        sums.registered += u64::from(more.new) + u64::from(more.restored);
        sums.adopted += u64::from(more.adopted);
        sums.removed += u64::from(more.removed);
    }

    fn add_resolutions(&mut self, kind: Kind, total: u64) {
        let resolved = match kind.subject {
            Subject::Identifier => &mut self.resolutions,
            Subject::Route => &mut self.route_resolutions,
        };
        // What is a test is in no figure.
        if kind.origin == Origin::Test {
            return;
        }
        if is_request(kind.outcome) {
            resolved.requests += total;
        }
        if kind.outcome == Outcome::Success && kind.origin == Origin::External {
            resolved.successes += total;
        }
    }
}

/// Whether an answer is the answer to a query of its own.
fn is_request(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Success
        | Outcome::NotFound
        | Outcome::Gone
        | Outcome::NotResponsible
        | Outcome::Denied
        | Outcome::Error
        | Outcome::Limited => true,
        // The same query once more, or none.
        Outcome::Truncated | Outcome::Auxiliary | Outcome::Retransmitted | Outcome::Preview => {
            false
        }
    }
}

//----------- Figures ----------------------------------------------------------

/// What figures are computed from, at one moment.
pub struct Figures<'a> {
    state: &'a State,
    directory: &'a Directory,
    registrations: Registrations,
    resolutions: Resolutions,
    /// Prefixes that are for tests.
    tests: HashSet<Whose>,
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
            tests.any(|test| is_at_or_below(&entry.facts.prefix, test.as_str()))
        };
        Self {
            state,
            directory,
            registrations: state.registrations(),
            resolutions,
            tests: (directory.prefixes().filter(is_test))
                .map(PrefixEntry::whose)
                .collect(),
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
        let resolved = self.resolutions.days().next();
        registered.into_iter().chain(resolved).min()
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
        for day in self.resolutions.days().filter(|day| period.has(*day)) {
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
