//! What the national top-level node was told, table by table: which report is under way, which
//! periods are over, and what a person wants sent again.
//!
//! ```text
//! in flight ─▶ acknowledged ─▶ next part in flight ─▶ … ─▶ last part acknowledged: done
//!     └──────▶ refused                                     a person may settle or request it
//! ```

mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::change::{Hash, Part, ReportChange, ReportStep};

/// Periods that are kept of a table: a year of days and the month in which it is looked at.
pub const PERIODS_MAX: usize = 400;

/// Why a day is told again that nobody asked for.
const ROLLED_UP_AGAIN: &str = "the day was rolled up again";

//----------- Reports ----------------------------------------------------------

/// The reports of all tables, by the table's number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports {
    tables: BTreeMap<u8, TableReports>,
    /// When the first of them was begun, in milliseconds since the epoch; 0: none was.
    began_ms: u64,
    /// At which `control` entry a day was rolled up last: the last [`PERIODS_MAX`] days.
    rolled_up_at: BTreeMap<u32, u64>,
}

/// That a period is to be told again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// Why.
    pub reason: Box<str>,
    /// The `control` entry that says so: a report that was begun before is not what is asked for.
    pub at: u64,
}

/// The reports of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableReports {
    open: Option<OpenReport>,
    periods: BTreeMap<u32, Reported>,
    floor: u32,
}

/// A report that is under way, as of its last message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenReport {
    /// Its period.
    pub period: u32,
    /// Its revision.
    pub revision: u16,
    /// Its last message.
    pub part: Part,
    /// Whether that message is acknowledged, and the next is to follow.
    pub is_acknowledged: bool,
    /// Rows of its messages before that one.
    pub rows_before: u64,
    /// When its first message was to be sent, in milliseconds since the epoch.
    pub began_ms: u64,
}

/// How a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Acknowledged to its last part.
    Done = 1,
    /// Refused.
    Refused = 2,
    /// Settled by a person.
    Settled = 3,
}

/// What is known of a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reported {
    /// How its last report ended; none where it was only requested.
    pub outcome: Option<Outcome>,
    /// The last revision.
    pub revision: u16,
    /// The last `control` entry when that was begun.
    pub at: u64,
    /// Its rows.
    pub rows: u64,
    /// Its messages.
    pub parts: u32,
    /// SHA-256 of the rows of its last message.
    pub digest: Hash,
    /// When it ended, in milliseconds since the epoch.
    pub time_ms: u64,
    /// The receipt of its last message, or why it was refused.
    pub note: Box<str>,
    /// That it is to be told again, until a report is begun that has what was asked for.
    pub requested: Option<Again>,
}

impl Reports {
    /// The reports of a table.
    #[must_use]
    pub fn table(&self, table: u8) -> Option<&TableReports> {
        self.tables.get(&table)
    }

    /// When the first report was begun, in milliseconds since the epoch; 0: none was.
    #[must_use]
    pub fn began_ms(&self) -> u64 {
        self.began_ms
    }

    /// Takes what the `control` entry `seq` says of a report.
    pub(crate) fn take(&mut self, change: &ReportChange, seq: u64, time_ms: u64) {
        if self.began_ms == 0 {
            self.began_ms = time_ms;
        }
        let table = self.tables.entry(change.table).or_default();
        match change.step {
            ReportStep::InFlight => {
                let rolled_up_at = self.rolled_up_at.get(&change.period).copied();
                table.begin(change, rolled_up_at.unwrap_or_default(), time_ms);
            }
            ReportStep::Acknowledged => table.acknowledge(change, time_ms),
            ReportStep::Refused => table.refuse(change, time_ms),
            ReportStep::Requested => {
                let period = table.periods.entry(change.period).or_default();
                period.requested = Some(Again {
                    reason: change.note.clone(),
                    at: seq,
                });
            }
            ReportStep::Settled => table.settle(change, time_ms),
        }
        table.forget();
    }

    /// A day was rolled up by the `control` entry `seq`, perhaps not for the first time: tables that
    /// told of it tell it again. No other period has the number of a day.
    pub(crate) fn correct(&mut self, day: u32, seq: u64) {
        self.rolled_up_at.insert(day, seq);
        while self.rolled_up_at.len() > PERIODS_MAX {
            self.rolled_up_at.pop_first();
        }
        for table in self.tables.values_mut() {
            let is_open = table.open.as_ref().is_some_and(|open| open.period == day);
            if is_open || table.periods.contains_key(&day) {
                table.periods.entry(day).or_default().roll_up_again(seq);
            }
        }
    }
}

impl TableReports {
    /// The report that is under way.
    #[must_use]
    pub fn open(&self) -> Option<&OpenReport> {
        self.open.as_ref()
    }

    /// What is known of a period.
    #[must_use]
    pub fn period(&self, period: u32) -> Option<&Reported> {
        self.periods.get(&period)
    }

    /// Periods that are known, in order.
    pub fn periods(&self) -> impl DoubleEndedIterator<Item = (u32, &Reported)> {
        self.periods.iter().map(|(period, of)| (*period, of))
    }

