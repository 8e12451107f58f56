//! The real server on a free port: time limits, caps, races, restarts.

use std::{net::SocketAddr, path::Path, time::Duration};

use biaoshi::{
    accounting::OriginOptions,
    identifier::Prefix,
    server::{
        Options, Server, ServerError,
        options::{
            DnsOptions, HttpOptions, LedgerOptions, ListenOptions, NodeOptions, ReportingOptions,
            SnapshotOptions,
        },
    },
    topnode::TopnodeOptions,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Longer than anything here takes, even on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

//----------- A server in a test -----------------------------------------------

struct Running {
    server: Server,
    address: SocketAddr,
    token: String,
}

fn options(data_dir: &Path) -> Options {
    let nowhere = || ListenOptions { listen: Vec::new() };
    Options {
        node: NodeOptions {
            data_dir: data_dir.to_owned(),
            zone: "id.example".to_owned(),
            secondary_prefixes: vec![Prefix::parse("88.118").expect("it is a prefix")],
        },
        ledger: LedgerOptions {
            segment_bytes_max: 1 << 31,
            archive_dirs: Vec::new(),
            free_bytes_min: 0,
        },
        snapshot: SnapshotOptions {
            interval: Duration::from_secs(3_600),
        },
        http: HttpOptions {
            listen: vec!["127.0.0.1:0".parse().expect("it is an address")],
            connections_max: 64,
            header_timeout: PATIENCE,
            idle_timeout: PATIENCE,
            body_bytes_max: 64 * 1024,
            shutdown_timeout: PATIENCE,
        },
        handle: nowhere(),
        dns: DnsOptions {
            listen: vec![],
            name_servers: vec![],
            naptr_service: "IDIS+URL".to_owned(),
            negative_ttl: Duration::from_secs(60),
        },
        metrics: nowhere(),
        origins: OriginOptions::default(),
        docking_date: None,
        topnode: TopnodeOptions::default(),
        reporting: ReportingOptions::default(),
    }
}

async fn run(options: Options) -> Running {
    let mut server = Server::bind(options, false).await.expect("it starts");
    let ready = timeout(PATIENCE, server.ready()).await;
    ready
        .expect("it is soon ready")
        .expect("its ledger is whole");
    Running {
        address: server.http_addresses()[0],
        token: std::fs::read_to_string(server.token_file())
            .expect("the token is there")
            .trim()
            .to_owned(),
        server,
    }
}

/// A node with the hosted prefix 88.118.8.
async fn run_with_firm(options: Options) -> Running {
    let running = run(options).await;
    let firm = r#"{"prefix":"88.118.8","org_name":"企业","hosting":"hosted",
        "certificate":{"type":"other","number":"N1"},
        "filing":{"state":"passed","date":"2026-11-23"}}"#;
    let answer = running.write("POST", "/api/v1/enterprises", "", firm).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
    running
}

//----------- Asking -----------------------------------------------------------

struct Answer {
    status: u16,
    head: String,
    text: String,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or_default(),
            head: head.to_ascii_lowercase(),
            text: body.to_owned(),
        }
    }
}

/// Sends bytes and reads until the server ends the connection.
async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // The server may have answered and ended the connection before all is written.
    let _ = stream.write_all(request).await;
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    timeout(PATIENCE * 2, read)
        .await
        .expect("the server ends it")
        .unwrap_or_default();
    Answer::read(&bytes)
}

/// Reads one answer of a connection that stays open.
async fn read_one(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    loop {
        let read = timeout(PATIENCE, stream.read_buf(&mut bytes))
            .await
            .expect("an answer");
        assert!(
            matches!(read, Ok(1..)),
            "the connection ended: {:?}",
            Answer::read(&bytes).head
        );
        let answer = Answer::read(&bytes);
        let length = answer.head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        if length.is_some_and(|length: usize| answer.text.len() == length) {
            return answer;
        }
    }
}

impl Running {
    async fn get(&self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        exchange(self.address, request.as_bytes()).await
    }

    fn header(&self, method: &str, path: &str, more: &str, body_bytes: usize) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {body_bytes}\r\n{more}\r\n",
            self.token
        )
    }

    async fn write(&self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let header = self.header(method, path, more, body.len());
        exchange(self.address, format!("{header}{body}").as_bytes()).await
    }

    async fn put(&self, identifier: &str, data: &str) -> Answer {
        let path = format!("/api/v1/identifiers/{identifier}");
        self.write("PUT", &path, "", &record(data)).await
    }
}

