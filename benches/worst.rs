//! The dearest inputs, at sizes that double: see `benches/common/worst.rs`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "common/worst.rs"]
mod cases;

fn worst(c: &mut Criterion) {
    let mut group = c.benchmark_group("worst");
    for (name, make) in cases::KINDS {
        for part in cases::PARTS {
            let mut case = make(part);
            group.throughput(Throughput::Bytes(case.bytes as u64));
            group.bench_function(BenchmarkId::new(name, case.bytes), |b| {
                b.iter(|| black_box((case.work)()));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, worst);
criterion_main!(benches);
