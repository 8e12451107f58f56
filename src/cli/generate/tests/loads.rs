//! Loading into a node that says what the test tells it to.

use clap::Parser;
use serde_json::Value;

use super::*;
use crate::cli::arguments::{Arguments, Command};
use crate::cli::fake_node::{Answer, Asked, FakeNode, answer};

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// What was typed behind `generate`.
fn typed(arguments: &[&str]) -> GenerateArguments {
    let all = [&["biaoshi", "generate"], arguments].concat();
    match Arguments::try_parse_from(all).unwrap().command {
        Command::Generate(arguments) => arguments,
        other => panic!("{other:?}"),
    }
}

/// Loads into a node and returns how that went.
fn load(node: &FakeNode, arguments: &[&str]) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("admin-token"), TOKEN).unwrap();
    let variables = [("BIAOSHI_NODE_DATA_DIR".into(), folder.path().into())];
    let config = crate::config::parse(None, variables).unwrap().config;
    let own = ["--as", "node", "--node", &node.url];
    let arguments = typed(&[&own, arguments].concat());
    run(&config, &arguments, &Output::new(true))
}

/// A verdict on each item, without its number.
fn verdicts(asked: &Asked, verdict: &Value) -> Answer {
    let items = asked.json();
    let results = (0..items.as_array().unwrap().len()).map(|item| {
        let mut verdict = verdict.clone();
        verdict["item"] = json!(item);
        verdict
    });
    answer("200 OK", &json!({"results": results.collect::<Vec<_>>()}))
}

/// The number of items in each request for that path.
fn sizes(node: &FakeNode, path: &str) -> Vec<usize> {
    let asked = node.asked();
    let those = asked
        .iter()
        .filter(|asked| asked.line == format!("POST {path}"));
    those
        .map(|asked| asked.json().as_array().unwrap().len())
        .collect()
}

#[test]
fn firms_come_first_and_products_in_batches() {
    let created = json!({"outcome": "created"});
    let node = FakeNode::start(move |asked| verdicts(asked, &created));
    let count = [
        "--count", "25", "--batch", "10", "--firms", "7", "--skip", "3",
    ];
    assert_eq!(load(&node, &count).unwrap(), Exit::Done);
    assert_eq!(node.asked()[0].line, "POST /api/v1/enterprises");
    assert_eq!(sizes(&node, "/api/v1/enterprises"), [7]);
    let mut batches = sizes(&node, "/api/v1/identifiers/batch");
    batches.sort_unstable();
    assert_eq!(batches, [5, 10, 10]);
    let mut sent = Vec::new();
    for asked in &node.asked()[1..] {
        let items = asked.json();
        let items = items.as_array().unwrap().iter();
        sent.extend(items.map(|item| item["identifier"].as_str().unwrap().to_owned()));
    }
    let shape = Shape::new(1, 28, 7);
    let expected: HashSet<String> = (3..28).map(|n| shape.identifier(n)).collect();
    assert_eq!(sent.len(), 25);
    assert_eq!(sent.into_iter().collect::<HashSet<_>>(), expected);
}

#[test]
fn a_batch_whose_answer_is_lost_is_sent_again_under_its_key() {
    let mut lost = false;
    let node = FakeNode::start(move |asked| {
        if asked.line.ends_with("/batch") && !std::mem::replace(&mut lost, true) {
            return None;
        }
        verdicts(asked, &json!({"outcome": "created"}))
    });
    assert_eq!(load(&node, &["--count", "1"]).unwrap(), Exit::Done);
    let keys: Vec<String> = node.asked().into_iter().map(|asked| asked.key).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0] != keys[1] && keys[1] == keys[2], "{keys:?}");
}

#[test]
fn a_node_without_the_secondary_prefixes_is_told_so() {
    let foreign = json!({"outcome": "refused", "code": "foreign_prefix", "detail": "not ours"});
    let node = FakeNode::start(move |asked| verdicts(asked, &foreign));
    let failure = load(&node, &["--count", "1"]).unwrap_err();
    assert!(failure.error.contains("88.118.") && failure.error.contains("not ours"));
    assert!(
        failure.hint.contains("secondary_prefixes = [\"88.118\", "),
        "{failure:?}"
    );
    assert_eq!(sizes(&node, "/api/v1/identifiers/batch"), [0; 0]);
}

#[test]
fn firms_of_others_are_not_loaded_under() {
    let node = FakeNode::start(|asked| verdicts(asked, &json!({"outcome": "conflict"})));
    let failure = load(&node, &["--count", "1"]).unwrap_err();
    assert!(failure.hint.contains("--seed"), "{failure:?}");
}

#[test]
fn refused_products_end_with_3() {
    let node = FakeNode::start(|asked| match asked.line.ends_with("/batch") {
        true => verdicts(asked, &json!({"outcome": "refused", "code": "self_built"})),
        false => verdicts(asked, &json!({"outcome": "unchanged"})),
    });
    assert_eq!(load(&node, &["--count", "9"]).unwrap(), Exit::Refused);
}

#[test]
fn a_node_that_stops_taking_batches_is_told_of_with_how_far_it_was() {
    let node = FakeNode::start(|asked| match asked.line.ends_with("/batch") {
        true if asked.json().as_array().unwrap().len() == 2 => {
            answer("507 No", &json!({"code": "no_space", "detail": "full"}))
        }
        _ => verdicts(asked, &json!({"outcome": "created"})),
    });
    let count = ["--count", "12", "--batch", "5", "--in-flight", "1"];
    let failure = load(&node, &count).unwrap_err();
    assert!(failure.error.contains("full (no_space)"), "{failure:?}");
    assert!(failure.hint.contains("10 rows are done"), "{failure:?}");
}

#[test]
fn nothing_is_asked_in_a_dry_run() {
    let node = FakeNode::start(|_| None);
    assert_eq!(
        load(&node, &["--count", "1", "--dry-run"]).unwrap(),
        Exit::Done
    );
    assert_eq!(node.asked(), []);
}

#[test]
fn arguments_of_another_form_are_refused() {
    let config = crate::config::parse(None, []).unwrap().config;
    let wrong = |arguments: &[&str]| {
        let arguments = typed(arguments);
        run(&config, &arguments, &Output::new(false)).unwrap_err()
    };
    for (form, argument) in [
        ("zone", "--batch=1"),
        ("node", "--output=x"),
        ("node", "--records=txt"),
        ("products-csv", "--zone=a.b"),
        ("identifiers", "--in-flight=2"),
    ] {
        let failure = wrong(&["--as", form, "--count", "1", argument]);
        assert_eq!(failure.exit, Exit::Usage);
        let name = argument.split('=').next().unwrap();
        assert!(failure.error.starts_with(name), "{failure:?}");
    }
    let failure = wrong(&[
        "--as",
        "identifiers",
        "--count",
        "1000000000",
        "--skip",
        "1",
    ]);
    assert_eq!(failure.exit, Exit::Usage);
}

#[test]
fn a_count_is_needed_but_for_firms() {
    let parse = |arguments: &[&str]| {
        Arguments::try_parse_from([&["biaoshi", "generate", "--as"], arguments].concat())
    };
    assert!(parse(&["enterprises-csv"]).is_ok());
    for form in [
        "products-csv",
        "ndjson",
        "zone",
        "identifiers",
        "absent",
        "node",
    ] {
        assert!(parse(&[form]).is_err(), "{form}");
        assert!(parse(&[form, "--count", "1"]).is_ok(), "{form}");
    }
}
