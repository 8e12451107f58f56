//! How long the node was up, and how long of that at fault.

use std::collections::{BTreeMap, VecDeque};

use super::{EventLog, spans::Spans};
use crate::change::{EventChange, rest_of_day_ms, statistics_day};

/// Stops that are kept, to be named one by one; how long the node was up is kept of all.
pub(super) const STOPS_MAX: usize = 1_000;

/// Spans at fault that are kept, so that a fault which is noted later counts no moment twice; how long
/// they were is kept of all.
pub(super) const FAULTY_MAX: usize = 10_000;

/// Months that are kept: fifty years.
const MONTHS_MAX: usize = 600;

//----------- Running ----------------------------------------------------------

/// When the node was up, and when at fault; milliseconds since the epoch, 0 where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// Since when it is up.
    pub(super) up_since_ms: u64,
    /// When it was first ready.
    pub(super) first_ms: u64,
    /// What is over, by month as YYYYMM; of faults those that are no longer in `faulty`.
    pub(super) months: BTreeMap<u32, MonthRunning>,
    pub(super) stops: VecDeque<Stop>,
    /// When it was up and a fault that is over was not.
    pub(super) faulty: Spans,
}

/// How long the node was up in a month of Shanghai, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthRunning {
    /// From each start to its end.
    pub up_ms: u64,
    /// Of that: while a fault was not over.
    pub faulty_ms: u64,
}

/// A time in which the node was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// When it stopped, or was last known to be alive.
    pub stopped_ms: u64,
    /// When it was ready again; 0: not yet.
    pub started_ms: u64,
    /// Whether it was told to.
    pub was_told: bool,
}

impl Running {
    /// When it was first ready; none: never.
    #[must_use]
    pub fn first_ms(&self) -> Option<u64> {
        Some(self.first_ms).filter(|ms| *ms > 0)
    }

    /// Since when it is ready; none: it was stopped since, or never was.
    #[must_use]
    pub fn up_since_ms(&self) -> Option<u64> {
        Some(self.up_since_ms).filter(|ms| *ms > 0)
    }

    /// Of a month as YYYYMM, as of a moment: the present run counts up to then, and so do the faults
    /// that are not over, by when they began.
    pub(super) fn month(
        &self,
        month: u32,
        now_ms: u64,
        open: impl Iterator<Item = u64>,
    ) -> MonthRunning {
        let mut now = self.clone();
        for began_ms in open {
            now.end_fault(began_ms, now_ms);
        }
        if now.up_since_ms > 0 {
            now.end_run(now_ms);
        }
        now.forget_faults(0);
        now.months.get(&month).copied().unwrap_or_default()
    }

    /// The times in which it was down, of those that are kept.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> {
        self.stops.iter()
    }

    /// Takes a change that the log does not have yet.
    pub(super) fn take(&mut self, change: &EventChange, log: &EventLog) {
        match change {
            EventChange::Started {
                at_ms,
                alive_until_ms,
            } => self.start(*at_ms, *alive_until_ms),
            EventChange::Stopped { at_ms } if self.up_since_ms > 0 => {
                self.end_run(*at_ms);
                self.stop(*at_ms, true);
            }
            EventChange::Recovered { event, of } if event.prefix.is_none() => {
                if let Some(fault) = log.get(*of).and_then(EventChange::numbered) {
                    self.end_fault(fault.at_ms, event.at_ms);
                    self.forget_faults(FAULTY_MAX);
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, at_ms: u64, alive_until_ms: u64) {
        if self.up_since_ms > 0 {
            // It was not stopped: it was up as long as is known, and not longer.
            let until_ms = alive_until_ms.clamp(self.up_since_ms, at_ms.max(self.up_since_ms));
            self.end_run(until_ms);
            self.stop(until_ms, false);
        }
        if let Some(stop) = self.stops.back_mut()
            && stop.started_ms == 0
        {
            stop.started_ms = at_ms;
        }
        if self.first_ms == 0 {
            self.first_ms = at_ms;
        }
        self.up_since_ms = at_ms;
    }

    fn stop(&mut self, stopped_ms: u64, was_told: bool) {
        self.stops.push_back(Stop {
            stopped_ms,
            started_ms: 0,
            was_told,
        });
        while self.stops.len() > STOPS_MAX {
            self.stops.pop_front();
        }
    }

    fn end_run(&mut self, until_ms: u64) {
        let since_ms = std::mem::take(&mut self.up_since_ms);
        self.add(since_ms, until_ms, |month| &mut month.up_ms);
    }

    /// Of a fault counts when the node was up: it may be noted long after it was.
    fn end_fault(&mut self, began_ms: u64, ended_ms: u64) {
        for (since_ms, until_ms) in self.runs() {
            let faulty = &mut self.faulty;
            faulty.add(began_ms.max(since_ms), ended_ms.min(until_ms));
        }
    }

    /// From when to when it was up. Where stops are forgotten it is taken for up: a fault then counts
    /// for more, and availability for less.
    fn runs(&self) -> Vec<(u64, u64)> {
        let mut since_ms = self.first_ms;
        let mut runs = Vec::new();
        for stop in &self.stops {
            runs.push((since_ms, stop.stopped_ms));
            since_ms = stop.started_ms;
        }
        if self.up_since_ms > 0 {
            runs.push((self.up_since_ms, u64::MAX));
        }
        runs
    }

    /// Keeps so many of the last; of the others how long they were.
    fn forget_faults(&mut self, keep: usize) {
        while self.faulty.len() > keep {
            let Some((from_ms, until_ms)) = self.faulty.pop_first() else {
                return;
            };
            self.add(from_ms, until_ms, |month| &mut month.faulty_ms);
        }
    }

    /// Adds a span to the months it is in.
    fn add(&mut self, from_ms: u64, until_ms: u64, to: fn(&mut MonthRunning) -> &mut u64) {
        let mut at_ms = from_ms;
        while at_ms < until_ms {
            let next_ms = at_ms.saturating_add(rest_of_day_ms(at_ms)).min(until_ms);
            let month = self.months.entry(statistics_day(at_ms) / 100).or_default();
            *to(month) += next_ms - at_ms;
            at_ms = next_ms;
        }
        while self.months.len() > MONTHS_MAX {
            self.months.pop_first();
        }
    }
}
