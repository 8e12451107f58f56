//! How many answers there were of each kind.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Origin, Outcome, Protocol};

const KINDS: usize = Protocol::ALL.len() * Outcome::ALL.len() * Origin::ALL.len();

//----------- Counters ---------------------------------------------------------

/// One cell for each protocol, outcome and origin.
#[derive(Debug)]
pub struct Counters {
    cells: [AtomicU64; KINDS],
    malformed: [AtomicU64; Protocol::ALL.len()],
}

impl Counters {
    /// All zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            cells: [const { AtomicU64::new(0) }; KINDS],
            malformed: [const { AtomicU64::new(0) }; Protocol::ALL.len()],
        }
    }

    /// Counts one answer.
    pub fn count(&self, protocol: Protocol, outcome: Outcome, origin: Origin) {
        self.add(protocol, outcome, origin, 1);
    }

    /// Counts many answers of one kind.
    pub(super) fn add(&self, protocol: Protocol, outcome: Outcome, origin: Origin, more: u64) {
        let (outcomes, origins) = (Outcome::ALL.len(), Origin::ALL.len());
        let at = (protocol as usize * outcomes + outcome as usize) * origins + origin as usize;
        // In range: each is below the length of its list, which a test holds.
        if let Some(cell) = self.cells.get(at) {
            cell.fetch_add(more, Ordering::Relaxed);
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

    /// Every cell with its kind.
    pub fn each(&self) -> impl Iterator<Item = (Protocol, Outcome, Origin, u64)> {
        let kinds = Protocol::ALL.into_iter().flat_map(|protocol| {
            let of = move |outcome| Origin::ALL.map(|origin| (protocol, outcome, origin));
            Outcome::ALL.into_iter().flat_map(of)
        });
        let counts = self.cells.iter().map(|cell| cell.load(Ordering::Relaxed));
        kinds
            .zip(counts)
            .map(|((protocol, outcome, origin), count)| (protocol, outcome, origin, count))
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_cell_of_its_own() {
        let counters = Counters::new();
        let kinds: Vec<_> = counters.each().collect();
        assert_eq!(kinds.len(), KINDS);
        for (times, (protocol, outcome, origin, _)) in (1..).zip(&kinds) {
            (0..times).for_each(|_| counters.count(*protocol, *outcome, *origin));
        }
        for (times, (protocol, outcome, origin, count)) in (1..).zip(counters.each()) {
            assert_eq!(count, times, "{protocol:?} {outcome:?} {origin:?}");
        }
    }
}
