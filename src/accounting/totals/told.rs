//! What the ledger says of a host: its totals, folded.

use std::collections::{BTreeMap, HashMap};

use super::{TotalsError, by_number};
use crate::{
    accounting::{Kind, Origin, Outcome, Protocol, counters::Shown},
    change::{Change, CounterCell, Entry, Partition, Timing},
    identifier::Prefix,
    ledger::{Head, Ledger},
};

/// Payload bytes that are read at a time.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Cells that tell nothing apart but how it was asked, what became of it, and by whom.
const NOT_TOLD_APART: u32 = 0;

/// The totals of a day.
pub(super) type DayCells = HashMap<(Option<Prefix>, Kind), u64>;

//----------- Told -------------------------------------------------------------

/// The totals that a partition says.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Its end.
    pub(super) head: Head,
    /// The time of its last entry; 0 where there is none.
    pub(super) time_ms: u64,
    /// The cells of each day, YYYYMMDD.
    pub(super) days: BTreeMap<u32, DayCells>,
    /// The first entry that was read of each day.
    pub(super) first: BTreeMap<u32, u64>,
    /// What was counted before days were told apart.
    pub(super) undated: BTreeMap<Shown, u64>,
    /// How long it took, by day and prefix.
    pub(super) timings: BTreeMap<(u32, Option<Prefix>, u8), Timing>,
}

impl Told {
    /// Reads the entries of a partition from one on.
    pub(super) async fn read(
        ledger: &dyn Ledger,
        partition: &Partition,
        from: u64,
    ) -> Result<Self, TotalsError> {
        let mut told = Self {
            head: ledger.head(partition).await?,
            ..Self::default()
        };
        // Where control was restored to a time before entries were trimmed, they are in no roll-up.
        let begin = ledger.begin(partition).await?;
        if from <= begin.seq {
            tracing::warn!(
                %partition,
                from,
                first = begin.seq + 1,
                "entries were trimmed that are rolled up nowhere: what they counted is lost"
            );
        }
        let mut next = from.max(begin.seq + 1);
        // Its time is that of the last, whatever else is read.
        if from > told.head.seq && told.head.seq > 0 {
            next = told.head.seq;
        }
        while next <= told.head.seq {
            let entries = ledger.read(partition, next, READ_BYTES).await?;
            // A head that says more than can be read is what the ledger's own check finds.
            let Some(last) = entries.last() else { break };
            next = last.header().seq + 1;
            told.time_ms = last.header().time_ms;
            for entry in &entries {
                told.take(entry)?;
            }
        }
        Ok(told)
    }

    fn take(&mut self, entry: &Entry) -> Result<(), TotalsError> {
        let seq = entry.header().seq;
        for change in entry.changes() {
            match change? {
                Change::CounterTotals(totals) => {
                    for cell in totals.cells {
                        self.first.entry(cell.day).or_insert(seq);
                        self.cell(cell)?;
                    }
                }
                Change::Timings(totals) => {
                    for cell in totals.cells {
                        self.first.entry(cell.day).or_insert(seq);
                        let key = (cell.day, cell.prefix, cell.act);
                        let known = self.timings.entry(key).or_default();
                        *known = known.later(cell.timing);
                    }
                }
                _ => return Err(TotalsError::Unexpected(entry.header().partition.clone())),
            }
        }
        Ok(())
    }

    /// A total never goes down: a lower one is an entry that was written late.
    fn cell(&mut self, cell: CounterCell) -> Result<(), TotalsError> {
        let known = if cell.day == NOT_TOLD_APART {
            let shown = (
                by_number(&Protocol::ALL, Protocol::number, "protocol", cell.protocol)?,
                by_number(&Outcome::ALL, Outcome::number, "outcome", cell.outcome)?,
                by_number(&Origin::ALL, Origin::number, "origin", cell.origin)?,
            );
            self.undated.entry(shown).or_default()
        } else {
            let numbers = [cell.subject, cell.protocol, cell.outcome, cell.origin];
            let kind = Kind::from_numbers(numbers)
                .map_err(|(field, value)| TotalsError::unknown(field, value))?;
            let day = self.days.entry(cell.day).or_default();
            day.entry((cell.prefix, kind)).or_default()
        };
        *known = cell.total.max(*known);
        Ok(())
    }
}
