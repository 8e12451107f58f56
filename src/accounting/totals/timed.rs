//! How long it took, as the ledger keeps it beside the totals.

use std::collections::BTreeSet;

use super::{CHANGES_MAX, Told, Totals, TotalsError, host_of};
use crate::{
    accounting::{
        mapping::BANKS,
        timings::{Activity, TimingKey},
    },
    change::{Change, TIMING_CELLS_MAX, Timing, TimingCell, TimingTotals},
    state::directory::Whose,
};

impl Totals {
    /// Writes what was timed since the last time; whether there was anything.
    pub(super) async fn flush_timings(&mut self) -> Result<bool, TotalsError> {
        let grown = self.counters.timings().grown();
        for rows in grown.chunks(TIMING_CELLS_MAX * CHANGES_MAX) {
            let changes = rows.chunks(TIMING_CELLS_MAX).map(|rows| {
                let cells = rows.iter().map(|row| self.timing_cell(row)).collect();
                Change::Timings(TimingTotals::sorted(cells))
            });
            let changes = changes.collect();
            self.append(changes).await?;
            for (day, key, timing) in rows {
                self.rolling.appended(*day, self.head.seq);
                self.counters.timings().written(*day, *key, timing);
            }
        }
        Ok(!grown.is_empty())
    }

    /// Goes on from what the ledger says of days that `control` does not have.
    pub(super) fn open_timings(&self, told: &Told, whole: &BTreeSet<u32>) {
        let directory = self.state.directory();
        let rows = (told.timings.iter()).filter_map(|((day, prefix, act), timing)| {
            let whose = match prefix {
                None => Some(Whose::NOBODY),
                Some(prefix) => directory.whose(prefix.as_str()),
            };
            // What this release does not know of stays in the ledger.
            let activity = Activity::ALL
                .into_iter()
                .find(|activity| activity.number() == *act)?;
            let is_open = !whole.contains(day);
            is_open.then_some((*day, (whose?, activity), *timing))
        });
        let timings = self.counters.timings();
        let host = host_of(&self.partition);
        timings.open(host, rows, whole.last().copied());
    }

    /// What a day came to that is rolled up now: nothing is added to it any more.
    pub(super) fn timings_of(&self, day: u32) -> TimingTotals {
        let rows = self.counters.timings().close(day);
        let cell = |(key, timing): (TimingKey, Timing)| self.timing_cell(&(day, key, timing));
        TimingTotals::sorted(rows.into_iter().map(cell).collect())
    }

    /// Days of which there are timings only are over where all that is counted or waits is later.
    pub(super) fn close_timed_days(&mut self, counted: [u32; BANKS]) {
        let pending = self.pending.iter().map(|pending| pending.day);
        let open = counted.into_iter().chain(pending).filter(|day| *day > 0);
        let first = open.min().unwrap_or_default();
        for day in self.counters.timings().days_before(first) {
            self.rolling.close_uncounted(day);
        }
    }

    fn timing_cell(
        &self,
        (day, (whose, activity), timing): &(u32, TimingKey, Timing),
    ) -> TimingCell {
        let directory = self.state.directory();
        TimingCell {
            day: *day,
            prefix: directory.prefix_of(*whose).cloned(),
            act: activity.number(),
            timing: *timing,
        }
    }
}
