//! A client of the Handle protocol, over UDP and TCP.

use std::{
    io::Read,
    net::{TcpStream, UdpSocket},
    time::Duration,
};

use biaoshi::protocol::handle::{
    ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, fragments, resolution_request,
};

use super::Node;

/// After this time without an answer a client asks again over UDP.
const AGAIN: Duration = Duration::from_millis(500);

/// How often it does.
const TRIES_MAX: u32 = 20;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

//----------- A client ---------------------------------------------------------

pub(crate) fn request(request_id: u32, handle: &str, types: &[String]) -> Vec<u8> {
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    resolution_request(request_id, handle, &types)
}

/// Request, response code, and all behind the envelope.
pub(crate) fn read(message: &[u8]) -> (u32, u32, Vec<u8>) {
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

pub(crate) fn udp(node: &Node) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket
        .connect(node.handle_address())
        .expect("it has an address");
    socket.set_read_timeout(Some(AGAIN)).expect("it can be set");
    socket
}

pub(crate) fn tcp(node: &Node) -> TcpStream {
    let stream = TcpStream::connect(node.handle_address()).expect("it listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("it can be set");
    stream
}

/// The next message of a connection.
pub(crate) fn next(stream: &mut TcpStream) -> (u32, u32, Vec<u8>) {
    let mut message = vec![0; ENVELOPE_BYTES];
    stream.read_exact(&mut message).expect("it answers");
    let envelope = Envelope::decode(&message).expect("it is an envelope");
    let mut payload = vec![0; envelope.length()];
    stream.read_exact(&mut payload).expect("it answers whole");
    message.extend(payload);
    read(&message)
}

/// Asks over UDP, again where nothing comes, as every client does.
pub(crate) fn ask(socket: &UdpSocket, message: &[u8]) -> (u32, u32, Vec<u8>) {
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
pub(crate) fn receive(socket: &UdpSocket) -> Option<(u32, u32, Vec<u8>)> {
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
