//! `PUT` and `DELETE /api/v1/identifiers/{identifier}`.

use super::*;

const ITEM: &str = "/api/v1/identifiers/88.118.8/A-1";

#[tokio::test]
async fn a_record_is_created_replaced_removed_and_created_again() {
    let site = site().await;
    let (one, two) = (
        url_record("https://e.example.cn/1"),
        url_record("https://e.example.cn/2"),
    );
    let created = site.put(ITEM, &one).await;
    assert_eq!(
        (created.status, &created.json["outcome"]),
        (201, &json!("created"))
    );
    assert_eq!(created.header("location"), ITEM);
    assert_eq!(created.json["position"], "data/1:1:0");
    let unchanged = site.put(ITEM, &one).await;
    assert_eq!(
        (unchanged.status, &unchanged.json["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(unchanged.header("location"), "");
    let replaced = site.put(ITEM, &two).await;
    assert_eq!(
        (replaced.status, &replaced.json["outcome"]),
        (200, &json!("replaced"))
    );
    assert_eq!(
        site.get(ITEM).await.json["values"][0]["data"],
        "https://e.example.cn/2"
    );
    let removed = site.delete(ITEM).await;
    assert_eq!(
        (removed.status, &removed.json["outcome"]),
        (200, &json!("removed"))
    );
    site.delete(ITEM).await.is_problem(410, "removed");
    site.delete("/api/v1/identifiers/88.118.8/NONE")
        .await
        .is_problem(404, "not_registered");
    assert_eq!(site.put(ITEM, &one).await.status, 201);
    assert_eq!(site.get(ITEM).await.json["registered_as"], "88.118.8/A-1");
}

#[tokio::test]
async fn if_none_match_only_creates() {
    let site = site().await;
    let (one, two) = (
        url_record("https://e.example.cn/1"),
        url_record("https://e.example.cn/2"),
    );
    let put = async |body: &Value| {
        let builder = admin("PUT", ITEM).header("if-none-match", "*");
        site.send(json_body(builder, body)).await
    };
    assert_eq!(put(&one).await.status, 201);
    assert_eq!(put(&one).await.json["outcome"], "unchanged");
    put(&two).await.is_problem(412, "conflict");
    assert_eq!(
        site.get(ITEM).await.json["values"][0]["data"],
        "https://e.example.cn/1"
    );
    for (name, value) in [
        ("if-none-match", "\"tag\""),
        ("if-match", "*"),
        ("if-match", "\"tag\""),
    ] {
        let request = json_body(admin("PUT", ITEM).header(name, value), &two);
        let answer = site.send(request).await;
        assert!(
            matches!(answer.status, 400 | 412),
            "{name}: {}",
            answer.text
        );
    }
    assert_eq!(
        site.get(ITEM).await.json["values"][0]["data"],
        "https://e.example.cn/1"
    );
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer() {
    let site = site().await;
    let send = async |method: &str, key: &str, body: &Value| {
        let builder = admin(method, ITEM).header("idempotency-key", key);
        site.send(json_body(builder, body)).await
    };
    let (one, two) = (
        url_record("https://e.example.cn/1"),
        url_record("https://e.example.cn/2"),
    );
    for (method, key, body, outcome) in [
        ("PUT", "k1", &one, "created"),
        ("PUT", "k2", &two, "replaced"),
        ("DELETE", "k3", &one, "removed"),
    ] {
        let first = send(method, key, body).await;
        assert_eq!(first.json["outcome"], outcome, "{}", first.text);
        assert_eq!(first.header("idempotency-replayed"), "");
        let again = send(method, key, body).await;
        assert_eq!((again.status, &again.json), (first.status, &first.json));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    send("PUT", "k1", &two).await.is_problem(409, "key_reused");
    send("DELETE", "k1", &one)
        .await
        .is_problem(409, "key_reused");
    let longest = "k".repeat(255);
    assert_eq!(send("PUT", &longest, &one).await.status, 201);
    for key in ["", "a b", "k\u{e9}", &"k".repeat(256), &"k".repeat(4_000)] {
        send("PUT", key, &one)
            .await
            .is_problem(400, "bad_idempotency_key");
    }
}

#[tokio::test]
async fn a_write_needs_the_token_before_anything_else_is_looked_at() {
    let site = site().await;
    for (method, path) in [
        ("PUT", ITEM),
        ("DELETE", ITEM),
        ("POST", "/api/v1/identifiers/batch"),
        ("POST", "/api/v1/enterprises"),
    ] {
        let builder = request(method, path).header("content-type", "text/plain");
        let answer = site.send(builder.body(Body::from("{")).unwrap()).await;
        answer.is_problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn what_cannot_be_registered_is_refused_with_its_code() {
    let site = site().await;
    let record = url_record("https://e.example.cn/1");
    let long = format!("88.118.8/{}", "x".repeat(247));
    let cases = [
        ("10.1000/A", "foreign_prefix"),
        ("88.118.77/A", "unassigned_prefix"),
        ("88.118.9/A", "self_built"),
        ("88.118.8/", "empty_suffix"),
        ("88.118.8", "no_slash"),
        ("abc/A", "bad_prefix"),
        ("88.118.8/A%20", "outer_blank"),
        ("88.118.8/A%07", "control_character"),
        ("88.118.8/A%E2%80%8B", "zero_width"),
        ("88.118.8/A%E2%80%AE", "bidi"),
        ("88.118.8/e%CC%81", "not_nfc"),
        (&long, "identifier_too_long"),
    ];
    for (identifier, code) in cases {
        let answer = site
            .put(&format!("{IDENTIFIERS}{identifier}"), &record)
            .await;
        answer.is_problem(422, code);
        assert_eq!(answer.json["field"], "identifier", "{identifier}");
    }
    let longest = format!("{IDENTIFIERS}88.118.8/{}", "x".repeat(246));
    assert_eq!(site.put(&longest, &record).await.status, 201);
    let empty = site.put(ITEM, &json!({ "values": [] })).await;
    empty.is_problem(422, "missing_field");
}

#[tokio::test]
async fn limits_of_a_record_hold_at_the_limit_and_beyond() {
    let site = site().await;
    let record = |count: usize, bytes: usize| {
        let value =
            |index: usize| json!({ "index": index, "type": "T", "data": "x".repeat(bytes) });
        json!({ "values": (1..=count).map(value).collect::<Vec<_>>() })
    };
    for (count, bytes, status) in [
        (256, 1, 201),
        (257, 1, 422),
        (20_000, 1, 422),
        (1, 32 * 1024, 201),
        (1, 32 * 1024 + 1, 422),
        (3, 32 * 1024, 422),
    ] {
        let path = format!("{IDENTIFIERS}88.118.8/{count}-{bytes}");
        let answer = site.put(&path, &record(count, bytes)).await;
        assert_eq!(
            answer.status, status,
            "{count} of {bytes}: {:.200}",
            answer.text
        );
    }
    let twice = json!({ "values": [
        { "index": 1, "type": "T", "data": "" }, { "index": 1, "type": "T", "data": "" },
    ]});
    site.put(ITEM, &twice).await.is_problem(422, "bad_value");
}
