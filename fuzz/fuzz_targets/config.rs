//! `cargo +nightly fuzz run config`: what must hold stands in `../oracles/config.rs`.
#![no_main]

#[path = "../oracles/config.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
