//! What days that are over have come to, as `control` says.

use std::{collections::BTreeMap, sync::Arc};

use super::directory::{Directory, Whose};
use crate::change::{CounterCell, CounterTotals, Hash, RollUp, Timing, TimingCell, TimingTotals};

/// Whose, and the numbers of the kind: what they mean is for whoever counts.
pub type RolledCell = (Whose, [u8; 4]);

/// The cells of a day.
pub type RolledDay = BTreeMap<RolledCell, u64>;

/// How long a day's requests took: of whom ([`Whose::NOBODY`] is the node), and of what kind.
pub type RolledTimings = BTreeMap<(Whose, u8), Timing>;

//----------- RolledUp ---------------------------------------------------------

/// The days of all hosts. A copy shares the days with its original.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolledUp {
    hosts: BTreeMap<Box<str>, HostDays>,
}

/// The days of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostDays {
    days: BTreeMap<u32, Arc<Parts>>,
}

/// The parts of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Parts {
    cells: RolledDay,
    timings: RolledTimings,
    /// Which parts are there: bits, 64 to a word.
    there: Vec<u64>,
    parts: u32,
    read_from: u64,
    seq: u64,
    hash: Hash,
}

impl RolledUp {
    /// The days of a host.
    #[must_use]
    pub fn host(&self, host: &str) -> Option<&HostDays> {
        self.hosts.get(host)
    }

    /// All hosts.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, &HostDays)> {
        self.hosts.iter().map(|(host, days)| (host.as_ref(), days))
    }

    /// Takes a part of a day. A total never goes down: of two the larger holds.
    pub(super) fn take(&mut self, directory: &Directory, rolled_up: &RollUp) {
        let host = self.hosts.entry(rolled_up.host.clone()).or_default();
        let day = Arc::make_mut(host.days.entry(rolled_up.day).or_default());
        if day.parts != rolled_up.parts {
            // It was begun anew.
            day.there.clear();
            day.parts = rolled_up.parts;
        }
        let (word, bit) = (rolled_up.part / 64, rolled_up.part % 64);
        let word = usize::try_from(word).unwrap_or(usize::MAX);
        if day.there.len() <= word {
            day.there.resize(word + 1, 0);
        }
        day.there[word] |= 1 << bit;
        (day.read_from, day.seq, day.hash) = (rolled_up.read_from, rolled_up.seq, rolled_up.hash);
        for cell in &rolled_up.totals.cells {
            let whose = match &cell.prefix {
                None => Some(Whose::NOBODY),
                Some(prefix) => directory.whose(prefix.as_str()),
            };
            // A prefix that is counted was assigned before.
            if let Some(whose) = whose {
                let numbers = [cell.subject, cell.protocol, cell.outcome, cell.origin];
                let total = day.cells.entry((whose, numbers)).or_default();
                *total = cell.total.max(*total);
            }
        }
        for TimingCell {
            prefix,
            act,
            timing,
            ..
        } in &rolled_up.timings.cells
        {
            let whose = match prefix {
                None => Some(Whose::NOBODY),
                Some(prefix) => directory.whose(prefix.as_str()),
            };
            if let Some(whose) = whose {
                let known = day.timings.entry((whose, *act)).or_default();
                *known = known.later(*timing);
            }
        }
    }
}

impl HostDays {
    /// The days that are there whole, in order.
    pub fn whole(&self) -> impl Iterator<Item = (u32, &RolledDay)> {
        let whole = self.days.iter().filter(|(_, parts)| parts.is_whole());
        whole.map(|(day, parts)| (*day, &parts.cells))
    }

    /// Whether a day is there whole.
    #[must_use]
    pub fn has(&self, day: u32) -> bool {
        self.days.get(&day).is_some_and(|day| day.is_whole())
    }

    /// How long the requests of each of these days took, in order.
    pub fn timings(&self) -> impl Iterator<Item = (u32, &RolledTimings)> {
        let whole = self.days.iter().filter(|(_, parts)| parts.is_whole());
        whole.map(|(day, parts)| (*day, &parts.timings))
    }

    /// From which entry of `counters/<host>` on there may be days that are not here.
    #[must_use]
    pub fn read_from(&self) -> u64 {
        let whole = self.days.values().filter(|parts| parts.is_whole());
        whole.map(|parts| parts.read_from).max().unwrap_or(1)
    }

    /// Each of these days, with the last entry of `counters/<host>` when it was rolled up, and its
    /// hash.
    pub fn heads(&self) -> impl Iterator<Item = (u32, u64, Hash)> {
        let whole = self.days.iter().filter(|(_, parts)| parts.is_whole());
        whole.map(|(day, parts)| (*day, parts.seq, parts.hash))
    }

    /// Entries of `counters/<host>` before this one are of days that are there whole, the last
    /// `days_kept` of these left aside.
    #[must_use]
    pub fn trim_before(&self, days_kept: usize) -> u64 {
        // A day that is being rolled up anew is not there.
        let whole: Vec<_> = (self.days.values())
            .take_while(|parts| parts.is_whole())
            .collect();
        let trimmed = whole.len().saturating_sub(days_kept);
        let before = whole.iter().take(trimmed).map(|parts| parts.read_from);
        before.max().unwrap_or(1)
    }

    /// All of it, as changes of at most so many cells.
    pub(super) fn changes(
        &self,
        host: &str,
        directory: &Directory,
        cells_max: usize,
    ) -> Vec<RollUp> {
        let whole = self.days.iter().filter(|(_, parts)| parts.is_whole());
        whole
            .flat_map(|(day, parts)| {
                let day = RollUp {
                    host: host.into(),
                    day: *day,
                    part: 0,
                    parts: 1,
                    read_from: parts.read_from,
                    seq: parts.seq,
                    hash: parts.hash,
                    totals: parts.totals(*day, directory),
                    timings: parts.timings(*day, directory),
                };
                day.in_parts(cells_max)
            })
            .collect()
    }
}

impl Parts {
    fn totals(&self, day: u32, directory: &Directory) -> CounterTotals {
        let cells = self.cells.iter().map(|((whose, numbers), total)| {
            let [subject, protocol, outcome, origin] = *numbers;
            CounterCell {
                day,
                prefix: directory.prefix_of(*whose).cloned(),
                subject,
                protocol,
                outcome,
                origin,
                total: *total,
            }
        });
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable();
        CounterTotals { cells }
    }

    fn timings(&self, day: u32, directory: &Directory) -> TimingTotals {
        let cells = self
            .timings
            .iter()
            .map(|((whose, act), timing)| TimingCell {
                day,
                prefix: directory.prefix_of(*whose).cloned(),
                act: *act,
                timing: *timing,
            });
        TimingTotals::sorted(cells.collect())
    }

    fn is_whole(&self) -> bool {
        let there: u32 = self.there.iter().map(|word| word.count_ones()).sum();
        there == self.parts
    }
}
