//! Replays the corpus of the configuration's fuzz target, and what a few edits make of it.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

#[expect(
    unreachable_pub,
    reason = "the fuzz target calls it from a crate of its own"
)]
#[path = "../fuzz/oracles/config.rs"]
mod oracle;

/// The files of the corpus.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/config");
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder).expect("the corpus is a folder") {
        let path = entry.expect("the corpus can be listed").path();
        seeds.push(fs::read(path).expect("a seed can be read"));
    }
    assert!(seeds.len() >= 10, "the corpus was not read");
    seeds
}

#[test]
fn the_corpus_holds() {
    for seed in seeds() {
        oracle::check(&seed);
    }
}

/// Pieces that are likely to mean something where they fall.
fn piece() -> impl Strategy<Value = String> {
    let known = prop_oneof![
        Just("\""),
        Just("="),
        Just("[http]\n"),
        Just("listen = "),
        Just("\n"),
        Just("[["),
        Just("127.0.0.1:0"),
        Just("88.118"),
        Just(","),
        Just("#"),
        Just("\\u0000"),
        Just("."),
        Just("-1"),
        Just("9999999999999999999"),
        Just("1e9"),
        Just("1979-05-27"),
        Just("{ }"),
        Just("'''"),
        Just("\u{feff}"),
        Just("\u{202e}"),
        Just("BIAOSHI_HTTP_"),
    ];
    prop_oneof![known.prop_map(String::from), ".{0,8}"]
}

proptest! {
    #[test]
    fn edits_of_the_corpus_hold(
        seed in any::<prop::sample::Index>(),
        edits in vec((any::<prop::sample::Index>(), 0..9_usize, piece()), 0..6),
    ) {
        let seeds = seeds();
        let mut text = String::from_utf8_lossy(&seeds[seed.index(seeds.len())]).into_owned();
        for (at, removed, piece) in edits {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.ceil_char_boundary((start + removed).min(text.len()));
            text.replace_range(start..end, &piece);
        }
        oracle::check(text.as_bytes());
    }
}
