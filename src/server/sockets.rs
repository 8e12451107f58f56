//! Sockets that listen, as the listeners need them.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdTcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that came and are not accepted yet, if the kernel allows as many: a burst of one
/// listener's. Beyond it a client tries again after a second.
const BACKLOG: i32 = 1_024;

/// A socket of `address`, which is one of `listen`, not bound yet.
pub(super) fn socket(address: SocketAddr, listen: &[SocketAddr], kind: Type) -> io::Result<Socket> {
    let protocol = if kind == Type::STREAM {
        Protocol::TCP
    } else {
        Protocol::UDP
    };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if has_other_wildcard(address, listen) {
        // It takes IPv4 too otherwise (RFC 3493 §5.3), and then one of both cannot be bound.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Listens for connections.
pub(super) fn listener(address: SocketAddr, listen: &[SocketAddr]) -> io::Result<TcpListener> {
    let socket = socket(address, listen, Type::STREAM)?;
    // A restart does not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(StdTcpListener::from(socket))
}

/// Whether it is the wildcard of IPv6, and that of IPv4 is listened on beside it.
fn has_other_wildcard(address: SocketAddr, listen: &[SocketAddr]) -> bool {
    let other = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address.port());
    // Port 0 is another one each time.
    address.port() != 0 && address.ip() == Ipv6Addr::UNSPECIFIED && listen.contains(&other)
}