fn record(data: &str) -> String {
    format!(r#"{{"values":[{{"index":1,"type":"URL","data":"{data}"}}]}}"#)
}

//----------- Routes -----------------------------------------------------------

#[tokio::test]
async fn a_node_registers_and_resolves() {
    let folder = tempfile::tempdir().unwrap();
    let node = run_with_firm(options(folder.path())).await;
    assert_eq!(node.get("/healthz").await.status, 200);
    assert_eq!(node.get("/readyz?writes").await.status, 200);
    let created = node.put("88.118.8/A", "https://e.example.cn/a").await;
    assert_eq!(created.status, 201, "{}", created.text);
    let found = node.get("/api/v1/identifiers/88.118.8%2Fa").await;
    assert_eq!(found.status, 200);
    assert!(
        found.text.contains("https://e.example.cn/a"),
        "{}",
        found.text
    );
    let led = node.get("/88.118.8/A").await;
    assert_eq!(led.status, 302);
    assert!(
        led.head.contains("location: https://e.example.cn/a"),
        "{}",
        led.head
    );
    assert_eq!(node.get("/api/handles/88.118.8/A").await.status, 200);
    let head = b"HEAD /api/v1/identifiers/88.118.8/A HTTP/1.0\r\n\r\n";
    let head = exchange(node.address, head).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert!(
        head.head
            .contains(&format!("content-length: {}", found.text.len())),
        "{}",
        head.head
    );
    let items = format!(
        r#"[{{"identifier":"88.118.8/B",{}]"#,
        &record("https://b.example")[1..]
    );
    let batch = node
        .write("POST", "/api/v1/identifiers/batch", "", &items)
        .await;
    assert!(batch.text.contains(r#""created":1"#), "{}", batch.text);
    let removed = node
        .write("DELETE", "/api/v1/identifiers/88.118.8/A", "", "")
        .await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    assert_eq!(node.get("/api/v1/identifiers/88.118.8/A").await.status, 410);
    node.server.shutdown().await;
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let folder = tempfile::tempdir().unwrap();
    let node = run(options(folder.path())).await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    for _ in 0..3 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(read_one(&mut stream).await.status, 200);
    }
    let began = Instant::now();
    node.server.shutdown().await;
    assert!(
        began.elapsed() < PATIENCE / 2,
        "an idle connection held the shutdown"
    );
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

//----------- Hostile peers ----------------------------------------------------

#[tokio::test]
async fn a_header_that_never_ends_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.http.header_timeout = Duration::from_millis(600);
    let node = run(options).await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    let began = Instant::now();
    // A byte now and then must not start the time anew.
    let mut header = b"GET / HTTP/1.1\r\nx-slow: "
        .iter()
        .chain(std::iter::repeat(&b'x'));
    let cut = timeout(PATIENCE / 2, async {
        for byte in header.by_ref() {
            let mut answer = [0; 512];
            let ended = matches!(
                timeout(Duration::from_millis(50), stream.read(&mut answer)).await,
                Ok(Ok(0) | Err(_))
            );
            if ended || stream.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    });
    assert!(cut.await.is_ok(), "a slow header was waited for");
    assert!(
        began.elapsed() >= Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(node.get("/healthz").await.status, 200);
    node.server.shutdown().await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.http.idle_timeout = Duration::from_millis(600);
    let node = run(options).await;
    let mut fresh = TcpStream::connect(node.address).await.unwrap();
    let mut used = TcpStream::connect(node.address).await.unwrap();
    // Each request begins the time anew: together these take longer than it.
    for _ in 0..4 {
        sleep(Duration::from_millis(250)).await;
        used.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(read_one(&mut used).await.status, 200);
    }
    for stream in [&mut fresh, &mut used] {
        let ended = timeout(PATIENCE / 2, stream.read(&mut [0; 1])).await;
        assert_eq!(ended.expect("it is closed").unwrap_or(0), 0);
    }
    node.server.shutdown().await;
}

#[tokio::test]
async fn over_the_cap_the_connection_that_waits_for_the_longest_gives_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.http.connections_max = 2;
    // One cap for all addresses, not one for each.
    options.http.listen.push("127.0.0.1:0".parse().unwrap());
    let node = run(options).await;
    let addresses = node.server.http_addresses().to_owned();
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut held = Vec::new();
    // The second is asked last, and the first sends a body that never ends.
    for address in &addresses {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(ask).await.unwrap();
        assert_eq!(read_one(&mut stream).await.status, 200);
        held.push(stream);
    }
    let slow = node.header("PUT", "/api/v1/identifiers/88.118.8/A", "", 1_000);
    held[0].write_all(slow.as_bytes()).await.unwrap();
    let mut third = TcpStream::connect(addresses[0]).await.unwrap();
    third.write_all(ask).await.unwrap();
    assert_eq!(read_one(&mut third).await.status, 200);
    let ended = timeout(PATIENCE / 2, held[0].read(&mut [0; 1])).await;
    assert_eq!(ended.expect("it gave way").unwrap_or(0), 0);
    held[1].write_all(ask).await.unwrap();
    assert_eq!(read_one(&mut held[1]).await.status, 200, "the other stayed");
    node.server.shutdown().await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_before_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let node = run_with_firm(options(folder.path())).await;
    let path = "/api/v1/identifiers/88.118.8/A";
    let padded = |bytes: usize| {
        let record = record("https://e.example.cn/a");
        format!("{record}{}", " ".repeat(bytes - record.len()))
    };
    let at = node.write("PUT", path, "", &padded(64 * 1024)).await;
    assert_eq!(at.status, 201, "{}", at.text);
    // All of it is sent before the answer is read: the answer must still be there.
    for bytes in [64 * 1024 + 1, 512 * 1024] {
        let over = node.write("PUT", path, "", &padded(bytes)).await;
        assert_eq!(over.status, 413, "{bytes}: {}", over.text);
    }
    // Of what is never sent nothing is waited for.
    let header = node.header("PUT", path, "", 1 << 40);
    let began = Instant::now();
    assert_eq!(exchange(node.address, header.as_bytes()).await.status, 413);
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
    // Chunks say no length: they are counted.
    let chunked = node
        .header("PUT", path, "", 0)
        .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let chunks = format!("8000\r\n{}\r\n", " ".repeat(0x8000)).repeat(8);
    let over = exchange(
        node.address,
        format!("{chunked}{chunks}0\r\n\r\n").as_bytes(),
    )
    .await;
    assert_eq!(over.status, 413, "{}", over.text);
    // Without the token not even a small body is looked at.
    let request =
        format!("PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n");
    assert_eq!(exchange(node.address, request.as_bytes()).await.status, 401);
    node.server.shutdown().await;
}

#[tokio::test]
async fn a_header_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let node = run(options(folder.path())).await;
    let ask = async |more: String| {
        let request = format!("GET /healthz HTTP/1.1\r\nConnection: close\r\n{more}\r\n");
        exchange(node.address, request.as_bytes()).await.status
    };
    assert_eq!(ask(format!("x: {}\r\n", "x".repeat(15 * 1024))).await, 200);
    assert_eq!(ask(format!("x: {}\r\n", "x".repeat(17 * 1024))).await, 431);
    assert_eq!(ask("x: x\r\n".repeat(99)).await, 200);
    assert_eq!(ask("x: x\r\n".repeat(101)).await, 431);
    let long = format!(
        "GET /id/{} HTTP/1.1\r\nConnection: close\r\n\r\n",
        "x".repeat(70_000)
    );
    let status = exchange(node.address, long.as_bytes()).await.status;
    assert!(matches!(status, 414 | 431), "{status}");
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
    ] {
        assert_eq!(exchange(node.address, garbage).await.status, 400);
    }
    let hostile = b"GET /id/\x00\xff HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert_eq!(exchange(node.address, hostile).await.status, 400);
    assert_eq!(node.get("/healthz").await.status, 200);
    node.server.shutdown().await;
}

//----------- Races and restarts -----------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_creates_the_first_wins() {
    let folder = tempfile::tempdir().unwrap();
    let node = run_with_firm(options(folder.path())).await;
    let race = async |identifier: &str, content: &dyn Fn(usize) -> String| {
        let path = format!("/api/v1/identifiers/{identifier}");
        let mut racers = JoinSet::new();
        for racer in 0..24 {
            let body = record(&content(racer));
            let header = node.header("PUT", &path, "If-None-Match: *\r\n", body.len());
            let (address, request) = (node.address, format!("{header}{body}"));
            racers.spawn(async move { exchange(address, request.as_bytes()).await.status });
        }
        let mut statuses = racers.join_all().await;
        statuses.sort_unstable();
        statuses
    };
    let distinct = race("88.118.8/R1", &|racer| {
        format!("https://e.example.cn/{racer}")
    })
    .await;
    let expected: Vec<u16> = std::iter::once(201).chain([412; 23]).collect();
    assert_eq!(distinct, expected);
    let same = race("88.118.8/R2", &|_| "https://e.example.cn/".to_owned()).await;
    let expected: Vec<u16> = [200; 23].into_iter().chain([201]).collect();
    assert_eq!(same, expected);
    node.server.shutdown().await;
}

