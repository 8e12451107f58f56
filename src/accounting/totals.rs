//! The counters as the ledger keeps them: totals in the life of a host.
//!
//! ```text
//! open   the last entry of counters/<host> ─▶ added to the counters, which began at zero
//! flush  the counters ─▶ one entry behind it, if anything was counted
//! ```
//!
//! Totals are absolute, so an entry that is lost, doubled or written by somebody else costs
//! nothing: the next one says all. What was counted since the last flush is lost with the process.

use std::{collections::BTreeMap, sync::Arc};

use super::{Counters, Origin, Outcome, Protocol};
use crate::{
    change::{
        CELLS_MAX, Change, CounterCell, CounterTotals, DecodeError, Draft, Entry, Kind, LedgerId,
        Partition, Place,
    },
    ledger::{Append, Head, Ledger, LedgerError},
    registry::{ClockFault, EntryClock, ReadClock},
};

/// Kinds are not told apart further than by protocol, outcome and origin.
const NOT_TOLD_APART: u32 = 0;

/// One entry is read: it is as long as it is.
const READ_BYTES: usize = 1;

type Kinds = BTreeMap<(Protocol, Outcome, Origin), u64>;

//----------- Totals -----------------------------------------------------------

/// Keeps the counters of a host in the ledger.
pub struct Totals {
    ledger: Arc<dyn Ledger>,
    counters: Arc<Counters>,
    ledger_id: LedgerId,
    partition: Partition,
    head: Head,
    clock: EntryClock,
    read_clock: Box<dyn ReadClock>,
    /// What the last entry says.
    written: Kinds,
}

/// Whose totals, and by which clock.
pub struct TotalsOptions {
    /// The ledger's name.
    pub ledger_id: LedgerId,
    /// `counters/<host>`.
    pub partition: Partition,
    /// The time of the last entry of the other partitions: what the clock is held against.
    pub last_ms: u64,
    /// An operator looked at the clock at this start.
    pub accept_clock: bool,
    /// The clock.
    pub read_clock: Box<dyn ReadClock>,
}

impl Totals {
    /// Adds what was counted before to the counters.
    ///
    /// # Errors
    /// Where the ledger cannot be read, or its totals are of a later release.
    pub async fn open(
        ledger: Arc<dyn Ledger>,
        counters: Arc<Counters>,
        options: TotalsOptions,
    ) -> Result<Self, TotalsError> {
        let TotalsOptions {
            ledger_id,
            partition,
            last_ms,
            accept_clock,
            read_clock,
        } = options;
        let head = ledger.head(&partition).await?;
        let last = match head.seq {
            0 => None,
            seq => ledger
                .read(&partition, seq, READ_BYTES)
                .await?
                .into_iter()
                .next(),
        };
        let written = last
            .as_ref()
            .map(read_totals)
            .transpose()?
            .unwrap_or_default();
        let own_ms = last.map_or(0, |entry| entry.header().time_ms);
        for ((protocol, outcome, origin), total) in &written {
            counters.add(*protocol, *outcome, *origin, *total);
        }
        Ok(Self {
            ledger,
            counters,
            ledger_id,
            partition,
            head,
            clock: EntryClock::new(own_ms.max(last_ms), accept_clock),
            read_clock,
            written,
        })
    }

    /// Writes what was counted since the last time; whether there was anything.
    ///
    /// # Errors
    /// Where the ledger takes no entry now, or the clock cannot be right: the next call tries
    /// again, and says as much.
    pub async fn flush(&mut self) -> Result<bool, TotalsError> {
        let totals: Kinds = self
            .counters
            .each()
            .filter(|(.., total)| *total > 0)
            .map(|(protocol, outcome, origin, total)| ((protocol, outcome, origin), total))
            .collect();
        if totals == self.written {
            return Ok(false);
        }
        let now = self.read_clock.read();
        let time_ms = self.clock.next(now)?.time_ms;
        let entry = self.entry(&totals, time_ms)?;
        match self.ledger.append(self.head, &entry).await? {
            Append::Committed(head) => {
                self.head = head;
                self.clock.given(time_ms, now);
                self.written = totals;
                Ok(true)
            }
            // Whatever stands there now: the next totals say all that these said.
            Append::Conflict(_) | Append::Unknown => {
                self.head = self.ledger.head(&self.partition).await?;
                Err(TotalsError::NotWritten(self.partition.clone()))
            }
        }
    }

