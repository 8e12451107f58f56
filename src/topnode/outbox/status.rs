//! How the reports of a table stand.

use crate::{state::OpenReport, topnode::tables::Table};

//----------- TableStatus ------------------------------------------------------

/// The reports of a table, for people and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStatus {
    /// The table.
    pub table: Table,
    /// The last period that the national node has.
    pub told_until: Option<u32>,
    /// Days that are over, or events, and not told.
    pub due: usize,
    /// For how long the oldest of them, or the report under way, waits.
    pub lag_ms: u64,
    /// The report under way.
    pub in_flight: Option<OpenReport>,
    /// Periods that were refused and wait for a person.
    pub refused: usize,
    /// What is being done now.
    pub doing: Doing,
    /// Failures in a row.
    pub failures: u32,
    /// What the last of them was.
    pub last_failure: String,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Nothing is due.
    Idle,
    /// Rows are made.
    Making,
    /// The ledger is told.
    Noting,
    /// A message is on its way.
    Sending,
    /// It is delivered, and not answered.
    Waiting,
    /// It failed, and is tried again in a while.
    Resting,
}

impl Doing {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Making => "making",
            Self::Noting => "noting",
            Self::Sending => "sending",
            Self::Waiting => "waiting",
            Self::Resting => "resting",
        }
    }
}
