//! Totals over starts, kills, midnights and clocks that are wrong.

mod days;
mod faults;
mod model;
mod timed;
mod trimmed;

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use super::*;
use crate::{
    accounting::{Act, Origin, Outcome, Protocol, Subject},
    change::Hosting,
    ledger::{LedgerFuture, MemoryLedger},
    registry::{ClockReading, RELEASE_DATE_MS},
    state::tests::Built,
};

/// Two hours after midnight in Shanghai.
const NOW: u64 = RELEASE_DATE_MS + 10 * DAY_MS + 18 * HOUR_MS;
const HOUR_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// The day of [`NOW`].
const TODAY: u32 = 20_261_112;

//----------- A host in a test -------------------------------------------------

/// A clock that a test sets.
#[derive(Clone, Default)]
struct Clock(Arc<[AtomicU64; 2]>);

impl Clock {
    fn set(&self, wall_ms: u64, boot_ms: u64) {
        self.0[0].store(wall_ms, Ordering::Relaxed);
        self.0[1].store(boot_ms, Ordering::Relaxed);
    }

    /// Time goes on.
    fn pass(&self, ms: u64) {
        self.0.iter().for_each(|one| {
            one.fetch_add(ms, Ordering::Relaxed);
        });
    }
}

impl ReadClock for Clock {
    fn read(&self) -> ClockReading {
        let [wall_ms, boot_ms] = [0, 1].map(|at| self.0[at].load(Ordering::Relaxed));
        ClockReading { wall_ms, boot_ms }
    }
}

/// A ledger that can refuse.
#[derive(Default)]
struct Refusing {
    inner: MemoryLedger,
    refuses: AtomicBool,
}

impl Ledger for Refusing {
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>> {
        self.inner.partitions()
    }

    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.head(partition)
    }

    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append> {
        if self.refuses.load(Ordering::Relaxed) {
            let partition = entry.header().partition.clone();
            return Box::pin(async { Err(LedgerError::Sealed(partition)) });
        }
        self.inner.append(at, entry)
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: u64,
        bytes_max: usize,
    ) -> LedgerFuture<'a, Vec<Entry>> {
        self.inner.read(partition, from, bytes_max)
    }

    fn wait<'a>(
        &'a self,
        partition: &'a Partition,
        after: u64,
        timeout: std::time::Duration,
    ) -> LedgerFuture<'a, ()> {
        self.inner.wait(partition, after, timeout)
    }

    fn seal<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.seal(partition)
    }

    fn begin<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.begin(partition)
    }

    fn trim<'a>(&'a self, partition: &'a Partition, before: u64) -> LedgerFuture<'a, Head> {
        self.inner.trim(partition, before)
    }

    fn writable<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, ()> {
        self.inner.writable(partition)
    }
}

/// What is there whether the process runs or not.
struct Host {
    ledger: Arc<Refusing>,
    state: Arc<State>,
    folder: tempfile::TempDir,
    clock: Clock,
}

/// A process on it.
struct Process {
    totals: Totals,
    counters: Arc<Counters>,
}

/// Prefixes of the host, and none.
const PREFIXES: [Option<&str>; 4] = [None, Some("88.118"), Some("88.118.8"), Some("88.118.9")];

