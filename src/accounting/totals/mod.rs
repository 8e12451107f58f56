//! The counters as the ledger keeps them: totals of each day of a host.
//!
//! ```text
//! open     counters/<host>, and what the last process left in its mapping: the larger of each
//!          ─▶ what the ledger lacks is written ─▶ cells that go on from there
//! tick     each second: the mapping to the disk; at midnight in Shanghai a new day
//! flush    each minute, at the day cut, at the end: the cells that have grown ─▶ entries
//! ```
//!
//! Totals are absolute, so an entry that is lost, doubled or written by somebody else costs
//! nothing: the larger one says all.

mod rolling;
mod timed;
mod told;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Counters, Kind,
    cells::{CellKey, Cells, DayTotals},
    mapping::{self, BANKS, LANES_MAX, Left, Mapping},
};
use crate::{
    change::{
        CELLS_MAX, Change, CounterCell, CounterTotals, DecodeError, Draft, Entry,
        Kind as EntryKind, LedgerId, Partition, Place, rest_of_day_ms, statistics_day,
    },
    identifier::Prefix,
    ledger::{Append, Head, Ledger, LedgerError},
    registry::{ClockFault, EntryClock, ReadClock},
    state::{HostDays, State, directory::Whose},
};
use rolling::{History, Rolling, UNDATED};
use told::{DayCells, Told};

/// Changes of an entry: together they are at most half of what an entry may have, whatever their
/// prefixes.
const CHANGES_MAX: usize = 4;

/// The ledger has all of the day before after the first; whoever was late at midnight is in the
/// second, a minute after.
const FLUSHES_BEFORE_CLEARING: u32 = 2;

//----------- Totals -----------------------------------------------------------

/// Keeps the counters of a host in the ledger.
pub struct Totals {
    ledger: Arc<dyn Ledger>,
    counters: Arc<Counters>,
    state: Arc<State>,
    ledger_id: LedgerId,
    partition: Partition,
    head: Head,
    clock: EntryClock,
    read_clock: Box<dyn ReadClock>,
    /// What the ledger has of the days that are not over with.
    written: BTreeMap<u32, HashMap<CellKey, u64>>,
    /// Days that are in no bank any more and that the ledger would not take yet.
    pending: Vec<DayTotals>,
    /// How often the ledger has had all since the day was opened.
    flushes_today: u32,
    /// Days that the ledger has and `control` has not.
    rolling: Rolling,
}

/// Whose totals, by which clock, and where they are kept meanwhile.
pub struct TotalsOptions {
    /// `counters/<host>`.
    pub partition: Partition,
    /// The time of the last entry of the other partitions: what the clock is held against.
    pub last_ms: u64,
    /// An operator looked at the clock at this start.
    pub accept_clock: bool,
    /// The clock.
    pub read_clock: Box<dyn ReadClock>,
    /// The counters file; none: a process that is killed takes what the ledger lacks with it.
    pub path: Option<PathBuf>,
    /// Threads that answer.
    pub threads: usize,
}

impl Totals {
    /// Goes on from what was counted before.
    ///
    /// # Errors
    /// Where the ledger cannot be read, its totals are of a later release, or the file of the last
    /// process cannot be read.
    pub async fn open(
        ledger: Arc<dyn Ledger>,
        counters: Arc<Counters>,
        state: Arc<State>,
        options: TotalsOptions,
    ) -> Result<Self, TotalsError> {
        let ledger_id = state.ledger_id().unwrap_or(LedgerId([0; 16]));
        let TotalsOptions {
            partition,
            last_ms,
            accept_clock,
            read_clock,
            path,
            threads,
        } = options;
        let rolled_up = state.rolled_up();
        let own = rolled_up.host(host_of(&partition));
        let read_from = own.map_or(1, HostDays::read_from);
        let told = Told::read(&*ledger, &partition, read_from).await?;
        let last_ms = last_ms.max(told.time_ms);
        let mut totals = Self {
            ledger,
            counters,
            state,
            ledger_id,
            head: told.head,
            partition,
            clock: EntryClock::new(last_ms, accept_clock),
            read_clock,
            written: BTreeMap::new(),
            pending: Vec::new(),
            flushes_today: 0,
            rolling: Rolling::default(),
        };
        let left = match &path {
            Some(path) => mapping::read(path, ledger_id)?,
            None => None,
        };
        totals
            .go_on(told, left, last_ms, path.as_deref(), threads)
            .await?;
        Ok(totals)
    }

