//! What it takes to answer one question, from bytes to bytes, without sockets.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

#[path = "common/asking.rs"]
mod asking;
mod common;

use asking::{Asking, KINDS};

/// Identifiers that there are.
const COUNT: usize = 1_000_000;

/// Spreads questions over the index: neighbours are asked for far apart.
const STRIDE: usize = 7_919;

fn respond(c: &mut Criterion) {
    let asking = Asking::new(COUNT);
    let mut group = c.benchmark_group("respond");
    for (name, make) in KINDS {
        let questions: Vec<Vec<u8>> = (0..65_536)
            .map(|n| make(&common::identifier(n * STRIDE % COUNT)))
            .collect();
        let is_found = asking.answer(name, &questions[0], &mut Vec::new());
        assert_eq!(is_found, !name.ends_with("absent"), "{name}");
        group.bench_function(name, |b| {
            let mut questions = questions.iter().cycle();
            let mut out = Vec::with_capacity(4_096);
            b.iter(|| {
                out.clear();
                let question = questions.next().map_or(&[][..], Vec::as_slice);
                asking.answer(name, black_box(question), &mut out);
                out.len()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, respond);
criterion_main!(benches);
