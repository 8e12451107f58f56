//! The routes, asked without sockets.

mod batches;
mod enterprises;
mod entry;
mod handles;
mod hostile;
mod listing;
mod reading;
mod writing;

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    access::{Gate, TOKEN_BYTES, Token},
    ledger::{Ledger, MemoryLedger},
    registry::{ClockReading, RELEASE_DATE_MS, ReadClock, Registry, WriterOptions, genesis},
    resolver::Resolver,
    state::replay,
};

/// The longest body in these tests: a batch of the most items is longer than that of one record.
const BODY_BYTES_MAX: usize = 1024 * 1024;

const NOW: u64 = RELEASE_DATE_MS + 43_200_123;

//----------- A node in a test -------------------------------------------------

#[derive(Clone)]
struct FixedClock;

impl ReadClock for FixedClock {
    fn read(&self) -> ClockReading {
        ClockReading {
            wall_ms: NOW,
            boot_ms: 1_000,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is the server of its node"
)]
fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

/// A router, and the node behind it once it is open.
struct Site {
    api: Arc<Api>,
    router: Router,
}

fn token() -> Token {
    Token::new([0xab; TOKEN_BYTES])
}

/// A node that is still replaying its ledger.
fn starting() -> Site {
    let api = Arc::new(Api::new(
        Gate::new(token()),
        BODY_BYTES_MAX,
        "id.example".to_owned(),
    ));
    let router = router(Arc::clone(&api));
    Site { api, router }
}

/// A node with the secondary prefix 88.118 and nothing else.
async fn empty() -> Site {
    let site = starting();
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
    genesis(&*ledger, [7; 16], NOW).await.unwrap();
    let state = Arc::new(replay(&*ledger, |_| {}).await.unwrap());
    let clock = || -> Box<dyn ReadClock> { Box::new(FixedClock) };
    let options = WriterOptions {
        accept_clock: false,
        zone: "id.example".to_owned(),
    };
    let (registry, writers) = Registry::open(&ledger, &state, clock, &options);
    writers.into_iter().for_each(spawn);
    let own = ["88.118".parse_prefix()];
    registry.ensure_secondary_prefixes(&own).await.unwrap();
    site.api.open(Node {
        resolver: Resolver::new(Arc::clone(&state)),
        registry,
        state,
        accounting: Accounting::default(),
        tables: Arc::new(NoTables),
    });
    site
}

trait ParsePrefix {
    fn parse_prefix(&self) -> crate::identifier::Prefix;
}

impl ParsePrefix for str {
    fn parse_prefix(&self) -> crate::identifier::Prefix {
        crate::identifier::Prefix::parse(self).unwrap()
    }
}

/// A node with 88.118.8 hosted, 88.118.9 self-built without a route and 88.118.10 with one.
async fn site() -> Site {
    let site = empty().await;
    let mut routed = firm("88.118.10", "self-built");
    routed["route"] = json!({ "sites": [
        { "address": "192.0.2.7", "protocol": "tcp", "port": 2641 },
    ]});
    let firms = json!([
        firm("88.118.8", "hosted"),
        firm("88.118.9", "self-built"),
        routed
    ]);
    let answer = site.post("/api/v1/enterprises", &firms).await;
    assert_eq!(answer.json["summary"]["created"], 3, "{}", answer.text);
    site
}

fn firm(prefix: &str, hosting: &str) -> Value {
    json!({
        "prefix": prefix, "org_name": format!("企业 {prefix}"), "hosting": hosting,
        "certificate": { "type": "other", "number": format!("N{prefix}") },
        "province": "420000", "city": "420300", "industry": "C35",
        "website": "https://e.example.cn/",
        "filing": { "state": "passed", "date": "2026-11-23", "reason": "导入" },
    })
}

fn url_record(url: &str) -> Value {
    json!({ "values": [{ "index": 2007, "type": "URL", "data": url, "ttl": 3600 }] })
}

//----------- Asking -----------------------------------------------------------

/// What came back.
struct Answer {
    status: u16,
    headers: axum::http::HeaderMap,
    text: String,
    json: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default()
    }

    /// Asserts that this is a whole problem (RFC 9457) of that status and code.
    #[track_caller]
    fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.json["code"].as_str().unwrap_or_default()),
            (status, code),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["status"], status);
        let has_text = |member: &str| self.json[member].as_str().is_some_and(|t| !t.is_empty());
        assert!(["type", "title", "detail"].into_iter().all(has_text));
        assert!(!self.text.contains("src/"), "{}", self.text);
    }
}