    /// How long the day of now goes on, in milliseconds.
    #[must_use]
    pub fn rest_of_day_ms(&self) -> u64 {
        rest_of_day_ms(self.read_clock.read().wall_ms)
    }

    /// Writes what was counted and timed since the last time; whether there was anything.
    ///
    /// # Errors
    /// Where the ledger takes no entry now, or the clock cannot be right: the next call tries
    /// again, and says as much.
    pub async fn flush(&mut self) -> Result<bool, TotalsError> {
        let is_timed = self.flush_timings().await?;
        Ok(self.flush_counters().await? || is_timed)
    }

    /// The same of what was counted only.
    ///
    /// # Errors
    /// As [`Totals::flush`].
    pub async fn flush_counters(&mut self) -> Result<bool, TotalsError> {
        let mut cells = self.grown();
        let has_grown = !cells.is_empty();
        cells.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        for cells in cells.chunks(CELLS_MAX * CHANGES_MAX) {
            let changes = cells.chunks(CELLS_MAX).map(|cells| {
                let cells = cells.iter().map(|(cell, _)| cell.clone()).collect();
                Change::CounterTotals(CounterTotals { cells })
            });
            self.append(changes.collect()).await?;
            for (cell, key) in cells {
                self.rolling.appended(cell.day, self.head.seq);
                let day = self.written.entry(cell.day).or_default();
                day.insert(*key, cell.total);
            }
        }
        self.clear_day_before();
        Ok(has_grown)
    }

    /// Opens the day of now, if it is another; whether it did. Where the ledger took nothing for a
    /// day, it is opened once the counters are on the disk ([`Counters::sync`]).
    ///
    /// # Errors
    /// Where the clock cannot be right: the day goes on until it is.
    pub fn open_day(&mut self) -> Result<bool, TotalsError> {
        let now = self.read_clock.read();
        let day = statistics_day(self.clock.next(now)?.time_ms);
        // A clock that is set back opens no day twice.
        if day <= self.counters.today() {
            return Ok(false);
        }
        // It is long cleared where the ledger took what it counted.
        self.let_go();
        let is_open = self.counters.open_day(day);
        if is_open {
            self.flushes_today = 0;
        }
        Ok(is_open)
    }

    //--- Inside

