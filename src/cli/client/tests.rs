//! The client against nodes that answer, hang up, stall and talk without end.

use std::net::TcpListener;

use serde_json::json;

use super::*;
use crate::cli::arguments::NodeArguments;
use crate::cli::fake_node::{FakeNode, answer};
use crate::config::{self, Config};

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn client(base: &str) -> Client {
    let token = Some(Token::parse(TOKEN).unwrap());
    let base = base.to_owned();
    Client::new(Target { base, token }).unwrap()
}

fn config(data_dir: &std::path::Path, listen: &str) -> Config {
    let variables = [
        ("BIAOSHI_NODE_DATA_DIR".into(), data_dir.into()),
        ("BIAOSHI_HTTP_LISTEN".into(), listen.into()),
    ];
    config::parse(None, variables).unwrap().config
}

fn node(url: Option<&str>) -> NodeArguments {
    NodeArguments {
        node: url.map(str::to_owned),
        token_file: None,
    }
}

#[test]
fn a_request_carries_token_key_and_body() {
    let fake =
        FakeNode::start(|_| answer("503 No\r\nRetry-After: 7", &json!({"code": "starting"})));
    let client = client(&fake.url);
    let reply = client
        .wait(client.post("/a?b=c", "key-1", Bytes::from_static(b"[1]")))
        .unwrap();
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(Problem::of(&reply).code, "starting");
    let asked = fake.asked();
    assert_eq!(asked[0].line, "POST /a?b=c");
    assert_eq!(asked[0].authorization, format!("Bearer {TOKEN}"));
    assert_eq!(
        (asked[0].key.as_str(), asked[0].body.as_str()),
        ("key-1", "[1]")
    );
}

#[test]
fn a_node_is_not_believed_for_ever() {
    let fake = FakeNode::start(|_| answer("503 No\r\nRetry-After: 99999999", &json!({})));
    let reply = client(&fake.url).get("/").unwrap();
    assert_eq!(reply.retry_after, Some(RETRY_AFTER_MAX));
}

#[test]
fn nobody_there_has_a_hint() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = client(&format!("http://{free}")).get("/").unwrap_err();
    assert!(matches!(error, ClientError::Unreachable(..)), "{error:?}");
    assert!(error.to_string().contains("refused"), "{error}");
    let failure = crate::cli::Failure::from(error);
    assert!(failure.hint.contains("biaoshi serve"), "{failure:?}");
}

#[test]
fn a_connection_that_breaks_may_pass() {
    let fake = FakeNode::start(|_| None);
    let error = client(&fake.url).get("/").unwrap_err();
    assert!(matches!(error, ClientError::Broken(..)), "{error:?}");
    assert!(error.may_pass());
}

#[test]
fn a_stalled_node_is_left() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = client(&format!("http://{}", silent.local_addr().unwrap()));
    client.timeout = Duration::from_millis(50);
    let error = client.get("/").unwrap_err();
    assert!(matches!(error, ClientError::Timeout(..)), "{error:?}");
}

#[test]
fn a_reply_has_an_end() {
    let fake = FakeNode::start(|asked| {
        let over = usize::from(asked.line.ends_with("over"));
        Some(("200 OK".to_owned(), "x".repeat(REPLY_BYTES_MAX + over)))
    });
    let client = client(&fake.url);
    assert_eq!(client.get("/at").unwrap().body.len(), REPLY_BYTES_MAX);
    let error = client.get("/over").unwrap_err();
    assert_eq!(error, ClientError::TooLarge(fake.url));
    assert!(!error.may_pass());
}

//----------- Target -------------------------------------------------------------

#[test]
fn the_configuration_says_where_the_node_is() {
    let folder = tempfile::tempdir().unwrap();
    for (listen, base) in [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("0.0.0.0:80,127.0.0.1:1", "http://127.0.0.1"),
        ("[::]:8000", "http://[::1]:8000"),
        ("192.0.2.7:8000", "http://192.0.2.7:8000"),
    ] {
        let config = config(folder.path(), listen);
        let target = Target::find(&config, &node(None), TokenUse::Helpful).unwrap();
        assert_eq!((target.base.as_str(), target.token.is_none()), (base, true));
    }
}

#[test]
fn an_address_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "127.0.0.1:8000");
    for url in [
        "",
        "127.0.0.1:8000",
        "https://a",
        "http://",
        "http://a/?b",
        "http://u@a",
    ] {
        let found = Target::find(&config, &node(Some(url)), TokenUse::Helpful);
        assert!(
            matches!(found, Err(ClientError::BadUrl(..))),
            "{url}: {found:?}"
        );
    }
    let found = Target::find(&config, &node(Some("http://a:1/node/")), TokenUse::Helpful).unwrap();
    assert_eq!(found.base, "http://a:1/node");
}

#[test]
fn the_token_stays_on_this_machine_unless_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "127.0.0.1:8000");
    let file = folder.path().join("admin-token");
    let has_token = |node: &NodeArguments, token_use| {
        Target::find(&config, node, token_use).map(|target| target.token.is_some())
    };
    let error = has_token(&node(None), TokenUse::Needed).unwrap_err();
    assert!(error.to_string().contains("admin-token"), "{error}");
    assert_eq!(has_token(&node(None), TokenUse::Helpful), Ok(false));
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    assert_eq!(has_token(&node(None), TokenUse::Needed), Ok(true));
    assert_eq!(has_token(&node(None), TokenUse::Helpful), Ok(true));
    let here = node(Some("http://localhost:9"));
    assert_eq!(has_token(&here, TokenUse::Needed), Ok(true));
    assert_eq!(has_token(&here, TokenUse::Helpful), Ok(false));
    let mut there = node(Some("http://192.0.2.7:9"));
    assert_eq!(has_token(&there, TokenUse::Needed), Ok(false));
    there.token_file = Some(file.clone());
    assert_eq!(has_token(&there, TokenUse::Helpful), Ok(true));
    std::fs::write(&file, "0".repeat(65)).unwrap();
    assert!(has_token(&there, TokenUse::Helpful).is_err());
}
