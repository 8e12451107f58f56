//! Telling the national node its tables: each report once, in order, whatever is lost on the way.
//!
//! ```text
//! (state, event, facts, now) ─▶ (state, actions)
//!
//! Idle ─ due ─▶ Making ─▶ Noting ─▶ Sending ─ accepted, refused ─▶ Ending ─▶ Idle
//!                          (ledger)    │  ▲                        (ledger)
//!                                    failed │
//!                                      ▼  │
//!                                     Resting
//! ```
//!
//! A lane for each table: one message of it under way. What is due, in flight and acknowledged are
//! facts of the ledger (`crate::state::Reports`), read anew at each event; what is here besides,
//! such as how often it failed, may be lost. A message is in the ledger before it is sent, and sent
//! with the same key and the same rows until it is answered: whoever has it already says so. Rows that
//! cannot be made again as they were, because the state went on before a restart, go out as the next
//! revision, which stands in the place of the one before.

mod backoff;
mod due;
mod lane;
mod message;
mod status;
#[cfg(test)]
mod tests;

use jiff::civil::Date;

pub(in crate::topnode) use backoff::rest_ms;
pub use due::{day_of_period, hour_of, period_of};
pub use message::{Ask, Made, Message, key_of};
pub use status::{Doing, TableStatus};

use crate::{
    change::{LedgerId, ReportChange},
    state::{Events, Reports},
    topnode::tables::Table,
};
use lane::Lane;
pub(in crate::topnode) use lane::tidy;

//----------- Facts ------------------------------------------------------------

/// What the ledger says, as of one moment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Whose reports they are.
    pub ledger_id: LedgerId,
    /// What was told so far.
    pub reports: &'a Reports,
    /// What happened to the node, and to enterprises' nodes.
    pub events: &'a Events,
    /// The last `control` entry.
    pub control_seq: u64,
    /// The last day that is rolled up: it and those before can be told.
    pub rolled_up_until: Option<Date>,
    /// The first day that is told; none: the one on which the first report was begun.
    pub from: Option<Date>,
}

//----------- Event and Action -------------------------------------------------

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Some time passed, or the ledger went on.
    Look,
    /// Rows were made, or could not be.
    Made(Table, Result<Made, String>),
    /// A change is in the ledger, or perhaps not.
    Noted(Table, Result<(), String>),
    /// A message was answered, or not.
    Answered(Table, Answer),
}

/// What became of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The national node has it.
    Accepted {
        /// The key of the message that it speaks of.
        key: String,
        /// Its receipt.
        receipt: String,
    },
    /// The national node does not want it, now or later.
    Refused {
        /// The key of the message that it speaks of.
        key: String,
        /// Why.
        reason: String,
    },
    /// It is delivered, and not answered yet.
    Waiting,
    /// Nobody knows whether it arrived.
    Failed {
        /// What went wrong.
        reason: String,
        /// How long to wait at least, in milliseconds.
        retry_after_ms: Option<u64>,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Make rows, and say [`Event::Made`].
    Make(Ask),
    /// Write to the ledger, and say [`Event::Noted`].
    Note(Table, ReportChange),
    /// Send, and say [`Event::Answered`].
    Send(Message),
}

//----------- Outbox -----------------------------------------------------------

/// The reports of a node, on their way.
#[derive(Debug)]
pub struct Outbox {
    lanes: Vec<Lane>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// As it is at a start: all that is known is in the ledger.
    #[must_use]
    pub fn new() -> Self {
        let told = Table::ALL.into_iter().filter(|table| table.is_told());
        Self {
            lanes: told.map(Lane::new).collect(),
        }
    }

    /// Takes an event. `entropy` is a number that nobody foresees: it spreads what is tried again.
    pub fn on(
        &mut self,
        event: Event,
        facts: &Facts<'_>,
        now_ms: u64,
        entropy: u32,
    ) -> Vec<Action> {
        let now = lane::Now {
            ms: now_ms,
            entropy,
        };
        let mut actions = Vec::new();
        match event {
            Event::Look => {}
            Event::Made(table, made) => {
                let lane = self.lane(table);
                actions.extend(lane.and_then(|lane| lane.made(made, facts, now)));
            }
            Event::Noted(table, noted) => {
                let lane = self.lane(table);
                actions.extend(lane.and_then(|lane| lane.noted(noted, now)));
            }
            Event::Answered(table, answer) => {
                let lane = self.lane(table);
                actions.extend(lane.and_then(|lane| lane.answered(answer, now)));
            }
        }
        // Whose rows are counted is told before what is counted of them.
        let is_told = |lane: &Lane| !due::goes_first(lane.table()) || lane.has_told(facts);
        let are_told = self.lanes.iter().all(is_told);
        // Routes of hosted prefixes are the node's: a move is told before them (see `due::since`).
        let mut nodes = self.lanes.iter().filter(|lane| lane.table() == Table::T2);
        let may_move = nodes.any(|lane| !lane.is_settled(facts));
        for lane in &mut self.lanes {
            let may_begin = match lane.table() {
                Table::T7 => !may_move,
                // In real time, whatever else waits.
                Table::E1 | Table::E2 => true,
                table => are_told || due::goes_first(table),
            };
            actions.extend(lane.look(may_begin, facts, now));
        }
        actions
    }

    /// When to look again at the latest, in milliseconds since the epoch.
    #[must_use]
    pub fn look_at_ms(&self, now_ms: u64) -> u64 {
        let resting = self.lanes.iter().filter_map(Lane::rests_until_ms);
        resting
            .min()
            .unwrap_or(u64::MAX)
            .min(due::next_hour_ms(now_ms))
    }

    /// How each table stands.
    #[must_use]
    pub fn status(&self, facts: &Facts<'_>, now_ms: u64) -> Vec<TableStatus> {
        let lanes = self.lanes.iter();
        lanes.map(|lane| lane.status(facts, now_ms)).collect()
    }

    fn lane(&mut self, table: Table) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.table() == table)
    }
}