    /// Writes what the ledger lacks of what the last process has left, and then counts on.
    async fn go_on(
        &mut self,
        told: Told,
        left: Option<Left>,
        last_ms: u64,
        path: Option<&Path>,
        threads: usize,
    ) -> Result<(), TotalsError> {
        let damaged = left.as_ref().map_or(0, |left| left.damaged);
        if damaged > 0 {
            tracing::warn!(
                damaged,
                "cells of the counters file were lost with the power"
            );
        }
        let mut days = merged(&told, left.as_ref());
        let history = History::of(&self.state.rolled_up());
        // What `control` says of a day is all of it.
        let whole = history.own(host_of(&self.partition)).clone();
        days.retain(|day, _| !whole.contains(day));
        self.rolling = Rolling::begin(&told, &whole);
        self.open_timings(&told, &whole);
        self.written = (told.days.iter())
            .filter(|(day, _)| days.contains_key(day))
            .map(|(day, cells)| (*day, self.keyed(cells).into_iter().collect()))
            .collect();
        let last = days.keys().last().copied().unwrap_or(0);
        let today = self.day_now(last_ms).max(last);
        self.pending = (days.iter())
            .map(|(day, cells)| DayTotals {
                day: *day,
                cells: self.keyed(cells),
            })
            .collect();
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "what the last process counted is not in the ledger yet");
        }
        let now = days.remove(&today).unwrap_or_default();
        let (day_before, before) = days.pop_last().unwrap_or_default();
        let rest = days.iter().map(|(day, cells)| DayTotals {
            day: *day,
            cells: self.keyed(cells),
        });
        let counted = self.in_banks(&before, &now);
        let cells = self.cells(path, threads, [day_before, today], &counted)?;
        let mut shown = history.shown;
        if !whole.contains(&UNDATED) {
            for (kind, total) in told.undated {
                *shown.entry(kind).or_default() += total;
            }
        }
        self.counters.open(cells, rest, shown);
        self.pending
            .retain(|one| ![day_before, today].contains(&one.day));
        self.forget();
        Ok(())
    }

    /// Once all of the day before is written and nobody adds to it any more, its bank is made ready
    /// for tomorrow.
    fn clear_day_before(&mut self) {
        self.flushes_today = self.flushes_today.saturating_add(1);
        if self.flushes_today >= FLUSHES_BEFORE_CLEARING {
            self.let_go();
        }
        self.forget();
    }

    /// Takes what the day before came to out of its bank.
    fn let_go(&mut self) {
        if let Some(last) = self.counters.clear_day_before() {
            self.pending.push(last);
            self.forget();
        }
    }

    /// The cells, over a file if there can be one.
    fn cells(
        &self,
        path: Option<&Path>,
        threads: usize,
        days: [u32; BANKS],
        counted: &[(CellKey, [u64; BANKS])],
    ) -> io::Result<Cells> {
        // One lane is everybody's, and a few threads come beside those that answer.
        let lanes = (threads + 2).min(LANES_MAX);
        let over = |mapping| {
            let state = Arc::clone(&self.state);
            let names = move |whose: Whose| state.directory().prefix_of(whose).cloned();
            Cells::new(mapping, lanes, Box::new(names), days, counted)
        };
        let Some(path) = path else {
            return over(Mapping::in_memory(self.ledger_id, lanes)?);
        };
        let made = Mapping::create(path, self.ledger_id, lanes).and_then(|mapping| {
            let cells = over(mapping)?;
            cells.publish(path)?;
            Ok(cells)
        });
        made.or_else(|error| {
            // It serves when all else is down.
            tracing::error!(
                %error,
                "the counters file cannot be made: what is counted in the last minute is lost \
                 with the process"
            );
            over(Mapping::in_memory(self.ledger_id, lanes)?)
        })
    }

    /// The day of now; of a clock that cannot be right, the day of what was last.
    fn day_now(&self, last_ms: u64) -> u32 {
        let now = self.clock.next(self.read_clock.read());
        statistics_day(now.map_or(last_ms, |time| time.time_ms))
    }

    /// Cells by their keys. What this node's directory does not know is of another ledger.
    fn keyed(&self, cells: &DayCells) -> Vec<(CellKey, u64)> {
        let directory = self.state.directory();
        let known = cells.iter().filter_map(|((prefix, kind), total)| {
            let whose = match prefix {
                None => Some(Whose::NOBODY),
                Some(prefix) => directory.whose(prefix.as_str()),
            };
            Some(((whose?, *kind), *total))
        });
        known.collect()
    }

    /// What the banks begin with.
    fn in_banks(&self, before: &DayCells, now: &DayCells) -> Vec<(CellKey, [u64; BANKS])> {
        let mut banks: BTreeMap<CellKey, [u64; BANKS]> = BTreeMap::new();
        for (bank, cells) in [before, now].into_iter().enumerate() {
            for (key, total) in self.keyed(cells) {
                if let Some(of_bank) = banks.entry(key).or_default().get_mut(bank) {
                    *of_bank = total;
                }
            }
        }
        banks.into_iter().collect()
    }

    /// The cells of which the ledger has less, or nothing.
    fn grown(&self) -> Vec<(CounterCell, CellKey)> {
        let counted = self.counters.totals().into_iter().flatten();
        let days = self.pending.iter().cloned().chain(counted);
        let directory = self.state.directory();
        let mut grown = Vec::new();
        for DayTotals { day, cells } in days {
            let written = self.written.get(&day);
            for (key, total) in cells {
                let known = written.and_then(|cells| cells.get(&key)).copied();
                if total <= known.unwrap_or_default() {
                    continue;
                }
                let prefix = directory.prefix_of(key.0).cloned();
                grown.push((cell(day, prefix, key.1, total), key));
            }
        }
        grown
    }

    /// Lets go of what cannot grow any more.
    fn forget(&mut self) {
        let Self {
            pending,
            written,
            rolling,
            ..
        } = self;
        pending.retain(|day| {
            let told = written.get(&day.day);
            day.cells
                .iter()
                .any(|(key, total)| told.and_then(|told| told.get(key)) < Some(total))
        });
        if let Some(open) = self.counters.days() {
            let is_pending = |day: u32| pending.iter().any(|one| one.day == day);
            let is_over = |day: u32| !open.contains(&day) && !is_pending(day);
            let over = written.extract_if(.., |day, _| is_over(*day));
            over.for_each(|(day, cells)| rolling.close(day, cells));
            self.close_timed_days(open);
        }
    }

    /// Appends an entry of these changes.
    async fn append(&mut self, changes: Vec<Change>) -> Result<(), TotalsError> {
        let now = self.read_clock.read();
        let time_ms = self.clock.next(now)?.time_ms;
        let entry = self.entry(&changes, time_ms)?;
        match self.ledger.append(self.head, &entry).await? {
            Append::Committed(head) => {
                self.head = head;
                self.clock.given(time_ms, now);
                Ok(())
            }
            // Whatever stands there now: the next totals say all that these said.
            Append::Conflict(_) | Append::Unknown => {
                self.head = self.ledger.head(&self.partition).await?;
                Err(TotalsError::NotWritten(self.partition.clone()))
            }
        }
    }

    fn entry(&self, changes: &[Change], time_ms: u64) -> Result<Entry, TotalsError> {
        let mut draft = Draft::new(Place {
            ledger_id: self.ledger_id,
            partition: self.partition.clone(),
            seq: self.head.seq + 1,
            previous: self.head.hash,
            time_ms,
            control_at: 0,
            kind: EntryKind::Changes,
        });
        for change in changes {
            draft
                .push(change)
                .map_err(|_| TotalsError::NotWritten(self.partition.clone()))?;
        }
        Ok(draft.finish())
    }
}

