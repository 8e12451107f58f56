//! Asking a node over its three protocols, from an address that one chooses.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::identifier::{Identifier, dns::to_dns_name};
use crate::protocol::dns::{SaidAnswer, question};
use crate::protocol::handle::{ENVELOPE_BYTES, Header, ResponseCode, resolution_request};

/// Longer than an answer takes on this machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// NAPTR (RFC 3403 §4.1).
const NAPTR: u16 = 35;

/// Where a node listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doors {
    pub(super) http: SocketAddr,
    pub(super) handle: SocketAddr,
    pub(super) dns: SocketAddr,
}

impl Doors {
    /// Asks for an identifier over Handle, and says whether it was found.
    pub(super) fn handle(&self, from: IpAddr, identifier: &str) -> io::Result<bool> {
        let message = resolution_request(7, identifier, &[]);
        let answer = datagram(from, self.handle, &message)?;
        let payload = answer.get(ENVELOPE_BYTES..).unwrap_or_default();
        let header = Header::decode(payload).map_err(io::Error::other)?;
        Ok(header.response_code == ResponseCode::Success as u32)
    }

    /// … over DNS.
    pub(super) fn dns(&self, from: IpAddr, identifier: &str, zone: &str) -> io::Result<bool> {
        let parsed = Identifier::parse_query(identifier).map_err(io::Error::other)?;
        let name = to_dns_name(&parsed, zone).ok_or(io::ErrorKind::InvalidInput)?;
        let message = question(7, &name, NAPTR).map_err(io::Error::other)?;
        let answer = datagram(from, self.dns, &message)?;
        let answer = SaidAnswer::decode(&answer).map_err(io::Error::other)?;
        Ok(!answer.answers.is_empty())
    }

    /// … over HTTP.
    pub(super) fn http(&self, from: IpAddr, identifier: &str) -> io::Result<bool> {
        let mut stream = connect(from, self.http)?;
        write!(
            stream,
            "GET /api/handles/{identifier} HTTP/1.1\r\nHost: rehearsal\r\nConnection: close\r\n\r\n"
        )?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok(reply.starts_with("HTTP/1.1 200"))
    }
}

fn datagram(from: IpAddr, to: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((from, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(to)?;
    socket.send(message)?;
    let mut answer = vec![0; 4_096];
    let bytes = socket.recv(&mut answer)?;
    answer.truncate(bytes);
    Ok(answer)
}

fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let domain = socket2::Domain::for_address(to);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect(&to.into())?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}
