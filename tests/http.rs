//! The HTTP interface of the real node: every status, limits, races, and clients that mean harm.

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use common::{Client, Node};
use serde_json::{Value, json};

const ITEM: &str = "/api/v1/identifiers/88.118.8/A-1";
const BATCH: &str = "/api/v1/identifiers/batch";
const FIRMS: &str = "/api/v1/enterprises";
const JSON: &str = "content-type: application/json";

//----------- A node with two firms --------------------------------------------

struct Tried {
    node: Node,
    client: Client,
    token: String,
}

impl Tried {
    fn start() -> Self {
        Self::over(Node::start())
    }

    fn over(node: Node) -> Self {
        let client = Client::connect(node.address());
        let token = format!("authorization: Bearer {}", node.token());
        let mut tried = Self {
            node,
            client,
            token,
        };
        for (prefix, hosting) in [("88.118.8", "hosted"), ("88.118.9", "self-built")] {
            assert_eq!(tried.write("POST", FIRMS, &firm(prefix, hosting)).0, 201);
        }
        let mut routed = firm("88.118.10", "self-built");
        let site = json!({ "address": "192.0.2.1", "protocol": "tcp", "port": 2641 });
        routed["route"] = json!({ "sites": [site] });
        assert_eq!(tried.write("POST", FIRMS, &routed).0, 201);
        tried
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        parsed(self.client.request("GET", path, &[], b""))
    }

    fn write(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send(method, path, &[], body.to_string().as_bytes())
    }

    fn send(&mut self, method: &str, path: &str, more: &[&str], body: &[u8]) -> (u16, Value) {
        let token = self.token.clone();
        let more = if more.is_empty() { &[JSON] } else { more };
        let headers = [&[token.as_str()], more].concat();
        parsed(self.client.request(method, path, &headers, body))
    }
}

