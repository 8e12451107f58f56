//! The tree speaks of itself alone: no file names a path of the machine it was written on.

use std::fs;
use std::path::Path;

use crate::source::root;

/// Folders that are built, written at run time or kept by version control.
const NOT_OURS: [&str; 6] = [
    ".git",
    "target",
    "biaoshi-data",
    "artifacts",
    "coverage",
    ".idea",
];

/// Larger files are data, not text that someone wrote.
const TEXT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Paths of machines; in two parts so that this file does not name them.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/tmp/w", "t"),
    concat!("/tmp/pl", "an"),
    concat!("/tmp/tar", "get"),
    concat!("/ro", "ot/"),
];

/// Lines that name such a path.
fn machine_paths(name: &str, text: &str) -> Vec<String> {
    let named = |line: &str| MACHINE_PATHS.iter().any(|path| line.contains(path));
    let lines = text.lines().enumerate().filter(|(_, line)| named(line));
    lines
        .map(|(at, line)| format!("{name}:{}: {}", at + 1, line.trim()))
        .collect()
}

/// Calls `visit` with each text file below `folder`.
fn walk(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("a folder of the tree can be listed") {
        let path = entry.expect("a folder of the tree can be listed").path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| NOT_OURS.contains(&name.as_str())) {
            continue;
        }
        let Ok(kind) = fs::symlink_metadata(&path) else {
            continue;
        };
        if kind.is_dir() {
            walk(&path, visit);
        } else if kind.is_file()
            && kind.len() <= TEXT_BYTES_MAX
            && let Ok(text) = fs::read_to_string(&path)
        {
            visit(&path, &text);
        }
    }
}

//----------- Tests --------------------------------------------------------------

#[test]
fn no_file_names_a_path_of_a_machine() {
    let mut found = Vec::new();
    let mut visited = 0;
    walk(&root(), &mut |path, text| {
        visited += 1;
        found.extend(machine_paths(&path.display().to_string(), text));
    });
    assert!(visited > 10, "only {visited} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_path_of_a_machine_is_found() {
    for path in MACHINE_PATHS {
        assert_eq!(
            machine_paths("x", &format!("see {path}notes")).len(),
            1,
            "{path}"
        );
    }
    assert!(machine_paths("x", "docs/format/record-v1.md and /var/lib/biaoshi").is_empty());
}
