//! Paths and bodies that no honest client sends.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Bytes;
use hyper::body::Frame;

use super::*;

/// A body that does not say how long it is.
struct Chunked(Option<Bytes>);

impl hyper::body::Body for Chunked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(rest) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let next = rest.split_to(rest.len().min(64 * 1024));
        if rest.is_empty() {
            self.0 = None;
        }
        Poll::Ready(Some(Ok(Frame::data(next))))
    }
}

/// A body that must not be asked for.
struct Unread;

impl hyper::body::Body for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read")
    }
}

const ITEM: &str = "/api/v1/identifiers/88.118.8/A";

#[tokio::test]
async fn hostile_paths_are_answered_and_no_more() {
    let site = site().await;
    site.register("88.118.8/a%2Fb", "https://e.example.cn/a")
        .await;
    let long = format!("88.118.8/{}", "x".repeat(4_000));
    let cases = [
        ("88.118.8/A%00", 400),
        ("88.118.8/%FF", 400),
        ("88.118.8/%C0%AF", 400),
        ("88.118.8/%", 400),
        ("88.118.8/%4", 400),
        ("88.118.8/%zz", 400),
        ("88.118.8/%2", 400),
        ("88.118.8/../A", 404),
        ("88.118.8/..%2FA", 404),
        ("../../etc/passwd", 421),
        ("..%2F..%2Fetc%2Fpasswd", 421),
        ("%2e%2e/A", 421),
        ("/A", 421),
        ("88.118.8//", 404),
        ("88.118.8/", 404),
        ("%2F", 421),
        (&long, 400),
        ("88.118.8/a/b", 200),
        ("88.118.8/a%2fb", 200),
        ("88.118.8%2Fa%2Fb", 200),
        // Decoded once: this is an identifier with a percent sign.
        ("88.118.8/a%252Fb", 404),
    ];
    for (path, status) in cases {
        for mount in [IDENTIFIERS, "/api/handles/", "/id/"] {
            let answer = site.get(&format!("{mount}{path}")).await;
            // Handle.Net has one status for another node's and for what is no handle.
            let expected = match status {
                421 if mount == "/api/handles/" => 400,
                200 if mount == "/id/" => 302,
                other => other,
            };
            assert_eq!(
                answer.status, expected,
                "{mount}{path:.100}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn an_identifier_of_the_longest_kind_is_asked_for_and_no_longer_one() {
    let site = site().await;
    let suffix = |characters: usize| "%E6%A0%87".repeat(characters);
    let at = site
        .get(&format!("{IDENTIFIERS}88.118.8/{}", suffix(246)))
        .await;
    at.is_problem(404, "not_registered");
    let over = site
        .get(&format!("{IDENTIFIERS}88.118.8/{}", suffix(247)))
        .await;
    over.is_problem(400, "identifier_too_long");
}

#[tokio::test]
async fn a_body_that_is_not_what_is_asked_for_names_what_is_wrong() {
    let site = site().await;
    let cases = [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "values"),
        ("null", ""),
        ("{}", "values"),
        (r#"{"value":[]}"#, "value"),
        (r#"{"values":[],"extra":1}"#, "extra"),
        (r#"{"values":[],"values":[]}"#, "duplicate"),
        (r#"{"values":[{"index":1,"type":"T"}]}"#, "data"),
        (
            r#"{"values":[{"index":1,"type":"T","data":"x","tl":1}]}"#,
            "tl",
        ),
        (r#"{"values":[{"index":-1,"type":"T","data":"x"}]}"#, "-1"),
        (
            r#"{"values":[{"index":4294967296,"type":"T","data":"x"}]}"#,
            "4294967296",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":7}]}"#,
            "data is a text",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":{"format":"string","value":"x","more":1}}]}"#,
            "data is a text",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":{"format":"hex","value":"00"}}]}"#,
            "data is a text",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":{"format":"base64","value":"*"}}]}"#,
            "base64",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":"x","ttl":-1}]}"#,
            "ttl",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":"x","ttl":"soon"}]}"#,
            "ttl",
        ),
        (
            r#"{"values":[{"index":1,"type":"T","data":"x","permissions":"1112"}]}"#,
            "permissions",
        ),
        (r#"{"values":[]} trailing"#, "trailing"),
    ];
    for (body, named) in cases {
        let request = admin("PUT", ITEM).header("content-type", "application/json");
        let answer = site.send(request.body(Body::from(body)).unwrap()).await;
        answer.is_problem(400, "bad_json");
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(detail.contains(named), "{body}: {detail}");
        // Names of the program's own types are nothing to a client.
        assert!(!detail.contains("Body"), "{body}: {detail}");
    }
    let not_utf8 = admin("PUT", ITEM).header("content-type", "application/json");
    let body = Body::from(&b"{\"values\":[\"\xff\"]}"[..]);
    let answer = site.send(not_utf8.body(body).unwrap()).await;
    answer.is_problem(400, "bad_json");
    let deep = "[".repeat(100_000);
    let request = admin("PUT", ITEM).header("content-type", "application/json");
    let answer = site.send(request.body(Body::from(deep)).unwrap()).await;
    answer.is_problem(400, "bad_json");
}

#[tokio::test]
async fn a_body_of_another_type_is_not_read() {
    let site = site().await;
    let body = url_record("https://e.example.cn/a").to_string();
    for (content_type, status) in [
        ("application/json", 201),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/jsonx", 415),
        ("application/x-ndjson", 415),
        ("", 415),
    ] {
        let request = admin("PUT", ITEM).header("content-type", content_type);
        let answer = site
            .send(request.body(Body::from(body.clone())).unwrap())
            .await;
        assert_eq!(answer.status, status, "{content_type}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let site = site().await;
    let padded = |bytes: usize| {
        let record = url_record("https://e.example.cn/a").to_string();
        format!("{record}{}", " ".repeat(bytes - record.len()))
    };
    for (bytes, status) in [
        (BODY_BYTES_MAX, 201),
        (BODY_BYTES_MAX + 1, 413),
        (BODY_BYTES_MAX * 8, 413),
    ] {
        let builder = || admin("PUT", ITEM).header("content-type", "application/json");
        // Once without a length, so that it is found out on the way.
        let frames = Body::new(Chunked(Some(padded(bytes).into())));
        let unsized_body = site.send(builder().body(frames).unwrap()).await;
        assert_eq!(unsized_body.status, status, "{bytes}");
        let sized = builder().header("content-length", bytes);
        let sized = site
            .send(sized.body(Body::from(padded(bytes))).unwrap())
            .await;
        assert_eq!(
            sized.status,
            if status == 201 { 200 } else { status },
            "{bytes}"
        );
    }
    // What says that it is too long is refused before its first byte.
    let request = admin("PUT", ITEM)
        .header("content-type", "application/json")
        .header("content-length", "9999999999999");
    let answer = site.send(request.body(Body::new(Unread)).unwrap()).await;
    answer.is_problem(413, "body_too_large");
}
