//! Cells: one number for each kind of answer of each prefix, added to by many threads.
//!
//! ```text
//! thread ─▶ its lane: (whose, kind) → cell ─▶ load, add, store in the bank of today
//!              └ not there yet ─▶ table (locked): a new cell, named in the mapping
//! ```
//!
//! On the way of an answer there is no lock and no locked instruction: each thread has a lane of
//! its own, and only the first answer of a kind that a thread gives looks into the table.

use std::{
    cell::RefCell,
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use foldhash::fast::FixedState;

use super::{
    KINDS, Kind,
    mapping::{BANKS, EXTENT_CELLS, Extent, Mapping},
};
use crate::{identifier::Prefix, state::directory::Whose};

/// The lane of all threads that have none of their own.
const SHARED_LANE: usize = 0;

/// Cells that are kept for what is nobody's: all kinds of it can be counted, whatever else is.
const KEPT_CELLS: usize = KINDS;

/// With fewer free cells than this, room for more is made ahead: nobody then waits for it.
const FREE_CELLS_MIN: usize = EXTENT_CELLS / 2;

/// The day of a bank that has none.
const NO_DAY: u32 = 0;

/// Which prefix that is.
pub(super) type Names = Box<dyn Fn(Whose) -> Option<Prefix> + Send + Sync>;

/// What a cell counts.
pub(super) type CellKey = (Whose, Kind);

type Found<V> = HashMap<u64, V, FixedState>;

//----------- Cells ------------------------------------------------------------

/// All of a node.
pub(super) struct Cells {
    mapping: Mapping,
    names: Names,
    /// Which bank today is.
    bank: AtomicUsize,
    /// Answers of a prefix that were counted as nobody's, since there was no room for more cells.
    untold: AtomicU64,
    table: Mutex<Table>,
}

/// What is looked into for a cell that a lane does not know yet.
struct Table {
    extents: Vec<Arc<Extent>>,
    days: [u32; BANKS],
    /// A bank was cleared, and the file does not say so before that is on the disk.
    is_clearing: bool,
    keys: Vec<CellKey>,
    cells: Found<u32>,
    /// How many of the cells are nobody's.
    nobodys: usize,
    lanes_free: Vec<usize>,
}

/// The totals of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayTotals {
    /// The decimal number YYYYMMDD.
    pub(super) day: u32,
    /// Each kind of each prefix of which there was any answer.
    pub(super) cells: Vec<(CellKey, u64)>,
}

impl Cells {
    /// Cells over a new mapping of so many lanes, with what was counted before; `days` are those of
    /// the banks, and the later one is today.
    pub(super) fn new(
        mapping: Mapping,
        lanes: usize,
        names: Names,
        days: [u32; BANKS],
        counted: &[(CellKey, [u64; BANKS])],
    ) -> io::Result<Self> {
        let cells = Self {
            names,
            bank: AtomicUsize::new(bank_of_today(days)),
            untold: AtomicU64::new(0),
            table: Mutex::new(Table {
                extents: vec![mapping.extend(0)?],
                days,
                is_clearing: false,
                keys: Vec::new(),
                cells: Found::default(),
                nobodys: 0,
                lanes_free: (SHARED_LANE + 1..lanes).collect(),
            }),
            mapping,
        };
        cells.mapping.set_days(days);
        for (key, totals) in counted {
            let mut table = cells.table();
            let cell = cells.cell(&mut table, *key);
            for (bank, total) in totals.iter().enumerate() {
                table.add_shared(cell, bank, *total);
            }
        }
        Ok(cells)
    }

    /// Counts answers of one kind.
    pub(super) fn add(self: &Arc<Self>, whose: Whose, kind: Kind, more: u64) {
        LANE.with_borrow_mut(|lane| {
            let is_own = |lane: &Lane| Arc::ptr_eq(&lane.owner, self);
            if !lane.as_ref().is_some_and(is_own) {
                *lane = Some(Lane::of(self));
            }
            if let Some(lane) = lane {
                lane.add(whose, kind, more);
            }
        });
    }

