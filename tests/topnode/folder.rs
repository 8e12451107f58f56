//! Reports as files in a folder, and the receipts that are put beside them.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;

use super::common::{Client, Node};

const TRIES_MAX: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);

/// The file whose name begins so, once it is there, and without its `.json`.
fn name(folder: &Path, begins: &str) -> String {
    for _ in 0..TRIES_MAX {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let mut names =
            names.filter_map(|name| Some(name.strip_suffix(".manifest.json")?.to_owned()));
        if let Some(name) = names.find(|name| name.starts_with(begins)) {
            return name;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("nothing begins with {begins}");
}

fn read(path: &Path) -> Value {
    // What is there under its name is whole.
    let bytes = fs::read(path).expect("its manifest is there");
    serde_json::from_slice(&bytes).expect("it is JSON")
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
    let [first, second] = ["T1-1-r1-p1-", "T2-1-r1-p1-"].map(|begins| name(&folder, begins));
    let file = |name: &str, kind: &str| folder.join(format!("{name}{kind}.json"));
    let message = read(&file(&first, ""));
    let manifest = read(&file(&first, ".manifest"));
    assert!(
        manifest["key"]
            .as_str()
            .is_some_and(|key| first.ends_with(&key[..8]))
    );
    assert_eq!(message["table"], "T1");
    assert_eq!(manifest["key"], message["key"]);
    let hash = biaoshi::change::Hash::of(&[&fs::read(file(&first, "")).expect("it is there")]);
    assert_eq!(manifest["sha256"], hash.to_string());
    assert_eq!(table(&node, "T1")["in_flight"]["period"], 1);

    let receipt = |name: &str, said: &str| {
        fs::write(file(name, ".receipt"), said).expect("it can be written");
    };
    // A receipt that was here before, for a message of another ledger.
    receipt("T1-1-r1-p1-00000000", r#"{"status":"1","receipt":"R-0"}"#);
    assert!(node.stop());
    node.start_again();
    std::thread::sleep(PAUSE * 10);
    assert_eq!(table(&node, "T1")["in_flight"]["period"], 1);
    receipt(&first, r#"{"status":"1","receipt":"R-1"}"#);
    receipt(&second, r#"{"status":"-2","message":"端口有误"}"#);
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
    let again = read(&file(&name(&folder, "T2-1-r2-p1-"), ""));
    assert_eq!(again["revision"], 2);
    let receipt = ["topnode", "settle", "T2", "1", "--receipt", "电话确认"];
    assert!(node.run(&receipt).status.success());
    assert_eq!(table(&node, "T2")["waiting"], serde_json::json!([]));
    undecided(&node);
}

/// What cannot be decided, of a node that has told T1 once.
fn undecided(node: &Node) {
    for wrong in [
        ["topnode", "settle", "T3", "2999-01-01", "--receipt", "x"],
        ["topnode", "settle", "T3", "today", "--receipt", "x"],
        ["topnode", "settle", "T4", "1", "--receipt", "x"],
        // A count that no report had: those after it would go on from there.
        ["topnode", "settle", "T1", "2", "--receipt", "x"],
        ["topnode", "settle", "T1", "4294967295", "--receipt", "x"],
        ["topnode", "settle", "T12", "1", "--receipt", "x"],
    ] {
        assert_eq!(node.run(&wrong).status.code(), Some(1), "{wrong:?}");
    }
}

/// A prefix is applied for as a file, and passes by what is put beside the question about it.
#[test]
fn a_filing_waits_for_its_audit() {
    let mut node = Node::start_with(&[
        ("BIAOSHI_REPORT_BY", "folder"),
        ("BIAOSHI_REPORT_FOLDER", "out"),
    ]);
    let firm = r#"{"prefix":"88.118.77","org_name":"企业","hosting":"hosted",
                   "certificate":{"type":"other","number":"C77"}}"#;
    let token = format!("authorization: Bearer {}", node.token());
    let mut client = Client::connect(node.address());
    let headers = [token.as_str()];
    let (status, ..) = client.request("POST", "/api/v1/enterprises", &headers, firm.as_bytes());
    assert_eq!(status, 201);
    let folder = node.path("out");
    let application = name(&folder, "F1-1-");
    let said = read(&folder.join(format!("{application}.json")));
    assert_eq!(said["rows"][0]["标识前缀"], "88.118.77");
    assert_eq!(said["rows"][0]["单位名称"], "企业");
    let put = |name: &str, said: &str| {
        let path = folder.join(format!("{name}.receipt.json"));
        fs::write(path, said).expect("it can be written");
    };
    let filing = |node: &Node| {
        let mut client = Client::connect(node.address());
        let headers = [token.as_str()];
        let (_, body) = client.request("GET", "/api/v1/enterprises", &headers, b"");
        let said: Value = serde_json::from_slice(&body).expect("it is JSON");
        said["enterprises"][0]["filing"].clone()
    };
    assert_eq!(filing(&node)["state"], "pending");
    put(&application, r#"{"status":"1","receipt":"受理 7"}"#);
    // It is looked for at each start, and else every ten minutes.
    assert!(node.stop());
    node.start_again();
    let question = name(&folder, "F2-1-");
    assert_eq!(filing(&node)["state"], "in_review");
    assert_eq!(filing(&node)["reason"], "受理 7");
    let said = read(&folder.join(format!("{question}.json")));
    assert_eq!(said["rows"][0]["受理编号"], "受理 7");
    put(&question, r#"{"status":"1","receipt":"备案 9"}"#);
    assert!(node.stop());
    node.start_again();
    for _ in 0..TRIES_MAX {
        if filing(&node)["state"] == "passed" {
            assert_eq!(filing(&node)["reason"], "备案 9");
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("{}", filing(&node));
}
