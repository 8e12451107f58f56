//! What one who answers has timed since it was last collected.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use foldhash::fast::FixedState;

use super::{Activity, part::Part};
use crate::state::directory::Whose;

/// The most of a lane until it is collected: more prefixes than answer in a second. Beyond it
/// requests are the node's only.
pub(super) const PARTS_MAX: usize = 65_536;

/// A second, whose requests, and of what kind.
pub(super) type PartKey = (u64, Whose, Activity);

/// What is taken from a lane.
pub(super) type Parts = HashMap<PartKey, Part, FixedState>;

//----------- Request ----------------------------------------------------------

/// A request that was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The prefix that it was for.
    pub whose: Whose,
    /// It has its answer: one that was held back or failed tells nothing of how long that takes.
    pub is_answered: bool,
}

//----------- Lane -------------------------------------------------------------

/// Where one who answers puts what it has timed. A lock per batch, and nobody waits for it but when
/// the lane is collected, once a second.
#[derive(Debug, Default)]
pub struct Lane(Mutex<Parts>);

impl Lane {
    /// Adds requests whose answers were all sent in that second, after as many microseconds.
    pub fn add(
        &self,
        second: u64,
        activity: Activity,
        took_us: u64,
        requests: impl IntoIterator<Item = Request>,
    ) {
        let each = requests.into_iter().map(|request| (request, 1));
        self.add_each(second, activity, took_us, each);
    }

    /// The same of as many that are alike.
    pub fn add_many(&self, second: u64, activity: Activity, took_us: u64, of: Request, count: u64) {
        self.add_each(second, activity, took_us, [(of, count)]);
    }

    fn add_each(
        &self,
        second: u64,
        activity: Activity,
        took_us: u64,
        requests: impl IntoIterator<Item = (Request, u64)>,
    ) {
        let mut parts = self.parts();
        for (request, count) in requests {
            let mut key = (second, request.whose, activity);
            if parts.len() >= PARTS_MAX && !parts.contains_key(&key) {
                key.1 = Whose::NOBODY;
            }
            let part = parts.entry(key).or_default();
            part.take(request.is_answered, count, took_us);
        }
    }

    /// All of it, and nothing is left.
    pub(super) fn collect(&self) -> Parts {
        let mut taken = Parts::default();
        let mut parts = self.parts();
        // The next second is like this one.
        taken.reserve(parts.len());
        std::mem::swap(&mut *parts, &mut taken);
        taken
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
