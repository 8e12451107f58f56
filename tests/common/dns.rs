//! A client of DNS, over UDP and TCP.

use std::{
    io::{Read, Write},
    net::{TcpStream, UdpSocket},
    time::Duration,
};

use biaoshi::{
    identifier::{Identifier, dns::to_dns_name},
    protocol::dns::{SaidAnswer, question},
};

use super::Node;

/// The zone of every node in a test.
pub(crate) const ZONE: &str = "id.example";

/// Numbers of types (RFC 1035 §3.2.2, 3403 §4.1, 7553 §6).
pub(crate) const A: u16 = 1;
pub(crate) const NS: u16 = 2;
pub(crate) const SOA: u16 = 6;
pub(crate) const TXT: u16 = 16;
pub(crate) const NAPTR: u16 = 35;
pub(crate) const URI: u16 = 256;

/// After this time without an answer a client asks again over UDP.
const AGAIN: Duration = Duration::from_millis(500);

/// How often it does.
const TRIES_MAX: u32 = 20;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name of an identifier, if it has one.
pub(crate) fn name_of(identifier: &str) -> Option<String> {
    let identifier = Identifier::parse_query(identifier).expect("it can be asked");
    to_dns_name(&identifier, ZONE)
}

/// A socket that hears from that address only.
pub(crate) fn udp_to(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.connect(address).expect("it has an address");
    socket.set_read_timeout(Some(AGAIN)).expect("it can be set");
    socket
}

pub(crate) fn udp(node: &Node) -> UdpSocket {
    udp_to(node.dns_address())
}

pub(crate) fn tcp(node: &Node) -> TcpStream {
    let stream = TcpStream::connect(node.dns_address()).expect("it listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("it can be set");
    stream
}

/// Asks over UDP, again where nothing comes, as every client does.
pub(crate) fn ask(socket: &UdpSocket, id: u16, name: &str, kind: u16) -> SaidAnswer {
    let message = question(id, name, kind).expect("it is a name");
    for _ in 0..TRIES_MAX {
        socket.send(&message).expect("it can be sent");
        let mut datagram = [0; 2_048];
        if let Ok(bytes) = socket.recv(&mut datagram) {
            assert!(bytes <= 1_232, "{bytes} octets in a datagram");
            return SaidAnswer::decode(&datagram[..bytes]).expect("it is an answer");
        }
    }
    panic!("no answer");
}

/// A question as it goes over TCP.
pub(crate) fn framed(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let message = question(id, name, kind).expect("it is a name");
    let length = u16::try_from(message.len()).expect("it is short");
    [&length.to_be_bytes()[..], &message].concat()
}

/// The next answer of a connection.
pub(crate) fn next(stream: &mut TcpStream) -> SaidAnswer {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("it answers");
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).expect("it answers whole");
    SaidAnswer::decode(&message).expect("it is an answer")
}

/// Asks over a connection.
pub(crate) fn ask_over(stream: &mut TcpStream, id: u16, name: &str, kind: u16) -> SaidAnswer {
    stream
        .write_all(&framed(id, name, kind))
        .expect("it can be sent");
    next(stream)
}
