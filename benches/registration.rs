//! How many registrations a second the write side takes, durable, without a protocol before it.
//!
//! ```sh
//! cargo bench --bench registration          # a second of each
//! cargo bench --bench registration -- 10    # seconds of each
//! ```
//!
//! The node's own writer on SQLite with its syncs, from requests of 1, 100 and 2,000 products of
//! which 1, 16 or 256 are under way. Over HTTP: `biaoshi generate --as node`, and beside
//! PostgreSQL `benches/compare/run.sh --only registration`.

#![expect(
    clippy::disallowed_methods,
    reason = "it measures time, and is the server of its ledger"
)]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use biaoshi::{
    access::Caller,
    ledger::{Ledger, RunBlocking, SqliteLedger, SqliteOptions},
    record::{Permissions, Ttl},
    registry::{Operation, ReadClock, Registry, Request, RequestedValue, Verdict, WriterOptions},
    state::replay,
};
use hdrhistogram::Histogram;
use tokio::{runtime::Runtime, task::JoinSet};

mod common;
#[path = "common/real_node.rs"]
mod real_node;

/// Products of a request, and requests under way: one clerk, a line of printers, an importer.
const LOADS: [(usize, usize); 8] = [
    (1, 1),
    (1, 16),
    (1, 256),
    (100, 1),
    (100, 16),
    (100, 256),
    (2_000, 1),
    (2_000, 16),
];

fn main() {
    let arguments = std::env::args().skip(1);
    let seconds = arguments
        .filter_map(|argument| argument.parse().ok())
        .next();
    let time = Duration::from_secs(seconds.unwrap_or(1));
    println!("batch  in flight  registrations/s  CPU-s/million  p50 ms  p99 ms");
    for (batch, in_flight) in LOADS {
        let folder = real_node::folder();
        real_node::build_ledger(folder.path(), 0);
        let runtime = Runtime::new().expect("a runtime");
        let done = runtime.block_on(measure(folder.path(), batch, in_flight, time));
        let [p50, p99] = [0.5, 0.99].map(|share| ms(done.latency_us.value_at_quantile(share)));
        println!(
            "{batch:>5}  {in_flight:>9}  {:>15.0}  {:>13.2}  {p50:>6.2}  {p99:>6.2}",
            done.per_second, done.cpu_seconds_per_million
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "latencies of a bench")]
fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// Up to a minute, to three digits.
fn latencies() -> Histogram<u64> {
    Histogram::new_with_max(60_000_000, 3).expect("bounds that the library takes")
}

//----------- Measuring --------------------------------------------------------

struct Done {
    per_second: f64,
    cpu_seconds_per_million: f64,
    latency_us: Histogram<u64>,
}

async fn measure(folder: &Path, batch: usize, in_flight: usize, time: Duration) -> Done {
    let registry = open(folder).await;
    let next = Arc::new(AtomicUsize::new(0));
    let cpu_before = real_node::cpu_seconds(std::process::id());
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..in_flight {
        clients.spawn(client(
            registry.clone(),
            Arc::clone(&next),
            batch,
            began + time,
        ));
    }
    let mut latency_us = latencies();
    while let Some(client) = clients.join_next().await {
        let seen: Histogram<u64> = client.expect("it ends");
        latency_us.add(seen).expect("both have the same bounds");
    }
    let seconds = began.elapsed().as_secs_f64();
    let cpu = real_node::cpu_seconds(std::process::id()) - cpu_before;
    #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
    let registered = next.load(Ordering::Relaxed) as f64;
    Done {
        per_second: registered / seconds,
        cpu_seconds_per_million: cpu * 1e6 / registered,
        latency_us,
    }
}

/// One request after the other, each of products that nobody has registered.
async fn client(
    registry: Registry,
    next: Arc<AtomicUsize>,
    batch: usize,
    end: Instant,
) -> Histogram<u64> {
    let mut latency_us = latencies();
    while Instant::now() < end {
        let first = next.fetch_add(batch, Ordering::Relaxed);
        let jobs: Vec<Operation> = (first..first + batch).map(put).collect();
        let began = Instant::now();
        let request = Request {
            caller: Caller::Administrator,
            idempotency: None,
            jobs,
            dry_run: false,
        };
        let receipt = registry.submit(request).await.expect("it is durable");
        let is_created = |verdict: &Verdict| matches!(verdict, Verdict::Created(_));
        assert!(receipt.verdicts.iter().all(is_created), "{receipt:?}");
        latency_us
            .saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    latency_us
}

fn put(n: usize) -> Operation {
    let record = common::product(n);
    let values = record.values().iter().map(|value| RequestedValue {
        index: value.index,
        kind: value.kind.to_string(),
        data: value.data.to_vec(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        references: Vec::new(),
    });
    Operation::Put {
        identifier: common::identifier(n).to_string(),
        values: values.collect(),
        only_create: false,
    }
}

//----------- A writer of its own ----------------------------------------------

async fn open(folder: &Path) -> Registry {
    let options = SqliteOptions::default();
    let ledger = SqliteLedger::open(&folder.join("data/ledger"), options, Arc::new(Pool));
    let ledger: Arc<dyn Ledger> = Arc::new(ledger.expect("it was made just now"));
    let state = Arc::new(replay(&*ledger, |_| {}).await.expect("it is whole"));
    let options = WriterOptions {
        accept_clock: false,
        zone: "id.example".to_owned(),
    };
    let clock = || -> Box<dyn ReadClock> { Box::new(common::Stopped) };
    let (registry, writers) = Registry::open(&ledger, &state, clock, &options);
    for writer in writers {
        tokio::spawn(writer);
    }
    registry
}

struct Pool;

impl RunBlocking for Pool {
    fn run(&self, job: Box<dyn FnOnce() + Send>) {
        drop(tokio::task::spawn_blocking(job));
    }
}
