//! Where a node listens for a protocol other than HTTP, and a connection to it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::cli::Failure;

/// Longer than any answer takes on a line that works.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most addresses of a name that are tried: a node has one of each kind, or a few.
const ADDRESSES_MAX: usize = 8;

//----------- Addresses ----------------------------------------------------------

/// Where a node may be found: a name can have addresses at which nobody listens.
pub(super) struct Addresses(Vec<SocketAddr>);

impl Addresses {
    /// As told, or as the configuration says; `section` is the listener's, `protocol` its name.
    pub(super) fn find(
        node: Option<&str>,
        listen: &[SocketAddr],
        section: &str,
        protocol: &str,
    ) -> Result<Self, Failure> {
        if let Some(node) = node {
            let found = node.to_socket_addrs().into_iter().flatten();
            let found: Vec<_> = found.take(ADDRESSES_MAX).collect();
            if found.is_empty() {
                let error = format!("{node:?} is no address of {protocol}");
                let hint = "give --node HOST:PORT, such as 127.0.0.1:2641";
                return Err(Failure::usage(error, hint));
            }
            return Ok(Self(found));
        }
        let address = listen.first().copied().ok_or_else(|| {
            let error = format!("the node does not listen for {protocol}");
            let hint = format!("set [{section}] listen, or give --node HOST:PORT");
            Failure::new(error, hint)
        })?;
        Ok(Self(vec![reachable(address)]))
    }

    /// A connection to the first that takes one.
    pub(super) fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in &self.0 {
            match TcpStream::connect_timeout(address, TIMEOUT) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(TIMEOUT))?;
                    stream.set_write_timeout(Some(TIMEOUT))?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl std::fmt::Display for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<_> = self.0.iter().map(SocketAddr::to_string).collect();
        f.write_str(&all.join(", "))
    }
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn where_nobody_listens_the_next_address_is_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let nobody = "127.0.0.1:1".parse().unwrap();
        let addresses = Addresses(vec![nobody, there]);
        assert_eq!(addresses.connect().unwrap().peer_addr().unwrap(), there);
        assert_eq!(addresses.to_string(), format!("{nobody}, {there}"));
        assert!(Addresses(vec![nobody]).connect().is_err());
    }
}