impl Host {
    fn new() -> Self {
        let built = Built::new();
        built.secondary("88.118");
        built.firm(1, "88.118.8", Hosting::Hosted);
        built.firm(2, "88.118.9", Hosting::Hosted);
        let clock = Clock::default();
        clock.set(NOW, HOUR_MS);
        Self {
            ledger: Arc::default(),
            state: built.state(),
            folder: tempfile::tempdir().unwrap(),
            clock,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("counters/counters.map")
    }

    async fn try_start(&self, path: Option<PathBuf>) -> Result<Process, TotalsError> {
        let counters = Arc::new(Counters::new());
        let options = TotalsOptions {
            partition: partition(),
            last_ms: 0,
            accept_clock: false,
            read_clock: Box::new(self.clock.clone()),
            path,
            threads: 2,
        };
        let (ledger, state) = (Arc::clone(&self.ledger), Arc::clone(&self.state));
        let totals = Totals::open(ledger, Arc::clone(&counters), state, options).await?;
        Ok(Process { totals, counters })
    }

    async fn start(&self) -> Process {
        self.try_start(Some(self.path())).await.unwrap()
    }

    /// What the ledger says of a day and a prefix, of all kinds together.
    async fn told(&self, day: u32, prefix: Option<&str>) -> u64 {
        let told = Told::read(&*self.ledger, &partition(), 1).await.unwrap();
        let cells = told.days.get(&day).into_iter().flatten();
        let of_prefix = cells.filter(|((of, _), _)| of.as_ref().map(Prefix::as_str) == prefix);
        of_prefix.map(|(_, total)| total).sum()
    }

    async fn entries(&self) -> u64 {
        self.ledger.head(&partition()).await.unwrap().seq
    }

    /// `control` takes what it is told of the days that are over, until so many parts.
    fn roll_up(&self, process: &mut Process, parts_max: usize) -> Vec<u32> {
        let mut days = Vec::new();
        let mut left = parts_max;
        while let Some(parts) = process.totals.next_roll_up() {
            let (day, whole) = (parts[0].day, parts.len() <= left);
            for part in parts.into_iter().take(left) {
                left -= 1;
                self.take(part);
            }
            if !whole {
                break;
            }
            process.totals.rolled_up(day);
            days.push(day);
        }
        days
    }

    /// `control` takes a part of a day.
    fn take(&self, part: crate::change::RollUp) {
        let head = self.state.at(&Partition::Control).head;
        let mut draft = Draft::new(Place {
            ledger_id: self.state.ledger_id().unwrap(),
            partition: Partition::Control,
            seq: head.seq + 1,
            previous: head.hash,
            time_ms: NOW,
            control_at: 0,
            kind: EntryKind::Changes,
        });
        draft.push(&Change::RollUp(Box::new(part))).unwrap();
        self.state.apply(&draft.finish()).unwrap();
    }

    fn whose(&self, prefix: Option<&str>) -> Whose {
        prefix.map_or(Whose::NOBODY, |prefix| {
            self.state.directory().whose(prefix).unwrap()
        })
    }

    /// Answers so many questions for a prefix.
    fn answer(&self, process: &Process, prefix: Option<&str>, times: u64) {
        self.count(&process.counters, prefix, times);
    }

    fn count(&self, counters: &Counters, prefix: Option<&str>, times: u64) {
        let act = Act {
            whose: self.whose(prefix),
            subject: Subject::Identifier,
            outcome: Outcome::Success,
        };
        for _ in 0..times {
            counters.count(act, Protocol::Dns, Origin::External);
        }
    }
}

impl Process {
    /// Looks at the day as a node does: once more after the next sync.
    fn open_day(&mut self) -> bool {
        self.totals.open_day().unwrap() || {
            self.counters.sync().unwrap();
            self.totals.open_day().unwrap()
        }
    }

