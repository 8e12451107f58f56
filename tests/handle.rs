//! The Handle listeners of a real node, asked over UDP and TCP.

mod common;

use std::io::{Read, Write};

use common::{
    Client, Node,
    handle::{ask, next, receive, request, tcp, udp},
};

/// A product of the sample.
const PRODUCT: &str = "88.118.0002/P03202605270000001";

fn node() -> Node {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    node
}

fn has(body: &[u8], text: &str) -> bool {
    body.windows(text.len())
        .any(|window| window == text.as_bytes())
}

//----------- Tests ------------------------------------------------------------

#[test]
fn what_is_registered_is_answered_over_both() {
    let node = node();
    let socket = udp(&node);
    let (id, code, body) = ask(&socket, &request(1, PRODUCT, &[]));
    assert_eq!((id, code), (1, 1));
    assert!(has(&body, PRODUCT) && has(&body, "NAME"));
    let (_, code, lower) = ask(&socket, &request(2, &PRODUCT.to_lowercase(), &[]));
    assert_eq!(code, 1);
    assert!(
        has(&lower, &PRODUCT.to_lowercase()),
        "the caller's spelling"
    );
    assert_eq!(ask(&socket, &request(3, "88.118.0002/NONE", &[])).1, 100);
    assert_eq!(ask(&socket, &request(4, "88.999.1/A", &[])).1, 301);
    assert_eq!(ask(&socket, &request(5, "0.NA/88.118.0002", &[])).1, 1);
    let mut stream = tcp(&node);
    stream
        .write_all(&request(6, PRODUCT, &[]))
        .expect("it can be sent");
    let (id, code, over_tcp) = next(&mut stream);
    assert_eq!((id, code), (6, 1));
    assert_eq!(over_tcp, body, "the same answer");
}

#[test]
fn a_connection_takes_requests_one_behind_the_other() {
    let node = node();
    let mut stream = tcp(&node);
    let mut all = Vec::new();
    for id in 1..=50 {
        all.extend(request(id, if id % 2 == 0 { PRODUCT } else { "0" }, &[]));
    }
    // In pieces that end nowhere in particular.
    for piece in all.chunks(333) {
        stream.write_all(piece).expect("it can be sent");
    }
    for id in 1..=50 {
        let (found, code, _) = next(&mut stream);
        assert_eq!((found, code), (id, if id % 2 == 0 { 1 } else { 301 }));
    }
}

