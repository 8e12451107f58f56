//! Generated data in real nodes: straight, and through files.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
};

use biaoshi::{
    identifier::{Identifier, url},
    protocol::dns::SaidRecord,
};
use common::{
    Client, Node,
    dns::{NAPTR, TXT, URI, ZONE, ask, name_of, udp},
};
use serde_json::{Value, json};

/// Products that are generated; several batches, some of them on their way together.
const PRODUCTS: &str = "2000";

/// Runs `generate` for all products with further arguments and returns what it says.
fn generate(node: &Node, arguments: &[&str]) -> Value {
    let all = [&["--json", "generate", "--count", PRODUCTS], arguments].concat();
    let output = node.run(&all);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

/// Generates a file beside the node and returns its path.
fn file(node: &Node, form: &str, more: &[&str]) -> PathBuf {
    let path = node.path(form);
    let output = path.to_str().expect("its path is text");
    let said = generate(node, &[&["--as", form, "--output", output], more].concat());
    let bytes = fs::metadata(&path).expect("it is there").len();
    assert_eq!(said["bytes"], bytes, "{said}");
    path
}

fn import(node: &Node, path: &Path) -> Value {
    let path = path.to_str().expect("its path is text");
    let output = node.run(&["--json", "import", path]);
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The digest of what is registered.
fn content_digest(node: &Node) -> Value {
    let verified = node.verify();
    let partitions = verified["partitions"].as_array().expect("it lists them");
    let data = partitions
        .iter()
        .find(|found| found["partition"] == "data/1");
    let digest = data.map(|found| found["content_digest"].clone());
    digest.filter(Value::is_string).expect("it has a digest")
}

/// A node with everything in it.
fn loaded() -> Node {
    let node = Node::start();
    let straight = ["--as", "node", "--batch", "300", "--in-flight", "3"];
    let said = generate(&node, &straight);
    assert_eq!(said["created"], 2_000, "{said}");
    assert_eq!(said["firms_created"], 60, "{said}");
    node
}

//----------- Tests ------------------------------------------------------------

#[test]
fn straight_into_a_node_and_through_files_come_to_the_same() {
    let (straight, by_files) = (loaded(), Node::start());
    let firms = import(&by_files, &file(&by_files, "enterprises-csv", &[]));
    assert_eq!(firms["codes"], json!({"ok": 60}));
    let products = import(&by_files, &file(&by_files, "products-csv", &[]));
    assert_eq!(products["codes"], json!({"ok": 2_000}));
    assert_eq!(content_digest(&straight), content_digest(&by_files));
    // Once more, and the second half of it again under the same seed: it is all there.
    let again = generate(&straight, &["--as", "node"]);
    assert_eq!(
        (&again["created"], &again["unchanged"]),
        (&json!(0), &json!(2_000))
    );
    assert_eq!(again["firms_created"], 0);
    let more = generate(&straight, &["--as", "node", "--skip", "1000"]);
    assert_eq!(
        (&more["created"], &more["unchanged"]),
        (&json!(1_000), &json!(1_000))
    );
    assert_ne!(content_digest(&straight), content_digest(&by_files));
}

#[test]
fn what_is_loaded_resolves_and_what_is_absent_does_not() {
    let node = loaded();
    let identifiers = fs::read_to_string(file(&node, "identifiers", &[])).expect("it is text");
    let absent = fs::read_to_string(file(&node, "absent", &[])).expect("it is text");
    let mut client = Client::connect(node.address());
    for (lines, status) in [(identifiers, 200), (absent, 404)] {
        assert_eq!(lines.lines().count(), 2_000);
        for line in lines.lines().step_by(37) {
            let identifier = Identifier::parse_query(line).expect("it can be asked");
            let path = format!("/api/v1/identifiers/{}", url::to_path(&identifier));
            let (said, body) = client.request("GET", &path, &[], b"");
            assert_eq!(said, status, "{line}");
            let body: Value = serde_json::from_slice(&body).expect("it is JSON");
            if status == 200 {
                assert_eq!(body["values"].as_array().map(Vec::len), Some(9), "{body}");
            } else {
                assert_eq!(body["code"], "not_registered", "its prefix is somebody's");
            }
        }
    }
}

#[test]
fn lines_of_json_are_taken_as_a_batch() {
    let node = loaded();
    let lines = fs::read(file(&node, "ndjson", &[])).expect("it is there");
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/x-ndjson"];
    let mut client = Client::connect(node.address());
    let path = "/api/v1/identifiers/batch";
    let (status, body) = client.request("POST", path, &headers, &lines);
    let body: Value = serde_json::from_slice(&body).expect("it is JSON");
    assert_eq!(
        (status, &body["summary"]["unchanged"]),
        (200, &json!(2_000))
    );
}

#[test]
fn the_zone_says_what_the_node_answers() {
    let node = loaded();
    let zone = fs::read_to_string(file(&node, "zone", &["--zone", ZONE])).expect("it is text");
    let identifiers = fs::read_to_string(file(&node, "identifiers", &[])).expect("it is text");
    let socket = udp(&node);
    // Of each form, and each kind of name.
    for (id, identifier) in (0..).zip(identifiers.lines().take(40)) {
        let name = name_of(identifier).expect("it has a name");
        let owner = name.strip_suffix(&format!(".{ZONE}")).expect("it is below");
        let block = zone
            .split_once(&format!("\n{owner} "))
            .expect("it is in the zone")
            .1;
        let lines = block.split('\n').enumerate();
        // Up to the next owner.
        let lines = lines.take_while(|(at, line)| *at == 0 || line.starts_with(' '));
        let mut records = lines.map(|(_, line)| line.trim_start()).collect::<Vec<_>>();
        assert_eq!(records.len(), 11, "{block:.900}");
        for (kind, word) in [(NAPTR, "NAPTR "), (URI, "URI 10 1 "), (TXT, "TXT ")] {
            let said = ask(&socket, id, &name, kind);
            assert!(!said.answers.is_empty());
            for answer in &said.answers {
                assert_eq!(answer.ttl_seconds, 86_400, "the file's $TTL");
                let line = format!("{word}{}", written(kind, answer));
                let found = records.iter().position(|record| *record == line);
                let at = found.unwrap_or_else(|| panic!("no {line} in {records:?}"));
                records.remove(at);
            }
        }
        assert!(records.is_empty(), "not answered: {records:?}");
    }
    assert!(zone.contains("\n$TTL 86400\n"));
}

/// Data of an answer, as a master file has it: TXT and URI come as octets, NAPTR as text.
fn written(kind: u16, answer: &SaidRecord) -> String {
    if kind == NAPTR {
        return String::from_utf8(answer.data.clone()).expect("it is text");
    }
    let octets = answer.data.iter().map(|octet| match octet {
        b'"' | b'\\' => format!("\\{}", char::from(*octet)),
        b' '..=b'~' => char::from(*octet).to_string(),
        _ => format!("\\{octet:03}"),
    });
    format!("\"{}\"", octets.collect::<String>())
}

#[test]
fn a_node_with_other_prefixes_is_told_of() {
    let node = Node::start_with(&[("BIAOSHI_NODE_SECONDARY_PREFIXES", "88.118")]);
    let output = node.run(&["generate", "--count", "1", "--as", "node"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("hint: set [node] secondary_prefixes = "),
        "{told}"
    );
}
