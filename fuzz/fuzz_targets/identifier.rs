//! `cargo +nightly fuzz run identifier`: what must hold stands in `../oracles/identifier.rs`.
#![no_main]

#[path = "../oracles/identifier.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
