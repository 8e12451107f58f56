//! What counting costs: a count, a hundred thousand firms in memory, a day of a thousand in the
//! ledger.
//!
//! ```text
//! cargo bench --bench counting [-- --firms 100000]
//! ```

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock itself")]

use std::{
    fs,
    hint::black_box,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use biaoshi::{
    accounting::{
        Act, Activity, Counters, Origin, Outcome, Protocol, Request, Subject, Totals, TotalsOptions,
    },
    change::{
        Certificate, CertificateType, Change, EnterpriseChange, Filing, FilingState, Hosting, Kind,
        Partition, PrefixChange, PrefixStatus,
    },
    identifier::Prefix,
    ledger::{Inline, Ledger, SqliteLedger, SqliteOptions},
    registry::{ClockReading, ReadClock},
    state::{State, directory::Whose},
};
use rand::{RngExt, SeedableRng, rngs::SmallRng};

mod common;

/// Counts that are timed.
const COUNTS: u32 = 10_000_000;

/// Requests that are answered in one batch, as a busy worker has them.
const BATCH: usize = 4;

/// Of so many flushes one has timings, as a node does it.
const FLUSHES_TIMED: u64 = 5;

/// What is counted of each firm: found over two protocols, not found, and something auxiliary.
const KINDS: [(Protocol, Outcome); 4] = [
    (Protocol::Dns, Outcome::Success),
    (Protocol::Http, Outcome::Success),
    (Protocol::Dns, Outcome::NotFound),
    (Protocol::Dns, Outcome::Auxiliary),
];

/// Firms that are asked for all day long, and minutes of a day.
const ACTIVE_FIRMS: usize = 1_000;
const MINUTES: u64 = 1_440;

/// Noon in Shanghai, so that a day has one midnight.
const NOON_MS: u64 = 1_795_579_200_000;

/// A clock that the bench moves.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl ReadClock for Clock {
    fn read(&self) -> ClockReading {
        let passed_ms = self.0.load(Ordering::Relaxed);
        ClockReading {
            wall_ms: NOON_MS + passed_ms,
            boot_ms: 1_000 + passed_ms,
        }
    }
}

fn main() {
    let firms = std::env::args().skip_while(|argument| argument != "--firms");
    let firms = firms.skip(1).find_map(|text| text.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime of one thread");
    runtime.block_on(async {
        in_memory(firms.unwrap_or(100_000)).await;
        in_the_ledger().await;
    });
}

/// A count, and what all firms take.
async fn in_memory(firms: usize) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    let state = state(firms);
    let all = whose(&state, firms);
    let (counters, mut totals, _) = open(folder.path(), &state).await;
    let one = &all[..1];
    println!("count_ns={:.1} of=one_firm", count(&counters, one));
    let before = resident_bytes();
    let began = Instant::now();
    for whose in &all {
        for (protocol, outcome) in KINDS {
            counters.count(act(*whose, outcome), protocol, Origin::External);
        }
    }
    let cells = firms * KINDS.len();
    println!(
        "first_count_ns={:.0}",
        began.elapsed().as_nanos() as f64 / cells as f64
    );
    let took = (resident_bytes() - before) as f64 / cells as f64;
    println!(
        "firms={firms} cells={cells} rss_bytes_each={took:.0} file_bytes={}",
        file_bytes(folder.path())
    );
    println!("count_ns={:.1} of=all_firms", count(&counters, &all));
    println!("time_ns={:.1} of=one_firm", time(&counters, &state, one));
    let before = resident_bytes();
    println!("time_ns={:.1} of=all_firms", time(&counters, &state, &all));
    let took = (resident_bytes() - before) as f64 / firms as f64;
    println!("timed_rss_bytes_each={took:.0} firms={firms}");
    collect_all(&counters, &state, &all);
    let began = Instant::now();
    black_box(counters.each());
    println!("scrape_ms={:.1}", began.elapsed().as_secs_f64() * 1e3);
    let began = Instant::now();
    counters.sync().expect("it is on the disk");
    println!("sync_ms={:.1}", began.elapsed().as_secs_f64() * 1e3);
    let began = Instant::now();
    totals.flush().await.expect("it is in the ledger");
    println!(
        "flush_ms={:.1} of=all_cells",
        began.elapsed().as_secs_f64() * 1e3
    );
}

