//! Clients that send garbage, clients that ask without end, and clients that open connections and
//! send next to nothing, or read no answers: whoever asks properly is served all the same, the
//! node's memory stays what it was, and it ends when it is asked to.

mod common;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use common::{
    Client, Node,
    dns::{NAPTR, TXT, ask as ask_dns, ask_over, framed, tcp as dns_tcp, udp as dns_udp},
    handle::{ask as ask_handle, next, request, tcp as handle_tcp, udp as handle_udp},
};
use rustix::process::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

/// A product of the sample, and its name in DNS.
const PRODUCT: &str = "88.118.0002/P03202605270000001";
const NAME: &str = "p03202605270000001.0002.118.88.id.example";

/// More than any listener keeps.
const CONNECTIONS: usize = 1_100;

/// Datagrams of garbage in a round.
const DATAGRAMS: usize = 20_000;

/// How much more memory a second round may take than the first: what allocators keep, not a table
/// that grows.
const GROWTH_BYTES_MAX: f64 = 24e6;

/// Threads that ask without end, each from several ports: the kernel spreads ports over sockets.
const ASKERS: usize = 4;
const ASKER_PORTS: usize = 8;

/// The longest that they do, whatever becomes of the test.
const ASKERS_TIME_MAX: Duration = Duration::from_secs(60);

/// Within this time somebody is served, or the node ends, while others ask without end: with room
/// for a machine that has other work too.
const SERVED_WITHIN: Duration = Duration::from_secs(20);

/// A record of which a few answers fill what the kernel keeps for a client that does not read.
const LARGE: &str = "88.118.0002/LARGE1";
const LARGE_NAME: &str = "large1.0002.118.88.id.example";
const LARGE_VALUES: usize = 15;
const LARGE_BYTES: usize = 4_000;

/// Questions of each of those clients, and what they let the kernel keep for them: less than it
/// does by itself, at whose ends it follows from the size of a segment.
const UNREAD_ANSWERS: usize = 8;
const UNREAD_BYTES: usize = 4_096;
const SEGMENT_BYTES: u32 = 536;

/// Before this time nobody has lost a place for not reading: it takes ten seconds.
const BEFORE_TIMEOUT: Duration = Duration::from_secs(5);

/// So many of them are answered at least, and everybody is served meanwhile.
const ANSWERS_MIN: f64 = 5_000.0;

fn node() -> Node {
    // Both ends of all connections.
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the hard limit is allowed");
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    node
}

/// Everybody who asks properly is answered, on connections of their own.
fn check_good_clients(node: &Node) {
    let path = format!("/api/v1/identifiers/{PRODUCT}");
    assert_eq!(node.get(&path).0, 200);
    assert_eq!(ask_dns(&dns_udp(node), 1, NAME, NAPTR).answers.len(), 1);
    let said = ask_over(&mut dns_tcp(node), 2, NAME, NAPTR);
    assert_eq!(said.answers.len(), 1);
    assert_eq!(
        ask_handle(&handle_udp(node), &request(3, PRODUCT, &[])).1,
        1
    );
    let mut stream = handle_tcp(node);
    stream
        .write_all(&request(4, PRODUCT, &[]))
        .expect("it can be sent");
    assert_eq!(next(&mut stream).1, 1);
}

fn memory(node: &Node) -> f64 {
    node.metric("process_resident_memory_bytes")
}

/// Numbers that look like none in particular.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// Garbage, and questions with a few bits turned: those get further.
fn send_garbage(address: &str, good: &[u8], noise: &mut Noise) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.connect(address).expect("it has an address");
    for round in 0..DATAGRAMS {
        let datagram = if round % 2 == 0 {
            let length = usize::try_from(noise.next() % 700).expect("it is small");
            noise.bytes(length)
        } else {
            let mut datagram = good.to_vec();
            for _ in 0..3 {
                let at = usize::try_from(noise.next() % good.len() as u64).expect("it is small");
                datagram[at] ^= 1 << (noise.next() % 8);
            }
            datagram
        };
        // A full buffer of the kernel is as good as lost on the way.
        let _ = socket.send(&datagram);
    }
}

