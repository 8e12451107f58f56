//! A ledger with most of a year in it: firms, a registration a day, and days that are rolled up.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use biaoshi::{
    access::Caller,
    change::{
        Certificate, CertificateType, CounterCell, CounterTotals, Filing, FilingState, Hash,
        Hosting, RollUp, TimingTotals, statistics_day,
    },
    identifier::Prefix,
    ledger::{Inline, Ledger, SqliteLedger, SqliteOptions},
    record::{Permissions, Ttl},
    registry::{
        Admission, ClockReading, EnterpriseFacts, Operation, ReadClock, Registry, Request,
        RequestedValue, Verdict, WriterOptions, genesis,
    },
    state::replay,
};

/// Noon of 2026-01-01 in Shanghai.
const BEGAN_MS: u64 = 1_767_240_000_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

pub(crate) const DAYS: u64 = 300;

pub(crate) const FIRMS: u64 = 12;

/// The first day of it.
pub(crate) const FROM: &str = "2026-01-01";

/// The last.
pub(crate) const TO: &str = "2026-10-27";

struct Clock(Arc<AtomicU64>);

impl ReadClock for Clock {
    fn read(&self) -> ClockReading {
        let ms = self.0.load(Ordering::Relaxed);
        ClockReading {
            wall_ms: ms,
            boot_ms: ms,
        }
    }
}

/// The number of a day of it, counted from 0.
pub(crate) fn day(number: u64) -> u32 {
    statistics_day(BEGAN_MS + number * DAY_MS)
}

/// How often a firm was asked for on a day.
pub(crate) fn requests(day: u64, firm: u64) -> u64 {
    (day * 31 + firm * 17) % 1_000 + 1
}

fn prefix(firm: u64) -> Prefix {
    Prefix::parse(&format!("88.118.{}", 700 + firm)).expect("it is a prefix")
}

/// Writes it into a node's data directory.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own tasks, which end before it does"
)]
pub(crate) async fn write(data_dir: &Path) {
    let root = data_dir.join("ledger");
    let opened = SqliteLedger::open(&root, SqliteOptions::default(), Arc::new(Inline));
    let ledger: Arc<dyn Ledger> = Arc::new(opened.expect("it can be made"));
    let clock = Arc::new(AtomicU64::new(BEGAN_MS));
    genesis(&*ledger, [7; 16], BEGAN_MS)
        .await
        .expect("it begins");
    let state = replay(&*ledger, |_| {}).await.expect("it is read");
    let state = Arc::new(state);
    let options = WriterOptions {
        accept_clock: true,
        zone: "id.example".to_owned(),
    };
    let read_clock = || -> Box<dyn ReadClock> { Box::new(Clock(Arc::clone(&clock))) };
    let (registry, writers) = Registry::open(&ledger, &state, read_clock, &options);
    let [control, data] = writers.map(tokio::spawn);
    let secondary = [Prefix::parse("88.118").expect("it is one")];
    registry
        .ensure_secondary_prefixes(&secondary)
        .await
        .expect("they are taken");
    registry
        .admit(request((0..FIRMS).map(admission).collect()))
        .await
        .expect("they are admitted");
    for number in 0..DAYS {
        clock.store(BEGAN_MS + number * DAY_MS, Ordering::Relaxed);
        let receipt = registry.submit(request(vec![registration(number)])).await;
        let receipt = receipt.expect("it is registered");
        assert!(
            matches!(receipt.verdicts[..], [Verdict::Created(_)]),
            "{receipt:?}"
        );
        let told = registry.downgrade().roll_up(vec![roll_up(number)]).await;
        told.expect("it is rolled up");
    }
    drop(registry);
    control.await.expect("it ends");
    data.await.expect("it ends");
}

fn request<J>(jobs: Vec<J>) -> Request<J> {
    Request {
        caller: Caller::Administrator,
        idempotency: None,
        jobs,
        dry_run: false,
    }
}

fn admission(firm: u64) -> Admission {
    Admission {
        prefix: prefix(firm).to_string(),
        certificate: Certificate {
            kind: CertificateType::Other,
            number: format!("FIRM{firm}").into(),
        },
        facts: EnterpriseFacts {
            org_name: format!("企业 {firm}"),
            province: String::new(),
            city: String::new(),
            industry: "C35".to_owned(),
            website: String::new(),
        },
        hosting: Hosting::Hosted,
        filing: Filing {
            state: FilingState::Passed,
            date: day(0),
            reason: "".into(),
        },
    }
}

fn registration(number: u64) -> Operation {
    let firm = prefix(number % FIRMS);
    Operation::Create {
        identifier: format!("{firm}/P{number:05}"),
        values: vec![RequestedValue {
            index: 2_000,
            kind: "NAME".to_owned(),
            data: b"pump".to_vec(),
            ttl: Ttl::Relative(60),
            permissions: Permissions::default(),
            references: Vec::new(),
        }],
    }
}

fn roll_up(number: u64) -> RollUp {
    let day = day(number);
    let cells = (0..FIRMS).map(|firm| CounterCell {
        day,
        prefix: Some(prefix(firm)),
        subject: 2,
        protocol: 1,
        outcome: 1,
        origin: 1,
        total: requests(number, firm),
    });
    let mut cells: Vec<_> = cells.collect();
    cells.sort_unstable();
    RollUp {
        // Not this node: its own counters begin with it.
        host: "node-0".into(),
        day,
        part: 0,
        parts: 1,
        read_from: 1,
        seq: 0,
        hash: Hash([0; 32]),
        totals: CounterTotals { cells },
        timings: TimingTotals::default(),
    }
}
