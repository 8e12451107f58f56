//! What happened in a period, summed.

use serde::Serialize;

use crate::{
    accounting::{Kind, Origin, Outcome, Subject},
    state::DayRegistrations,
};

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
    pub(super) fn add_registrations(&mut self, more: DayRegistrations) {
        let sums = &mut self.registrations;
        sums.new += u64::from(more.new);
        sums.restored += u64::from(more.restored);
        sums.registered += u64::from(more.new) + u64::from(more.restored);
        sums.adopted += u64::from(more.adopted);
        sums.removed += u64::from(more.removed);
    }

    pub(super) fn add_resolutions(&mut self, kind: Kind, total: u64) {
        let resolved = match kind.subject {
            Subject::Identifier => &mut self.resolutions,
            Subject::Route => &mut self.route_resolutions,
        };
        // What is a test is in no figure.
        if kind.origin == Origin::Test {
            return;
        }
        if kind.outcome.is_request() {
            resolved.requests += total;
        }
        if kind.outcome == Outcome::Success && kind.origin == Origin::External {
            resolved.successes += total;
        }
    }
}