    fn shown(&self) -> u64 {
        shown(&self.counters)
    }
}

fn shown(counters: &Counters) -> u64 {
    counters.each().iter().map(|(.., total)| total).sum()
}

fn partition() -> Partition {
    Partition::parse("counters/node-1").unwrap()
}

//----------- Tests ------------------------------------------------------------

#[tokio::test]
async fn what_was_counted_is_there_after_a_start() {
    let host = Host::new();
    let mut process = host.start().await;
    assert!(
        !process.totals.flush().await.unwrap(),
        "nothing was counted"
    );
    assert_eq!(host.entries().await, 0);
    for round in 1..=3 {
        host.answer(&process, Some("88.118.8"), 5);
        host.answer(&process, None, 1);
        assert!(process.totals.flush().await.unwrap());
        assert!(!process.totals.flush().await.unwrap());
        assert_eq!(host.entries().await, round);
    }
    // Killed before it was written: the file has it.
    host.answer(&process, Some("88.118.9"), 2);
    drop(process);
    let mut process = host.start().await;
    assert_eq!(process.shown(), 20);
    for (prefix, total) in PREFIXES.into_iter().zip([3, 0, 15, 2]) {
        assert_eq!(host.told(TODAY, prefix).await, total, "{prefix:?}");
    }
    assert!(!process.totals.flush().await.unwrap(), "it stands there");
    host.answer(&process, Some("88.118"), 1);
    assert!(process.totals.flush().await.unwrap());
    assert_eq!(host.start().await.shown(), 21);
    assert!(process.counters.is_kept());
}

/// Only what has grown is written, with what it has come to.
#[tokio::test]
async fn an_entry_has_the_cells_that_have_grown() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, Some("88.118.8"), 3);
    host.answer(&process, Some("88.118.9"), 4);
    process.totals.flush().await.unwrap();
    host.answer(&process, Some("88.118.9"), 1);
    process.totals.flush().await.unwrap();
    let entries = host.ledger.read(&partition(), 1, 1_000).await.unwrap();
    let cells = entries.iter().map(|entry| {
        let changes = entry.changes().map(Result::unwrap);
        let cells = changes.flat_map(|change| match change {
            Change::CounterTotals(totals) => totals.cells,
            other => panic!("{other:?}"),
        });
        let cells = cells.map(|cell| (cell.prefix.unwrap().as_str().to_owned(), cell.total));
        cells.collect::<Vec<_>>()
    });
    let own = |prefix: &str, total| (prefix.to_owned(), total);
    assert_eq!(
        cells.collect::<Vec<_>>(),
        [
            vec![own("88.118.8", 3), own("88.118.9", 4)],
            vec![own("88.118.9", 5)]
        ]
    );
}

/// While the node starts nothing is known, and counts all the same.
#[tokio::test]
async fn what_is_counted_before_the_ledger_is_read_is_not_lost() {
    let host = Host::new();
    let counters = Arc::new(Counters::new());
    let starting = Act {
        outcome: Outcome::Error,
        ..Act::auxiliary()
    };
    counters.count(starting, Protocol::Http, Origin::External);
    let options = TotalsOptions {
        partition: partition(),
        last_ms: 0,
        accept_clock: false,
        read_clock: Box::new(host.clock.clone()),
        path: Some(host.path()),
        threads: 2,
    };
    let (ledger, state) = (Arc::clone(&host.ledger), Arc::clone(&host.state));
    let opened = Totals::open(ledger, Arc::clone(&counters), state, options).await;
    let mut totals = opened.unwrap();
    assert_eq!(shown(&counters), 1);
    totals.flush().await.unwrap();
    assert_eq!((shown(&counters), host.told(TODAY, None).await), (1, 1));
}

/// Threads add beside each other, more of them than there are lanes, and nothing is lost.
#[tokio::test]
async fn many_threads_count_together() {
    let host = Host::new();
    let process = host.start().await;
    let counters = &process.counters;
    let seen = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                for round in 0..2_000_u64 {
                    let prefix = PREFIXES[usize::try_from(round).unwrap() % PREFIXES.len()];
                    host.count(counters, prefix, 1);
                }
                let mut most = seen.lock().unwrap();
                *most = shown(counters).max(*most);
            });
        }
    });
    assert!(*seen.lock().unwrap() <= 24_000);
    assert_eq!(process.shown(), 24_000);
    drop(process);
    assert_eq!(host.start().await.shown(), 24_000);
}

#[test]
fn numbers_are_those_of_the_format_page() {
    let page = include_str!("../../../docs/format/ledger-v1.md");
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
    let subjects = Subject::ALL.map(|one| (one.number(), one.name()));
    for (field, numbers) in [
        ("protocol", protocols.to_vec()),
        ("outcome", outcomes.to_vec()),
        ("origin", origins.to_vec()),
        ("subject", subjects.to_vec()),
    ] {
        let line = format!("`{field}`: {}", list(numbers));
        assert!(page.contains(&line), "{line}");
    }
}