#[tokio::test]
async fn a_restart_finds_everything() {
    let folder = tempfile::tempdir().unwrap();
    let node = run_with_firm(options(folder.path())).await;
    for place in 0..20 {
        let answer = node
            .put(&format!("88.118.8/{place}"), "https://e.example.cn/1")
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    node.put("88.118.8/0", "https://e.example.cn/2").await;
    node.write("DELETE", "/api/v1/identifiers/88.118.8/1", "", "")
        .await;
    let path = |place: usize| format!("/api/v1/identifiers/88.118.8/{place}");
    let mut before = Vec::new();
    for place in 0..20 {
        before.push(node.get(&path(place)).await.text);
    }
    let token = node.token.clone();
    node.server.shutdown().await;
    let again = run(options(folder.path())).await;
    assert_eq!(again.token, token);
    for (place, before) in before.iter().enumerate() {
        assert_eq!(&again.get(&path(place)).await.text, before);
    }
    assert_eq!(again.get(&path(1)).await.status, 410);
    let unchanged = again.put("88.118.8/0", "https://e.example.cn/2").await;
    assert!(unchanged.text.contains("unchanged"), "{}", unchanged.text);
    again.server.shutdown().await;
}

#[tokio::test]
async fn a_second_node_on_the_same_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(options(folder.path())).await;
    let second = Server::bind(options(folder.path()), false).await;
    let Err(error @ ServerError::InUse { .. }) = second else {
        panic!("a second node started");
    };
    let named = folder.path().display().to_string();
    assert!(error.to_string().contains(&named), "{error}");
    assert_eq!(first.get("/readyz").await.status, 200);
    first.server.shutdown().await;
    run(options(folder.path())).await.server.shutdown().await;
}

