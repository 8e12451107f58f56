//! What was answered, by statistics day: what the ledger has, and what is counted now.

use std::{collections::BTreeMap, sync::Arc};

use super::{Kind, cells::CellKey};
use crate::state::directory::Whose;

/// The cells of a day.
pub(super) type OfDay = Arc<[(CellKey, u64)]>;

//----------- Resolutions ------------------------------------------------------

/// All days of a node. A copy shares the days with its original.
#[derive(Debug, Clone, Default)]
pub struct Resolutions {
    /// Of each day what each host says.
    days: BTreeMap<u32, Vec<OfDay>>,
}

impl Resolutions {
    /// The days on which anything was answered, YYYYMMDD, in order.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.days.keys().copied()
    }

    /// How often there was each kind of answer on a day, by whose it was.
    pub fn of_day(&self, day: u32) -> impl Iterator<Item = (Whose, Kind, u64)> {
        let hosts = self.days.get(&day).into_iter().flatten();
        let cells = hosts.flat_map(|cells| cells.iter());
        cells.map(|((whose, kind), total)| (*whose, *kind, *total))
    }

    /// What a host's day came to, or has come to so far.
    pub(super) fn add(&mut self, day: u32, cells: OfDay) {
        if !cells.is_empty() {
            self.days.entry(day).or_default().push(cells);
        }
    }
}