/// Where a request comes from.
const HERE: Peer = Peer {
    address: IpAddr::V4(Ipv4Addr::LOCALHOST),
};
const ELSEWHERE: Peer = Peer {
    address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
};

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).extension(HERE)
}

impl Site {
    async fn send(&self, request: axum::http::Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    /// Asks as anybody.
    async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap())
            .await
    }

    /// Asks as the administrator.
    async fn get_as_admin(&self, path: &str) -> Answer {
        self.send(admin("GET", path).body(Body::empty()).unwrap())
            .await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(json_body(admin("PUT", path), body)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(json_body(admin("POST", path), body)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(admin("DELETE", path).body(Body::empty()).unwrap())
            .await
    }

    /// Registers an identifier that leads to a URL.
    async fn register(&self, identifier: &str, url: &str) {
        let path = format!("{IDENTIFIERS}{identifier}");
        let answer = self.put(&path, &url_record(url)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
}

fn admin(method: &str, path: &str) -> axum::http::request::Builder {
    request(method, path).header("authorization", format!("Bearer {}", token().reveal()))
}

fn json_body(builder: axum::http::request::Builder, body: &Value) -> axum::http::Request<Body> {
    builder
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

//----------- Health and the rest ----------------------------------------------

#[tokio::test]
async fn a_starting_node_says_so() {
    let site = starting();
    site.api.startup.set(3, 7);
    assert_eq!(site.get("/healthz").await.status, 200);
    for path in [
        "/readyz",
        "/readyz?writes",
        "/api/v1/identifiers/88.118.8/A",
        "/api/v1/enterprises",
        "/api/handles/88.118.8/A",
        "/id/88.118.8/A",
        "/88.118.8/A",
    ] {
        let answer = site.get(path).await;
        answer.is_problem(503, "starting");
        assert!(answer.text.contains("3 of 7"), "{path}: {}", answer.text);
        assert!(!answer.header("retry-after").is_empty(), "{path}");
    }
    for (method, path) in [
        ("PUT", "/api/v1/identifiers/88.118.8/A"),
        ("DELETE", "/api/v1/identifiers/88.118.8/A"),
        ("POST", "/api/v1/identifiers/batch"),
        ("POST", "/api/v1/enterprises"),
    ] {
        let answer = site.send(json_body(admin(method, path), &json!({}))).await;
        answer.is_problem(503, "starting");
    }
}

#[tokio::test]
async fn a_ready_node_says_so() {
    let site = empty().await;
    for path in ["/healthz", "/readyz", "/readyz?writes"] {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
    let home = site.get("/").await;
    assert_eq!((home.status, &home.json["name"]), (200, &json!("biaoshi")));
}

#[tokio::test]
async fn a_method_that_is_not_there_names_those_that_are() {
    let site = site().await;
    let cases = [
        (
            "PATCH",
            "/api/v1/identifiers/88.118.8/A",
            "GET,HEAD,PUT,DELETE",
        ),
        ("GET", "/api/v1/identifiers/batch", "POST"),
        ("DELETE", "/api/v1/enterprises", "GET,HEAD,POST"),
        ("PUT", "/api/handles/88.118.8/A", "GET,HEAD,OPTIONS"),
        ("POST", "/id/88.118.8/A", "GET,HEAD"),
        ("POST", "/88.118.8/A", "GET,HEAD"),
        ("POST", "/healthz", "GET,HEAD"),
        ("DELETE", "/readyz", "GET,HEAD"),
    ];
    for (method, path, allowed) in cases {
        let answer = site
            .send(admin(method, path).body(Body::empty()).unwrap())
            .await;
        answer.is_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let site = site().await;
    site.register("88.118.8/A", "https://e.example.cn/a").await;
    for path in [
        "/healthz",
        "/readyz",
        "/api/v1/identifiers/88.118.8/A",
        "/api/v1/identifiers/88.118.8/NONE",
        "/api/handles/88.118.8/A",
        "/id/88.118.8/A",
    ] {
        let get = site.get(path).await;
        let head = site
            .send(request("HEAD", path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.text, "", "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
        if get.status == 200 {
            assert_eq!(head.header("content-length"), get.text.len().to_string());
        }
    }
}
