//! The Handle listeners of a real node, asked over UDP and TCP.

mod common;

use std::{
    io::{Read, Write},
    net::{TcpStream, UdpSocket},
    time::Duration,
};

use biaoshi::protocol::handle::{
    ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, OpCode, VERSION, fragments,
};
use common::{Client, Node};

/// A product of the sample.
const PRODUCT: &str = "88.118.0002/P03202605270000001";

/// After this time without an answer a client asks again over UDP.
const AGAIN: Duration = Duration::from_millis(500);

/// How often it does.
const TRIES_MAX: u32 = 20;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

//----------- A client ---------------------------------------------------------

fn request(request_id: u32, handle: &str, types: &[String]) -> Vec<u8> {
    let put = |out: &mut Vec<u8>, text: &str| {
        out.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
        out.extend(text.as_bytes());
    };
    let mut body = Vec::new();
    put(&mut body, handle);
    body.extend([0; 4]);
    body.extend(u32::try_from(types.len()).expect("few").to_be_bytes());
    types.iter().for_each(|kind| put(&mut body, kind));
    let body_length = u32::try_from(body.len()).expect("short");
    let mut message = Vec::new();
    let envelope = Envelope {
        version: VERSION,
        suggested: VERSION,
        flags: 0,
        session_id: 10_001,
        request_id,
        sequence: 0,
        message_length: 24 + body_length + 4,
    };
    envelope.encode(&mut message);
    let header = Header {
        op_code: OpCode::RESOLUTION,
        response_code: 0,
        op_flags: Header::RECURSIVE | Header::PUBLIC_ONLY,
        site_serial: 0xffff,
        recursion_count: 0,
        expiration: 0,
        body_length,
    };
    header.encode(&mut message);
    message.extend(body);
    message.extend([0; 4]);
    message
}

/// Request, response code, and all behind the envelope.
fn read(message: &[u8]) -> (u32, u32, Vec<u8>) {
    let envelope = Envelope::decode(message).expect("it is an envelope");
    let payload = &message[ENVELOPE_BYTES..];
    assert_eq!(payload.len(), envelope.length());
    let header = Header::decode(payload).expect("it is a header");
    (
        envelope.request_id,
        header.response_code,
        payload[HEADER_BYTES..].to_vec(),
    )
}

fn udp(node: &Node) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket
        .connect(node.handle_address())
        .expect("it has an address");
    socket.set_read_timeout(Some(AGAIN)).expect("it can be set");
    socket
}

