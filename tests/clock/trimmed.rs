//! Days that pass, are rolled up and trimmed, and backups of what is left.

use std::{
    fs,
    process::{Output, Stdio},
};

use serde_json::Value;

use super::{Clocked, common::Node, wait};

const DAY: i64 = 24 * 3_600;

/// Entries of three days that are over stay.
const DAYS: i64 = 6;

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// What is said of each day that is over, and of the one that is not.
fn days(node: &Node) -> Value {
    json(&node.run(&["statistics", "days", "--json"]))["days"].take()
}

fn counters(node: &Node) -> Value {
    let mut verified = node.verify();
    let rows = verified["partitions"].as_array_mut().expect("a list");
    let row = rows
        .iter_mut()
        .find(|row| row["partition"] == "counters/node-1");
    row.expect("it is there").take()
}

/// A node on which days have passed, each with more questions than the one before.
fn after_days() -> Clocked {
    let mut clocked = Clocked::start();
    for day in 0..DAYS {
        for _ in 0..=day {
            let asked = "/api/v1/identifiers/88.118.0002/NONE";
            assert_eq!(clocked.node.get(asked).0, 404);
        }
        // Timings are some seconds behind; the stop waits for them.
        let control = || {
            clocked
                .node
                .metric("biaoshi_ledger_head_seq{partition=\"control\"}")
        };
        let before = control();
        assert!(before > 0.0);
        assert!(clocked.node.stop(), "it ends well when it is asked to");
        clocked.set((day + 1) * DAY);
        clocked.node.start_again();
        let control = || {
            clocked
                .node
                .metric("biaoshi_ledger_head_seq{partition=\"control\"}")
        };
        wait(|| control() > before);
    }
    clocked
}

/// Restores a backup beside the node; its days, and its counters.
fn restored(node: &Node, name: &str, from: &str) -> (Value, Value) {
    let folder = node.path(name);
    let folder = folder.to_str().expect("text");
    let mut restore = node.command();
    restore.args(["restore", from, "--json"]);
    restore.env("BIAOSHI_NODE_DATA_DIR", folder);
    if from == "-" {
        let stream = fs::File::open(node.path("stream")).expect("it was made");
        restore.stdin(Stdio::from(stream));
    }
    json(&restore.output().expect("the binary runs"));
    let mut verify = node.command();
    verify.args(["ledger", "verify", "--json"]);
    verify.env("BIAOSHI_NODE_DATA_DIR", folder);
    let verified = json(&verify.output().expect("the binary runs"));
    let rows = verified["partitions"].as_array().expect("a list");
    let row = rows
        .iter()
        .find(|row| row["partition"] == "counters/node-1");
    (verified.clone(), row.expect("it is there").clone())
}

#[test]
fn days_are_trimmed_and_nothing_that_is_shown_changes() {
    let mut clocked = after_days();
    let shown = days(&clocked.node);
    let rows = shown.as_array().expect("a list");
    let asked: Vec<u64> = (rows.iter())
        .filter_map(|row| row["resolutions"]["requests"].as_u64())
        .collect();
    assert!(asked.ends_with(&[0, 1, 2, 3, 4, 5, 6, 0]), "{asked:?}");
    let timed: Vec<u64> = (rows.iter())
        .filter_map(|row| row["timings"]["resolution"]["requests"].as_u64())
        .collect();
    assert_eq!(timed, [1, 2, 3, 4, 5, 6]);
    // Three of the six days that are over are gone from the counters.
    wait(|| counters(&clocked.node)["trimmed"].as_u64() > Some(2));
    let found = counters(&clocked.node);
    assert_eq!(found["trimmed_is_rolled_up"], true, "{found}");
    clocked.restart();
    assert_eq!(days(&clocked.node), shown);

    // Beside the running node, as a directory and as a stream.
    let backups = clocked.node.path("backups");
    let backups = backups.to_str().expect("text");
    json(&clocked.node.run(&["backup", "create", backups, "--json"]));
    json(&clocked.node.run(&["backup", "verify", backups, "--json"]));
    let stream = clocked.node.run(&["backup", "create", "-"]);
    assert!(stream.status.success());
    fs::write(clocked.node.path("stream"), stream.stdout).expect("it can be written");
    assert!(clocked.node.stop(), "it ends well when it is asked to");
    let own = clocked.node.verify();
    for (name, from) in [("from-directory", backups), ("from-stream", "-")] {
        let (verified, counters) = restored(&clocked.node, name, from);
        assert_eq!(counters["trimmed"], found["trimmed"], "{name}");
        assert_eq!(counters["trimmed_is_rolled_up"], true, "{name}");
        assert_eq!(verified["totals"], own["totals"], "{name}");
    }
    // A node on what was restored says the same.
    let data_dir = clocked.node.data_dir();
    fs::rename(&data_dir, clocked.node.path("old")).expect("it can be moved");
    fs::rename(clocked.node.path("from-directory"), &data_dir).expect("it can be moved");
    clocked.node.start_again();
    assert_eq!(days(&clocked.node), shown);
    clocked.finish();
}