//----------- Helper functions -------------------------------------------------

/// Whose totals a partition holds.
fn host_of(partition: &Partition) -> &str {
    match partition {
        Partition::Counters(host) => host,
        _ => "",
    }
}

/// The larger of what the ledger says and what a process has left.
fn merged(told: &Told, left: Option<&Left>) -> BTreeMap<u32, DayCells> {
    let mut days = told.days.clone();
    for (prefix, kind, totals) in left.iter().flat_map(|left| &left.cells) {
        let of_banks = left.map_or([0; BANKS], |left| left.days);
        for (day, total) in of_banks.into_iter().zip(totals) {
            if day == 0 || *total == 0 {
                continue;
            }
            let cells = days.entry(day).or_default();
            let known = cells.entry((prefix.clone(), *kind)).or_default();
            *known = (*total).max(*known);
        }
    }
    days
}

fn cell(day: u32, prefix: Option<Prefix>, kind: Kind, total: u64) -> CounterCell {
    let [subject, protocol, outcome, origin] = kind.numbers();
    CounterCell {
        day,
        prefix,
        subject,
        protocol,
        outcome,
        origin,
        total,
    }
}

fn by_number<T: Copy>(
    all: &[T],
    number: fn(T) -> u8,
    field: &'static str,
    value: u8,
) -> Result<T, DecodeError> {
    let found = all.iter().copied().find(|one| number(*one) == value);
    found.ok_or(DecodeError::UnknownValue { field, value })
}

//============ Error types =====================================================

/// Why totals could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TotalsError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockFault),
    /// The counters file.
    #[error("the counters file: {0}")]
    File(#[from] io::Error),
    /// Totals that this release does not know.
    #[error("the totals of resolutions: {0}")]
    Decode(#[from] DecodeError),
    /// Another change stands where only totals do.
    #[error("partition {0} holds a change that is no total; use a newer biaoshi")]
    Unexpected(Partition),
    /// The fate of the entry is unknown, or another stands in its place.
    #[error("the totals of partition {0} may not have been written; they are written again")]
    NotWritten(Partition),
}

impl TotalsError {
    fn unknown(field: &'static str, value: u8) -> Self {
        Self::Decode(DecodeError::UnknownValue { field, value })
    }
}
