//! Reports as files in a folder, and the receipts that are put beside them.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;

use super::common::Node;

const TRIES_MAX: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);

fn read(path: &Path) -> Value {
    for _ in 0..TRIES_MAX {
        if let Ok(bytes) = fs::read(path) {
            // What is there under its name is whole.
            return serde_json::from_slice(&bytes).expect("it is JSON");
        }
        std::thread::sleep(PAUSE);
    }
    panic!("{} is not there", path.display());
}

fn table(node: &Node, name: &str) -> Value {
    let output = node.run(&["topnode", "reports", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let mut tables = said["tables"].as_array().expect("a list").iter();
    tables
        .find(|one| one["table"] == name)
        .expect("it is told")
        .clone()
}

#[test]
fn a_message_waits_for_its_receipt() {
    let mut node = Node::start_with(&[
        ("BIAOSHI_REPORT_BY", "folder"),
        ("BIAOSHI_REPORT_FOLDER", "out"),
    ]);
    let folder = node.path("out");
    let message = read(&folder.join("T1-1-r1-p1.json"));
    let manifest = read(&folder.join("T1-1-r1-p1.manifest.json"));
    assert_eq!(message["table"], "T1");
    assert_eq!(manifest["key"], message["key"]);
    let hash = biaoshi::change::Hash::of(&[
        &fs::read(folder.join("T1-1-r1-p1.json")).expect("it is there")
    ]);
    assert_eq!(manifest["sha256"], hash.to_string());
    assert_eq!(table(&node, "T1")["in_flight"]["period"], 1);

    let receipt =
        |name: &str, said: &str| fs::write(folder.join(name), said).expect("it can be written");
    receipt(
        "T1-1-r1-p1.receipt.json",
        r#"{"status":"1","receipt":"R-1"}"#,
    );
    receipt(
        "T2-1-r1-p1.receipt.json",
        r#"{"status":"-2","message":"端口有误"}"#,
    );
    // It is looked for at each start, and else every ten seconds.
    assert!(node.stop());
    node.start_again();
    for _ in 0..TRIES_MAX {
        if table(&node, "T1")["told_until"] == 1 && !table(&node, "T2")["waiting"][0].is_null() {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    assert_eq!(table(&node, "T1")["told_until"], 1);
    let refused = &table(&node, "T2")["waiting"][0];
    assert_eq!(
        (&refused["outcome"], &refused["note"]),
        (&"refused".into(), &"-2 端口有误".into())
    );
    // A person is waited for, which the exit code says; then the period is asked for again.
    let output = node.run(&["topnode", "reports", "--lang", "zh"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("待人工处理"));
    let output = node.run(&["topnode", "resend", "T2", "1", "--reason", "端口已改"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let again = read(&folder.join("T2-1-r2-p1.json"));
    assert_eq!(again["revision"], 2);
    let receipt = ["topnode", "settle", "T2", "1", "--receipt", "电话确认"];
    assert!(node.run(&receipt).status.success());
    assert_eq!(table(&node, "T2")["waiting"], serde_json::json!([]));
    for wrong in [
        ["topnode", "settle", "T3", "2999-01-01", "--receipt", "x"],
        ["topnode", "settle", "T3", "today", "--receipt", "x"],
        ["topnode", "settle", "T4", "1", "--receipt", "x"],
        ["topnode", "settle", "T12", "1", "--receipt", "x"],
    ] {
        assert_eq!(node.run(&wrong).status.code(), Some(1), "{wrong:?}");
    }
}