    /// The last period that ended, however.
    #[must_use]
    pub fn last(&self) -> Option<(u32, &Reported)> {
        let mut ended = self.periods().rev();
        ended.find(|(_, reported)| reported.outcome.is_some())
    }

    /// The last period that the national node has.
    #[must_use]
    pub fn last_told(&self) -> Option<(u32, &Reported)> {
        let is_told = |outcome| matches!(outcome, Some(Outcome::Done | Outcome::Settled));
        let mut ended = self.periods().rev();
        ended.find(|(_, reported)| is_told(reported.outcome))
    }

    /// The last period of which a report was begun, or of which somebody said something; 0: none.
    #[must_use]
    pub fn begun(&self) -> u32 {
        let open = self.open.as_ref().map(|open| open.period);
        let known = self.periods.keys().next_back().copied();
        open.max(known).unwrap_or_default().max(self.floor)
    }

    /// Whether a report of a period ended, however.
    #[must_use]
    pub fn is_over(&self, period: u32) -> bool {
        let ended = self.periods.get(&period);
        period <= self.floor || ended.is_some_and(|reported| reported.outcome.is_some())
    }

    /// Periods up to this one are over, and no longer known.
    #[must_use]
    pub fn floor(&self) -> u32 {
        self.floor
    }

    fn begin(&mut self, change: &ReportChange, rolled_up_at: u64, time_ms: u64) {
        let (rows_before, began_ms) = match &self.open {
            Some(open) if open.is_at(change) => (open.rows_before, open.began_ms),
            Some(open) if open.is_of(change) && change.part.number > 1 => {
                (open.rows(), open.began_ms)
            }
            // A revision takes the place of one that was never answered: it waits as long.
            Some(open) if open.period == change.period => (0, open.began_ms),
            _ => (0, time_ms),
        };
        let at = change.part.at;
        if let Some(period) = self.periods.get_mut(&change.period)
            && period
                .requested
                .as_ref()
                .is_some_and(|again| again.at <= at)
        {
            period.requested = None;
        }
        // Between looking and beginning.
        if rolled_up_at > at {
            let period = self.periods.entry(change.period).or_default();
            period.roll_up_again(rolled_up_at);
        }
        self.open = Some(OpenReport {
            period: change.period,
            revision: change.revision,
            part: change.part,
            is_acknowledged: false,
            rows_before,
            began_ms,
        });
    }

    fn acknowledge(&mut self, change: &ReportChange, time_ms: u64) {
        // Of a message that is not under way there is nothing to say.
        let Some(open) = self.open.as_mut().filter(|open| open.is_at(change)) else {
            return;
        };
        if !open.part.is_last {
            open.is_acknowledged = true;
            return;
        }
        self.end(Outcome::Done, change, time_ms);
    }

    fn refuse(&mut self, change: &ReportChange, time_ms: u64) {
        if self.open.as_ref().is_some_and(|open| open.is_at(change)) {
            self.end(Outcome::Refused, change, time_ms);
        }
    }

    fn settle(&mut self, change: &ReportChange, time_ms: u64) {
        if let Some(open) = &self.open
            && open.period == change.period
        {
            self.end(Outcome::Settled, change, time_ms);
            return;
        }
        let period = self.periods.entry(change.period).or_default();
        period.outcome = Some(Outcome::Settled);
        period.revision = period.revision.max(change.revision);
        period.at = period.at.max(change.part.at);
        period.time_ms = time_ms;
        period.note = change.note.clone();
        period.requested = None;
    }

    /// The report that is under way has ended.
    fn end(&mut self, outcome: Outcome, change: &ReportChange, time_ms: u64) {
        let Some(open) = self.open.take() else { return };
        let requested = self.periods.remove(&open.period);
        let reported = Reported {
            outcome: Some(outcome),
            revision: open.revision,
            at: open.part.at,
            rows: open.rows(),
            parts: open.part.number,
            digest: open.part.digest,
            time_ms,
            note: change.note.clone(),
            // Asked for while it was under way.
            requested: requested.and_then(|reported| reported.requested),
        };
        self.periods.insert(open.period, reported);
    }

    /// Keeps the last of the periods, and those that somebody waits for.
    fn forget(&mut self) {
        while self.periods.len() > PERIODS_MAX {
            let mut periods = self.periods.iter();
            let idle = periods.find(|(_, reported)| reported.requested.is_none());
            let Some(period) = idle.map(|(period, _)| *period) else {
                return;
            };
            self.periods.remove(&period);
            self.floor = self.floor.max(period);
        }
    }
}

impl Reported {
    fn roll_up_again(&mut self, seq: u64) {
        let reason = self.requested.take().map(|again| again.reason);
        self.requested = Some(Again {
            reason: reason.unwrap_or_else(|| ROLLED_UP_AGAIN.into()),
            at: seq,
        });
    }
}

impl OpenReport {
    /// Its rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows_before + u64::from(self.part.rows)
    }

    fn is_of(&self, change: &ReportChange) -> bool {
        (self.period, self.revision) == (change.period, change.revision)
    }

    fn is_at(&self, change: &ReportChange) -> bool {
        self.is_of(change) && self.part.number == change.part.number
    }
}
