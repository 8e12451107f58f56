//! Looking identifiers up among a million.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

mod common;

/// Identifiers in the index.
const COUNT: usize = 1_000_000;

/// Identifiers looked up in a batch.
const BATCH: usize = 64;

/// Spreads look-ups over the index as queries do: neighbours are asked for far apart.
const STRIDE: usize = 7_919;

fn index(c: &mut Criterion) {
    let state = common::state(COUNT);
    let index = state.index();
    let keys: Vec<_> = (0..65_536)
        .map(|n| common::identifier(n * STRIDE % COUNT).key())
        .collect();
    let absent: Vec<_> = (0..65_536)
        .map(|n| common::identifier(COUNT + n).key())
        .collect();
    let mut group = c.benchmark_group("index");
    group.bench_function("get/present", |b| {
        let mut keys = keys.iter().cycle();
        b.iter(|| {
            let key = keys.next().map_or(&[][..], |key| key.as_bytes());
            index.with(black_box(key), |slot| slot.position().seq)
        });
    });
    group.bench_function("get/absent", |b| {
        let mut keys = absent.iter().cycle();
        b.iter(|| {
            let key = keys.next().map_or(&[][..], |key| key.as_bytes());
            index.with(black_box(key), |slot| slot.position().seq)
        });
    });
    group.throughput(Throughput::Elements(64));
    group.bench_function("get_batch/64", |b| {
        let mut first = 0;
        b.iter_batched(
            || {
                first = (first + BATCH) % (keys.len() - BATCH);
                keys[first..first + BATCH]
                    .iter()
                    .map(|key| key.as_bytes())
                    .collect::<Vec<_>>()
            },
            |batch| {
                let mut sum = 0;
                let add = |_, slot: Option<biaoshi::state::index::SlotRef<'_>>| {
                    sum += slot.map_or(0, |slot| slot.position().seq);
                };
                index.with_batch(&batch, add);
                sum
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);
