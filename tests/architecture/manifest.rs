//! Every dependency has its reason.

use std::fs;

use crate::source::root;

/// Lines of dependency tables without a comment on the line before.
fn unexplained(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_table = false;
    let mut before = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            let table = line.trim_matches(['[', ']']);
            in_table = table.ends_with("dependencies");
            if table.contains("dependencies.") && !before.starts_with('#') {
                found.push(line.to_string());
            }
        }
        let name = line.split(['=', '.']).next().unwrap_or("").trim_end();
        let entry = line.contains('=') && !name.is_empty() && !line.starts_with([' ', '#', '[']);
        if in_table && entry && !before.starts_with('#') {
            found.push(line.to_string());
        }
        before = line;
    }
    found
}

//----------- Tests --------------------------------------------------------------

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is there");
    let found = unexplained(&manifest);
    assert!(found.is_empty(), "no comment above:\n{}", found.join("\n"));
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let bad = [
        "[dependencies]\nserde = \"1\"\n",
        "[dependencies]\n# Schemas.\nserde = \"1\"\nserde_json = \"1\"\n",
        "[dev-dependencies]\n\nproptest.version = \"1\"\nx = 1\n",
        "[dependencies.serde]\nversion = \"1\"\n",
        "[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n",
    ];
    for manifest in bad {
        assert!(!unexplained(manifest).is_empty(), "{manifest}");
    }
    let good = "[package]\nname = \"x\"\n[dependencies]\n# Schemas.\nserde = { version = \"1\" }\n";
    assert!(unexplained(good).is_empty());
}