fn tcp(node: &Node) -> TcpStream {
    let stream = TcpStream::connect(node.handle_address()).expect("it listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("it can be set");
    stream
}

/// The next message of a connection.
fn next(stream: &mut TcpStream) -> (u32, u32, Vec<u8>) {
    let mut message = vec![0; ENVELOPE_BYTES];
    stream.read_exact(&mut message).expect("it answers");
    let envelope = Envelope::decode(&message).expect("it is an envelope");
    let mut payload = vec![0; envelope.length()];
    stream.read_exact(&mut payload).expect("it answers whole");
    message.extend(payload);
    read(&message)
}

/// Asks over UDP, again where nothing comes, as every client does.
fn ask(socket: &UdpSocket, message: &[u8]) -> (u32, u32, Vec<u8>) {
    for _ in 0..TRIES_MAX {
        fragments(message, |datagram| {
            socket.send(datagram).expect("it can be sent");
        });
        if let Some(answer) = receive(socket) {
            return answer;
        }
    }
    panic!("no answer");
}

/// Puts the datagrams of an answer together, where there is one.
fn receive(socket: &UdpSocket) -> Option<(u32, u32, Vec<u8>)> {
    let mut whole = Vec::new();
    loop {
        let mut datagram = [0; 2_048];
        let bytes = socket.recv(&mut datagram).ok()?;
        assert!(bytes <= 512, "{bytes} bytes in a datagram");
        let envelope = Envelope::decode(&datagram[..bytes]).expect("it is an envelope");
        let skip = if whole.is_empty() { 0 } else { ENVELOPE_BYTES };
        whole.extend(&datagram[skip..bytes]);
        if whole.len() >= ENVELOPE_BYTES + envelope.length() {
            return Some(read(&whole));
        }
    }
}

fn node() -> Node {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    node
}

fn has(body: &[u8], text: &str) -> bool {
    body.windows(text.len())
        .any(|window| window == text.as_bytes())
}

//----------- Tests ------------------------------------------------------------

#[test]
fn what_is_registered_is_answered_over_both() {
    let node = node();
    let socket = udp(&node);
    let (id, code, body) = ask(&socket, &request(1, PRODUCT, &[]));
    assert_eq!((id, code), (1, 1));
    assert!(has(&body, PRODUCT) && has(&body, "NAME"));
    let (_, code, lower) = ask(&socket, &request(2, &PRODUCT.to_lowercase(), &[]));
    assert_eq!(code, 1);
    assert!(
        has(&lower, &PRODUCT.to_lowercase()),
        "the caller's spelling"
    );
    assert_eq!(ask(&socket, &request(3, "88.118.0002/NONE", &[])).1, 100);
    assert_eq!(ask(&socket, &request(4, "88.999.1/A", &[])).1, 301);
    assert_eq!(ask(&socket, &request(5, "0.NA/88.118.0002", &[])).1, 1);
    let mut stream = tcp(&node);
    stream
        .write_all(&request(6, PRODUCT, &[]))
        .expect("it can be sent");
    let (id, code, over_tcp) = next(&mut stream);
    assert_eq!((id, code), (6, 1));
    assert_eq!(over_tcp, body, "the same answer");
}

#[test]
fn a_connection_takes_requests_one_behind_the_other() {
    let node = node();
    let mut stream = tcp(&node);
    let mut all = Vec::new();
    for id in 1..=50 {
        all.extend(request(id, if id % 2 == 0 { PRODUCT } else { "0" }, &[]));
    }
    // In pieces that end nowhere in particular.
    for piece in all.chunks(333) {
        stream.write_all(piece).expect("it can be sent");
    }
    for id in 1..=50 {
        let (found, code, _) = next(&mut stream);
        assert_eq!((found, code), (id, if id % 2 == 0 { 1 } else { 301 }));
    }
}

#[test]
fn requests_and_answers_may_need_several_datagrams() {
    let node = node();
    let token = format!("Authorization: Bearer {}", node.token());
    let data = "x".repeat(3_000);
    let body = format!(r#"{{"values":[{{"index":1,"type":"NAME","data":"{data}"}}]}}"#);
    let path = "/api/v1/identifiers/88.118.0002/LARGE";
    let headers = [token.as_str(), "Content-Type: application/json"];
    let mut client = Client::connect(node.address());
    assert_eq!(
        client.request("PUT", path, &headers, body.as_bytes()).0,
        201
    );
    let socket = udp(&node);
    let (_, code, body) = ask(&socket, &request(1, "88.118.0002/LARGE", &[]));
    assert_eq!(code, 1);
    assert!(has(&body, &data));
    let mut types: Vec<String> = (0..60).map(|n| format!("TYPE-{n:020}")).collect();
    types.push("NAME".to_owned());
    let large = request(2, "88.118.0002/LARGE", &types);
    assert!(large.len() > 3 * 512);
    let (id, code, body) = ask(&socket, &large);
    assert_eq!((id, code), (2, 1));
    assert!(has(&body, &data));
}

#[test]
fn garbage_and_silence_hurt_nobody_else() {
    let node = node();
    let socket = udp(&node);
    let silent: Vec<_> = (0..30).map(|_| tcp(&node)).collect();
    for seed in 0..2_000_u32 {
        let garbage: Vec<u8> = (0..seed % 600)
            .map(|at| (at.wrapping_mul(seed) >> 3).to_le_bytes()[0])
            .collect();
        socket.send(&garbage).expect("it can be sent");
    }
    // It answered some of them; a socket of its own sees only its own answers.
    let good = udp(&node);
    assert_eq!(ask(&good, &request(1, PRODUCT, &[])).1, 1);
    let mut stream = tcp(&node);
    stream.write_all(&[0xff; 64]).expect("it can be sent");
    let (id, code, _) = next(&mut stream);
    assert_eq!((id, code), (u32::MAX, 4), "nobody knows whose it was");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("it ends");
    assert!(rest.is_empty(), "and the connection is of no more use");
    let mut stream = tcp(&node);
    stream
        .write_all(&request(2, PRODUCT, &[]))
        .expect("it can be sent");
    assert_eq!(next(&mut stream).1, 1);
    drop(silent);
}

#[test]
fn it_ends_when_it_is_asked_to_though_connections_are_open() {
    let mut node = node();
    let mut stream = tcp(&node);
    stream
        .write_all(&request(1, PRODUCT, &[]))
        .expect("it can be sent");
    assert_eq!(next(&mut stream).1, 1);
    assert!(node.stop(), "it ends well when it is asked to");
    let mut rest = Vec::new();
    // Ended or reset: no answer comes.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
    node.start_again();
    assert_eq!(ask(&udp(&node), &request(2, PRODUCT, &[])).1, 1);
}
