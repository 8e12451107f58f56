//! `cargo +nightly fuzz run handle_message`: what must hold stands in `../oracles/handle_message.rs`.
#![no_main]

#[path = "../oracles/handle_message.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