/// A question whose EDNS option ends too early: readers of DNS like to complain of it.
fn send_broken_option(node: &Node) {
    let mut datagram = biaoshi::protocol::dns::question(1, NAME, NAPTR).expect("it is a name");
    // The length of the options comes last (RFC 6891 §6.1.2). This one has one of its four octets.
    let length = datagram.len() - 2;
    datagram[length..].copy_from_slice(&[0, 5]);
    datagram.extend([0, 10, 0, 4, 1]);
    let socket = dns_udp(node);
    for _ in 0..100 {
        socket.send(&datagram).expect("it can be sent");
    }
}

#[expect(clippy::disallowed_methods, reason = "how long others wait is told")]
fn now() -> Instant {
    Instant::now()
}

/// Sends questions and reads no answers, until told to stop.
fn ask_without_end(addresses: &[(String, Vec<u8>)], is_over: &AtomicBool) {
    let began = now();
    let sockets: Vec<_> = (0..ASKER_PORTS)
        .flat_map(|_| addresses)
        .map(|(address, question)| {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
            socket.connect(address).expect("it has an address");
            (socket, question)
        })
        .collect();
    while !is_over.load(Ordering::Relaxed) && began.elapsed() < ASKERS_TIME_MAX {
        for (socket, question) in &sockets {
            // Nobody listens any more once the node has ended.
            let _ = socket.send(question);
        }
    }
}

/// What does not come in datagrams is not hindered by those.
fn check_connections(node: &Node) {
    let began = now();
    let path = format!("/api/v1/identifiers/{PRODUCT}");
    assert_eq!(node.get(&path).0, 200);
    let said = ask_over(&mut dns_tcp(node), 2, NAME, NAPTR);
    assert_eq!(said.answers.len(), 1);
    let mut stream = handle_tcp(node);
    stream
        .write_all(&request(4, PRODUCT, &[]))
        .expect("it can be sent");
    assert_eq!(next(&mut stream).1, 1);
    assert!(memory(node) > 0.0, "the metrics are read");
    let took = began.elapsed();
    assert!(took < SERVED_WITHIN, "{took:?}");
}

fn put_large(node: &Node) {
    let data = "x".repeat(LARGE_BYTES);
    let value = |index| format!(r#"{{"index":{index},"type":"NAME","data":"{data}"}}"#);
    let values: Vec<_> = (1..=LARGE_VALUES).map(value).collect();
    let body = format!(r#"{{"values":[{}]}}"#, values.join(","));
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    let path = format!("/api/v1/identifiers/{LARGE}");
    let mut client = Client::connect(node.address());
    let (status, answer) = client.request("PUT", &path, &headers, body.as_bytes());
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
}

/// Connections that ask for more than the kernel keeps, and read no more than that it comes.
fn hold_unread(address: &str, questions: &[u8]) -> Vec<TcpStream> {
    let address: SocketAddr = address.parse().expect("it is an address");
    let hold = |_| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("there are descriptors");
        // Before it connects: the other end hears of both then.
        let sizes = socket.set_recv_buffer_size(UNREAD_BYTES);
        sizes
            .and_then(|()| socket.set_tcp_mss(SEGMENT_BYTES))
            .expect("they can be set");
        socket.connect(&address.into()).expect("it listens");
        let mut stream = TcpStream::from(socket);
        stream.write_all(questions).expect("it can be sent");
        stream
    };
    let mut held: Vec<_> = (0..CONNECTIONS).map(hold).collect();
    for stream in &mut held {
        // Who has already given way hears nothing.
        let _ = stream.read(&mut [0]);
    }
    held
}

//----------- Tests ------------------------------------------------------------

#[test]
fn garbage_hurts_nobody_and_takes_no_memory() {
    let node = node();
    let dns = biaoshi::protocol::dns::question(1, NAME, NAPTR).expect("it is a name");
    let handle = request(1, PRODUCT, &[]);
    let mut noise = Noise(1);
    let mut after_first = 0.0;
    for round in 0..3 {
        send_garbage(node.dns_address(), &dns, &mut noise);
        send_garbage(node.handle_address(), &handle, &mut noise);
        send_broken_option(&node);
        for address in [node.dns_address(), node.handle_address(), node.address()] {
            for _ in 0..50 {
                let mut stream = TcpStream::connect(address).expect("it listens");
                // It may have ended by then.
                let _ = stream.write_all(&noise.bytes(3_000));
            }
        }
        check_good_clients(&node);
        if round == 0 {
            after_first = memory(&node);
        }
    }
    let grown = memory(&node) - after_first;
    assert!(grown < GROWTH_BYTES_MAX, "{grown} bytes more");
    for protocol in ["dns", "handle"] {
        let series = format!("biaoshi_malformed_total{{protocol=\"{protocol}\"}}");
        assert!(node.metric(&series) > 10_000.0, "{protocol}");
    }
    let log = node.log();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn questions_without_end_hinder_neither_others_nor_the_end() {
    let mut node = node();
    let dns = biaoshi::protocol::dns::question(1, NAME, NAPTR).expect("it is a name");
    let addresses = [
        (node.dns_address().to_owned(), dns),
        (node.handle_address().to_owned(), request(1, PRODUCT, &[])),
    ];
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..ASKERS {
            scope.spawn(|| ask_without_end(&addresses, &is_over));
        }
        // One question over and over is one question, and is answered each time.
        let labels = r#"origin="internal",outcome="retransmitted",protocol="dns""#;
        let answered = format!("biaoshi_resolutions_total{{{labels}}}");
        let began = now();
        while node.metric(&answered) < ANSWERS_MIN {
            check_connections(&node);
            assert!(began.elapsed() < SERVED_WITHIN, "so many are answered");
        }
        let began = now();
        assert!(node.stop(), "it ends well while they ask");
        let took = began.elapsed();
        is_over.store(true, Ordering::Relaxed);
        assert!(took < SERVED_WITHIN, "{took:?}");
    });
}

