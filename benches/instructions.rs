//! One operation many times, for `valgrind --tool=callgrind` to count: `instructions NAME COUNT`.
//!
//! The instructions of one operation are the difference between two counts, divided: what starting
//! up costs falls out. See `benches/README.md`.

use std::hint::black_box;

use biaoshi::{identifier::Identifier, record::RecordRef};

mod common;

const TEXT: &str = "88.118.0002/P03202605270000001";

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let (Some(name), Some(count)) = (arguments.next(), arguments.next()) else {
        // `cargo bench` runs it too, without anything to count.
        return;
    };
    let count: usize = count.parse().expect("a number of operations");
    let product = common::product(1);
    let bytes = product.encode();
    let state = common::state(1_000);
    let key = common::identifier(500).key();
    for _ in 0..count {
        match name.as_str() {
            "parse_query" => {
                let _ = black_box(Identifier::parse_query(black_box(TEXT)));
            }
            "parse_registration" => {
                let _ = black_box(Identifier::parse_registration(black_box(TEXT)));
            }
            "record_parse" => {
                let _ = black_box(RecordRef::parse(black_box(&bytes)));
            }
            "record_encode" => {
                black_box(black_box(&product).encode());
            }
            "index_get" => {
                let key = black_box(key.as_bytes());
                black_box(state.index().with(key, |slot| slot.position.seq));
            }
            _ => panic!("no operation is named {name}"),
        }
    }
}
