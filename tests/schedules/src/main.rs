//! The lock-free parts of the index, in every order in which their threads can run.
//!
//! `shard.rs`, `table.rs`, `arena.rs` and `counted.rs` of `src/state/index` are compiled here as
//! they are. What they stand on is put in their place: `sync` has the atomics and locks of a checker
//! (loom), `crossbeam_epoch` a stand-in that says what a read-side section promises, `chunk` bytes
//! that know who wrote them and whether they were given back, `region` and `memory` plain boxes.
//!
//! `cargo run` runs all models, `cargo run NAME…` some. docs/testing.md says what each is for, and
//! with which change to the sources it fails.

#![allow(
    dead_code,
    reason = "the index uses more of these files than the models do"
)]

extern crate self as crossbeam_epoch;

#[path = "../../../src/state/index/arena.rs"]
mod arena;
mod chunk;
#[path = "../../../src/state/index/counted.rs"]
mod counted;
mod epoch;
mod memory;
mod models;
mod region;
#[path = "../../../src/state/index/shard.rs"]
mod shard;
mod store;
mod sync;
#[path = "../../../src/state/index/table.rs"]
mod table;

pub use epoch::{Atomic, Guard, Owned, pin};

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, model) in models::ALL {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            models::check(name, *model);
        }
    }
}
