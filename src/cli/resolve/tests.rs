//! What is said for each answer of a node.

use serde_json::{Value, json};

use super::*;
use crate::cli::arguments::NodeArguments;
use crate::cli::fake_node::{FakeNode, answer};

/// Asks a node that answers so.
fn ask(identifier: &str, as_json: bool, status: &str, body: Value) -> Result<String, Failure> {
    let status = status.to_owned();
    let fake = FakeNode::start(move |_| answer(&status, &body));
    ask_at(&fake, identifier, as_json)
}

fn ask_at(fake: &FakeNode, identifier: &str, as_json: bool) -> Result<String, Failure> {
    let config = crate::config::parse(None, []).unwrap().config;
    let arguments = NodeArguments {
        node: Some(fake.url.clone()),
        token_file: None,
    };
    let target = Target::find(&config, &arguments, TokenUse::Helpful).unwrap();
    resolve(target, identifier, as_json)
}

#[test]
fn the_identifier_is_encoded_on_its_way() {
    let fake = FakeNode::start(|_| answer("404 Not Found", &json!({})));
    ask_at(&fake, "88.118.0002/产 a?b#%2F", false).unwrap_err();
    let path = "/api/v1/identifiers/88.118.0002/%E4%BA%A7%20a%3Fb%23%252F";
    assert_eq!(fake.asked()[0].line, format!("GET {path}"));
    assert_eq!(fake.asked()[0].authorization, "");
}

#[test]
fn an_answer_is_shown_or_handed_on() {
    let body = json!({"identifier": "88.118.0002/a", "registered_as": "88.118.0002/a",
        "values": [{"index": 2000, "type": "NAME", "data": "液压泵", "ttl": 60}]});
    let text = ask("88.118.0002/a", false, "200 OK", body.clone()).unwrap();
    assert!(text.contains("NAME  液压泵  [ttl 60 s]"), "{text}");
    let text = ask("88.118.0002/a", true, "200 OK", body.clone()).unwrap();
    assert_eq!(text, body.to_string());
    let body = json!({"sites": [{"address": "192.0.2.1", "protocol": "tcp", "port": 2641}]});
    let text = ask("88.118.0002/a", false, "300 Multiple Choices", body).unwrap();
    assert!(text.contains("tcp  192.0.2.1:2641"), "{text}");
}

#[test]
fn a_refusal_says_what_to_do() {
    let problem = |code: &str| json!({"title": "No", "detail": "it is not so", "code": code});
    for (status, code, hint) in [
        ("404 Not Found", "not_registered", "spelling"),
        ("404 Not Found", "unassigned_prefix", "admitted"),
        ("410 Gone", "removed", "removed"),
        ("421 Misdirected Request", "foreign_prefix", "national node"),
        ("401 Unauthorized", "denied", "--token-file"),
        ("403 Forbidden", "denied", "--token-file"),
        ("503 Service Unavailable", "no_route", "enterprise"),
        ("503 Service Unavailable", "starting", "again"),
        ("500 Internal Server Error", "", "log"),
    ] {
        let failure = ask("88.118.0002/a", true, status, problem(code)).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed, "{status}");
        assert!(failure.error.starts_with("it is not so"), "{failure:?}");
        assert!(failure.error.contains(code), "{failure:?}");
        assert!(failure.hint.contains(hint), "{status} {code}: {failure:?}");
    }
}

#[test]
fn another_server_is_not_taken_for_a_node() {
    for (status, body) in [("200 OK", json!("hello")), ("302 Found", json!({}))] {
        let failure = ask("88.118.0002/a", true, status, body).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed, "{failure:?}");
    }
}

#[test]
fn what_is_no_identifier_is_not_asked() {
    let fake = FakeNode::start(|_| None);
    let failure = ask_at(&fake, "", false).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert_eq!(fake.asked(), []);
}