/// A day of a thousand firms, each of which is asked for in every minute.
async fn in_the_ledger() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    let state = state(ACTIVE_FIRMS);
    let all = whose(&state, ACTIVE_FIRMS);
    let (counters, mut totals, clock) = open(folder.path(), &state).await;
    let mut random = SmallRng::seed_from_u64(1);
    let began = Instant::now();
    let lane = counters.timings().lane();
    for minute in 0..MINUTES {
        let second = (NOON_MS + clock.0.load(Ordering::Relaxed)) / 1_000;
        for whose in &all {
            let took_us = random.random_range(20..9_000);
            lane.add(second, Activity::Resolution, took_us, [request(*whose)]);
            for (protocol, outcome) in KINDS {
                for _ in 0..random.random_range(1..9) {
                    counters.count(act(*whose, outcome), protocol, Origin::External);
                }
            }
        }
        clock.0.fetch_add(60_000, Ordering::Relaxed);
        let timings = counters.timings();
        timings.collect_last(counters.today(), &state.directory());
        totals.open_day().expect("the clock is right");
        let flushed = if minute % FLUSHES_TIMED == 0 {
            totals.flush().await
        } else {
            totals.flush_counters().await
        };
        flushed.expect("it is in the ledger");
    }
    // Closing writes what is in the log to where it belongs.
    drop(totals);
    println!(
        "active_firms={ACTIVE_FIRMS} ledger_bytes_a_day={} seconds={:.1}",
        file_bytes(&folder.path().join("ledger")),
        began.elapsed().as_secs_f64()
    );
}

//----------- Timing -----------------------------------------------------------

fn request(whose: Whose) -> Request {
    Request {
        whose,
        is_answered: true,
    }
}

/// What timing a request costs whoever answers, in batches: two reads of the clock, a lock and a
/// place for each, and what collecting costs each second.
fn time(counters: &Counters, state: &State, all: &[Whose]) -> f64 {
    let lane = counters.timings().lane();
    let mut random = SmallRng::seed_from_u64(1);
    let batches = COUNTS / 10 / u32::try_from(BATCH).expect("a batch is small");
    let began = Instant::now();
    let mut second = NOON_MS / 1_000;
    for batch in 0..batches {
        let before = Instant::now();
        let requests = (0..BATCH).map(|_| request(all[random.random_range(0..all.len())]));
        let took_us = u64::try_from(before.elapsed().as_micros()).unwrap_or_default();
        lane.add(second, Activity::Resolution, took_us, requests);
        // Some hundred thousand a second.
        if batch % 25_000 == 24_999 {
            second += 1;
            let today = counters.today();
            counters
                .timings()
                .collect(second, today, &state.directory());
        }
    }
    began.elapsed().as_nanos() as f64 / f64::from(batches) / BATCH as f64
}

/// A second in which each firm is asked for once: how long giving it to its day takes.
fn collect_all(counters: &Counters, state: &State, all: &[Whose]) {
    let lanes = [counters.timings().lane(), counters.timings().lane()];
    for (place, whose) in all.iter().enumerate() {
        let lane = &lanes[place % lanes.len()];
        lane.add(
            NOON_MS / 1_000 + 100,
            Activity::Resolution,
            5,
            [request(*whose)],
        );
    }
    let began = Instant::now();
    let today = counters.today();
    counters.timings().collect_last(today, &state.directory());
    println!(
        "collect_ms={:.1} of=all_firms",
        began.elapsed().as_secs_f64() * 1e3
    );
}

