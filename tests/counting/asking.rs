//! Clients from addresses of their own.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use biaoshi::protocol::{
    dns::{SaidAnswer, question},
    handle::{ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header},
};
use socket2::{Domain, Socket, Type};

use super::{
    NAME, PRODUCT,
    common::{Client, Node, dns, handle},
};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Questions of DNS from one port, each with a number of its own.
const DNS_NUMBERS: u32 = 1 << 16;

/// A client whose node is killed hears nothing more after this.
const SILENCE: Duration = Duration::from_millis(400);

//----------- Peer -------------------------------------------------------------

/// A client over UDP.
pub(crate) struct Peer(UdpSocket);

impl Peer {
    /// At an address of this machine, on a port of its own.
    pub(crate) fn at(address: &str, node: &str) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("the address is this machine's");
        socket.connect(node).expect("it has an address");
        socket
            .set_read_timeout(Some(PATIENCE))
            .expect("it can be set");
        Self(socket)
    }

    fn ask(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0.send(message).ok()?;
        let mut datagram = vec![0; 65_536];
        let bytes = self.0.recv(&mut datagram).ok()?;
        datagram.truncate(bytes);
        Some(datagram)
    }

    /// Whether there are records of a type.
    pub(crate) fn dns(&self, id: u16, name: &str, kind: u16) -> bool {
        let message = question(id, name, kind).expect("it is a name");
        let answer = self.ask(&message).expect("it answers");
        let answer = SaidAnswer::decode(&answer).expect("it is an answer");
        !answer.answers.is_empty()
    }

    /// Whether an answer is cut for who does not know EDNS.
    pub(crate) fn dns_is_cut(&self, id: u16, name: &str, kind: u16) -> bool {
        let message = question(id, name, kind).expect("it is a name");
        // Without the eleven octets of its OPT record.
        let mut plain = message[..message.len() - 11].to_vec();
        plain[11] = 0;
        let answer = self.ask(&plain).expect("it answers");
        SaidAnswer::decode(&answer).expect("it is one").is_truncated
    }

    /// Whether a handle is found.
    pub(crate) fn handle(&self, id: u32, name: &str) -> bool {
        let answer = self.ask(&handle::request(id, name, &[]));
        handle::read(&answer.expect("it answers")).1 == 1
    }
}

//----------- Browser ----------------------------------------------------------

/// A client over HTTP.
pub(crate) struct Browser {
    own: SocketAddr,
    node: SocketAddr,
}

impl Browser {
    pub(crate) fn at(node: &Node, address: &str) -> Self {
        let own: Ipv4Addr = address.parse().expect("it is an address");
        Self {
            own: (own, 0).into(),
            node: node.address().parse().expect("it is an address"),
        }
    }

    pub(crate) fn get(&self, path: &str, headers: &[&str]) -> u16 {
        self.ask("GET", path, headers)
    }

    pub(crate) fn head(&self, path: &str, headers: &[&str]) -> u16 {
        self.ask("HEAD", path, headers)
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> u16 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("there are sockets");
        socket
            .bind(&self.own.into())
            .expect("the address is this machine's");
        socket.connect(&self.node.into()).expect("it listens");
        let mut stream = TcpStream::from(socket);
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("it can be set");
        let mut lines = vec![
            format!("{method} /{path} HTTP/1.1"),
            "Host: node".to_owned(),
        ];
        lines.extend(headers.iter().map(ToString::to_string));
        lines.push("Accept: text/html\r\nConnection: close\r\n\r\n".to_owned());
        stream
            .write_all(lines.join("\r\n").as_bytes())
            .expect("it can be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is text");
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        status.expect("an answer has a status")
    }
}

/// Registers an identifier with three values of 250 octets.
pub(crate) fn put_large(node: &Node, identifier: &str) {
    let value = |index: u32| {
        let data = "x".repeat(250);
        serde_json::json!({ "index": index, "type": "NOTE", "data": data })
    };
    let body = serde_json::json!({ "values": [value(1), value(2), value(3)] }).to_string();
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    let path = format!("/api/v1/identifiers/{identifier}");
    let mut client = Client::connect(node.address());
    let (status, said) = client.request("PUT", &path, &headers, body.as_bytes());
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&said));
}

