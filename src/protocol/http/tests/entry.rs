//! `/{identifier}` and `/id/{identifier}`.

use super::*;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

impl Site {
    async fn follow(&self, path: &str, accept: &str) -> Answer {
        let builder = request("GET", path).header("accept", accept);
        self.send(builder.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn a_browser_is_sent_on_and_a_program_answered() {
    let site = site().await;
    site.register("88.118.8/A", "https://e.example.cn/产品?a=1")
        .await;
    for path in [
        "/88.118.8/A",
        "/88.118.8%2FA",
        "/id/88.118.8/a",
        "/id/88.118.8%2Fa",
    ] {
        for accept in [BROWSER, "*/*", "text/html"] {
            let answer = site.follow(path, accept).await;
            assert_eq!(answer.status, 302, "{path} {accept}: {}", answer.text);
            assert_eq!(
                answer.header("location"),
                "https://e.example.cn/%E4%BA%A7%E5%93%81?a=1"
            );
            assert_eq!(answer.header("cache-control"), "public, max-age=3600");
            assert_eq!(answer.header("vary"), "Accept");
        }
        let answer = site.follow(path, "application/json").await;
        assert_eq!(
            (answer.status, &answer.json["values"][0]["index"]),
            (200, &json!(2007))
        );
        assert_eq!(answer.header("vary"), "Accept");
        let answer = site.follow(&format!("{path}?noredirect"), BROWSER).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test]
async fn only_a_public_web_address_is_gone_to() {
    let site = site().await;
    let cases = [
        ("javascript:alert(1)", "1110", None),
        ("ftp://e.example.cn/", "1110", None),
        ("/relative", "1110", None),
        ("", "1110", None),
        ("https://e.example.cn/secret", "1100", None),
        (
            "https://e.example.cn/\r\nset-cookie: a=b",
            "1110",
            Some("https://e.example.cn/set-cookie:%20a=b"),
        ),
        ("http://e.example.cn", "1110", Some("http://e.example.cn/")),
    ];
    for (place, (url, permissions, location)) in cases.into_iter().enumerate() {
        let record = json!({ "values": [
            { "index": 1, "type": "NAME", "data": "https://e.example.cn/no-url" },
            { "index": 2, "type": "URL", "data": url, "permissions": permissions },
        ]});
        site.put(&format!("{IDENTIFIERS}88.118.8/{place}"), &record)
            .await;
        let builder = admin("GET", &format!("/88.118.8/{place}")).header("accept", BROWSER);
        let answer = site.send(builder.body(Body::empty()).unwrap()).await;
        let expected = location.map_or((200, ""), |location| (302, location));
        assert_eq!(
            (answer.status, answer.header("location")),
            expected,
            "{url:?}"
        );
    }
}

#[tokio::test]
async fn the_first_web_address_counts_and_its_time_to_live() {
    let site = site().await;
    let record = json!({ "values": [
        { "index": 1, "type": "URL", "data": "mailto:a@e.example.cn" },
        { "index": 2, "type": "url", "data": "https://e.example.cn/2", "ttl": 0 },
        { "index": 3, "type": "URL", "data": "https://e.example.cn/3" },
    ]});
    site.put("/api/v1/identifiers/88.118.8/A", &record).await;
    let answer = site.follow("/88.118.8/A", BROWSER).await;
    assert_eq!(answer.header("location"), "https://e.example.cn/2");
    assert_eq!(answer.header("cache-control"), "public, max-age=0");
}

#[tokio::test]
async fn only_identifiers_of_this_node_stand_at_the_root() {
    let site = site().await;
    let cases = [
        ("/10.1000/A", 404, "no_such_page"),
        ("/favicon.ico", 404, "no_such_page"),
        ("/api/v2/x", 404, "no_such_page"),
        ("/88.1180/A", 404, "no_such_page"),
        ("/88.118.8/NONE", 404, "not_registered"),
        ("/88.118.77/A", 404, "unassigned_prefix"),
        ("/88.118.9/A", 503, "no_route"),
        ("/id/10.1000/A", 421, "foreign_prefix"),
        ("/id/no-slash", 421, "foreign_prefix"),
        ("/01/09506000134352", 404, "not_served"),
        ("/01/09506000134352/21/A", 404, "not_served"),
        ("/8006/095060001343520102", 404, "not_served"),
        ("/01%2F09506000134352", 404, "not_served"),
    ];
    for (path, status, code) in cases {
        site.get(path).await.is_problem(status, code);
    }
    for path in [
        "/0.NA/88.118.8",
        "/0.na/88.118.8",
        "/88.118.8",
        "/88.118",
        "/id/0.NA/88.118.8",
    ] {
        let answer = site.follow(path, "application/json").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    assert_eq!(site.get("/88.118.10/A").await.status, 300);
}
