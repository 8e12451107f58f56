//! The real binary, as scripts and people see it: output, exit codes, closed pipes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

//----------- Helpers ------------------------------------------------------------

/// The binary in a directory of its own, with nothing in its environment.
fn biaoshi(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_biaoshi"));
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it in an empty directory.
fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder can be made");
    biaoshi(folder.path())
        .args(arguments)
        .output()
        .expect("the binary starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("what is told is UTF-8")
}

/// Asserts an exit code, and that what is wrong is told in two lines on standard error.
#[track_caller]
fn refused(output: &Output, code: i32, parts: &[&str]) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(output.stdout.is_empty(), "a result beside a failure");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(
        lines[0].starts_with("error: ") && lines[1].starts_with("hint: "),
        "{told}"
    );
    for part in parts {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
}

//----------- Help ---------------------------------------------------------------

#[test]
fn every_command_has_help_with_examples() {
    let commands: [&[&str]; 8] = [
        &[],
        &["serve"],
        &["import"],
        &["resolve"],
        &["generate"],
        &["ledger"],
        &["ledger", "verify"],
        &["check-config"],
    ];
    for command in commands {
        let output = run(&[command, &["--help"]].concat());
        let help = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(
            help.contains("Examples:\n") && help.contains("biaoshi "),
            "{command:?}: {help}"
        );
        assert!(
            help.contains("--config") && help.contains("--json"),
            "{command:?}: {help}"
        );
    }
}

#[test]
fn what_cannot_be_typed_is_a_fault_of_usage() {
    for arguments in [
        &["serv"][..],
        &[],
        &["resolve"],
        &["generate"],
        &["check-config", "--nope"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    let output = run(&["--version"]);
    assert_eq!(
        text(&output.stdout),
        concat!("biaoshi ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

//----------- check-config -------------------------------------------------------

#[test]
fn check_config_shows_values_and_where_they_come_from() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("biaoshi.toml"),
        "version = 1\n[node]\nzone = \"a.b\"\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let mut command = biaoshi(folder.path());
        command
            .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:1,[::1]:1")
            .args(arguments)
            .output()
            .unwrap()
    };
    let output = run(&["check-config"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        shown.starts_with("# file: biaoshi.toml\nversion = 1\n"),
        "{shown}"
    );
    assert!(
        shown.contains("zone = \"a.b\"  # biaoshi.toml:3:1\n"),
        "{shown}"
    );
    assert!(shown.contains("listen = [\"127.0.0.1:1\", \"[::1]:1\"]  # BIAOSHI_HTTP_LISTEN\n"));
    let output = run(&["check-config", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["file"], "biaoshi.toml");
    assert_eq!(shown["config"]["node"]["zone"], "a.b");
    assert_eq!(shown["origins"]["http.listen"], "BIAOSHI_HTTP_LISTEN");
    assert_eq!(shown["origins"]["log.level"], "default");
}

#[test]
fn the_printed_defaults_are_a_file_that_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let printed = biaoshi(folder.path())
        .args(["check-config", "--defaults"])
        .output()
        .unwrap();
    fs::write(folder.path().join("mine.toml"), &printed.stdout).unwrap();
    let shown = |arguments: &[&str]| {
        let output = biaoshi(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["config"].clone()
    };
    let without = shown(&["check-config", "--json"]);
    assert_eq!(
        shown(&["check-config", "--json", "--config", "mine.toml"]),
        without
    );
}

#[test]
fn the_file_is_the_one_named_by_whoever_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["argument", "variable", "biaoshi"] {
        let text = format!("version = 1\n[node]\nzone = \"{name}\"\n");
        fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let zone = |variable: Option<&str>, arguments: &[&str]| {
        let mut command = biaoshi(folder.path());
        command.envs(variable.map(|value| ("BIAOSHI_CONFIG", value)));
        let output = command
            .args(arguments)
            .args(["check-config", "--json"])
            .output()
            .unwrap();
        let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["config"]["node"]["zone"]
            .as_str()
            .unwrap()
            .to_string()
    };
    assert_eq!(
        zone(Some("variable.toml"), &["--config", "argument.toml"]),
        "argument"
    );
    assert_eq!(zone(Some("variable.toml"), &[]), "variable");
    assert_eq!(zone(None, &[]), "biaoshi");
    fs::remove_file(folder.path().join("biaoshi.toml")).unwrap();
    assert_eq!(zone(None, &[]), "id.example");
}

//----------- Faults -------------------------------------------------------------

#[test]
fn a_wrong_configuration_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(folder.path().join("biaoshi.toml"), text).unwrap();
    for command in [
        &["check-config"][..],
        &["serve"],
        &["resolve", "88.118.1/x"],
    ] {
        write("version = 1\n[http]\nlistn = \"x\"\n");
        let output = biaoshi(folder.path()).args(command).output().unwrap();
        refused(&output, 2, &["biaoshi.toml:3:1", "listn", "[http] listen"]);
    }
    write("version = 1\n[node]\nzone = \"\\u001b[31m\\nx\"\n");
    let output = biaoshi(folder.path()).arg("check-config").output().unwrap();
    refused(&output, 2, &["[node] zone"]);
    assert!(!text(&output.stderr).contains('\u{1b}'));
    let output = run(&["check-config", "--config", "none.toml"]);
    refused(&output, 2, &["none.toml", "--config"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_a_closed_pipe_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = biaoshi(folder.path())
        .arg("check-config")
        .stdout(full)
        .output()
        .unwrap();
    refused(&output, 1, &["cannot write the result"]);
    for arguments in [
        &["check-config"][..],
        &["check-config", "--defaults"],
        &["generate", "--count", "1000000", "--as", "products-csv"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = biaoshi(folder.path())
            .args(arguments)
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(
            output.stderr.is_empty(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
}