/// Statistics, as who runs the node gets them.
pub(crate) fn get_as_administrator(node: &Node, what: &str) -> (u16, serde_json::Value) {
    let token = format!("Authorization: Bearer {}", node.token());
    let path = format!("/api/v1/statistics{what}");
    let mut client = Client::connect(node.address());
    let (status, body) = client.request("GET", &path, &[&token], b"");
    (status, serde_json::from_slice(&body).expect("it is JSON"))
}

//----------- until_killed -----------------------------------------------------

/// Clients that ask at the same time, each one question after the other.
pub(crate) const CLIENTS: u64 = 5;

/// Asks over all protocols until the node is killed, and says how often it was answered.
pub(crate) fn until_killed(node: &mut Node, after: Duration) -> u64 {
    let (dns, handle, http) = (
        node.dns_address().to_owned(),
        node.handle_address().to_owned(),
        node.address().to_owned(),
    );
    let is_over = AtomicBool::new(false);
    let is_over = &is_over;
    thread::scope(|scope| {
        let clients = [
            scope.spawn(|| over_dns(&dns, is_over)),
            scope.spawn(|| over_handle(&handle, is_over)),
            scope.spawn(|| over_handle(&handle, is_over)),
            scope.spawn(|| over_handle_tcp(&handle, is_over)),
            scope.spawn(|| over_http(&http, is_over)),
        ];
        assert_eq!(clients.len() as u64, CLIENTS);
        thread::sleep(after);
        node.kill();
        is_over.store(true, Ordering::Relaxed);
        let answers = clients.map(|client| client.join().expect("a client ends well"));
        answers.iter().sum()
    })
}

/// Counts answers until there is none any more; before the end there has to be one.
fn count(is_over: &AtomicBool, mut ask: impl FnMut(u32) -> Option<()>) -> u64 {
    let mut answered = 0;
    for id in 1.. {
        match ask(id) {
            Some(()) => answered += 1,
            None if is_over.load(Ordering::Relaxed) => break,
            // It is about to be killed, or has been and this thread is the first to see it.
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
    answered
}

fn silent_peer(node: &str) -> Peer {
    let peer = Peer::at(super::STRANGER, node);
    peer.0
        .set_read_timeout(Some(SILENCE))
        .expect("it can be set");
    peer
}

fn over_dns(node: &str, is_over: &AtomicBool) -> u64 {
    let mut peer = silent_peer(node);
    count(is_over, |id| {
        let id = u16::try_from(id % DNS_NUMBERS).expect("it is below");
        if id == 0 {
            // With a number that it had two seconds ago a question would be the same once more.
            peer = silent_peer(node);
        }
        let message = question(id, NAME, dns::NAPTR).expect("it is a name");
        let answer = SaidAnswer::decode(&peer.ask(&message)?).expect("it is an answer");
        assert!(answer.id == id && !answer.answers.is_empty(), "{answer:?}");
        Some(())
    })
}

fn over_handle(node: &str, is_over: &AtomicBool) -> u64 {
    let peer = silent_peer(node);
    count(is_over, |id| {
        let answer = peer.ask(&handle::request(id, PRODUCT, &["URL".to_owned()]))?;
        let (found, code, _) = handle::read(&answer);
        assert_eq!((found, code), (id, 1));
        Some(())
    })
}

fn over_handle_tcp(node: &str, is_over: &AtomicBool) -> u64 {
    let mut stream = TcpStream::connect(node).ok();
    count(is_over, |id| {
        let stream = stream.as_mut()?;
        stream.write_all(&handle::request(id, PRODUCT, &[])).ok()?;
        let mut front = [0; ENVELOPE_BYTES];
        stream.read_exact(&mut front).ok()?;
        let envelope = Envelope::decode(&front).expect("it is one");
        let mut payload = vec![0; envelope.length()];
        stream.read_exact(&mut payload).ok()?;
        let header = Header::decode(&payload[..HEADER_BYTES]).expect("it is one");
        assert_eq!((envelope.request_id, header.response_code), (id, 1));
        Some(())
    })
}

fn over_http(node: &str, is_over: &AtomicBool) -> u64 {
    let mut client = Client::try_connect(node).ok();
    let path = format!("/api/v1/identifiers/{PRODUCT}");
    count(is_over, |_| {
        let answer = client.as_mut()?.try_request("GET", &path, &[], b"").ok()?;
        assert_eq!(answer.status, 200);
        Some(())
    })
}
