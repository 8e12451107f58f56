//! The corpora of the fuzz targets as ordinary tests: what was found once stays found.
//!
//! The configuration's is replayed, and edited, by `config_corpus.rs`.

use std::{fs, path::Path};

#[path = "../fuzz/oracles/csv_row.rs"]
mod csv_row;
#[path = "../fuzz/oracles/dns_message.rs"]
mod dns_message;
#[path = "../fuzz/oracles/entry.rs"]
mod entry;
#[path = "../fuzz/oracles/handle_message.rs"]
mod handle_message;
#[path = "../fuzz/oracles/handle_reassembly.rs"]
mod handle_reassembly;
#[path = "../fuzz/oracles/handle_value.rs"]
mod handle_value;
#[path = "../fuzz/oracles/identifier.rs"]
mod identifier;
#[path = "../fuzz/oracles/node.rs"]
mod node;
#[path = "../fuzz/oracles/record.rs"]
mod record;

/// Checks every file of a corpus, each cut short at a few places too.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files = 0;
    for file in fs::read_dir(&folder).expect("each target has a corpus") {
        let bytes = fs::read(file.expect("a folder can be read").path()).expect("so can its files");
        check(&bytes);
        for cut in [
            bytes.len() / 3,
            bytes.len() / 2,
            bytes.len().saturating_sub(1),
        ] {
            check(&bytes[..cut]);
        }
        files += 1;
    }
    assert!(files >= 5, "{target}: {files} seeds");
}

#[test]
fn csv_row_corpus() {
    replay("csv_row", csv_row::check);
}

#[test]
fn dns_message_corpus() {
    replay("dns_message", dns_message::check);
}

#[test]
fn entry_corpus() {
    replay("entry", entry::check);
}

#[test]
fn handle_message_corpus() {
    replay("handle_message", handle_message::check);
}

#[test]
fn handle_reassembly_corpus() {
    replay("handle_reassembly", handle_reassembly::check);
}

#[test]
fn handle_value_corpus() {
    replay("handle_value", handle_value::check);
}

#[test]
fn identifier_corpus() {
    replay("identifier", identifier::check);
}

#[test]
fn record_corpus() {
    replay("record", record::check);
}

/// Seeds in binary formats are what this release writes: what was stored once stays readable, and
/// is written alike.
#[test]
fn formats_are_what_they_were() {
    let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeds");
    for (target, name, bytes) in seeds::all() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target)
            .join(name);
        if fs::read(&kept).ok().as_ref() != Some(&bytes) {
            let place = written.join(format!("{target}-{name}"));
            fs::create_dir_all(&written).expect("the folder of tests can be written");
            fs::write(&place, bytes).expect("so can a file in it");
            let (kept, place) = (kept.display(), place.display());
            panic!("{kept} is not what this release writes; for a new format copy {place} there");
        }
    }
}

#[path = "../fuzz/oracles/seeds.rs"]
mod seeds;
