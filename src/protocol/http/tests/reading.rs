//! `GET /api/v1/identifiers/{identifier}`, and who is asking.

use super::*;

#[tokio::test]
async fn a_record_is_shown_as_asked_for() {
    let site = site().await;
    let body = json!({ "values": [
        { "index": 3, "type": "NAME", "data": "液压泵" },
        { "index": 1, "type": "URL", "data": "https://e.example.cn/a", "ttl": 60,
          "references": [{ "handle": "88.118.8/B", "index": 2 }] },
        { "index": 2, "type": "BLOB", "data": { "format": "base64", "value": "/w==" },
          "ttl": "2027-01-01T00:00:00Z", "permissions": "0110" },
    ]});
    let put = site.put("/api/v1/identifiers/88.118.8/AbC", &body).await;
    assert_eq!(put.status, 201, "{}", put.text);
    let answer = site.get("/api/v1/identifiers/88.118.8/aBc").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    let timestamp = "2026-11-01T12:00:00.123Z";
    let expected = json!({
        "identifier": "88.118.8/aBc", "registered_as": "88.118.8/AbC",
        "dns_name": "abc.8.118.88.id.example", "position": "data/1:1:0",
        "values": [
            { "index": 1, "type": "URL", "data": "https://e.example.cn/a", "ttl": 60,
              "timestamp": timestamp, "references": [{ "handle": "88.118.8/B", "index": 2 }] },
            { "index": 2, "type": "BLOB", "data": { "format": "base64", "value": "/w==" },
              "ttl": "2027-01-01T00:00:00Z", "permissions": "0110", "timestamp": timestamp },
            { "index": 3, "type": "NAME", "data": "液压泵", "ttl": 86_400,
              "timestamp": timestamp },
        ],
    });
    assert_eq!(answer.json, expected);
}

#[tokio::test]
async fn every_answer_has_its_status() {
    let site = site().await;
    site.register("88.118.8/GONE", "https://e.example.cn/a")
        .await;
    let path = "/api/v1/identifiers/88.118.8/GONE";
    assert_eq!(site.delete(path).await.status, 200);
    let gone = site.get(path).await;
    gone.is_problem(410, "removed");
    assert_eq!(gone.json["removed_at"], "2026-11-01T12:00:00.123Z");
    let cases = [
        ("88.118.8/NONE", 404, "not_registered"),
        ("88.118.77/A", 404, "unassigned_prefix"),
        ("88.118/A", 404, "unassigned_prefix"),
        ("88.118.8.5/A", 404, "unassigned_prefix"),
        ("88.118.77", 404, "unassigned_prefix"),
        ("88.1180.8/A", 421, "foreign_prefix"),
        ("10.1000/A", 421, "foreign_prefix"),
        ("0.NA/10.1000", 421, "foreign_prefix"),
        ("88.118.9/A", 503, "no_route"),
    ];
    for (identifier, status, code) in cases {
        let answer = site.get(&format!("{IDENTIFIERS}{identifier}")).await;
        answer.is_problem(status, code);
    }
    let referral = site.get("/api/v1/identifiers/88.118.10/A").await;
    assert_eq!(referral.status, 300);
    let sites = json!([{ "address": "192.0.2.7", "protocol": "tcp", "port": 2641 }]);
    assert_eq!(referral.json["sites"], sites);
}

#[tokio::test]
async fn a_prefix_is_shown_without_what_is_not_public() {
    let site = site().await;
    for path in [
        "0.NA/88.118.8",
        "0.na/88.118.8",
        "88.118.8",
        "0.NA%2F88.118.8",
    ] {
        let answer = site.get(&format!("{IDENTIFIERS}{path}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json["prefix"], "88.118.8");
        assert_eq!(answer.json["hosting"], "hosted");
        assert_eq!(answer.json["status"], "active");
        assert_eq!(answer.json["secondary"], false);
        assert_eq!(answer.json["route"], Value::Null);
        assert_eq!(answer.json["enterprise"]["org_name"], "企业 88.118.8");
        assert_eq!(answer.json["filing"]["date"], "2026-11-23");
        assert!(!answer.text.contains("certificate"), "{}", answer.text);
    }
    let seen = site.get_as_admin("/api/v1/identifiers/0.NA/88.118.8").await;
    assert_eq!(
        seen.json["enterprise"]["certificate"]["number"],
        "N88.118.8"
    );
    let routed = site.get("/api/v1/identifiers/0.NA/88.118.10").await;
    assert_eq!(routed.json["hosting"], "self-built");
    assert_eq!(routed.json["route"]["sites"][0]["port"], 2641);
    let own = site.get("/api/v1/identifiers/0.NA/88.118").await;
    assert_eq!((own.status, &own.json["secondary"]), (200, &json!(true)));
}

#[tokio::test]
async fn values_that_are_not_public_are_for_the_administrator() {
    let site = site().await;
    let secret = json!({ "index": 9, "type": "SECRET", "data": "s", "permissions": "1100" });
    let mixed = json!({ "values": [secret, { "index": 1, "type": "NAME", "data": "n" }] });
    site.put("/api/v1/identifiers/88.118.8/MIXED", &mixed).await;
    let hidden = json!({ "values": [secret] });
    site.put("/api/v1/identifiers/88.118.8/HIDDEN", &hidden)
        .await;
    let count = |answer: &Answer| answer.json["values"].as_array().unwrap().len();
    let mixed = "/api/v1/identifiers/88.118.8/MIXED";
    assert_eq!(count(&site.get(mixed).await), 1);
    assert_eq!(count(&site.get_as_admin(mixed).await), 2);
    let hidden = "/api/v1/identifiers/88.118.8/HIDDEN";
    let denied = site.get(hidden).await;
    denied.is_problem(401, "denied");
    assert!(denied.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(count(&site.get_as_admin(hidden).await), 1);
}

#[tokio::test]
async fn a_token_opens_only_here_and_only_itself() {
    let site = site().await;
    let right = format!("Bearer {}", token().reveal());
    let ask = async |peer: Peer, headers: &[(&str, &str)]| {
        let mut builder = Request::builder()
            .uri("/api/v1/enterprises")
            .extension(peer);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        site.send(builder.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask(HERE, &[("authorization", &right)]).await.status, 200);
    let lower = right.replace("Bearer", "bearer");
    assert_eq!(ask(HERE, &[("authorization", &lower)]).await.status, 200);
    let elsewhere = ask(ELSEWHERE, &[("authorization", &right)]).await;
    elsewhere.is_problem(403, "not_from_there");
    // What a proxy passed on does not come from here, whoever it says it is for.
    for name in ["forwarded", "x-forwarded-for", "x-real-ip"] {
        let passed_on = ask(HERE, &[("authorization", &right), (name, "127.0.0.1")]).await;
        passed_on.is_problem(403, "not_from_there");
    }
    let wrong = format!("Bearer {}", Token::new([0xac; TOKEN_BYTES]).reveal());
    let cases: [&[(&str, &str)]; 6] = [
        &[],
        &[("authorization", &wrong)],
        &[("authorization", "Bearer")],
        &[("authorization", "Basic YTpi")],
        &[("authorization", &right), ("authorization", &wrong)],
        &[("authorization", "Bearer é")],
    ];
    for headers in cases {
        let answer = ask(HERE, headers).await;
        answer.is_problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    // A request that nobody says the origin of is not from here.
    let unknown = Request::builder()
        .uri("/api/v1/enterprises")
        .header("authorization", &right)
        .body(Body::empty());
    site.send(unknown.unwrap())
        .await
        .is_problem(403, "not_from_there");
}