#[test]
fn requests_and_answers_may_need_several_datagrams() {
    let node = node();
    let token = format!("Authorization: Bearer {}", node.token());
    let data = "x".repeat(3_000);
    let body = format!(r#"{{"values":[{{"index":1,"type":"NAME","data":"{data}"}}]}}"#);
    let path = "/api/v1/identifiers/88.118.0002/LARGE";
    let headers = [token.as_str(), "Content-Type: application/json"];
    let mut client = Client::connect(node.address());
    assert_eq!(
        client.request("PUT", path, &headers, body.as_bytes()).0,
        201
    );
    let socket = udp(&node);
    let (_, code, body) = ask(&socket, &request(1, "88.118.0002/LARGE", &[]));
    assert_eq!(code, 1);
    assert!(has(&body, &data));
    let mut types: Vec<String> = (0..60).map(|n| format!("TYPE-{n:020}")).collect();
    types.push("NAME".to_owned());
    let large = request(2, "88.118.0002/LARGE", &types);
    assert!(large.len() > 3 * 512);
    let (id, code, body) = ask(&socket, &large);
    assert_eq!((id, code), (2, 1));
    assert!(has(&body, &data));
}

#[test]
fn garbage_and_silence_hurt_nobody_else() {
    let node = node();
    let socket = udp(&node);
    let silent: Vec<_> = (0..30).map(|_| tcp(&node)).collect();
    for seed in 0..2_000_u32 {
        let garbage: Vec<u8> = (0..seed % 600)
            .map(|at| (at.wrapping_mul(seed) >> 3).to_le_bytes()[0])
            .collect();
        socket.send(&garbage).expect("it can be sent");
    }
    // It answered some of them; a socket of its own sees only its own answers.
    let good = udp(&node);
    assert_eq!(ask(&good, &request(1, PRODUCT, &[])).1, 1);
    let mut stream = tcp(&node);
    stream.write_all(&[0xff; 64]).expect("it can be sent");
    let (id, code, _) = next(&mut stream);
    assert_eq!((id, code), (u32::MAX, 4), "nobody knows whose it was");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("it ends");
    assert!(rest.is_empty(), "and the connection is of no more use");
    let mut stream = tcp(&node);
    stream
        .write_all(&request(2, PRODUCT, &[]))
        .expect("it can be sent");
    assert_eq!(next(&mut stream).1, 1);
    drop(silent);
}

/// A message, damaged: bytes at a place.
fn damaged(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut message = request(1, PRODUCT, &[]);
    message[at..at + bytes.len()].copy_from_slice(bytes);
    message
}

#[test]
fn a_connection_ends_where_the_next_message_cannot_be_found() {
    let node = node();
    for (what, message) in [
        ("no message", damaged(16, &[0; 4])),
        ("encrypted", damaged(2, &[0x42])),
        ("a body longer than all", damaged(40, &[0, 0, 1, 0])),
        ("longer than a request", damaged(16, &[0, 2, 0, 0])),
        ("longer than any", damaged(16, &[0xff; 4])),
    ] {
        let mut stream = tcp(&node);
        stream.write_all(&message).expect("it can be sent");
        let (id, code, _) = next(&mut stream);
        assert_eq!((id, code), (u32::MAX, 4), "{what}");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("it ends");
        assert!(rest.is_empty(), "{what}");
    }
    // A body that makes no sense ends where it says: the next request is answered.
    let mut stream = tcp(&node);
    let all = [damaged(44, &[0xff; 4]), request(2, PRODUCT, &[])].concat();
    stream.write_all(&all).expect("it can be sent");
    let (id, code, _) = next(&mut stream);
    assert_eq!((id, code), (1, 4));
    let (id, code, _) = next(&mut stream);
    assert_eq!((id, code), (2, 1));
}

#[test]
fn an_answer_is_not_answered() {
    let node = node();
    let malformed = || node.metric("biaoshi_malformed_total{protocol=\"handle\"}");
    let answer = damaged(24, &[0, 0, 0, 1]);
    let socket = udp(&node);
    for datagram in [&answer[..], &answer[..19], &answer[..1]] {
        let before = malformed();
        socket.send(datagram).expect("it can be sent");
        assert_eq!(receive(&socket), None, "{datagram:?}");
        assert_eq!(malformed() - before, 1.0, "{datagram:?}");
    }
    let mut stream = tcp(&node);
    stream.write_all(&answer).expect("it can be sent");
    let mut said = Vec::new();
    stream.read_to_end(&mut said).expect("it ends");
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(ask(&socket, &request(2, PRODUCT, &[])).1, 1);
}

#[test]
fn it_ends_when_it_is_asked_to_though_connections_are_open() {
    let mut node = node();
    let mut stream = tcp(&node);
    stream
        .write_all(&request(1, PRODUCT, &[]))
        .expect("it can be sent");
    assert_eq!(next(&mut stream).1, 1);
    assert!(node.stop(), "it ends well when it is asked to");
    let mut rest = Vec::new();
    // Ended or reset: no answer comes.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
    node.start_again();
    assert_eq!(ask(&udp(&node), &request(2, PRODUCT, &[])).1, 1);
}

#[test]
fn the_command_line_asks_over_it_too() {
    let node = node();
    let ask = |more: &[&str]| {
        let output = node.run(&[&["resolve", "--via", "handle"], more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (code, shown, _) = ask(&[PRODUCT]);
    assert_eq!(code, Some(0));
    assert!(shown.contains(PRODUCT) && shown.contains("NAME"), "{shown}");
    let over_http = node.run(&["resolve", PRODUCT]);
    assert_eq!(
        shown,
        String::from_utf8_lossy(&over_http.stdout),
        "the same lines"
    );
    let (_, shown, _) = ask(&["--json", PRODUCT]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    assert_eq!(shown["identifier"], PRODUCT);
    let (code, _, told) = ask(&["88.118.0002/NONE"]);
    assert!(
        code == Some(1) && told.contains("response code 100"),
        "{told}"
    );
    let (code, _, told) = ask(&["--node", "127.0.0.1:1", PRODUCT]);
    assert!(code == Some(1) && told.contains("no answer from"), "{told}");
    let (code, _, told) = ask(&["--node", "nowhere", PRODUCT]);
    assert!(code == Some(2) && told.contains("HOST:PORT"), "{told}");
}
