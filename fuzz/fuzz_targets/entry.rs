//! `cargo +nightly fuzz run entry`: what must hold stands in `../oracles/entry.rs`.
#![no_main]

#[path = "../oracles/entry.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
