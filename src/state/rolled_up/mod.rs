//! What days that are over have come to, as `control` says.

mod parts;

use std::{collections::BTreeMap, sync::Arc};

use super::directory::{Directory, Whose};
use crate::change::{Hash, RollUp, Timing};
use parts::Parts;

/// Whose, and the numbers of the kind: what they mean is for whoever counts.
pub type RolledCell = (Whose, [u8; 4]);

/// The cells of a day, in order.
pub type RolledDay = [(RolledCell, u64)];

/// Whose requests ([`Whose::NOBODY`] is the node), and of what kind, by its number.
pub type RolledTiming = (Whose, u8);

/// How long a day's requests took, in order.
pub type RolledTimings = [(RolledTiming, Timing)];

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
        day.take(directory, rolled_up);
    }
}

impl HostDays {
    /// The days that are there whole, in order.
    pub fn whole(&self) -> impl Iterator<Item = (u32, &RolledDay)> {
        let whole = self.days.iter().filter(|(_, parts)| parts.is_whole());
        whole.map(|(day, parts)| (*day, parts.cells.as_slice()))
    }

    /// A day that is there whole.
    #[must_use]
    pub fn day(&self, day: u32) -> Option<&RolledDay> {
        let parts = self.days.get(&day).filter(|parts| parts.is_whole());
        parts.map(|parts| parts.cells.as_slice())
    }

    /// Whether a day is there whole.
    #[must_use]
    pub fn has(&self, day: u32) -> bool {
        self.days.get(&day).is_some_and(|day| day.is_whole())
    }

    /// How long the requests of each of these days took, in order.
    pub fn timings(&self) -> impl Iterator<Item = (u32, &RolledTimings)> {
        let whole = self.days.iter().filter(|(_, parts)| parts.is_whole());
        whole.map(|(day, parts)| (*day, parts.timings.as_slice()))
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