#[tokio::test]
async fn an_address_in_use_is_named_and_leaves_the_directory_free() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = run(options(one.path())).await;
    let mut taken = options(two.path());
    taken.http.listen = vec![first.address];
    let Err(error @ ServerError::Listen { .. }) = Server::bind(taken, false).await else {
        panic!("two nodes listen on one address");
    };
    assert!(
        error.to_string().contains(&first.address.to_string()),
        "{error}"
    );
    run(options(two.path())).await.server.shutdown().await;
    first.server.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_begun_and_waits_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let node = run_with_firm(options(folder.path())).await;
    let body = record("https://e.example.cn/a");
    let header = node.header("PUT", "/api/v1/identifiers/88.118.8/A", "", body.len());
    let mut begun = TcpStream::connect(node.address).await.unwrap();
    begun.write_all(header.as_bytes()).await.unwrap();
    // Browsers open connections ahead of need.
    let quiet = TcpStream::connect(node.address).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    let address = node.address;
    let began = Instant::now();
    let mut stopping = JoinSet::new();
    stopping.spawn(node.server.shutdown());
    sleep(Duration::from_millis(300)).await;
    assert!(
        TcpStream::connect(address).await.is_err(),
        "it still accepts"
    );
    begun.write_all(body.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut begun).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let stopped = timeout(PATIENCE * 2, stopping.join_next()).await;
    stopped.unwrap().unwrap().unwrap();
    assert!(
        began.elapsed() < PATIENCE / 2,
        "a quiet connection held the shutdown"
    );
    drop(quiet);
    let again = run(options(folder.path())).await;
    assert_eq!(
        again.get("/api/v1/identifiers/88.118.8/A").await.status,
        200
    );
    again.server.shutdown().await;
}

/// A stop that comes when the node is ready, and before anybody was told so.
#[tokio::test]
async fn a_shutdown_right_after_the_start_finishes_what_the_start_began() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::bind(options(folder.path()), false).await.unwrap();
    let address = server.http_addresses()[0];
    let ask = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    while exchange(address, ask).await.status != 200 {
        sleep(Duration::from_millis(10)).await;
    }
    server.shutdown().await;
    // The last thing that a node does.
    let snapshots = std::fs::read_dir(folder.path().join("snapshots"));
    assert!(snapshots.is_ok_and(|files| files.count() > 0));
}

#[tokio::test]
async fn a_shutdown_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.http.shutdown_timeout = Duration::from_millis(500);
    let node = run_with_firm(options).await;
    let mut stuck = TcpStream::connect(node.address).await.unwrap();
    let header = node.header("PUT", "/api/v1/identifiers/88.118.8/A", "", 100);
    stuck.write_all(header.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    node.server.shutdown().await;
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
    assert_eq!(stuck.read(&mut [0; 1]).await.unwrap_or(0), 0);
}