//----------- Helper functions -------------------------------------------------

fn act(whose: Whose, outcome: Outcome) -> Act {
    Act {
        whose,
        subject: Subject::Identifier,
        outcome,
    }
}

/// Nanoseconds of a count, drawn from those firms.
fn count(counters: &Counters, firms: &[Whose]) -> f64 {
    let mut random = SmallRng::seed_from_u64(1);
    let drawn: Vec<Whose> = (0..65_536)
        .map(|_| firms[random.random_range(0..firms.len())])
        .collect();
    let began = Instant::now();
    for at in 0..COUNTS as usize {
        let whose = drawn[at % drawn.len()];
        counters.count(
            black_box(act(whose, Outcome::Success)),
            Protocol::Dns,
            Origin::External,
        );
    }
    began.elapsed().as_nanos() as f64 / f64::from(COUNTS)
}

async fn open(folder: &Path, state: &Arc<State>) -> (Arc<Counters>, Totals, Clock) {
    let options = SqliteOptions::default();
    let ledger = SqliteLedger::open(&folder.join("ledger"), options, Arc::new(Inline));
    let ledger: Arc<dyn Ledger> = Arc::new(ledger.expect("it is new"));
    let counters = Arc::new(Counters::new());
    let clock = Clock(Arc::default());
    let options = TotalsOptions {
        partition: Partition::parse("counters/node-1").expect("it is its name"),
        last_ms: 0,
        accept_clock: true,
        read_clock: Box::new(clock.clone()),
        path: Some(folder.join("counters/counters.map")),
        threads: 2,
    };
    let totals = Totals::open(ledger, Arc::clone(&counters), Arc::clone(state), options).await;
    (counters, totals.expect("it is new"), clock)
}

/// A directory of so many firms.
fn state(firms: usize) -> Arc<State> {
    let state = common::state(0);
    for first in (1..=firms).step_by(1_000) {
        let head = state.at(&Partition::Control).head;
        let mut entry = common::draft(&Partition::Control, head, Kind::Changes);
        for number in first..(first + 1_000).min(firms + 1) {
            for change in firm(number) {
                entry.push(&change).expect("two thousand changes fit");
            }
        }
        state.apply(&entry.finish()).expect("it is the next");
    }
    Arc::new(state)
}

fn name(number: usize) -> String {
    format!("88.118.{number:06}")
}

fn firm(number: usize) -> [Change; 2] {
    let enterprise = EnterpriseChange {
        enterprise: 1 + number as u64,
        prev: None,
        certificate: Certificate {
            kind: CertificateType::Other,
            number: number.to_string().into(),
        },
        org_name: "十堰江汉装备制造有限公司".into(),
        province: "420000".into(),
        city: "420300".into(),
        industry: "C35".into(),
        website: "".into(),
        sealed: Vec::new(),
    };
    let prefix = PrefixChange {
        prefix: Prefix::parse(&name(number)).expect("digits and dots"),
        prev: None,
        enterprise: 1 + number as u64,
        status: PrefixStatus::Active,
        hosting: Hosting::Hosted,
        filing: Filing {
            state: FilingState::Passed,
            date: 20_261_123,
            reason: "".into(),
        },
        waiver: "".into(),
    };
    [
        Change::Enterprise(Box::new(enterprise)),
        Change::Prefix(Box::new(prefix)),
    ]
}

fn whose(state: &State, firms: usize) -> Vec<Whose> {
    let directory = state.directory();
    let all = (1..=firms).map(|number| directory.whose(&name(number)));
    all.map(|whose| whose.expect("it is assigned")).collect()
}

fn resident_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").expect("Linux says it");
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("it is a number") * 4_096
}

fn file_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it can be listed");
    let sizes = entries.map(|entry| {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            file_bytes(&path)
        } else {
            fs::metadata(path).map_or(0, |about| about.len())
        }
    });
    sizes.sum()
}
