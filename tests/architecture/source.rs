//! Sources as the checks see them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::strip::{blank_tests, is_word, strip};

//----------- Source -------------------------------------------------------------

/// One source file.
pub(crate) struct Source {
    /// Its path below `src`, with `/` between parts.
    pub(crate) path: String,
    /// As written.
    pub(crate) text: String,
    /// Without comments and the insides of strings; lines as in `text`.
    pub(crate) code: String,
    /// `code` without test items; blank where the whole file is a test module.
    pub(crate) product: String,
}

impl Source {
    /// The top-level module that the file belongs to.
    pub(crate) fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or(&self.path);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules deep the file is: 0 for `lib.rs`, 1 for `ledger/mod.rs`.
    pub(crate) fn depth(&self) -> usize {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        if matches!(stem, "lib" | "main") {
            0
        } else {
            stem.split('/').count()
        }
    }

    /// Is the file below `place`, a folder or a file without its `.rs`?
    pub(crate) fn is_in(&self, place: &str) -> bool {
        let rest = self.path.strip_prefix(place);
        place.is_empty() || rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// `src/ledger/mod.rs:7: ` and what is wrong there.
    pub(crate) fn violation(&self, line: usize, what: impl AsRef<str>) -> String {
        format!("src/{}:{line}: {}", self.path, what.as_ref())
    }
}

//----------- Reading ------------------------------------------------------------

/// The folder of `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All sources below `src`.
pub(crate) fn product() -> Vec<Source> {
    let found = files(&root().join("src"));
    assert!(
        found.iter().any(|(path, _)| path == "lib.rs"),
        "src/lib.rs was not read"
    );
    sources(found)
}

/// Every Rust file below `folder`, with its text; none if there is no such folder.
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let Ok(entries) = fs::read_dir(&current) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a folder of the tree can be listed").path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path
                    .strip_prefix(folder)
                    .expect("it was found below the folder");
                let name = below.to_string_lossy().replace('\\', "/");
                let text = fs::read_to_string(&path).expect("a source is readable UTF-8");
                found.push((name, text));
            }
        }
    }
    found.sort();
    found
}

/// Sources from paths and texts; files declared under `#[cfg(test)]` count as tests.
pub(crate) fn sources(files: Vec<(String, String)>) -> Vec<Source> {
    let mut sources: Vec<Source> = files
        .into_iter()
        .map(|(path, text)| {
            let code = strip(&text);
            let product = blank_tests(&code);
            Source {
                path,
                text,
                code,
                product,
            }
        })
        .collect();
    let tests: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for source in &mut sources {
        if tests.iter().any(|place| source.is_in(place)) {
            source.product = source.code.lines().map(|_| "\n").collect();
        }
    }
    sources
}

/// Sources for a self-test.
pub(crate) fn written(files: &[(&str, &str)]) -> Vec<Source> {
    sources(
        files
            .iter()
            .map(|(path, text)| ((*path).into(), (*text).into()))
            .collect(),
    )
}

/// Places (as `Source::is_in` takes them) of modules declared as `#[cfg(test)] mod name;`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.strip_suffix(".rs").unwrap_or(&source.path) {
        "lib" | "main" => "",
        stem => stem.strip_suffix("/mod").unwrap_or(stem),
    };
    let mut places = Vec::new();
    for part in source.code.split("#[cfg(test)]").skip(1) {
        let part = part.trim_start();
        let part = part.strip_prefix("pub(crate) ").unwrap_or(part);
        let Some(rest) = part.strip_prefix("mod ") else {
            continue;
        };
        let name: String = rest
            .bytes()
            .take_while(|b| is_word(*b))
            .map(char::from)
            .collect();
        if rest[name.len()..].starts_with(';') {
            places.push(
                format!("{folder}/{name}")
                    .trim_start_matches('/')
                    .to_string(),
            );
        }
    }
    places
}

//----------- Paths --------------------------------------------------------------

/// Every path that a `use` names, with the line the `use` starts on, trees flattened.
pub(crate) fn use_paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, "use") {
        let Some(end) = code[at..].find(';') else {
            continue;
        };
        let line = line_of(code, at);
        let tree = code[at + 3..at + end].replace(['\n', ' '], "");
        flatten("", &tree, &mut |path| found.push((line, path)));
    }
    found
}

fn flatten(before: &str, tree: &str, found: &mut impl FnMut(String)) {
    let Some(open) = tree.find('{') else {
        found(format!("{before}{tree}"));
        return;
    };
    let before = format!("{before}{}", &tree[..open]);
    let inside = &tree[open + 1..];
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, byte) in inside.bytes().chain([b',']).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                if start < at {
                    flatten(&before, &inside[start..at], found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// Offsets at which `word` stands, not as part of a longer identifier.
pub(crate) fn words(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let first_is_word = word.bytes().next().is_some_and(is_word);
    let last_is_word = word.bytes().last().is_some_and(is_word);
    let stands = |at: usize| {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let after = bytes.get(at + word.len()).copied();
        !(first_is_word && before.is_some_and(is_word)
            || last_is_word && after.is_some_and(is_word))
    };
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| stands(*at))
        .collect()
}

/// Line of an offset, from 1.
pub(crate) fn line_of(code: &str, at: usize) -> usize {
    1 + code.as_bytes()[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

//----------- Tests --------------------------------------------------------------

#[test]
fn use_trees_are_flattened() {
    let code = "use std::{fs, time::{Duration, Instant}};\nuse crate::a::b;\n";
    let paths: Vec<String> = use_paths(code).into_iter().map(|(_, path)| path).collect();
    let expected = [
        "std::fs",
        "std::time::Duration",
        "std::time::Instant",
        "crate::a::b",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn a_word_is_not_a_part_of_one() {
    assert_eq!(words("rand brand rand_x rand::x", "rand"), [0, 18]);
}

#[test]
fn files_of_test_modules_are_tests() {
    let sources = written(&[
        ("a/mod.rs", "#[cfg(test)]\nmod tests;\nmod b;"),
        ("a/tests.rs", "use x;"),
        ("a/b.rs", "use x;"),
    ]);
    assert!(sources[1].product.trim().is_empty());
    assert!(!sources[2].product.trim().is_empty());
    assert_eq!(
        (sources[0].depth(), sources[2].depth(), sources[2].module()),
        (1, 2, "a")
    );
}
