//! How files and functions look.

use crate::source::{Source, files, line_of, product, root, sources, words, written};
use crate::strip::item_end;

/// Half of the files fit on two screens.
const FILE_LINES_MEDIAN: usize = 150;

/// None takes longer to read than a sitting, tests included.
const FILE_LINES_MAX: usize = 600;

/// A function is seen whole.
const FUNCTION_LINES_MAX: usize = 70;

/// Shorter than this, a message of `expect` proves nothing.
const PROOF_BYTES_MIN: usize = 8;

/// Folders with Rust in them, beside `src`.
const OTHER_FOLDERS: [&str; 3] = ["tests", "benches", "fuzz"];

//----------- Sizes --------------------------------------------------------------

fn long_files(sources: &[Source]) -> Vec<String> {
    let long = sources
        .iter()
        .filter(|source| source.text.lines().count() > FILE_LINES_MAX);
    long.map(|s| s.violation(FILE_LINES_MAX, format!("over {FILE_LINES_MAX} lines")))
        .collect()
}

fn median_lines(sources: &[Source]) -> usize {
    let mut lines: Vec<usize> = sources.iter().map(|s| s.text.lines().count()).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or(0)
}

fn long_functions(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for at in words(&source.code, "fn") {
            let bytes = source.code.as_bytes();
            let named = bytes
                .get(at + 3)
                .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
            let end = item_end(bytes, at);
            let lines = 1 + source.code[at..end].matches('\n').count();
            if named && lines > FUNCTION_LINES_MAX {
                let what = format!("a function of {lines} lines, over {FUNCTION_LINES_MAX}");
                found.push(source.violation(line_of(&source.code, at), what));
            }
        }
    }
    found
}

//----------- Texts --------------------------------------------------------------

fn headless_files(sources: &[Source]) -> Vec<String> {
    let headless = sources
        .iter()
        .filter(|source| !source.text.starts_with("//! "));
    headless
        .map(|s| s.violation(1, "starts without a `//!` header"))
        .collect()
}

/// `unwrap` and its kin in what is shipped; `todo!` and `dbg!` nowhere.
fn unproven(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for name in ["todo!", "unimplemented!", "dbg!"] {
            let at = words(&source.code, name).into_iter();
            found.extend(at.map(|at| source.violation(line_of(&source.code, at), name)));
        }
        let at = words(&source.product, ".unwrap()").into_iter();
        found.extend(at.map(|at| source.violation(line_of(&source.product, at), "unwrap")));
        for at in words(&source.product, ".expect(") {
            if !carries_proof(&source.product[at + ".expect(".len()..]) {
                let what = "expect without a message that says why it cannot fail";
                found.push(source.violation(line_of(&source.product, at), what));
            }
        }
    }
    found
}

/// Is the argument a literal that is long enough, or something that is not a literal?
fn carries_proof(argument: &str) -> bool {
    let argument = argument.trim_start();
    match argument.strip_prefix('"') {
        Some(inside) => inside
            .find('"')
            .is_some_and(|length| length >= PROOF_BYTES_MIN),
        None => !argument.starts_with(')'),
    }
}

/// Lines of `lib.rs` that are not `mod`.
fn beyond_the_map(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.path == "lib.rs") {
        for (at, line) in source.code.lines().enumerate() {
            let line = line.trim();
            if !(line.is_empty() || line.starts_with("pub mod ") || line.starts_with("mod ")) {
                found.push(source.violation(at + 1, "lib.rs is the map of the crate, no more"));
            }
        }
    }
    found
}

//----------- Tests --------------------------------------------------------------

fn everything() -> Vec<Source> {
    let mut all = product();
    for folder in OTHER_FOLDERS {
        let found = files(&root().join(folder)).into_iter();
        all.extend(sources(
            found
                .map(|(path, text)| (format!("../{folder}/{path}"), text))
                .collect(),
        ));
    }
    all
}

#[test]
fn files_are_small() {
    let found = long_files(&everything());
    assert!(found.is_empty(), "{}", found.join("\n"));
    let median = median_lines(&product());
    assert!(
        median <= FILE_LINES_MEDIAN,
        "the median file has {median} lines"
    );
}

#[test]
fn functions_are_small() {
    let found = long_functions(&everything());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_say_what_they_are() {
    let found = headless_files(&everything());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nothing_fails_without_a_proof_that_it_cannot() {
    let found = unproven(&product());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn lib_is_a_map() {
    let found = beyond_the_map(&product());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn large_and_headless_files_are_found() {
    let long = "//! x\n".repeat(FILE_LINES_MAX + 1);
    let fits = "//! x\n".repeat(FILE_LINES_MAX);
    let sources = written(&[("a.rs", &long), ("b.rs", &fits), ("c.rs", "fn f() {}\n")]);
    assert_eq!(long_files(&sources).len(), 1);
    assert_eq!(headless_files(&sources).len(), 1);
    assert_eq!(median_lines(&sources), FILE_LINES_MAX);
}

#[test]
fn long_functions_are_found() {
    let body = |lines: usize| format!("fn f(x: [u8; 3]) {{\n{}}}\n", "    g();\n".repeat(lines));
    let at_limit = body(FUNCTION_LINES_MAX - 2);
    let over = body(FUNCTION_LINES_MAX - 1);
    let declared = format!(
        "trait T {{ fn f(&self); }}\n{}",
        "const A: u8 = 1;\n".repeat(90)
    );
    let sources = written(&[("a.rs", &over), ("b.rs", &at_limit), ("c.rs", &declared)]);
    assert_eq!(
        long_functions(&sources).len(),
        1,
        "{:?}",
        long_functions(&sources)
    );
}

#[test]
fn unproven_calls_are_found() {
    let bad = [
        "fn f() { g().unwrap(); }",
        "fn f() { g().expect(\"\"); }",
        "fn f() { g().expect(\"ok\"); }",
        "fn f() { todo!() }",
        "#[cfg(test)]\nmod tests { fn f() { dbg!(1); } }",
        "fn f() { unimplemented!() }",
    ];
    for text in bad {
        assert_eq!(unproven(&written(&[("a/mod.rs", text)])).len(), 1, "{text}");
    }
    let good = [
        "#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }",
        "fn f() { g().expect(\"a prefix has a segment\"); }",
        "/// Call `unwrap()`: never.\nfn f() { g().unwrap_or(1); }",
    ];
    for text in good {
        assert!(
            unproven(&written(&[("a/mod.rs", text)])).is_empty(),
            "{text}"
        );
    }
    let map = [("lib.rs", "//! x\npub mod a;\nuse a::b;\n")];
    assert_eq!(beyond_the_map(&written(&map)).len(), 1);
}
