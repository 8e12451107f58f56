//! How long answers and registrations take, and how many come within a second.
//!
//! ```text
//! who answers ─▶ its Lane ── each second ─▶ seconds ── two later ─▶ days ─▶ counters/<host>
//! ```
//!
//! A second is given to its day once all lanes have had time to say what they did in it. What is
//! not in the ledger yet is lost with the process: these are measurements, not counts. What each
//! figure means is in `docs/counting.md`.

mod lane;
mod part;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use foldhash::fast::FixedState;
pub use lane::{Lane, Request};
use part::Part;

use crate::{
    change::{Timing, statistics_day},
    state::directory::{Directory, Whose},
};

/// A second is over for all lanes this long after it began: whoever reads the clock at its end adds
/// what it has timed within a second, however busy the machine is.
const SECONDS_OPEN: u64 = 2;

//----------- Activity ---------------------------------------------------------

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Activity {
    /// 解析: answers to questions.
    Resolution = 1,
    /// 注册: identifiers that are registered, until the ledger has them.
    Registration = 2,
}

impl Activity {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Resolution, Self::Registration];

    /// Its number in the ledger.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// Whose requests ([`Whose::NOBODY`] is the node), and of what kind.
pub(super) type TimingKey = (Whose, Activity);

/// By numbers of our own: nobody chooses what they hash to.
type Of<V> = HashMap<TimingKey, V, FixedState>;

//----------- Timings ----------------------------------------------------------

/// The timings of a node.
#[derive(Debug, Default)]
pub struct Timings {
    lanes: Mutex<Vec<Arc<Lane>>>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    seconds: BTreeMap<u64, Of<Part>>,
    days: BTreeMap<u32, Of<Row>>,
    /// Days up to this one are rolled up, or being so.
    closed: u32,
    /// Whose they are, as the ledger has it.
    host: Box<str>,
}

/// A day of one prefix.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    timing: Timing,
    /// How much of it the ledger has, by what was asked.
    asked_written: u64,
}

impl Timings {
    /// A lane for one more who answers; it is collected for ever.
    #[must_use]
    pub fn lane(&self) -> Arc<Lane> {
        let lane = Arc::new(Lane::default());
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.push(Arc::clone(&lane));
        lane
    }

    /// Takes what the lanes have, and gives the seconds that are over to their days; none is given
    /// to a day after `today`.
    pub fn collect(&self, now_s: u64, today: u32, directory: &Directory) {
        self.take_seconds(directory, now_s.saturating_sub(SECONDS_OPEN), today);
    }

    /// The same with seconds that are not over: nobody answers any more.
    pub fn collect_last(&self, today: u32, directory: &Directory) {
        self.take_seconds(directory, u64::MAX, today);
    }

    /// The days of a prefix that are not rolled up, in order.
    #[must_use]
    pub fn of(&self, whose: Whose, activity: Activity) -> Vec<(u32, Timing)> {
        let book = self.book();
        let of_day =
            |(day, rows): (&u32, &Of<Row>)| Some((*day, rows.get(&(whose, activity))?.timing));
        book.days.iter().filter_map(of_day).collect()
    }

    /// Whose they are, as the ledger has it; empty where the ledger is not read yet.
    #[must_use]
    pub fn host(&self) -> Box<str> {
        self.book().host.clone()
    }

    //--- What `Totals` does

    /// Adds what the ledger has of days that are not rolled up.
    pub(super) fn open(
        &self,
        host: &str,
        days: impl IntoIterator<Item = (u32, TimingKey, Timing)>,
        closed: Option<u32>,
    ) {
        let mut book = self.book();
        book.host = host.into();
        book.closed = book.closed.max(closed.unwrap_or_default());
        for (day, key, timing) in days {
            let row = book.days.entry(day).or_default().entry(key).or_default();
            row.timing.add(&timing);
            row.asked_written = timing.asked;
        }
    }

    /// The rows of which the ledger has less, in order of days.
    pub(super) fn grown(&self) -> Vec<(u32, TimingKey, Timing)> {
        let book = self.book();
        let mut grown = Vec::new();
        for (day, rows) in &book.days {
            let rows = rows.iter().map(|(key, row)| (*day, *key, *row));
            let more = rows.filter(|(_, _, row)| row.timing.asked > row.asked_written);
            grown.extend(more.map(|(day, key, row)| (day, key, row.timing)));
        }
        grown
    }

    /// The ledger has a row as it was then.
    pub(super) fn written(&self, day: u32, key: TimingKey, timing: &Timing) {
        let mut book = self.book();
        let row = book.days.get_mut(&day).and_then(|rows| rows.get_mut(&key));
        if let Some(row) = row {
            row.asked_written = timing.asked;
        }
    }

    /// Days before that one of which there is anything.
    pub(super) fn days_before(&self, day: u32) -> Vec<u32> {
        self.book().days.range(..day).map(|(day, _)| *day).collect()
    }

    /// Gives nothing more to a day, and returns what it came to.
    pub(super) fn close(&self, day: u32) -> Vec<(TimingKey, Timing)> {
        let mut book = self.book();
        book.closed = book.closed.max(day);
        let rows = book.days.get(&day).into_iter().flatten();
        rows.map(|(key, row)| (*key, row.timing)).collect()
    }

    /// Lets go of a day that is rolled up.
    pub(super) fn forget(&self, day: u32) {
        self.book().days.remove(&day);
    }

    //--- Inside

    fn take_seconds(&self, directory: &Directory, before_s: u64, today: u32) {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let parts: Vec<_> = lanes.iter().map(|lane| lane.collect()).collect();
        drop(lanes);
        // No day is counted: the totals could not be read.
        if today == 0 {
            return;
        }
        let mut book = self.book();
        for ((second, whose, activity), part) in parts.into_iter().flatten() {
            let of_second = book.seconds.entry(second).or_default();
            of_second.entry((whose, activity)).or_default().add(&part);
        }
        while let Some(first) = book
            .seconds
            .first_entry()
            .filter(|first| *first.key() < before_s)
        {
            let (second, parts) = first.remove_entry();
            book.end_second(directory, second, &parts, today);
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// Gives a second to its day: to each prefix, to the secondary ones above it, and to the node.
    fn end_second(&mut self, directory: &Directory, second: u64, parts: &Of<Part>, today: u32) {
        let day = statistics_day(second.saturating_mul(1_000));
        // A clock that is set back gives a day that is over nothing more.
        let is_open = (self.closed + 1..=today).contains(&day);
        let rows = self
            .days
            .entry(if is_open { day } else { today })
            .or_default();
        let mut above: Of<Part> = Of::default();
        for (&(whose, activity), part) in parts {
            above
                .entry((Whose::NOBODY, activity))
                .or_default()
                .add(part);
            for secondary in directory.secondaries_of(whose) {
                above.entry((secondary, activity)).or_default().add(part);
            }
            if directory.is_enterprise(whose) {
                let row = rows.entry((whose, activity)).or_default();
                row.timing.add(&part.of_second(second));
            }
        }
        for (key, part) in above {
            let row = rows.entry(key).or_default();
            row.timing.add(&part.of_second(second));
        }
    }
}
