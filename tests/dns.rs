//! The DNS listeners of a real node, asked over UDP and TCP.

mod common;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    time::Duration,
};

use common::{
    Client, Node,
    dns::{
        A, NAPTR, NS, SOA, TXT, URI, ZONE, ask, ask_over, framed, name_of, next, tcp, udp, udp_to,
    },
    settled,
};

/// A product of the sample, and its name.
const PRODUCT: &str = "88.118.0002/P03202605270000001";
const NAME: &str = "p03202605270000001.0002.118.88.id.example";

/// Asserts what the answers so far count as.
#[track_caller]
fn check_count(node: &Node, outcome: &str, expected: f64) {
    let found = settled(&expected, || count(node, outcome));
    assert_eq!(found, expected, "{outcome}");
}

fn count(node: &Node, outcome: &str) -> f64 {
    let labels = format!("origin=\"internal\",outcome=\"{outcome}\",protocol=\"dns\"");
    node.metric(&format!("biaoshi_resolutions_total{{{labels}}}"))
}

fn node() -> Node {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    node
}

fn put(node: &Node, path: &str, body: &str) {
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    let mut client = Client::connect(node.address());
    let method = if path.ends_with("enterprises") {
        "POST"
    } else {
        "PUT"
    };
    let (status, answer) = client.request(method, path, &headers, body.as_bytes());
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
}

//----------- Tests ------------------------------------------------------------

#[test]
fn what_is_registered_is_answered_over_both() {
    let node = node();
    assert_eq!(name_of(PRODUCT).as_deref(), Some(NAME));
    let (socket, mut stream) = (udp(&node), tcp(&node));
    for (id, kind, records) in [(1, NAPTR, 1), (2, URI, 1), (3, TXT, 9)] {
        let said = ask(&socket, id, NAME, kind);
        assert_eq!((said.id, said.code, said.answers.len()), (id, 0, records));
        assert_eq!(
            ask_over(&mut stream, id, NAME, kind),
            said,
            "the same over TCP"
        );
    }
    let said = ask(&socket, 4, NAME, URI);
    assert_eq!(said.answers[0].data, b"https://e001.example.cn/p/1");
    check_count(&node, "success", 7.0);
    assert_eq!(ask(&socket, 5, NAME, A).answers.len(), 0);
    assert_eq!(ask(&socket, 6, ZONE, SOA).answers.len(), 1);
    assert_eq!(ask(&socket, 7, "118.88.id.example", NS).code, 0);
    check_count(&node, "auxiliary", 3.0);
    assert_eq!(ask(&socket, 8, &format!("x{NAME}"), TXT).code, 3);
    check_count(&node, "not_found", 1.0);
    assert_eq!(ask(&socket, 9, "example.org", SOA).code, 5);
    // The reply of the API names it too.
    let (_, body) = node.get(&format!("/api/v1/identifiers/{PRODUCT}"));
    let body: serde_json::Value = serde_json::from_slice(&body).expect("it is JSON");
    assert_eq!(body["dns_name"], NAME);
}

#[test]
fn the_zone_has_a_server_and_its_serial_grows() {
    let node = Node::start();
    let socket = udp(&node);
    let serial = |socket: &UdpSocket| {
        let said = ask(socket, 1, ZONE, SOA);
        let text = String::from_utf8(said.answers[0].data.clone()).expect("it is text");
        let serial = text.split(' ').nth(2).expect("a serial").parse::<u32>();
        (serial.expect("a number"), text)
    };
    let (before, text) = serial(&socket);
    assert!(
        text.starts_with("ns.id.example. hostmaster.id.example. "),
        "{text}"
    );
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert!(serial(&socket).0 > before);
    let said = ask(&socket, 2, ZONE, NS);
    assert_eq!(said.answers[0].data, b"ns.id.example.");
    assert_eq!(said.additionals[0].data, b"127.0.0.1", "where it listens");
    let mut node = node;
    let before = serial(&socket).0;
    assert!(node.stop());
    node.start_again();
    // The stop and the start are entries of the ledger too.
    let after = serial(&udp(&node)).0;
    assert!(after >= before, "a restart takes nothing back");
}

