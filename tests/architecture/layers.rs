//! Who may import whom.

use crate::source::{Source, line_of, product, use_paths, words, written};

//----------- The table ----------------------------------------------------------

/// The layer of each top-level module. Imports go down.
const LAYERS: &[(&str, u8)] = &[
    ("main", 7),
    ("cli", 7),
    ("config", 7),
    ("server", 6),
    ("console", 6),
    ("protocol", 5),
    ("topnode", 5),
    ("resolver", 4),
    ("registry", 4),
    ("backup", 4),
    ("access", 4),
    ("accounting", 4),
    ("state", 3),
    ("ledger", 2),
    ("telemetry", 2),
    ("record", 1),
    ("change", 1),
    ("identifier", 0),
    ("disk", 0),
    ("time", 0),
    ("units", 0),
];

/// The edges that stay on one layer.
const EDGES: &[(&str, &str)] = &[
    ("change", "record"),
    ("ledger", "telemetry"),
    ("registry", "access"),
    ("resolver", "access"),
    ("accounting", "registry"),
    ("server", "console"),
    ("main", "cli"),
    ("cli", "config"),
];

fn layer(module: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(name, _)| *name == module)
        .map(|(_, layer)| *layer)
}

//----------- The check ----------------------------------------------------------

/// Imports that go up, or along a line that is no edge.
///
/// Test modules may also look along their own layer (a test of the writer resolves what it
/// wrote), never up.
fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let from = source.module();
        if from == "lib" {
            continue;
        }
        let Some(own) = layer(from) else {
            found.push(source.violation(1, format!("{from} has no layer: give it one")));
            continue;
        };
        let product = references(source, &source.product);
        for (line, to) in references(source, &source.code) {
            let Some(other) = layer(&to) else { continue };
            let in_test = !product.contains(&(line, to.clone()));
            let along = EDGES.contains(&(from, to.as_str())) || in_test;
            if to != from && (other > own || (other == own && !along)) {
                let what = format!("{from} (layer {own}) may not import {to} (layer {other})");
                found.push(source.violation(line, what));
            }
        }
    }
    found
}

/// Top-level modules that the code names, with their lines.
fn references(source: &Source, code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, path) in use_paths(code) {
        found.extend(top_level(source, &path).map(|module| (line, module)));
    }
    for root in ["crate::", "biaoshi::", "super::super::"] {
        for at in words(code, root) {
            let end = code[at..].find([';', ' ', '(', ')', ',', '\n', '<', '>', '{', '!']);
            let path = &code[at..end.map_or(code.len(), |end| at + end)];
            found.extend(top_level(source, path).map(|module| (line_of(code, at), module)));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The top-level module that a path starts at, if it starts at the root of the crate.
fn top_level(source: &Source, path: &str) -> Option<String> {
    let mut parts = path.split("::").peekable();
    let supers = std::iter::from_fn(|| parts.next_if_eq(&"super")).count();
    let rooted = match supers {
        0 => matches!(parts.next()?, "crate" | "biaoshi"),
        some => some >= source.depth(),
    };
    let module = parts.next().filter(|_| rooted)?;
    (!module.is_empty()).then(|| module.to_string())
}

//----------- Tests --------------------------------------------------------------

#[test]
fn imports_go_down_or_along_the_edges() {
    let found = violations(&product());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_bad_import_is_found() {
    let bad = [
        ("record/mod.rs", "use crate::ledger::Ledger;"),
        ("record/mod.rs", "use crate::change::Change;"),
        ("record/mod.rs", "use crate::{identifier::Key, state};"),
        ("record/value.rs", "use super::super::ledger::Head;"),
        ("record/mod.rs", "fn f(x: crate::state::State) {}"),
        (
            "record/mod.rs",
            "#[cfg(test)]\nmod tests { use crate::state::State; }",
        ),
        ("access/mod.rs", "use crate::registry::Registry;"),
        ("telemetry/mod.rs", "use crate::ledger::Head;"),
        ("config/mod.rs", "use crate::cli;"),
        ("server/mod.rs", "fn f() { crate::config::load() }"),
        ("novelty/mod.rs", "fn f() {}"),
        ("record/mod.rs", "fn f() { biaoshi::server::run() }"),
    ];
    for (path, text) in bad {
        assert_eq!(
            violations(&written(&[(path, text)])).len(),
            1,
            "{path}: {text}"
        );
    }
}

#[test]
fn a_good_import_is_left_alone() {
    let good = [
        ("change/mod.rs", "use crate::record::Record;"),
        ("ledger/mod.rs", "use crate::{change::Entry, telemetry};"),
        ("registry/mod.rs", "use crate::access::Caller;"),
        (
            "registry/mod.rs",
            "#[cfg(test)]\nmod tests { use crate::resolver::Resolver; }",
        ),
        (
            "record/mod.rs",
            "// crate::ledger is above\nconst A: &str = \"crate::state\";",
        ),
        ("ledger/sqlite/mod.rs", "use super::super::change::Entry;"),
        ("main.rs", "use biaoshi::cli;"),
    ];
    for (path, text) in good {
        let found = violations(&written(&[(path, text)]));
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}