    /// The totals of the days that are in the banks, the earlier one first.
    ///
    /// No day may be opened meanwhile: whoever opens days and whoever asks take turns.
    pub(super) fn totals(&self) -> [DayTotals; BANKS] {
        // Copied, so that nobody waits for a cell while all are summed.
        let (extents, keys, days) = {
            let table = self.table();
            (table.extents.clone(), table.keys.clone(), table.days)
        };
        let today = bank_of_today(days);
        [1 - today, today].map(|bank| {
            let totals = keys.iter().enumerate().map(|(cell, key)| {
                let extent = extents.get(cell / EXTENT_CELLS);
                let total = extent.map_or(0, |extent| extent.total(cell % EXTENT_CELLS, bank));
                (*key, total)
            });
            DayTotals {
                day: days.get(bank).copied().unwrap_or_default(),
                cells: totals.filter(|(_, total)| *total > 0).collect(),
            }
        })
    }

    /// Makes the bank of the day before ready for another day, with the next [`Cells::sync`]; what
    /// that one counted must have been taken by [`Cells::totals`].
    pub(super) fn clear_day_before(&self) {
        let mut table = self.table();
        let bank = 1 - bank_of_today(table.days);
        if table.days.get(bank) != Some(&NO_DAY) {
            for extent in &table.extents {
                extent.begin(bank);
            }
            table.set_day(bank, NO_DAY);
            table.is_clearing = true;
        }
    }

    /// Counts another day from here on, in the bank of the day before, which is cleared; not yet
    /// where that is not on the disk: else a loss of power would give this day what that one
    /// counted. Whoever is late adds to the day that is over.
    pub(super) fn open_day(&self, day: u32) -> bool {
        let mut table = self.table();
        let bank = 1 - bank_of_today(table.days);
        if table.is_clearing || table.days.get(bank) != Some(&NO_DAY) {
            return false;
        }
        table.set_day(bank, day);
        self.mapping.set_days(table.days);
        // Whoever sees the bank in a file finds its day there.
        self.bank.store(bank, Ordering::Release);
        true
    }

    /// The days that are in the banks, the earlier one first.
    pub(super) fn days(&self) -> [u32; BANKS] {
        let mut days = self.table().days;
        days.sort_unstable();
        days
    }

    /// The day that is counted now.
    pub(super) fn today(&self) -> u32 {
        let days = self.table().days;
        days.into_iter().max().unwrap_or_default()
    }

    /// Makes room ahead, and waits until what was counted is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        let (extents, is_clearing) = {
            let mut table = self.table();
            if table.free() < FREE_CELLS_MIN {
                let extent = self.mapping.extend(table.extents.len())?;
                table.extents.push(extent);
            }
            (table.extents.clone(), table.is_clearing)
        };
        self.mapping.sync(&extents)?;
        if is_clearing {
            let mut table = self.table();
            table.is_clearing = false;
            self.mapping.set_days(table.days);
        }
        Ok(())
    }

    /// Whether a kill leaves what was counted.
    pub(super) fn is_file(&self) -> bool {
        self.mapping.is_file()
    }

    /// Answers of a prefix that had to be counted as nobody's.
    pub(super) fn untold(&self) -> u64 {
        self.untold.load(Ordering::Relaxed)
    }

    /// Gives a new file its name.
    pub(super) fn publish(&self, path: &std::path::Path) -> io::Result<()> {
        self.sync()?;
        self.mapping.publish(path)
    }

    /// The cell of a key, a new one if need be; of what there is no room for, nobody's.
    fn cell(&self, table: &mut Table, key: CellKey) -> u32 {
        if let Some(cell) = table.cells.get(&packed(key)) {
            return *cell;
        }
        let (whose, kind) = key;
        let prefix = (self.names)(whose);
        let is_nobodys = whose == Whose::NOBODY;
        let kept = if is_nobodys {
            0
        } else {
            KEPT_CELLS - table.nobodys
        };
        if table.free() <= kept
            && let Ok(extent) = self.mapping.extend(table.extents.len())
        {
            table.extents.push(extent);
        }
        // A number that names no prefix, or a full disk: counted, and not told apart.
        if !is_nobodys && (prefix.is_none() || table.free() <= kept) {
            self.untold.fetch_add(1, Ordering::Relaxed);
            return self.cell(table, (Whose::NOBODY, kind));
        }
        table.push(key, prefix.as_ref())
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn set_day(&mut self, bank: usize, day: u32) {
        if let Some(of_bank) = self.days.get_mut(bank) {
            *of_bank = day;
        }
    }

    fn free(&self) -> usize {
        self.extents.len() * EXTENT_CELLS - self.keys.len()
    }

    fn push(&mut self, key: CellKey, prefix: Option<&Prefix>) -> u32 {
        let (whose, kind) = key;
        let place = self.keys.len();
        if let Some(extent) = self.extents.get(place / EXTENT_CELLS) {
            extent.name(place % EXTENT_CELLS, prefix, kind);
        }
        // Far below: each takes over a hundred bytes of a mapping.
        let cell = u32::try_from(place).unwrap_or(u32::MAX);
        self.keys.push(key);
        self.cells.insert(packed(key), cell);
        self.nobodys += usize::from(whose == Whose::NOBODY);
        cell
    }

    fn add_shared(&self, cell: u32, bank: usize, more: u64) {
        let (extent, cell) = place(cell);
        if let Some(extent) = self.extents.get(extent) {
            extent.add_shared(SHARED_LANE, cell, bank, more);
        }
    }
}