#[test]
fn what_is_cut_and_then_asked_over_tcp_is_one_success() {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    let data = "x".repeat(3_000);
    let body = format!(r#"{{"values":[{{"index":1,"type":"NAME","data":"{data}"}}]}}"#);
    put(&node, "/api/v1/identifiers/88.118.0002/LARGE", &body);
    let name = name_of("88.118.0002/LARGE").expect("it has a name");
    let said = ask(&udp(&node), 1, &name, TXT);
    assert!(said.is_truncated && said.answers.is_empty());
    let said = ask_over(&mut tcp(&node), 2, &name, TXT);
    assert!(!said.is_truncated);
    assert_eq!(said.answers[0].data, format!("1 NAME={data}").as_bytes());
    check_count(&node, "truncated", 1.0);
    check_count(&node, "success", 1.0);
}

#[test]
fn questions_follow_each_other_on_a_connection() {
    let node = node();
    let mut stream = tcp(&node);
    let mut all = Vec::new();
    for id in 1..=50 {
        all.extend(framed(id, NAME, if id % 2 == 0 { NAPTR } else { A }));
    }
    // In pieces that end nowhere in particular.
    for piece in all.chunks(333) {
        stream.write_all(piece).expect("it can be sent");
    }
    for id in 1..=50 {
        let said = next(&mut stream);
        assert_eq!(
            (said.id, said.answers.len()),
            (id, usize::from(id % 2 == 0))
        );
    }
}

#[test]
fn an_answer_comes_from_the_address_that_was_asked() {
    let settings = [
        ("BIAOSHI_DNS_LISTEN", "[::]:0"),
        ("BIAOSHI_HANDLE_LISTEN", "0.0.0.0:0"),
    ];
    let node = Node::start_with(&settings);
    let port = |address: &str| address.rsplit(':').next().expect("a port").to_owned();
    let dns = port(node.dns_address());
    // A connected socket hears from that address only.
    for host in ["127.0.0.1", "127.0.0.7", "127.1.2.3"] {
        let said = ask(&udp_to(&format!("{host}:{dns}")), 1, ZONE, SOA);
        assert_eq!(said.code, 0, "{host}");
        // Nobody knows under which names others reach it.
        assert_eq!(
            ask(&udp_to(&format!("{host}:{dns}")), 2, ZONE, NS)
                .additionals
                .len(),
            0
        );
    }
    let handle = port(node.handle_address());
    for host in ["127.0.0.1", "127.0.0.7"] {
        let socket = udp_to(&format!("{host}:{handle}"));
        let request = common::handle::request(1, "0.NA/88.118", &[]);
        assert_eq!(common::handle::ask(&socket, &request).1, 1, "{host}");
        // The site says where it was asked.
        let mut site = request;
        site[23] = 2;
        let (_, code, body) = common::handle::ask(&socket, &site);
        assert_eq!(code, 1);
        let octets: Vec<u8> = host
            .split('.')
            .map(|part| part.parse().expect("a number"))
            .collect();
        assert!(
            body.windows(4).any(|four| four == octets),
            "{host} in {body:?}"
        );
    }
}

#[test]
fn both_wildcards_of_a_port_can_be_listened_on() {
    let free = [(); 3].map(|()| TcpListener::bind("[::]:0").expect("a port is free"));
    let ports = free
        .each_ref()
        .map(|one| one.local_addr().expect("it has one").port());
    drop(free);
    let [dns, handle, metrics] = ports.map(|port| format!("0.0.0.0:{port},[::]:{port}"));
    let _node = Node::start_with(&[
        ("BIAOSHI_DNS_LISTEN", &dns),
        ("BIAOSHI_HANDLE_LISTEN", &handle),
        ("BIAOSHI_METRICS_LISTEN", &metrics),
    ]);
    for host in ["127.0.0.1", "[::1]"] {
        for port in ports {
            TcpStream::connect(format!("{host}:{port}")).expect("it listens");
        }
        let socket = UdpSocket::bind(format!("{host}:0")).expect("a port is free");
        let address = format!("{host}:{}", ports[0]);
        socket.connect(address).expect("it has an address");
        let timeout = Some(Duration::from_millis(500));
        socket.set_read_timeout(timeout).expect("it can be set");
        assert_eq!(ask(&socket, 1, ZONE, SOA).code, 0, "{host}");
    }
}

#[test]
fn an_enterprise_with_name_servers_is_delegated() {
    let node = Node::start();
    let body = r#"{"prefix":"88.118.77","org_name":"十堰自建","hosting":"self-built",
        "certificate":{"type":"other","number":"77"},
        "route":{"sites":[{"address":"ns1.firm.example","protocol":"dns","port":53},
                          {"address":"192.0.2.53","protocol":"dns","port":53}]}}"#;
    put(&node, "/api/v1/enterprises", body);
    let said = ask(&udp(&node), 1, "x1.77.118.88.id.example", NAPTR);
    assert!(!said.is_authoritative && said.answers.is_empty());
    let servers: Vec<_> = said
        .authorities
        .iter()
        .map(|one| one.data.clone())
        .collect();
    assert_eq!(
        servers,
        [&b"ns1.firm.example."[..], b"ns2.77.118.88.id.example."]
    );
    assert_eq!(said.additionals[0].data, b"192.0.2.53");
    check_count(&node, "success", 1.0);
    let bad = body.replace("77", "78").replace("53}", "54}");
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    let mut client = Client::connect(node.address());
    let (status, answer) = client.request("POST", "/api/v1/enterprises", &headers, bad.as_bytes());
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        status >= 400 && answer.contains("port 53"),
        "{status} {answer}"
    );
}

