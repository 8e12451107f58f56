//! How long the node was up.

use std::collections::{BTreeMap, VecDeque};

use crate::change::{EventChange, rest_of_day_ms, statistics_day};

/// Stops that are kept, to be named one by one; how long the node was up is kept of all.
pub(super) const STOPS_MAX: usize = 1_000;

/// Months that are kept: fifty years.
const MONTHS_MAX: usize = 600;

//----------- Running ----------------------------------------------------------

/// When the node was up, and when at fault; milliseconds since the epoch, 0 where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// Since when it is up.
    pub(super) up_since_ms: u64,
    /// Since when it is up and a fault is not over.
    pub(super) faulty_since_ms: u64,
    /// When it was first ready.
    pub(super) first_ms: u64,
    /// What is over, by month as YYYYMM.
    pub(super) months: BTreeMap<u32, MonthRunning>,
    pub(super) stops: VecDeque<Stop>,
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

    /// Of a month as YYYYMM, as of a moment: the present run counts up to then.
    #[must_use]
    pub fn month(&self, month: u32, now_ms: u64) -> MonthRunning {
        let mut now = Self {
            months: self
                .months
                .get_key_value(&month)
                .into_iter()
                .map(|(month, running)| (*month, *running))
                .collect(),
            stops: VecDeque::new(),
            ..*self
        };
        if now.up_since_ms > 0 {
            now.end_run(now_ms);
        }
        now.months.get(&month).copied().unwrap_or_default()
    }

    /// The times in which it was down, of those that are kept.
    pub fn stops(&self) -> impl Iterator<Item = &Stop> {
        self.stops.iter()
    }

    pub(super) fn take(&mut self, change: &EventChange, has_open_faults: bool) {
        match change {
            EventChange::Started {
                at_ms,
                alive_until_ms,
            } => self.start(*at_ms, *alive_until_ms, has_open_faults),
            EventChange::Stopped { at_ms } if self.up_since_ms > 0 => {
                self.end_run(*at_ms);
                self.stop(*at_ms, true);
            }
            EventChange::Fault { event, .. } if event.prefix.is_none() => {
                let is_of_this_run = self.up_since_ms > 0 && event.at_ms >= self.up_since_ms;
                if is_of_this_run && self.faulty_since_ms == 0 {
                    self.faulty_since_ms = event.at_ms;
                }
            }
            EventChange::Recovered { event, .. } if event.prefix.is_none() && !has_open_faults => {
                self.end_fault(event.at_ms);
            }
            _ => {}
        }
    }

    fn start(&mut self, at_ms: u64, alive_until_ms: u64, has_open_faults: bool) {
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
        if has_open_faults {
            self.faulty_since_ms = at_ms;
        }
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
        self.end_fault(until_ms);
        let since_ms = std::mem::take(&mut self.up_since_ms);
        self.add(since_ms, until_ms, |month| &mut month.up_ms);
    }

    fn end_fault(&mut self, until_ms: u64) {
        let since_ms = std::mem::take(&mut self.faulty_since_ms);
        if since_ms > 0 {
            self.add(since_ms, until_ms, |month| &mut month.faulty_ms);
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