#[test]
fn connections_that_ask_nothing_shut_nobody_out() {
    let node = node();
    let mut after_first = 0.0;
    for round in 0..2 {
        // A silent connection of the Handle protocol may stay for eleven minutes.
        let handle: &[u8] = if round == 0 { &[] } else { &[2, 11] };
        let beginnings: [(&str, &[u8]); 3] = [
            (node.address(), b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "),
            (node.handle_address(), handle),
            (node.dns_address(), &[0]),
        ];
        let mut held = Vec::new();
        for (address, beginning) in beginnings {
            for _ in 0..CONNECTIONS {
                let mut stream = TcpStream::connect(address).expect("it listens");
                // Who has already given way hears nothing more.
                let _ = stream.write_all(beginning);
                held.push(stream);
            }
            check_good_clients(&node);
        }
        // A byte now and then holds nothing either.
        for stream in &mut held {
            let _ = stream.write_all(b"1");
        }
        check_good_clients(&node);
        // The metrics have a listener of their own.
        if round == 0 {
            after_first = memory(&node);
        }
    }
    let grown = memory(&node) - after_first;
    assert!(grown < GROWTH_BYTES_MAX, "{grown} bytes more");
}

#[test]
fn connections_that_read_no_answers_shut_nobody_out() {
    let node = node();
    put_large(&node);
    let dns = framed(1, LARGE_NAME, TXT).repeat(UNREAD_ANSWERS);
    let handle = request(1, LARGE, &[]).repeat(UNREAD_ANSWERS);
    for (address, questions) in [(node.dns_address(), dns), (node.handle_address(), handle)] {
        let held = hold_unread(address, &questions);
        let began = now();
        check_good_clients(&node);
        let took = began.elapsed();
        assert!(took < BEFORE_TIMEOUT, "{took:?}");
        drop(held);
    }
}

#[test]
fn the_metrics_are_read_though_somebody_holds_their_listener() {
    let node = node();
    let held: Vec<_> = (0..CONNECTIONS)
        .map(|_| TcpStream::connect(node.metrics_address()).expect("it listens"))
        .collect();
    let mut client = Client::connect(node.metrics_address());
    assert_eq!(client.request("GET", "/metrics", &[], b"").0, 200);
    drop(held);
}
