//! What was answered, counted by whoever answers.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Act, KINDS, Kind, Origin, Outcome, Protocol, Resolutions, Timings,
    cells::{Cells, DayTotals},
    mapping::BANKS,
};
use crate::state::{State, directory::Whose};

/// What a node shows of itself: neither whose nor what was asked for.
pub(super) type Shown = (Protocol, Outcome, Origin);

/// How many of these there are.
const SHOWN: usize = Protocol::ALL.len() * Outcome::ALL.len() * Origin::ALL.len();

//----------- Counters ---------------------------------------------------------

/// The counters of a node.
///
/// Until the ledger is read nothing is anybody's, and answers are counted here; then they go to
/// cells that outlive the process.
pub struct Counters {
    early: [AtomicU64; KINDS],
    cells: OnceLock<Arc<Cells>>,
    malformed: [AtomicU64; Protocol::ALL.len()],
    /// What the days before those in the cells have come to. Whoever opens a day holds it.
    before: Mutex<Before>,
    timings: Timings,
}

/// Days that are over.
struct Before {
    /// What they have come to.
    shown: [u64; SHOWN],
    /// Each of them that is not rolled up.
    resolutions: Resolutions,
}

impl Counters {
    /// All zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            early: [const { AtomicU64::new(0) }; KINDS],
            cells: OnceLock::new(),
            malformed: [const { AtomicU64::new(0) }; Protocol::ALL.len()],
            before: Mutex::new(Before {
                shown: [0; SHOWN],
                resolutions: Resolutions::default(),
            }),
            timings: Timings::default(),
        }
    }

    /// How long it took.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Counts an answer that was sent.
    pub fn count(&self, act: Act, protocol: Protocol, origin: Origin) {
        let kind = Kind {
            subject: act.subject,
            protocol,
            outcome: act.outcome,
            origin,
        };
        if let Some(cells) = self.cells.get() {
            cells.add(act.whose, kind, 1);
        } else if let Some(early) = self.early.get(kind.place()) {
            early.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a message that could not be read.
    pub fn malformed(&self, protocol: Protocol) {
        if let Some(cell) = self.malformed.get(protocol as usize) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The messages of each protocol that could not be read.
    pub fn each_malformed(&self) -> impl Iterator<Item = (Protocol, u64)> {
        let counts = self
            .malformed
            .iter()
            .map(|cell| cell.load(Ordering::Relaxed));
        Protocol::ALL.into_iter().zip(counts)
    }

    /// How many answers of each kind there were in the life of the node.
    pub fn each(&self) -> Vec<(Protocol, Outcome, Origin, u64)> {
        let before = self.before();
        let mut sums = before.shown;
        for (kind, early) in Kind::all().zip(&self.early) {
            add(&mut sums, shown(kind), early.load(Ordering::Relaxed));
        }
        for day in self.cells.get().iter().flat_map(|cells| cells.totals()) {
            for ((_, kind), total) in day.cells {
                add(&mut sums, shown(kind), total);
            }
        }
        drop(before);
        let each = Protocol::ALL.into_iter().flat_map(|protocol| {
            Outcome::ALL
                .into_iter()
                .flat_map(move |outcome| Origin::ALL.map(move |origin| (protocol, outcome, origin)))
        });
        each.zip(sums)
            .map(|((protocol, outcome, origin), sum)| (protocol, outcome, origin, sum))
            .collect()
    }

    /// What was answered on each day, today included; `state` has those that are rolled up.
    pub fn resolutions(&self, state: &State) -> Resolutions {
        let mut all = {
            let before = self.before();
            let mut all = before.resolutions.clone();
            for day in self.cells.get().iter().flat_map(|cells| cells.totals()) {
                all.add(day.day, day.cells.into());
            }
            all
        };
        // Behind that: a day that is rolled up meanwhile is in both, and never in none.
        all.roll_up(state.rolled_up(), &self.timings.host());
        all
    }

    /// Answers of prefixes that had to be counted as nobody's, since there was no room.
    pub fn untold(&self) -> u64 {
        self.cells.get().map_or(0, |cells| cells.untold())
    }

    /// Whether a kill leaves what is counted.
    pub fn is_kept(&self) -> bool {
        self.cells.get().is_some_and(|cells| cells.is_file())
    }

    //--- What `Totals` does

    /// Counts in these cells from here on; `days` have come to what they say and are not rolled up,
    /// and all others to `shown`.
    pub(super) fn open(
        &self,
        cells: Cells,
        days: impl Iterator<Item = DayTotals>,
        all_shown: impl IntoIterator<Item = (Shown, u64)>,
    ) {
        let mut before = self.before();
        for (shown, total) in all_shown {
            add(&mut before.shown, shown, total);
        }
        days.for_each(|day| before.take(&day));
        // It is opened once.
        let _ = self.cells.set(Arc::new(cells));
        drop(before);
        self.take_early();
    }

    /// Hands what was counted early on; whoever was late is taken the next time.
    pub(super) fn take_early(&self) {
        let Some(cells) = self.cells.get() else {
            return;
        };
        let _turn = self.before();
        for (kind, early) in Kind::all().zip(&self.early) {
            let count = early.swap(0, Ordering::Relaxed);
            if count > 0 {
                cells.add(Whose::NOBODY, kind, count);
            }
        }
    }

    /// The totals of the day that is counted, and of the one before.
    pub(super) fn totals(&self) -> Option<[DayTotals; BANKS]> {
        let _turn = self.before();
        self.cells.get().map(|cells| cells.totals())
    }

    /// The day that is counted and the one before, the earlier one first; 0 for none.
    pub(super) fn days(&self) -> Option<[u32; BANKS]> {
        self.cells.get().map(|cells| cells.days())
    }

    /// The day that is counted, YYYYMMDD; 0 where nothing can be.
    pub fn today(&self) -> u32 {
        self.cells.get().map_or(0, |cells| cells.today())
    }

    /// Lets go of the day before the one that is counted, and returns what it came to.
    pub(super) fn clear_day_before(&self) -> Option<DayTotals> {
        let mut before = self.before();
        let cells = self.cells.get()?;
        let [last, _] = cells.totals();
        cells.clear_day_before();
        before.take(&last);
        Some(last)
    }

    /// A day is rolled up: the state has it.
    pub(super) fn rolled_up(&self, day: u32) {
        self.before().resolutions.forget(day);
        self.timings.forget(day);
    }

    /// Counts another day from here on, if the bank of the one before is cleared on the disk too.
    pub(super) fn open_day(&self, day: u32) -> bool {
        let _turn = self.before();
        self.cells.get().is_some_and(|cells| cells.open_day(day))
    }

    /// Waits until what was counted is on the disk.
    ///
    /// # Errors
    /// As the system says; what was counted is lost if the power goes now, and not if the process
    /// does.
    pub fn sync(&self) -> io::Result<()> {
        self.take_early();
        self.cells.get().map_or(Ok(()), |cells| cells.sync())
    }

    fn before(&self) -> MutexGuard<'_, Before> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counters")
            .field("today", &self.today())
            .finish_non_exhaustive()
    }
}

impl Before {
    /// Takes a day that is in no bank any more.
    fn take(&mut self, day: &DayTotals) {
        for ((_, kind), total) in &day.cells {
            add(&mut self.shown, shown(*kind), *total);
        }
        self.resolutions.add(day.day, day.cells.as_slice().into());
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self::new()
    }
}

//----------- Helper functions -------------------------------------------------

/// What is shown of a kind.
pub(super) fn shown(kind: Kind) -> Shown {
    (kind.protocol, kind.outcome, kind.origin)
}

fn add(sums: &mut [u64; SHOWN], (protocol, outcome, origin): Shown, more: u64) {
    let at = (protocol as usize * Outcome::ALL.len() + outcome as usize) * Origin::ALL.len();
    if let Some(sum) = sums.get_mut(at + origin as usize) {
        *sum += more;
    }
}
