//! `cargo +nightly fuzz run dns_message`: what must hold stands in `../oracles/dns_message.rs`.
#![no_main]

#[path = "../oracles/node.rs"]
mod node;
#[path = "../oracles/dns_message.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracle::check(data));
