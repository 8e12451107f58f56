//! Days that are over, and that `control` is told of: then nobody need read their entries again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Told, Totals, TotalsError, by_number, cell, host_of};
use crate::{
    accounting::{Origin, Outcome, Protocol, cells::CellKey, counters::Shown},
    change::{CELLS_MAX, CounterCell, CounterTotals, RollUp},
    state::{RolledCell, RolledUp},
};

/// Entries of so many days that are over stay: whoever doubts a roll-up counts them again.
const DAYS_KEPT: usize = 3;

/// The day of what was counted before days were told apart.
pub(super) const UNDATED: u32 = 0;

//----------- Rolling ----------------------------------------------------------

/// Days that are not in `control` yet.
#[derive(Debug, Default)]
pub(super) struct Rolling {
    /// Those that are over, with what they have come to.
    closed: BTreeMap<u32, HashMap<CellKey, u64>>,
    /// What was counted before days were told apart, where it is to be rolled up.
    undated: BTreeMap<Shown, u64>,
    /// The first entry of each day.
    first: BTreeMap<u32, u64>,
    /// Entries before this one are gone.
    trimmed_before: u64,
}

impl Rolling {
    /// What the ledger says that `control` does not.
    pub(super) fn begin(told: &Told, whole: &BTreeSet<u32>) -> Self {
        let first = told.first.iter().filter(|(day, _)| !whole.contains(day));
        let undated = if whole.contains(&UNDATED) {
            BTreeMap::new()
        } else {
            told.undated.clone()
        };
        Self {
            closed: BTreeMap::new(),
            undated,
            first: first.map(|(day, seq)| (*day, *seq)).collect(),
            trimmed_before: 1,
        }
    }

    /// An entry has cells of a day.
    pub(super) fn appended(&mut self, day: u32, seq: u64) {
        self.first.entry(day).or_insert(seq);
    }

    /// A day is over, and the ledger has all of it.
    pub(super) fn close(&mut self, day: u32, cells: HashMap<CellKey, u64>) {
        if !cells.is_empty() {
            self.closed.insert(day, cells);
        }
    }

    /// A day is over of which there may be timings only.
    pub(super) fn close_uncounted(&mut self, day: u32) {
        self.closed.entry(day).or_default();
    }

    /// From which entry on there are days after this one.
    fn read_from(&self, day: u32, head_seq: u64) -> u64 {
        let later = self.first.range(day + 1..).map(|(_, seq)| *seq);
        later.min().unwrap_or(head_seq + 1)
    }
}

impl Totals {
    /// What `control` is to be told next, all parts of one day; none where it knows all that is over.
    #[must_use]
    pub fn next_roll_up(&self) -> Option<Vec<RollUp>> {
        let (day, cells) = if self.rolling.undated.is_empty() {
            let (day, cells) = self.rolling.closed.first_key_value()?;
            // In their order: what comes after the first that is missing would be read again.
            if self.pending.iter().any(|pending| pending.day < *day) {
                return None;
            }
            (*day, self.cells_of(*day, cells))
        } else {
            (UNDATED, undated_cells(&self.rolling.undated))
        };
        let whole = RollUp {
            host: host_of(&self.partition).into(),
            day,
            part: 0,
            parts: 1,
            read_from: self.rolling.read_from(day, self.head.seq),
            seq: self.head.seq,
            hash: self.head.hash,
            totals: CounterTotals { cells },
            timings: self.timings_of(day),
        };
        Some(whole.in_parts(CELLS_MAX))
    }

    /// `control` has all parts of a day.
    pub fn rolled_up(&mut self, day: u32) {
        if day == UNDATED {
            self.rolling.undated.clear();
        }
        self.rolling.closed.remove(&day);
        self.rolling.first.remove(&day);
        self.counters.rolled_up(day);
    }

    /// Has the ledger let go of entries of days that `control` has, but for the last three; where
    /// they are held, the next call does it.
    ///
    /// # Errors
    /// As the ledger says.
    pub async fn trim(&mut self) -> Result<(), TotalsError> {
        let rolled_up = self.state.rolled_up();
        let own = rolled_up.host(host_of(&self.partition));
        let before = own.map_or(1, |own| own.trim_before(DAYS_KEPT));
        if before > self.rolling.trimmed_before {
            let begin = self.ledger.trim(&self.partition, before).await?;
            self.rolling.trimmed_before = begin.seq + 1;
            if begin.seq + 1 >= before {
                tracing::info!(partition = %self.partition, before, "counters were trimmed");
            }
        }
        Ok(())
    }

    fn cells_of(&self, day: u32, cells: &HashMap<CellKey, u64>) -> Vec<CounterCell> {
        let directory = self.state.directory();
        let mut cells: Vec<CounterCell> = (cells.iter())
            .map(|((whose, kind), total)| {
                cell(day, directory.prefix_of(*whose).cloned(), *kind, *total)
            })
            .collect();
        cells.sort_unstable();
        cells
    }
}

fn undated_cells(undated: &BTreeMap<Shown, u64>) -> Vec<CounterCell> {
    let cell = |((protocol, outcome, origin), total): (&Shown, &u64)| CounterCell {
        day: UNDATED,
        prefix: None,
        subject: 0,
        protocol: protocol.number(),
        outcome: outcome.number(),
        origin: origin.number(),
        total: *total,
    };
    undated.iter().map(cell).collect()
}

//----------- History ----------------------------------------------------------

/// What `control` says of all hosts, as far as this release knows the kinds.
#[derive(Debug, Default)]
pub(super) struct History {
    /// What all days have come to.
    pub(super) shown: BTreeMap<Shown, u64>,
    whole: BTreeMap<Box<str>, BTreeSet<u32>>,
}

impl History {
    pub(super) fn of(rolled_up: &RolledUp) -> Self {
        let mut history = Self::default();
        for (host, of_host) in rolled_up.hosts() {
            let whole = history.whole.entry(host.into()).or_default();
            for (day, cells) in of_host.whole() {
                whole.insert(day);
                for (cell, total) in cells {
                    if let Some(shown) = shown_of(cell) {
                        *history.shown.entry(shown).or_default() += total;
                    }
                }
            }
        }
        history
    }

    /// The days of a host that are there whole.
    pub(super) fn own(&self, host: &str) -> &BTreeSet<u32> {
        static NONE: BTreeSet<u32> = BTreeSet::new();
        self.whole.get(host).unwrap_or(&NONE)
    }
}

fn shown_of((_, numbers): &RolledCell) -> Option<Shown> {
    let [_, protocol, outcome, origin] = *numbers;
    let protocol = by_number(&Protocol::ALL, Protocol::number, "protocol", protocol);
    let outcome = by_number(&Outcome::ALL, Outcome::number, "outcome", outcome);
    let origin = by_number(&Origin::ALL, Origin::number, "origin", origin);
    Some((protocol.ok()?, outcome.ok()?, origin.ok()?))
}
