//! `cargo +nightly fuzz run csv_row`: what must hold stands in `../oracles/csv_row.rs`.
#![no_main]

#[path = "../oracles/csv_row.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
