//! Messages as requests, and what replies mean.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{
    change::{Hash, Part},
    topnode::{
        outbox::{Answer, Message},
        tables::Table,
    },
};

const NOW_MS: u64 = 1_795_536_000_000;

fn secrets() -> Secrets {
    Secrets {
        token: "t0ken".to_owned(),
        secret: b"between us".to_vec(),
    }
}

fn message() -> Message {
    Message {
        table: Table::T8,
        period: 20_261_125,
        revision: 2,
        part: Part {
            number: 3,
            is_last: true,
            ..Part::default()
        },
        key: "0123456789abcdef".to_owned(),
        rows: Arc::new(vec![vec![
            json!("88.118.8"),
            json!(3),
            json!(10),
            json!(7),
            json!(5),
            Value::Null,
        ]]),
    }
}

fn header<'a>(said: &'a WireRequest, name: &str) -> &'a str {
    let mut headers = said.headers.iter();
    headers
        .find(|(known, _)| known == name)
        .map_or("", |(_, value)| value)
}

#[test]
fn a_message_is_said_as_the_default_mapping_has_it() {
    let said = request(&message(), &Mapping::default(), &secrets(), NOW_MS);
    assert_eq!(
        (said.method.as_str(), said.path.as_str()),
        ("POST", "/reports/T8")
    );
    assert_eq!(header(&said, "Idempotency-Key"), "0123456789abcdef");
    let body: Value = serde_json::from_slice(&said.body).unwrap();
    let row = json!({
        "标识前缀": "88.118.8", "标识日注册量": 3, "标识注册总量": 10,
        "单日解析请求量": 7, "单日解析成功响应量": 5,
    });
    let expected = json!({
        "table": "T8", "period": 20_261_125, "revision": 2, "part": 3, "last": true,
        "key": "0123456789abcdef", "rows": [row],
    });
    assert_eq!(body, expected);
    let signed = format!(
        "POST\n/reports/T8\n{NOW_MS}\n0123456789abcdef\n{}",
        Hash::of(&[&said.body])
    );
    let signature = sign(Algorithm::HmacSha256, &secrets(), &signed);
    assert_eq!(header(&said, "X-Signature"), signature);
}

/// RFC 4231, test case 2.
#[test]
fn a_signature_is_hmac_sha256() {
    let secrets = Secrets {
        secret: b"Jefe".to_vec(),
        ..Secrets::default()
    };
    let signature = sign(
        Algorithm::HmacSha256,
        &secrets,
        "what do ya want for nothing?",
    );
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(signature, expected);
    assert_eq!(sign(Algorithm::None, &secrets, "x"), "");
}

#[test]
fn another_interface_is_a_file() {
    let mapping = Mapping::parse(
        r#"
        version = 1
        [request]
        method = "PUT"
        path = "/api/{table}/{period}/{revision}/{part}"
        signature = "none"
        rows = "arrays"
        [request.headers]
        Authorization = "Bearer {token}"
        [request.body]
        table = ""
        period = "statDate"
        revision = ""
        part = ""
        is_last = ""
        key = "requestId"
        rows = "list"
        [reply]
        status = "code"
        accepted = ["0", "10000"]
        refused = ["40508"]
        key = ""
        receipt = "serial"
        message = "msg"
        signature_header = ""
        [tables.T8]
        name = "entStatistics"
        path = "/ent/{period}?id={key}"
        "#,
    );
    let mapping = mapping.unwrap();
    assert!(mapping.needs_token() && !mapping.needs_secret());
    let said = request(&message(), &mapping, &secrets(), NOW_MS);
    assert_eq!(said.path, "/ent/20261125?id=0123456789abcdef");
    assert_eq!(header(&said, "Authorization"), "Bearer t0ken");
    let body: Value = serde_json::from_slice(&said.body).unwrap();
    let rows = json!([["88.118.8", 3, 10, 7, 5, null]]);
    let expected = json!({ "statDate": 20_261_125, "requestId": "0123456789abcdef", "list": rows });
    assert_eq!(body, expected);
    let reply = |body: Value| WireReply {
        status: 200,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    };
    let means = |body: Value| answer(&message(), &mapping, &secrets(), &reply(body), NOW_MS);
    let key = message().key;
    let accepted = Answer::Accepted {
        key: key.clone(),
        receipt: "77".to_owned(),
    };
    assert_eq!(means(json!({ "code": 0, "serial": 77 })), accepted);
    let refused = Answer::Refused {
        key,
        reason: "40508 格式错误".to_owned(),
    };
    assert_eq!(
        means(json!({ "code": "40508", "msg": "格式错误" })),
        refused
    );
}

