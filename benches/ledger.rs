//! Appending registrations, on disk and in memory, and folding them again.

use std::sync::Arc;

use biaoshi::{
    change::Partition,
    ledger::{Append, Head, Inline, Ledger, MemoryLedger, SqliteLedger, SqliteOptions},
    state::replay,
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::{Builder, Runtime};

mod common;

/// Registrations of an entry: one, a small file, the largest batch.
const SIZES: [usize; 3] = [1, 100, 2_000];

/// Registrations that are replayed.
const REPLAYED: usize = 20_000;

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread")
}

fn append(c: &mut Criterion) {
    // On the disk of the working directory: a temporary directory may be memory.
    let folder = tempfile::tempdir_in(".").expect("a folder can be made here");
    let options = SqliteOptions::default();
    let sqlite = SqliteLedger::open(folder.path(), options, Arc::new(Inline)).expect("it is new");
    bench_append(c, "sqlite", &sqlite);
    bench_append(c, "memory", &MemoryLedger::new());
}

fn bench_append(c: &mut Criterion, engine: &str, ledger: &dyn Ledger) {
    let runtime = runtime();
    let partition = Partition::Data(1);
    let head = std::cell::Cell::new(Head::default());
    let mut group = c.benchmark_group(format!("append/{engine}"));
    group.sample_size(20);
    for size in SIZES {
        group.throughput(Throughput::Elements(
            u64::try_from(size).unwrap_or(u64::MAX),
        ));
        group.bench_function(size.to_string(), |b| {
            b.iter_batched(
                || common::registrations(head.get(), 0, size),
                |entry| {
                    let append = runtime.block_on(ledger.append(head.get(), &entry));
                    assert_eq!(append, Ok(Append::Committed(Head::after(&entry))));
                    head.set(Head::after(&entry));
                },
                // Each entry stands behind the one before it.
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    assert!(runtime.block_on(ledger.head(&partition)).is_ok());
}

fn fold(c: &mut Criterion) {
    let runtime = runtime();
    let ledger = MemoryLedger::new();
    runtime
        .block_on(ledger.append(Head::default(), &common::genesis()))
        .expect("it is the first");
    let mut head = Head::default();
    for first in (0..REPLAYED).step_by(2_000) {
        let entry = common::registrations(head, first, 2_000);
        runtime
            .block_on(ledger.append(head, &entry))
            .expect("it is the next");
        head = Head::after(&entry);
    }
    let mut group = c.benchmark_group("replay");
    group.sample_size(10);
    group.throughput(Throughput::Elements(
        u64::try_from(REPLAYED).unwrap_or(u64::MAX),
    ));
    group.bench_function("memory", |b| {
        b.iter(|| {
            runtime
                .block_on(replay(&ledger, |_| {}))
                .expect("it is whole")
                .data_totals()
        });
    });
    group.finish();
}

criterion_group!(benches, append, fold);
criterion_main!(benches);
