//! Clients from addresses of their own.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use biaoshi::protocol::dns::{SaidAnswer, question};
use socket2::{Domain, Socket, Type};

use super::common::{Client, Node, handle};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

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

    /// The same, and waits no longer than that for an answer.
    pub(crate) fn patient(address: &str, node: &str, patience: Duration) -> Self {
        let peer = Self::at(address, node);
        peer.0
            .set_read_timeout(Some(patience))
            .expect("it can be set");
        peer
    }

    /// The answer to a message; none where none comes.
    pub(crate) fn ask(&self, message: &[u8]) -> Option<Vec<u8>> {
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

/// Registers an identifier and removes it.
pub(crate) fn put_and_remove(node: &Node, identifier: &str) {
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    let path = format!("/api/v1/identifiers/{identifier}");
    let body = br#"{"values":[{"index":1,"type":"NAME","data":"x"}]}"#;
    let mut client = Client::connect(node.address());
    assert_eq!(client.request("PUT", &path, &headers, body).0, 201);
    assert_eq!(client.request("DELETE", &path, &headers, b"").0, 200);
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