    fn entry(&self, totals: &Kinds, time_ms: u64) -> Result<Entry, TotalsError> {
        let mut draft = Draft::new(Place {
            ledger_id: self.ledger_id,
            partition: self.partition.clone(),
            seq: self.head.seq + 1,
            previous: self.head.hash,
            time_ms,
            control_at: 0,
            kind: Kind::Changes,
        });
        let cells: Vec<CounterCell> = totals.iter().map(cell).collect();
        for cells in cells.chunks(CELLS_MAX) {
            let cells = cells.to_vec();
            draft
                .push(&Change::CounterTotals(CounterTotals { cells }))
                .map_err(|_| TotalsError::NotWritten(self.partition.clone()))?;
        }
        Ok(draft.finish())
    }
}

//----------- Helper functions -------------------------------------------------

fn cell(((protocol, outcome, origin), total): (&(Protocol, Outcome, Origin), &u64)) -> CounterCell {
    CounterCell {
        day: NOT_TOLD_APART,
        prefix: None,
        subject: 0,
        protocol: protocol.number(),
        outcome: outcome.number(),
        origin: origin.number(),
        total: *total,
    }
}

/// What an entry says: sums over whatever it tells apart.
fn read_totals(entry: &Entry) -> Result<Kinds, TotalsError> {
    let mut kinds = Kinds::new();
    for change in entry.changes() {
        let Change::CounterTotals(totals) = change? else {
            return Err(TotalsError::Unexpected(entry.header().partition.clone()));
        };
        for cell in totals.cells {
            let kind = (
                by_number(&Protocol::ALL, Protocol::number, "protocol", cell.protocol)?,
                by_number(&Outcome::ALL, Outcome::number, "outcome", cell.outcome)?,
                by_number(&Origin::ALL, Origin::number, "origin", cell.origin)?,
            );
            *kinds.entry(kind).or_default() += cell.total;
        }
    }
    Ok(kinds)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::MemoryLedger,
        registry::{ClockReading, RELEASE_DATE_MS},
    };

    const NOW: u64 = RELEASE_DATE_MS + 1_000;

    struct Fixed(u64);

    impl ReadClock for Fixed {
        fn read(&self) -> ClockReading {
            ClockReading {
                wall_ms: self.0,
                boot_ms: 1_000,
            }
        }
    }

    fn partition() -> Partition {
        Partition::parse("counters/node-1").unwrap()
    }

    async fn open_at(
        ledger: &Arc<dyn Ledger>,
        now: u64,
    ) -> Result<(Totals, Arc<Counters>), TotalsError> {
        let counters = Arc::new(Counters::new());
        let options = TotalsOptions {
            ledger_id: LedgerId([1; 16]),
            partition: partition(),
            last_ms: 0,
            accept_clock: false,
            read_clock: Box::new(Fixed(now)),
        };
        let totals = Totals::open(Arc::clone(ledger), Arc::clone(&counters), options).await?;
        Ok((totals, counters))
    }

    fn total_of(counters: &Counters) -> u64 {
        counters.each().map(|(.., total)| total).sum()
    }

    fn count(counters: &Counters, times: u64) {
        for _ in 0..times {
            counters.count(Protocol::Dns, Outcome::Gone, Origin::External);
            counters.count(Protocol::Http, Outcome::Success, Origin::Internal);
        }
    }

    #[tokio::test]
    async fn what_was_counted_is_there_after_a_start() {
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
        let (mut totals, counters) = open_at(&ledger, NOW).await.unwrap();
        assert!(!totals.flush().await.unwrap(), "nothing was counted");
        assert_eq!(ledger.head(&partition()).await.unwrap().seq, 0);
        for round in 1..=3 {
            count(&counters, 5);
            assert!(totals.flush().await.unwrap());
            assert!(!totals.flush().await.unwrap());
            assert_eq!(ledger.head(&partition()).await.unwrap().seq, round);
        }
        // Not flushed: lost, and nothing else is.
        count(&counters, 1);
        let (mut totals, counters) = open_at(&ledger, NOW).await.unwrap();
        let kept: Vec<_> = counters.each().filter(|(.., total)| *total > 0).collect();
        assert_eq!(
            kept,
            [
                (Protocol::Dns, Outcome::Gone, Origin::External, 15),
                (Protocol::Http, Outcome::Success, Origin::Internal, 15),
            ]
        );
        assert!(!totals.flush().await.unwrap(), "it stands there already");
        count(&counters, 1);
        assert!(totals.flush().await.unwrap());
        assert_eq!(total_of(&open_at(&ledger, NOW).await.unwrap().1), 32);
    }

    #[tokio::test]
    async fn who_was_overtaken_writes_again() {
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
        let (mut first, counters) = open_at(&ledger, NOW).await.unwrap();
        let (mut second, others) = open_at(&ledger, NOW).await.unwrap();
        count(&others, 1);
        assert!(second.flush().await.unwrap());
        count(&counters, 2);
        assert!(matches!(
            first.flush().await,
            Err(TotalsError::NotWritten(_))
        ));
        assert!(first.flush().await.unwrap(), "behind what stands there now");
        assert_eq!(total_of(&open_at(&ledger, NOW).await.unwrap().1), 4);
    }

    #[tokio::test]
    async fn a_clock_that_cannot_be_right_writes_nothing() {
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
        let (mut totals, counters) = open_at(&ledger, RELEASE_DATE_MS - 1).await.unwrap();
        count(&counters, 1);
        assert!(matches!(totals.flush().await, Err(TotalsError::Clock(_))));
        assert_eq!(ledger.head(&partition()).await.unwrap().seq, 0);
        // Behind the last entry its time is used again.
        let (mut totals, counters) = open_at(&ledger, NOW).await.unwrap();
        count(&counters, 1);
        totals.flush().await.unwrap();
        let (mut totals, counters) = open_at(&ledger, NOW - 500).await.unwrap();
        count(&counters, 1);
        totals.flush().await.unwrap();
        let entries = ledger.read(&partition(), 1, 1_000).await.unwrap();
        assert_eq!(entries[1].header().time_ms, NOW);
    }

    #[tokio::test]
    async fn totals_of_a_later_release_are_not_written_over() {
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
        let (mut totals, counters) = open_at(&ledger, NOW).await.unwrap();
        count(&counters, 1);
        totals.flush().await.unwrap();
        let unknown = CounterCell {
            day: 0,
            prefix: None,
            subject: 0,
            protocol: 1,
            outcome: 200,
            origin: 1,
            total: 1,
        };
        for change in [
            Change::CounterTotals(CounterTotals {
                cells: vec![unknown],
            }),
            Change::Marker { nonce: [1; 16] },
        ] {
            let at = ledger.head(&partition()).await.unwrap();
            let mut draft = Draft::new(Place {
                ledger_id: LedgerId([1; 16]),
                partition: partition(),
                seq: at.seq + 1,
                previous: at.hash,
                time_ms: NOW,
                control_at: 0,
                kind: Kind::Changes,
            });
            draft.push(&change).unwrap();
            ledger.append(at, &draft.finish()).await.unwrap();
            assert!(matches!(
                open_at(&ledger, NOW).await.err(),
                Some(TotalsError::Decode(_) | TotalsError::Unexpected(_))
            ));
        }
    }

    #[test]
    fn numbers_are_those_of_the_format_page() {
        let page = include_str!("../../docs/format/ledger-v1.md");
        let page = page.replace("\n  ", " ").to_lowercase();
        let list = |numbers: Vec<(u8, &str)>| {
            let words = numbers
                .iter()
                .map(|(number, name)| format!("{number} {name}"));
            words.collect::<Vec<_>>().join(", ")
        };
        let protocols = Protocol::ALL.map(|one| (one.number(), one.name()));
        let outcomes = Outcome::ALL.map(|one| (one.number(), one.name()));
        let origins = Origin::ALL.map(|one| (one.number(), one.name()));
        for (field, numbers) in [
            ("protocol", protocols.to_vec()),
            ("outcome", outcomes.to_vec()),
            ("origin", origins.to_vec()),
        ] {
            let line = format!("`{field}`: {}", list(numbers));
            assert!(page.contains(&line), "{line}");
        }
    }
}