//----------- Lane -------------------------------------------------------------

thread_local! {
    /// The lane of this thread, of the cells that it counted with last.
    static LANE: RefCell<Option<Lane>> = const { RefCell::new(None) };
}

/// What one thread adds to.
struct Lane {
    owner: Arc<Cells>,
    number: usize,
    extents: Vec<Arc<Extent>>,
    found: Found<u32>,
}

impl Lane {
    fn of(owner: &Arc<Cells>) -> Self {
        let mut table = owner.table();
        Self {
            owner: Arc::clone(owner),
            // With more threads than lanes the rest share one.
            number: table.lanes_free.pop().unwrap_or(SHARED_LANE),
            extents: table.extents.clone(),
            found: Found::default(),
        }
    }

    fn add(&mut self, whose: Whose, kind: Kind, more: u64) {
        let known = self.found.get(&packed((whose, kind))).copied();
        let cell = known.unwrap_or_else(|| self.find(whose, kind));
        let (extent, cell) = place(cell);
        let bank = self.owner.bank.load(Ordering::Relaxed);
        if let Some(extent) = self.extents.get(extent) {
            if self.number == SHARED_LANE {
                extent.add_shared(SHARED_LANE, cell, bank, more);
            } else {
                extent.add(self.number, cell, bank, more);
            }
        }
    }

    #[cold]
    fn find(&mut self, whose: Whose, kind: Kind) -> u32 {
        let mut table = self.owner.table();
        let cell = self.owner.cell(&mut table, (whose, kind));
        self.extents.clone_from(&table.extents);
        // What there was no room for is asked for again: there may be next time.
        let at = usize::try_from(cell).unwrap_or(usize::MAX);
        if table.keys.get(at) == Some(&(whose, kind)) {
            self.found.insert(packed((whose, kind)), cell);
        }
        cell
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.number != SHARED_LANE {
            // The lock hands what was added on to the next thread that has this lane.
            self.owner.table().lanes_free.push(self.number);
        }
    }
}

//----------- Helper functions -------------------------------------------------

fn bank_of_today(days: [u32; BANKS]) -> usize {
    usize::from(days[1] > days[0])
}

/// A key in one word.
fn packed((whose, kind): CellKey) -> u64 {
    let place = u64::try_from(kind.place()).unwrap_or_default();
    u64::from(whose.number()) << 16 | place
}

/// The extent of a cell, and its place there.
fn place(cell: u32) -> (usize, usize) {
    let cell = usize::try_from(cell).unwrap_or(usize::MAX);
    (cell / EXTENT_CELLS, cell % EXTENT_CELLS)
}
