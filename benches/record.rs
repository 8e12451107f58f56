//! Encoding and reading a product's record.

use std::hint::black_box;

use biaoshi::record::RecordRef;
use criterion::{Criterion, criterion_group, criterion_main};

mod common;

fn record(c: &mut Criterion) {
    let product = common::product(1);
    let bytes = product.encode();
    c.bench_function("record/encode", |b| b.iter(|| black_box(&product).encode()));
    c.bench_function("record/parse", |b| {
        b.iter(|| RecordRef::parse(black_box(&bytes)).is_ok())
    });
    c.bench_function("record/iterate", |b| {
        b.iter(|| {
            let values = RecordRef::trusted(black_box(&bytes)).values();
            values.map(|value| value.data.len()).sum::<usize>()
        });
    });
}

criterion_group!(benches, record);
criterion_main!(benches);
