//! `cargo +nightly fuzz run handle_value`: what must hold stands in `../oracles/handle_value.rs`.
#![no_main]

#[path = "../oracles/node.rs"]
mod node;
#[path = "../oracles/handle_value.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
