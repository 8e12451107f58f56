//! `/api/handles/{handle}`.

use data_encoding::BASE64;

use super::*;
use crate::{change::SiteProtocol, protocol::handle::Interface};

async fn with_record() -> Site {
    let site = site().await;
    let record = json!({ "values": [
        { "index": 1, "type": "URL", "data": "https://e.example.cn/1" },
        { "index": 2, "type": "url.cn", "data": "https://e.example.cn/2" },
        { "index": 3, "type": "URLS", "data": { "format": "base64", "value": "/w==" } },
        { "index": 4, "type": "SECRET", "data": "s", "permissions": "1100" },
        { "index": 5, "type": "NOTE", "data": "n", "permissions": "0110" },
    ]});
    let put = site.put("/api/v1/identifiers/88.118.8/A", &record).await;
    assert_eq!(put.status, 201, "{}", put.text);
    site
}

#[tokio::test]
async fn a_record_has_the_shape_that_clients_of_handle_net_read() {
    let site = with_record().await;
    let answer = site
        .get("/api/handles/88.118.8/a?index=1&index=3&index=5")
        .await;
    let timestamp = "2026-11-01T12:00:00Z";
    let expected = json!({ "responseCode": 1, "handle": "88.118.8/a", "values": [
        { "index": 1, "type": "URL", "ttl": 86_400, "timestamp": timestamp,
          "data": { "format": "string", "value": "https://e.example.cn/1" } },
        { "index": 3, "type": "URLS", "ttl": 86_400, "timestamp": timestamp,
          "data": { "format": "base64", "value": "/w==" } },
        { "index": 5, "type": "NOTE", "ttl": 86_400, "timestamp": timestamp,
          "permissions": "0110", "data": { "format": "string", "value": "n" } },
    ]});
    assert_eq!((answer.status, &answer.json), (200, &expected));
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json")
    );
    let pretty = site.get("/api/handles/88.118.8/a?pretty").await;
    assert!(pretty.text.contains("\n  "), "{}", pretty.text);
}

#[tokio::test]
async fn a_filter_is_index_or_type() {
    let site = with_record().await;
    let cases: [(&str, &[u64]); 9] = [
        ("", &[1, 2, 3, 5]),
        ("type=URL", &[1]),
        ("type=url", &[1]),
        ("type=URL.", &[1, 2]),
        ("type=URL&index=5", &[1, 5]),
        ("type=NONE", &[]),
        ("index=4", &[]),
        ("index=2&index=2&unknown=1", &[2]),
        ("type=", &[]),
    ];
    for (query, indexes) in cases {
        let answer = site.get(&format!("/api/handles/88.118.8/A?{query}")).await;
        let values = answer.json["values"].as_array().unwrap();
        let found: Vec<_> = values
            .iter()
            .map(|v| v["index"].as_u64().unwrap())
            .collect();
        assert_eq!(found, indexes, "{query}");
        let code = if indexes.is_empty() { 200 } else { 1 };
        assert_eq!(
            (answer.status, &answer.json["responseCode"]),
            (200, &json!(code))
        );
    }
    for query in ["index=x", "index=-1", "index=4294967296"] {
        let answer = site.get(&format!("/api/handles/88.118.8/A?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json["responseCode"]),
            (400, &json!(4)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn every_answer_has_its_code_and_status() {
    let site = with_record().await;
    site.register("88.118.8/GONE", "https://e.example.cn/a")
        .await;
    site.delete("/api/v1/identifiers/88.118.8/GONE").await;
    let hidden = json!({ "values": [
        { "index": 1, "type": "SECRET", "data": "s", "permissions": "1100" },
    ]});
    site.put("/api/v1/identifiers/88.118.8/HIDDEN", &hidden)
        .await;
    let long = format!("88.118.8/{}", "x".repeat(247));
    let cases = [
        ("88.118.8/NONE", 404, 100),
        ("88.118.77/A", 404, 100),
        ("88.118.8/GONE", 404, 100),
        ("10.1000/A", 400, 301),
        ("88.118.10/A", 300, 302),
        ("88.118.9/A", 503, 3),
        ("88.118.8/HIDDEN", 401, 402),
        ("88.118.8/%FF", 400, 102),
        ("88.118.8/%zz", 400, 102),
        (&long, 400, 102),
    ];
    for (handle, status, code) in cases {
        let answer = site.get(&format!("/api/handles/{handle}")).await;
        assert_eq!(
            (answer.status, &answer.json["responseCode"]),
            (status, &json!(code)),
            "{handle}: {}",
            answer.text
        );
    }
    let referral = site.get("/api/handles/88.118.10/A").await;
    assert_eq!(referral.json["sites"][0]["address"], "192.0.2.7");
    let no_route = site.get("/api/handles/88.118.9/A").await;
    assert!(
        no_route.json["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
}

#[tokio::test]
async fn a_prefix_has_values() {
    let site = site().await;
    let answer = site.get("/api/handles/0.NA/88.118.8").await;
    let values = &answer.json["values"];
    assert_eq!(
        (answer.status, &answer.json["responseCode"]),
        (200, &json!(1))
    );
    assert_eq!(values[0]["type"], "DESC");
    assert_eq!(values[0]["data"]["value"], "企业 88.118.8");
    assert_eq!(values[1]["data"]["value"], "https://e.example.cn/");
    let url = site.get("/api/handles/0.NA/88.118.8?type=URL").await;
    assert_eq!(url.json["values"].as_array().unwrap().len(), 1);
    assert_eq!(
        site.get("/api/handles/0.NA/88.118").await.json["responseCode"],
        1
    );
    assert!(!answer.text.contains("N88.118.8"), "{}", answer.text);
    // The enterprise's own node, as the Handle protocol says it.
    let own = site
        .get("/api/handles/0.NA/88.118.10?type=HS_SITE&index=2")
        .await;
    let interface = Interface {
        address: [192, 0, 2, 7].into(),
        protocol: SiteProtocol::Tcp,
        port: 2_641,
    };
    let data = json!({
        "format": "base64",
        "value": BASE64.encode(&crate::protocol::handle::site(1, &[interface])),
    });
    let values = &own.json["values"];
    assert_eq!(values[0]["index"], 2);
    let expected = json!({ "index": 10, "type": "HS_SITE", "data": data, "ttl": 86_400 });
    assert_eq!(values[1], expected);
}

#[tokio::test]
async fn pages_of_other_sites_may_read() {
    let site = site().await;
    let ask = async |method: &str, path: &str| {
        let builder = request(method, path).header("origin", "https://other.example");
        site.send(builder.body(Body::empty()).unwrap()).await
    };
    for path in [
        "88.118.8/NONE",
        "0.NA/88.118.8",
        "88.118.8/%FF",
        "10.1000/A",
    ] {
        let answer = ask("GET", &format!("/api/handles/{path}")).await;
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, "https://other.example", "{path}");
        assert_eq!(answer.header("vary"), "Origin");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let preflight = ask("OPTIONS", "/api/handles/88.118.8/A").await;
    assert!(matches!(preflight.status, 200 | 204));
    assert_eq!(preflight.header("access-control-max-age"), "86400");
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("GET")
    );
    // Who is not asked from elsewhere learns that it would matter.
    let plain = site.get("/api/handles/0.NA/88.118.8").await;
    assert_eq!(plain.header("access-control-allow-origin"), "");
    assert_eq!(plain.header("vary"), "Origin");
}
