//! Reading and folding identifiers.

use std::hint::black_box;

use biaoshi::identifier::{Identifier, KeyBuffer, dns};
use criterion::{Criterion, criterion_group, criterion_main};

/// An identifier as most firms write it, and one in Chinese.
const TEXTS: [(&str, &str); 2] = [
    ("ascii", "88.118.0002/P03202605270000001"),
    ("chinese", "88.118.0002/伺服电机-000001"),
];

fn identifier(c: &mut Criterion) {
    for (name, text) in TEXTS {
        c.bench_function(&format!("identifier/parse_query/{name}"), |b| {
            b.iter(|| Identifier::parse_query(black_box(text)));
        });
        c.bench_function(&format!("identifier/parse_registration/{name}"), |b| {
            b.iter(|| Identifier::parse_registration(black_box(text)));
        });
        let identifier = Identifier::parse_query(text).expect("it is one");
        c.bench_function(&format!("identifier/fold/{name}"), |b| {
            let mut buffer = KeyBuffer::new();
            b.iter(|| black_box(&identifier).fold_into(&mut buffer).len());
        });
        c.bench_function(&format!("identifier/dns_name/{name}"), |b| {
            b.iter(|| dns::to_dns_name(black_box(&identifier), "id.example"));
        });
    }
}

criterion_group!(benches, identifier);
criterion_main!(benches);
