//! `POST /api/v1/identifiers/batch`.

use super::*;

const BATCH: &str = "/api/v1/identifiers/batch";

fn item(identifier: &str, url: &str) -> Value {
    let mut item = url_record(url);
    item["identifier"] = json!(identifier);
    item
}

fn outcomes(answer: &Answer) -> Vec<&str> {
    let results = answer.json["results"].as_array().unwrap();
    let places = results.iter().map(|result| &result["item"]);
    assert!(
        places.eq((0..results.len())
            .map(|place| json!(place))
            .collect::<Vec<_>>()
            .iter())
    );
    results
        .iter()
        .map(|result| result["outcome"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_item_has_its_verdict() {
    let site = site().await;
    site.register("88.118.8/A", "https://e.example.cn/a").await;
    let bad_value =
        json!({ "identifier": "88.118.8/E", "values": [{ "index": 0, "type": "T", "data": "" }] });
    let bad_field = json!({ "identifier": "88.118.8/F", "value": [] });
    let items = json!([
        item("88.118.8/A", "https://e.example.cn/a"),
        item("88.118.8/a", "https://e.example.cn/other"),
        item("88.118.8/B", "https://e.example.cn/b"),
        item("88.118.8/b", "https://e.example.cn/b2"),
        item("88.118.77/A", "https://e.example.cn/c"),
        bad_value,
        bad_field,
        7,
    ]);
    let answer = site.post(BATCH, &items).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        outcomes(&answer),
        [
            "unchanged",
            "conflict",
            "created",
            "conflict",
            "refused",
            "refused",
            "refused",
            "refused"
        ]
    );
    let results = &answer.json["results"];
    assert_eq!(results[0]["position"], "data/1:1:0");
    assert_eq!(results[2]["identifier"], "88.118.8/B");
    assert!(
        results[3]["detail"]
            .as_str()
            .unwrap()
            .contains("other content")
    );
    assert_eq!(results[4]["code"], "unassigned_prefix");
    assert_eq!(results[4]["field"], "identifier");
    assert_eq!(results[5]["code"], "bad_value");
    assert_eq!(results[6]["code"], "bad_item");
    assert!(results[6]["detail"].as_str().unwrap().contains("value"));
    assert_eq!(results[7]["code"], "bad_item");
    let summary = json!({ "created": 1, "unchanged": 1, "conflict": 2, "refused": 4 });
    assert_eq!(answer.json["summary"], summary);
}

#[tokio::test]
async fn lines_are_items_too() {
    let site = site().await;
    let lines = format!(
        "{}\r\n\n  \n{}\n{{not json}}\n\u{feff}\n{}",
        item("88.118.8/A", "https://e.example.cn/a"),
        item("88.118.8/B", "https://e.example.cn/b"),
        item("88.118.8/C", "https://e.example.cn/c"),
    );
    let mut body = lines.into_bytes();
    body.extend(b"\n\xff\xfe\n");
    let request = admin("POST", BATCH).header("content-type", "application/x-ndjson");
    let answer = site.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(
        outcomes(&answer),
        [
            "created", "created", "refused", "refused", "created", "refused"
        ]
    );
}

#[tokio::test]
async fn a_dry_run_leaves_nothing() {
    let site = site().await;
    let items = json!([item("88.118.8/A", "https://e.example.cn/a")]);
    for query in ["?dry_run=true", "?dry_run"] {
        let answer = site.post(&format!("{BATCH}{query}"), &items).await;
        assert_eq!(outcomes(&answer), ["created"]);
        // Nothing stands there, and nothing may come to.
        assert_eq!(answer.json["results"][0]["position"], Value::Null);
    }
    site.get("/api/v1/identifiers/88.118.8/A")
        .await
        .is_problem(404, "not_registered");
    let answer = site.post(&format!("{BATCH}?dry_run=false"), &items).await;
    assert_eq!(answer.json["results"][0]["position"], "data/1:1:0");
    site.post(&format!("{BATCH}?dry_run=maybe"), &items)
        .await
        .is_problem(400, "bad_query");
}

#[tokio::test]
async fn a_batch_has_an_end() {
    let site = site().await;
    let items = |count: usize| -> Value {
        let item = |place: usize| {
            json!({
                "identifier": format!("88.118.8/{place}"),
                "values": [{ "index": 1, "type": "T", "data": "x" }],
            })
        };
        (0..count).map(item).collect()
    };
    let answer = site.post(BATCH, &items(2_000)).await;
    assert_eq!(answer.json["summary"]["created"], 2_000);
    site.post(BATCH, &items(2_001))
        .await
        .is_problem(413, "too_many_items");
    let zeros = format!("[{}0]", "0,".repeat(400_000));
    for (content_type, body) in [
        ("application/json", zeros),
        ("application/x-ndjson", "0\n".repeat(400_000)),
    ] {
        let request = admin("POST", BATCH).header("content-type", content_type);
        let answer = site.send(request.body(Body::from(body)).unwrap()).await;
        answer.is_problem(413, "too_many_items");
    }
    let none = site.post(BATCH, &json!([])).await;
    assert_eq!((none.status, &none.json["results"]), (200, &json!([])));
}

#[tokio::test]
async fn what_is_no_batch_is_a_problem() {
    let site = site().await;
    for body in ["", "{", "{}", "7", "[1,", "[1] 2"] {
        let request = admin("POST", BATCH).header("content-type", "application/json");
        let answer = site.send(request.body(Body::from(body)).unwrap()).await;
        answer.is_problem(400, "bad_json");
    }
    let request = admin("POST", BATCH).header("content-type", "text/csv");
    let answer = site.send(request.body(Body::from("a,b")).unwrap()).await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn a_repeated_batch_gets_its_first_verdicts() {
    let site = site().await;
    let items = json!([
        item("88.118.8/A", "https://e.example.cn/a"),
        item("88.118.8/B", "https://e.example.cn/b"),
    ]);
    let send = async |items: &Value| {
        let builder = admin("POST", BATCH).header("idempotency-key", "batch-1");
        site.send(json_body(builder, items)).await
    };
    let first = send(&items).await;
    assert_eq!(outcomes(&first), ["created", "created"]);
    let again = send(&items).await;
    assert_eq!(again.json, first.json);
    assert_eq!(again.header("idempotency-replayed"), "true");
    send(&json!([])).await.is_problem(409, "key_reused");
}