fn parsed((status, body): (u16, Vec<u8>)) -> (u16, Value) {
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn firm(prefix: &str, hosting: &str) -> Value {
    let certificate = json!({ "type": "other", "number": prefix });
    let filing = json!({ "state": "passed", "date": "2026-11-23" });
    json!({ "prefix": prefix, "org_name": "企业", "certificate": certificate,
            "hosting": hosting, "filing": filing })
}

fn record(data: &str) -> Value {
    json!({ "values": [{ "index": 2000, "type": "NAME", "data": data }] })
}

fn item(identifier: &str, data: &str) -> Value {
    json!({ "identifier": identifier, "values": record(data)["values"] })
}

//----------- Reading and writing ----------------------------------------------

#[test]
fn the_life_of_an_identifier() {
    let mut tried = Tried::start();
    let steps = [
        ("PUT", ITEM, record("1"), 201),
        ("PUT", ITEM, record("1"), 200),
        (
            "PUT",
            "/api/v1/identifiers/88.118.8%2Fa-1",
            record("2"),
            200,
        ),
        ("DELETE", ITEM, Value::Null, 200),
        ("DELETE", ITEM, Value::Null, 410),
        (
            "DELETE",
            "/api/v1/identifiers/88.118.8/NONE",
            Value::Null,
            404,
        ),
        ("PUT", ITEM, record("3"), 201),
        ("PUT", "/api/v1/identifiers/88.118.9/A", record("1"), 422),
        ("PUT", "/api/v1/identifiers/88.118.11/A", record("1"), 422),
        ("PUT", "/api/v1/identifiers/88.999.1/A", record("1"), 422),
        ("PUT", ITEM, json!({ "values": [] }), 422),
        ("PUT", ITEM, json!({ "valeus": [] }), 400),
        ("PUT", ITEM, json!([]), 400),
    ];
    for (method, path, body, status) in steps {
        let (found, reply) = tried.write(method, path, &body);
        assert_eq!(found, status, "{method} {path} {body}: {reply}");
    }
    let (status, reply) = tried.get("/api/v1/identifiers/88.118.8/a-1");
    assert_eq!(
        (status, &reply["identifier"]),
        (200, &json!("88.118.8/a-1"))
    );
    assert_eq!(reply["registered_as"], "88.118.8/A-1");
    assert_eq!(reply["values"][0]["data"], "3");
}

#[test]
fn only_creating_creates_once() {
    let mut tried = Tried::start();
    let only = [JSON, "if-none-match: *"];
    let mut put = |data: &str| {
        let body = record(data).to_string();
        let (status, reply) = tried.send("PUT", ITEM, &only, body.as_bytes());
        let what = if status < 300 {
            &reply["outcome"]
        } else {
            &reply["code"]
        };
        (status, what.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(put("1"), (201, "created".to_owned()));
    assert_eq!(put("1"), (200, "unchanged".to_owned()));
    assert_eq!(put("2"), (412, "conflict".to_owned()));
}

#[test]
fn every_answer_to_a_query() {
    let mut tried = Tried::start();
    tried.write("PUT", ITEM, &record("1"));
    let hidden = json!({ "values": [
        { "index": 1, "type": "SECRET", "data": "x", "permissions": "1100" },
    ] });
    tried.write("PUT", "/api/v1/identifiers/88.118.8/HIDDEN", &hidden);
    tried.write("PUT", "/api/v1/identifiers/88.118.8/GONE", &record("1"));
    tried.write("DELETE", "/api/v1/identifiers/88.118.8/GONE", &Value::Null);
    let cases = [
        ("88.118.8/A-1", 200, ""),
        ("88.118.8/NONE", 404, "not_registered"),
        ("88.118.8/GONE", 410, "removed"),
        ("88.118.8/HIDDEN", 401, "denied"),
        ("88.118.9/A/B", 503, "no_route"),
        ("88.118.10/A", 300, ""),
        ("88.118.11/A", 404, "unassigned_prefix"),
        ("88.118.8.5/A", 404, "unassigned_prefix"),
        ("88.118/A", 404, "unassigned_prefix"),
        ("88.999.1/A", 421, "foreign_prefix"),
        ("10.1000/182", 421, "foreign_prefix"),
        ("0.NA/88.118.8", 200, ""),
        ("0.NA/88.118", 200, ""),
        ("88.118.8", 200, ""),
        ("0.NA/88.118.11", 404, "unassigned_prefix"),
        ("0.NA/88.999.1", 421, "foreign_prefix"),
        ("88.118.8/%00", 400, "bad_path"),
        ("88.118.8/%FF", 400, "bad_path"),
        ("88.118.8/%", 400, "bad_path"),
    ];
    for (identifier, status, code) in cases {
        let (found, reply) = tried.get(&format!("/api/v1/identifiers/{identifier}"));
        assert_eq!(found, status, "{identifier}: {reply}");
        assert_eq!(
            reply["code"].as_str().unwrap_or_default(),
            code,
            "{identifier}"
        );
        if status >= 400 {
            assert_eq!(reply["status"], status);
        }
    }
    let (status, _) = tried.send("GET", "/api/v1/identifiers/88.118.8/HIDDEN", &[], b"");
    assert_eq!(status, 200, "the administrator sees it");
}

#[test]
fn handle_json_has_the_codes_of_the_protocol() {
    let mut tried = Tried::start();
    let body = json!({ "values": [
        { "index": 1, "type": "URL", "data": "https://example.cn" },
        { "index": 2, "type": "URL.mobile", "data": "https://m.example.cn" },
        { "index": 3, "type": "RAW", "data": { "format": "base64", "value": "/w==" } },
    ] });
    assert_eq!(tried.write("PUT", ITEM, &body).0, 201);
    let cases = [
        ("88.118.8/a-1", 200, 1, 3),
        ("88.118.8/A-1?type=url", 200, 1, 1),
        ("88.118.8/A-1?type=URL.", 200, 1, 2),
        ("88.118.8/A-1?index=2&index=3", 200, 1, 2),
        ("88.118.8/A-1?type=RAW&index=1", 200, 1, 2),
        ("88.118.8/A-1?type=NONE", 200, 200, 0),
        ("0.NA/88.118.8", 200, 1, 1),
        ("88.118.8/NONE", 404, 100, 0),
        ("88.118.9/A", 503, 3, 0),
        ("88.118.10/A", 300, 302, 0),
        ("88.999.1/A", 400, 301, 0),
    ];
    for (handle, status, code, values) in cases {
        let (found, reply) = tried.get(&format!("/api/handles/{handle}"));
        assert_eq!(
            (found, &reply["responseCode"]),
            (status, &json!(code)),
            "{handle}: {reply}"
        );
        assert_eq!(
            reply["values"].as_array().map_or(0, Vec::len),
            values,
            "{handle}: {reply}"
        );
    }
    let (_, reply) = tried.get("/api/handles/88.118.8/A-1?index=3");
    assert_eq!(
        reply["values"][0]["data"],
        json!({ "format": "base64", "value": "/w==" })
    );
}

#[test]
fn a_scanned_code_leads_to_its_page() {
    let mut tried = Tried::start();
    let url = json!({ "index": 7, "type": "URL", "data": "https://example.cn/标", "ttl": 60 });
    tried.write("PUT", ITEM, &json!({ "values": [url] }));
    tried.write("PUT", "/api/v1/identifiers/88.118.8/PLAIN", &record("1"));
    for (path, headers, status) in [
        ("/88.118.8/A-1", &[][..], 302),
        ("/id/88.118.8/A-1", &["accept: text/html,*/*"], 302),
        ("/88.118.8/A-1?noredirect", &[], 200),
        ("/88.118.8/A-1", &["accept: application/json"], 200),
        ("/88.118.8/PLAIN", &[], 200),
        ("/88.118.8", &[], 200),
        ("/0.NA/88.118.8", &[], 200),
        ("/id/88.999.1/A", &[], 421),
        ("/88.999.1/A", &[], 404),
        ("/01/06901234567892", &[], 404),
        ("/favicon.ico", &[], 404),
        ("/", &[], 200),
    ] {
        let (found, body) = tried.client.request("GET", path, headers, b"");
        assert_eq!(found, status, "{path}: {}", String::from_utf8_lossy(&body));
    }
}

//----------- Batches ----------------------------------------------------------

#[test]
fn each_item_of_a_batch_has_its_verdict() {
    let mut tried = Tried::start();
    let items = json!([
        item("88.118.8/A", "1"), item("88.118.8/a", "1"), item("88.118.8/A", "2"),
        item("88.118.8", "1"), { "identifier": "88.118.8/B" }, 7,
    ]);
    let outcomes = |reply: &Value| {
        let results = reply["results"]
            .as_array()
            .expect("there are results")
            .clone();
        let word = |result: &Value| {
            result["code"]
                .as_str()
                .or_else(|| result["outcome"].as_str())
                .map(str::to_owned)
        };
        results.iter().filter_map(word).collect::<Vec<_>>()
    };
    let expected = [
        "created",
        "unchanged",
        "conflict",
        "no_slash",
        "bad_item",
        "bad_item",
    ];
    let (status, reply) = tried.write("POST", &format!("{BATCH}?dry_run=true"), &items);
    assert_eq!(
        (status, outcomes(&reply)),
        (200, expected.map(str::to_owned).to_vec())
    );
    let (status, reply) = tried.write("POST", BATCH, &items);
    assert_eq!(
        (status, outcomes(&reply)),
        (200, expected.map(str::to_owned).to_vec())
    );
    let lines = format!(
        "{}\n\nnonsense\n{}\n",
        item("88.118.8/C", "1"),
        item("88.118.8/C", "1")
    );
    let headers = ["content-type: application/x-ndjson"];
    let (status, reply) = tried.send("POST", BATCH, &headers, lines.as_bytes());
    let expected = ["created", "bad_item", "unchanged"]
        .map(str::to_owned)
        .to_vec();
    assert_eq!((status, outcomes(&reply)), (200, expected));
}

#[test]
fn limits_hold_at_one_over_and_far_over() {
    let mut tried = Tried::over(Node::start_with(&[(
        "BIAOSHI_HTTP_BODY_BYTES_MAX",
        "1048576",
    )]));
    let batch = |count: usize| {
        let items = (0..count).map(|n| item(&format!("88.118.8/L{n}"), "1"));
        Value::Array(items.collect())
    };
    assert_eq!(tried.write("POST", BATCH, &batch(2_000)).0, 200);
    let (status, reply) = tried.write("POST", BATCH, &batch(2_001));
    assert_eq!((status, &reply["code"]), (413, &json!("too_many_items")));
    let padded = |bytes: usize| format!("{}{}", " ".repeat(bytes - 2), "[]").into_bytes();
    assert_eq!(tried.send("POST", BATCH, &[], &padded(1_048_576)).0, 200);
    for bytes in [1_048_577, 20_000_000] {
        // The node answers without reading it, so that sending it may fail before the end.
        let head = format!(
            "POST {BATCH} HTTP/1.1\r\nhost: n\r\n{}\r\n{JSON}\r\ncontent-length: {bytes}\r\n\r\n",
            tried.token
        );
        let answer = raw(tried.node.address(), head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
    let path = |bytes: usize| format!("/api/v1/identifiers/88.118.8/{}", "x".repeat(bytes - 9));
    assert_eq!(tried.get(&path(255)).0, 404);
    assert_eq!(tried.get(&path(256)).0, 400);
    assert_eq!(tried.get(&path(8_000)).0, 400);
    let answer = raw(
        tried.node.address(),
        format!("GET /{} HTTP/1.1\r\n", "x".repeat(99_999)).as_bytes(),
    );
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
}

//----------- Who may ----------------------------------------------------------

#[test]
fn writes_need_the_token() {
    let mut tried = Tried::start();
    let body = record("1").to_string();
    for (header, status) in [
        ("x: y", 401),
        ("authorization: Bearer 00", 401),
        ("authorization: Basic YTpi", 401),
        ("authorization: nonsense", 401),
    ] {
        for (method, path) in [
            ("PUT", ITEM),
            ("DELETE", ITEM),
            ("POST", BATCH),
            ("POST", FIRMS),
            ("GET", FIRMS),
        ] {
            let answer = tried
                .client
                .request(method, path, &[JSON, header], body.as_bytes());
            assert_eq!(answer.0, status, "{method} {path} {header}");
        }
    }
    assert_eq!(tried.get(ITEM).0, 404, "nothing was written");
}

#[test]
fn methods_and_types_that_are_not_understood_are_named() {
    let mut tried = Tried::start();
    assert_eq!(tried.send("PATCH", ITEM, &[], b"").0, 405);
    assert_eq!(tried.send("POST", "/healthz", &[], b"").0, 405);
    assert_eq!(tried.send("DELETE", "/88.118.8/A", &[], b"").0, 405);
    assert_eq!(
        tried
            .send("PUT", ITEM, &["content-type: text/plain"], b"x")
            .0,
        415
    );
    assert_eq!(
        tried
            .send("PUT", ITEM, &[JSON, "if-none-match: \"x\""], b"{}")
            .0,
        400
    );
    assert_eq!(
        tried
            .send("PUT", ITEM, &[JSON, "idempotency-key: a b"], b"{}")
            .0,
        400
    );
    assert_eq!(
        tried
            .write("POST", &format!("{BATCH}?dry_run=maybe"), &json!([]))
            .0,
        400
    );
    let (status, reply) = tried.send("GET", &format!("{FIRMS}?limit=1&after=1"), &[], b"");
    assert_eq!(
        (status, &reply["total"], &reply["next"]),
        (200, &json!(3), &json!(2))
    );
    assert_eq!(
        tried
            .send("GET", &format!("{FIRMS}?limit=1001"), &[], b"")
            .0,
        400
    );
}

//----------- Asking again -----------------------------------------------------

#[test]
fn a_repeated_request_is_answered_alike() {
    let mut tried = Tried::start();
    let headers = [JSON, "idempotency-key: key-1"];
    let (one, two) = (record("1").to_string(), record("2").to_string());
    let first = tried.send("PUT", ITEM, &headers, one.as_bytes());
    assert_eq!(first.0, 201);
    assert_eq!(tried.write("PUT", ITEM, &record("2")).0, 200);
    assert_eq!(tried.send("PUT", ITEM, &headers, one.as_bytes()), first);
    assert_eq!(
        tried.get(ITEM).1["values"][0]["data"],
        "2",
        "it was not done twice"
    );
    assert_eq!(tried.send("PUT", ITEM, &headers, two.as_bytes()).0, 409);
}

#[test]
fn of_racing_creates_one_wins() {
    let tried = Tried::start();
    let statuses = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for n in 0..16 {
            let (tried, statuses) = (&tried, &statuses);
            scope.spawn(move || {
                let body = record(if n % 2 == 0 { "even" } else { "odd" }).to_string();
                let headers = [tried.token.as_str(), JSON, "if-none-match: *"];
                let mut client = Client::connect(tried.node.address());
                let status = client.request("PUT", ITEM, &headers, body.as_bytes()).0;
                statuses.lock().expect("no racer panics").push(status);
            });
        }
    });
    let statuses = statuses.into_inner().expect("no racer panicked");
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!(
        (count(201), count(200), count(412)),
        (1, 7, 8),
        "{statuses:?}"
    );
}

//----------- Clients that mean harm -------------------------------------------

/// Sends bytes and reads until the node closes.
fn raw(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("the node listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a time-out can be set");
    // The node may close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn slow_clients_lose_their_place_and_others_do_not() {
    let settings = [
        ("BIAOSHI_HTTP_HEADER_TIMEOUT_SECONDS", "1"),
        ("BIAOSHI_HTTP_IDLE_TIMEOUT_SECONDS", "2"),
        ("BIAOSHI_HTTP_CONNECTIONS_MAX", "8"),
    ];
    let tried = Tried::over(Node::start_with(&settings));
    let address = tried.node.address().to_owned();
    drop(tried.client);
    // All places are taken: by headers that come letter by letter, and by nothing at all.
    let mut slow: Vec<TcpStream> = (0..8)
        .map(|_| TcpStream::connect(&address).expect("the node listens"))
        .collect();
    std::thread::scope(|scope| {
        let good = scope.spawn(|| {
            Client::connect(&address)
                .request("GET", "/readyz", &[], b"")
                .0
        });
        for _ in 0..20 {
            for stream in slow.iter_mut().take(4) {
                // Refused once the node has had enough of it.
                let _ = stream.write_all(b"X");
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(good.join().expect("the client ends"), 200, "its turn comes");
    });
    for stream in &mut slow {
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a time-out can be set");
        let mut rest = Vec::new();
        // Closed, with or without a word; a reset is a close too.
        let _ = stream.read_to_end(&mut rest);
        assert!(!String::from_utf8_lossy(&rest).starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn garbage_is_answered_or_dropped_and_service_goes_on() {
    let mut tried = Tried::start();
    for garbage in [
        &b"\x00\x01\x02\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /api/v1/enterprises HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\nzz\r\n",
    ] {
        let mut stream = TcpStream::connect(tried.node.address()).expect("the node listens");
        stream.write_all(garbage).expect("it takes bytes");
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("the other half stays");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{garbage:?}: {answer}"
        );
    }
    assert_eq!(tried.get("/readyz").0, 200);
}

//----------- Starting and stopping --------------------------------------------

#[test]
fn one_node_per_directory() {
    let node = Node::start();
    let second = node
        .command()
        .arg("serve")
        .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:0")
        .output()
        .expect("the binary runs");
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(told.contains("in use") && told.contains("hint:"), "{told}");
}

#[test]
fn a_stop_finishes_what_is_under_way() {
    let mut tried = Tried::start();
    assert_eq!(tried.write("PUT", ITEM, &record("1")).0, 201);
    // A request whose body is still coming when the node is told to stop.
    let body = record("2").to_string();
    let (head, tail) = body.split_at(5);
    let request = format!(
        "PUT {ITEM} HTTP/1.1\r\nhost: n\r\n{}\r\n{JSON}\r\ncontent-length: {}\r\n\r\n{head}",
        tried.token,
        body.len()
    );
    let mut open = TcpStream::connect(tried.node.address()).expect("the node listens");
    open.write_all(request.as_bytes()).expect("it takes bytes");
    std::thread::sleep(Duration::from_millis(300));
    let answer = std::thread::scope(|scope| {
        let finisher = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(700));
            open.write_all(tail.as_bytes())
                .expect("the connection is still served");
            let mut answer = String::new();
            let _ = open.read_to_string(&mut answer);
            answer
        });
        assert!(tried.node.stop(), "it ends well");
        finisher.join().expect("it ends")
    });
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    tried.node.start_again();
    let (status, body) = tried.node.get(ITEM);
    let body: Value = serde_json::from_slice(&body).expect("it is JSON");
    assert_eq!((status, &body["values"][0]["data"]), (200, &json!("2")));
}
