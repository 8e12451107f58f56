//! What happened to the node and to enterprises' nodes, as the ledger says it.
//!
//! ```text
//! EventLog   faults and recoveries by number: what is told to the national node    this file
//! Running    how long the node was up, month by month, and when it stopped         running.rs
//! Spans      times that may overlap                                                spans.rs
//! ```

mod running;
mod spans;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
use running::STOPS_MAX;
pub use running::{MonthRunning, Running, Stop};

use crate::change::EventChange;

/// Faults and recoveries of a log that are kept here; all are in the ledger. A node that crashes and
/// starts again every ten seconds makes as many in half a day.
pub const EVENTS_MAX: usize = 10_000;

/// Faults that are not over, of a log.
pub const OPEN_MAX: usize = 1_000;

//----------- Events -----------------------------------------------------------

/// All that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    node: EventLog,
    enterprises: EventLog,
    running: Running,
}

impl Events {
    /// Faults and recoveries of this node.
    #[must_use]
    pub fn node(&self) -> &EventLog {
        &self.node
    }

    /// Those of enterprises' nodes.
    #[must_use]
    pub fn enterprises(&self) -> &EventLog {
        &self.enterprises
    }

    /// How long the node was up.
    #[must_use]
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// How long the node was up in a month of Shanghai as YYYYMM, and how long of that at fault, as of
    /// a moment.
    #[must_use]
    pub fn month(&self, month: u32, now_ms: u64) -> MonthRunning {
        let open = self.node.open().filter_map(|number| self.node.get(number));
        let began = open.filter_map(|fault| Some(fault.numbered()?.at_ms));
        self.running.month(month, now_ms, began)
    }

    /// Takes what the ledger says.
    pub(crate) fn take(&mut self, change: &EventChange) {
        self.running.take(change, &self.node);
        match change.numbered() {
            Some(event) if event.prefix.is_some() => self.enterprises.take(change),
            Some(_) => self.node.take(change),
            None => {}
        }
    }
}

//----------- EventLog ---------------------------------------------------------

/// Faults and recoveries, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventLog {
    events: BTreeMap<u32, EventChange>,
    open: BTreeSet<u32>,
}

impl EventLog {
    /// The number of the last; 0: there is none.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.events
            .last_key_value()
            .map_or(0, |(number, _)| *number)
    }

    /// One of those that are kept.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&EventChange> {
        self.events.get(&number)
    }

    /// Those that are kept behind a number, in order.
    pub fn after(&self, number: u32) -> impl Iterator<Item = (u32, &EventChange)> {
        let behind = self.events.range(number.saturating_add(1)..);
        behind.map(|(number, event)| (*number, event))
    }

    /// The numbers of the faults that are not over.
    pub fn open(&self) -> impl ExactSizeIterator<Item = u32> {
        self.open.iter().copied()
    }

    /// Whether a number is that of a fault that is not over.
    #[must_use]
    pub fn is_open(&self, number: u32) -> bool {
        self.open.contains(&number)
    }

    fn take(&mut self, change: &EventChange) {
        let Some(event) = change.numbered() else {
            return;
        };
        match change {
            EventChange::Recovered { of, .. } => {
                self.open.remove(of);
            }
            _ => {
                self.open.insert(event.number);
            }
        }
        self.events.insert(event.number, change.clone());
        while self.events.len() > EVENTS_MAX {
            // A fault that is not over stays: who ends it is told what it was.
            let oldest = self.events.keys().find(|known| !self.open.contains(known));
            let Some(oldest) = oldest.copied() else {
                return;
            };
            self.events.remove(&oldest);
        }
    }
}
