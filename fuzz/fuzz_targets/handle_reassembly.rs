//! `cargo +nightly fuzz run handle_reassembly`: what must hold stands in `../oracles/handle_reassembly.rs`.
#![no_main]

#[path = "../oracles/handle_reassembly.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
