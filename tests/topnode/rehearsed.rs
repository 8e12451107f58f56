//! The rehearsal, as an operator runs it.

use std::process::Command;

use serde_json::Value;

#[test]
fn all_lines_of_the_checklist_pass() {
    let binary = env!("CARGO_BIN_EXE_biaoshi");
    let folder = tempfile::tempdir().expect("a directory can be made");
    let output = Command::new(binary)
        .args(["topnode", "rehearse", "--json"])
        .current_dir(folder.path())
        .output()
        .expect("the binary starts");
    let told = String::from_utf8_lossy(&output.stderr);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
    let lines = said["checklist"].as_array().expect("a list");
    let count = |verdict: &str| {
        lines
            .iter()
            .filter(|line| line["verdict"] == verdict)
            .count()
    };
    assert_eq!(count("failed"), 0, "{said:#}");
    assert!(output.status.success(), "{told}");
    assert_eq!(
        (count("passed"), count("not_verified")),
        (23, 3),
        "{said:#}"
    );
}
