//! `cargo +nightly fuzz run record`: what must hold stands in `../oracles/record.rs`.
#![no_main]

#[path = "../oracles/record.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
