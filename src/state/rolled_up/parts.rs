//! A day that is over, in the parts in which `control` was told of it.

use super::{RolledCell, RolledTiming};
use crate::{
    change::{CounterCell, CounterTotals, Hash, RollUp, Timing, TimingCell, TimingTotals},
    identifier::Prefix,
    state::directory::{Directory, Whose},
};

//----------- Parts ------------------------------------------------------------

/// The parts of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// In order and each once where the day is whole: years of them are kept, as tightly as may be.
    pub(super) cells: Vec<(RolledCell, u64)>,
    pub(super) timings: Vec<(RolledTiming, Timing)>,
    /// Which parts are there: bits, 64 to a word.
    pub(super) there: Vec<u64>,
    pub(super) parts: u32,
    pub(super) read_from: u64,
    pub(super) seq: u64,
    pub(super) hash: Hash,
}

impl Parts {
    /// Takes a part of the day.
    pub(super) fn take(&mut self, directory: &Directory, rolled_up: &RollUp) {
        if self.parts != rolled_up.parts {
            // It was begun anew.
            self.there.clear();
            self.parts = rolled_up.parts;
        }
        let (word, bit) = (rolled_up.part / 64, rolled_up.part % 64);
        let word = usize::try_from(word).unwrap_or(usize::MAX);
        if self.there.len() <= word {
            self.there.resize(word + 1, 0);
        }
        self.there[word] |= 1 << bit;
        (self.read_from, self.seq, self.hash) =
            (rolled_up.read_from, rolled_up.seq, rolled_up.hash);
        // A prefix that is counted was assigned before.
        let whose = |prefix: &Option<Prefix>| match prefix {
            None => Some(Whose::NOBODY),
            Some(prefix) => directory.whose(prefix.as_str()),
        };
        for cell in &rolled_up.totals.cells {
            let numbers = [cell.subject, cell.protocol, cell.outcome, cell.origin];
            let whose = whose(&cell.prefix).map(|whose| ((whose, numbers), cell.total));
            self.cells.extend(whose);
        }
        for cell in &rolled_up.timings.cells {
            let whose = whose(&cell.prefix).map(|whose| ((whose, cell.act), cell.timing));
            self.timings.extend(whose);
        }
        if self.is_whole() {
            self.tidy();
        }
    }

    pub(super) fn totals(&self, day: u32, directory: &Directory) -> CounterTotals {
        let cells = self.cells.iter().map(|((whose, numbers), total)| {
            let [subject, protocol, outcome, origin] = *numbers;
            CounterCell {
                day,
                prefix: directory.prefix_of(*whose).cloned(),
                subject,
                protocol,
                outcome,
                origin,
                total: *total,
            }
        });
        let mut cells: Vec<_> = cells.collect();
        // By prefix, which is not the order of whose it is.
        cells.sort_unstable();
        CounterTotals { cells }
    }

    pub(super) fn timings(&self, day: u32, directory: &Directory) -> TimingTotals {
        let cells = self
            .timings
            .iter()
            .map(|((whose, act), timing)| TimingCell {
                day,
                prefix: directory.prefix_of(*whose).cloned(),
                act: *act,
                timing: *timing,
            });
        TimingTotals::sorted(cells.collect())
    }

    /// Brings what came in parts into order; of two that say the same cell the larger holds.
    fn tidy(&mut self) {
        self.cells.sort_unstable();
        self.cells.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = kept.1.max(later.1);
            }
            is_same
        });
        self.cells.shrink_to_fit();
        self.timings.sort_unstable_by_key(|(key, _)| *key);
        self.timings.dedup_by(|later, kept| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1 = kept.1.later(later.1);
            }
            is_same
        });
        self.timings.shrink_to_fit();
    }

    pub(super) fn is_whole(&self) -> bool {
        let there: u32 = self.there.iter().map(|word| word.count_ones()).sum();
        there == self.parts
    }
}
