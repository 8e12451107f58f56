//! Filings that are decided by hand, from the command to the tables.

use serde_json::Value;

use super::common::{Client, Node};

#[test]
fn a_filing_is_decided_by_hand_and_counts_then() {
    let node = Node::start();
    let mut client = Client::connect(node.address());
    let firm = r#"{"prefix":"88.118.77","org_name":"企业","hosting":"hosted",
                   "certificate":{"type":"other","number":"C77"}}"#;
    let token = format!("authorization: Bearer {}", node.token());
    let headers = [token.as_str()];
    let (status, ..) = client.request("POST", "/api/v1/enterprises", &headers, firm.as_bytes());
    assert_eq!(status, 201);
    let told = |arguments: &[&str]| {
        let output = node.run(&[&["topnode", "file", "88.118.77"], arguments].concat());
        let both = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&both).into_owned(),
        )
    };
    let held = || {
        let output = node.run(&["topnode", "preview", "T3", "--json"]);
        let said: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let rows = said["rows"].as_array().expect("a list").iter();
        rows.filter_map(|row| row[2].as_u64()).sum::<u64>()
    };
    let (code, said) = told(&["passed"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("date"), "{said}");
    let refused = ["refused", "--date", "2026-11-24", "--reason", "照片不清"];
    assert_eq!(
        told(&refused),
        (Some(0), "88.118.77: filed, refused\n".to_owned())
    );
    assert_eq!(held(), 0);
    let passed = ["passed", "--date", "2026-11-25", "--reason", "回执 7"];
    let dry = [&passed[..], &["--dry-run"]].concat();
    assert_eq!(
        told(&dry),
        (Some(0), "88.118.77: would be filed, passed\n".to_owned())
    );
    assert_eq!(held(), 0);
    assert_eq!(told(&passed).0, Some(0));
    assert_eq!(told(&passed).0, Some(0), "the same again");
    assert_eq!(held(), 1);
    let (code, said) = told(&["pending"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("not taken back"), "{said}");
}

/// Firms that are still to be filed: their products wait, but for one that an operator lets go ahead.
#[test]
fn what_is_not_filed_waits_or_is_waived() {
    const WAIVED: &str = "88.118.0002";
    let node = Node::start();
    let (code, summary) = node.import("enterprises.csv", &["--filing", "pending"]);
    assert_eq!(code, 0, "{summary}");
    let held = || {
        let output = node.run(&["topnode", "preview", "T3", "--json"]);
        let said: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let rows = said["rows"].as_array().expect("a list").iter();
        rows.filter_map(|row| row[2].as_u64()).sum::<u64>()
    };
    let (code, summary) = node.import("products-gb18030.csv", &[]);
    let all = summary["codes"]["not_filed"].as_u64().expect("a count");
    assert!(code != 0 && all > 0, "{summary}");
    let waive = |arguments: &[&str]| {
        let output = node.run(&[&["topnode", "waive", WAIVED], arguments].concat());
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(waive(&[]).contains("--reason"), "a waiver has its reason");
    let reason = ["--reason", "试点"];
    let dry = waive(&["--reason", "试点", "--dry-run"]);
    assert_eq!(dry, format!("{WAIVED}: would be waived\n"));
    assert_eq!(waive(&reason), format!("{WAIVED}: waived\n"));
    // Said again it is answered again, and done once.
    assert_eq!(waive(&reason), format!("{WAIVED}: waived\n"));
    let (_, summary) = node.import("products-gb18030.csv", &[]);
    let registered = summary["codes"]["ok"].as_u64().expect("a count");
    assert!(registered > 0, "{summary}");
    assert_eq!(summary["codes"]["not_filed"], all - registered);
    assert_eq!(held(), 0, "it counts once it is filed");
    assert_eq!(waive(&["--end"]), format!("{WAIVED}: no longer waived\n"));
    let (_, summary) = node.import("products-gb18030.csv", &[]);
    assert_eq!(
        summary["codes"]["unchanged"], registered,
        "what is there stays"
    );
    let output = node.run(&["topnode", "preview", "F1", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let applicants = said["rows"].as_array().expect("a list").len();
    assert_eq!(applicants, 60, "all firms of the sample are to be filed");
}
