//! Encoding and reading a product's record, and what an index keeps of it.

use std::hint::black_box;

use biaoshi::record::{
    Record, RecordRef,
    packed::{Dictionary, PackedRef, Packer, Seen, take_suffix},
};
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

/// What the identifiers of the products begin with.
const AUTHORITY: &str = "88.118.8";

/// The `n`th product of an enterprise that makes eight, and its suffix.
fn one_of_eight(n: usize) -> (String, Vec<u8>) {
    let kind = n * 5 % 8;
    let mut values = common::product(n).values().to_vec();
    let texts = [
        (0, format!("液压泵{}", ["", "座", "杆"][kind % 3])),
        (1, format!("D{}", 121 + kind)),
        (2, format!("L26{}{kind}", n * 7 % 10)),
        (4, format!("2026-0{}-{:02}", n * 7 % 10, n * 11 % 28)),
        (5, format!("696491221585{kind}")),
    ];
    for (at, text) in texts {
        values[at].data = text.into_bytes().into();
    }
    let record = Record::new(values).expect("they are as many as before");
    (format!("JX/{kind}/{n:08}"), record.encode())
}

fn packed(c: &mut Criterion) {
    let products: Vec<_> = (0..1_000).map(one_of_eight).collect();
    let (dictionary, seen, mut packer) = (Dictionary::new(), Seen::new(), Packer::new(1));
    let mut out = Vec::with_capacity(1 << 16);
    let mut pack = |(suffix, record): &(String, Vec<u8>), out: &mut Vec<u8>| {
        out.clear();
        let record = RecordRef::trusted(record);
        let suffix = packer.pack_suffix(&dictionary, &seen, suffix, out);
        packer.pack_record(&dictionary, &seen, AUTHORITY, suffix, record, out);
    };
    // What repeats is known then, as it is in an index that is in use.
    for product in products.iter().chain(&products) {
        pack(product, &mut out);
    }
    let mut each = products.iter().cycle();
    c.bench_function("record/pack", |b| {
        b.iter(|| {
            each.next()
                .map(|product| pack(black_box(product), &mut out))
        })
    });
    pack(&products[1], &mut out);
    let mut rest = out.as_slice();
    let suffix = take_suffix(&dictionary, &mut rest).expect("it was packed");
    let record = PackedRef::new(&dictionary, AUTHORITY, suffix, rest);
    c.bench_function("record/iterate_packed", |b| {
        b.iter(|| {
            let values = black_box(&record).values();
            values.map(|value| value.data.len()).sum::<usize>()
        });
    });
}

criterion_group!(benches, record, packed);
criterion_main!(benches);