#[test]
fn what_is_no_question_is_counted_and_hurts_nobody() {
    let node = node();
    let socket = udp(&node);
    let malformed = "biaoshi_malformed_total{protocol=\"dns\"}";
    for seed in 0..2_000_u32 {
        let garbage: Vec<u8> = (0..seed % 600)
            .map(|at| (at.wrapping_mul(seed) >> 3).to_le_bytes()[0])
            .collect();
        socket.send(&garbage).expect("it can be sent");
    }
    // It answered some of them; a socket of its own sees only its own answers.
    assert_eq!(ask(&udp(&node), 1, NAME, NAPTR).answers.len(), 1);
    assert!(node.metric(malformed) > 500.0);
    let mut stream = tcp(&node);
    stream.write_all(&[0, 3, 1, 2, 3]).expect("it can be sent");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("it ends");
    assert!(rest.is_empty(), "less than a header is answered by nothing");
    assert_eq!(ask_over(&mut tcp(&node), 2, NAME, NAPTR).answers.len(), 1);
    let log = node.log();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn it_ends_when_it_is_asked_to_though_connections_are_open() {
    let mut node = node();
    let mut stream = tcp(&node);
    assert_eq!(ask_over(&mut stream, 1, NAME, NAPTR).answers.len(), 1);
    assert!(node.stop(), "it ends well when it is asked to");
    let mut rest = Vec::new();
    // Ended or reset: no answer comes.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
    node.start_again();
    assert_eq!(ask(&udp(&node), 2, NAME, NAPTR).answers.len(), 1);
}

#[test]
fn the_command_line_asks_over_it_too() {
    let node = node();
    let ask = |more: &[&str]| {
        let output = node.run(&[&["resolve", "--via", "dns"], more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let over_http = node.run(&["resolve", PRODUCT]);
    let (code, shown, _) = ask(&[PRODUCT]);
    assert_eq!(code, Some(0));
    assert_eq!(
        shown,
        String::from_utf8_lossy(&over_http.stdout),
        "the same lines"
    );
    let (_, shown, _) = ask(&["--json", PRODUCT]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    assert_eq!(shown["identifier"], PRODUCT);
    let refused = [
        ("88.118.0002/NONE1", "is not registered"),
        ("88.999.1/A1", "is another node's"),
        ("88.101.13/A1", "has no route yet"),
        ("0.NA/88.118", "has no name in DNS"),
    ];
    for (identifier, words) in refused {
        let (code, _, told) = ask(&[identifier]);
        assert!(
            code == Some(1) && told.contains(words),
            "{identifier}: {told}"
        );
    }
    let (code, _, told) = ask(&["--node", "127.0.0.1:1", PRODUCT]);
    assert!(code == Some(1) && told.contains("no answer from"), "{told}");
    let (code, _, told) = ask(&["--node", "nowhere", PRODUCT]);
    assert!(code == Some(2) && told.contains("HOST:PORT"), "{told}");
}