#[test]
fn what_cannot_be_done_is_no_mapping() {
    let default = include_str!("../../../config/topnode/mapping.toml");
    let with = |from: &str, to: &str| {
        assert!(default.contains(from), "{from}");
        Mapping::parse(&default.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    };
    for (from, to, said) in [
        ("version = 1", "version = 2", "version 2"),
        (
            "/reports/{table}",
            "/reports/{tabel}",
            "{tabel} is not known",
        ),
        ("/reports/{table}", "/reports/{table", "has no }"),
        (
            "/reports/{table}",
            "/reports/{signature}",
            "cannot stand in a path",
        ),
        (
            "{key}\\n{body_sha256}\"\n# \"objects\"",
            "{signature}\"\n# \"objects\"",
            "cannot stand in a signed",
        ),
        ("\"/reports/", "\"reports/", "begins with /"),
        ("\"POST\"", "\"post it\"", "is no method"),
        ("rows = \"rows\"", "rows = \"rows\"\nrow = \"x\"", "row"),
    ] {
        let error = with(from, to);
        assert!(error.contains(said), "{said}: {error}");
    }
    let more = |text: &str| {
        Mapping::parse(&format!("{default}\n{text}"))
            .unwrap_err()
            .to_string()
    };
    assert!(more("[tables.T12]").contains("no such table"));
    assert!(more("[tables.T8]\nfields = [\"a\"]").contains("1 names, but the table has 6 fields"));
}

fn signed_reply(status: u16, body: &Value, key: &str) -> WireReply {
    let body = body.to_string().into_bytes();
    let signed = format!("{key}\n{}", Hash::of(&[&body]));
    let signature = sign(Algorithm::HmacSha256, &secrets(), &signed);
    WireReply {
        status,
        headers: vec![("x-signature".to_owned(), signature)],
        body,
    }
}

#[test]
fn only_what_is_understood_and_signed_is_an_answer() {
    let mapping = Mapping::default();
    let means = |reply: &WireReply| answer(&message(), &mapping, &secrets(), reply, NOW_MS);
    let failed = |reply: &WireReply| match means(reply) {
        Answer::Failed {
            reason,
            retry_after_ms,
        } => (reason, retry_after_ms),
        other => panic!("{other:?}"),
    };
    let key = message().key;
    let refusal = json!({ "status": "-2", "key": key, "message": "no" });
    assert!(matches!(
        means(&signed_reply(400, &refusal, &key)),
        Answer::Refused { .. }
    ));
    // Signed for another message, by somebody else, or not at all: it says nothing.
    for mut reply in [
        signed_reply(400, &refusal, "other"),
        signed_reply(400, &refusal, &key),
    ] {
        let is_other = reply == signed_reply(400, &refusal, "other");
        if !is_other {
            reply.headers.clear();
        }
        assert!(failed(&reply).0.contains("not signed"), "{reply:?}");
    }
    let page = WireReply {
        status: 502,
        headers: vec![("Retry-After".to_owned(), "7".to_owned())],
        body: b"<html>\nBad Gateway".to_vec(),
    };
    let (reason, retry_after_ms) = failed(&page);
    assert_eq!(reason, "HTTP 502: not understood: <html> Bad Gateway");
    assert_eq!(retry_after_ms, Some(7_000));
    let unsure = signed_reply(200, &json!({ "status": "-4", "message": "内部错误" }), &key);
    assert_eq!(failed(&unsure).0, "HTTP 200: -4 内部错误");
    let mut skewed = WireReply {
        status: 401,
        ..WireReply::default()
    };
    let date = "Wed, 25 Nov 2026 02:00:00 GMT";
    skewed.headers.push(("Date".to_owned(), date.to_owned()));
    let (reason, _) = failed(&skewed);
    assert!(
        reason.contains("its clock is") && reason.contains("of this node's"),
        "{reason}"
    );
}
