//! Where a node listens for a protocol other than HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use crate::cli::Failure;

/// As told, or as the configuration says; `section` is the listener's, `protocol` its name.
pub(super) fn find(
    node: Option<&str>,
    listen: &[SocketAddr],
    section: &str,
    protocol: &str,
) -> Result<SocketAddr, Failure> {
    if let Some(node) = node {
        let found = node.to_socket_addrs().ok().and_then(|mut all| all.next());
        return found.ok_or_else(|| {
            let error = format!("{node:?} is no address of {protocol}");
            Failure::usage(error, "give --node HOST:PORT, such as 127.0.0.1:2641")
        });
    }
    let address = listen.first().copied().ok_or_else(|| {
        let error = format!("the node does not listen for {protocol}");
        let hint = format!("set [{section}] listen, or give --node HOST:PORT");
        Failure::new(error, hint)
    })?;
    Ok(reachable(address))
}

/// An address that is listened on, as one that can be asked: any address of this machine is loopback.
pub(in crate::cli) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let here: IpAddr = match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(here);
    }
    address
}
