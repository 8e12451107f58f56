//! The Handle listeners: UDP and TCP on the same addresses.

mod stream;
mod udp;

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::JoinHandle,
};

use super::ServerError;
use crate::{
    accounting::{Counters, Origin, Outcome, Protocol},
    change::SiteProtocol,
    protocol::handle::{self, Context, Interface},
    resolver::Resolver,
};

/// The serial of the site, which changes when its addresses do: clients then ask for it anew.
const SITE_SERIAL: u16 = 1;

//----------- Responder --------------------------------------------------------

/// Who answers, on every listener.
pub(super) struct Responder {
    /// Set once the node is ready.
    resolver: OnceLock<Resolver>,
    counters: Arc<Counters>,
}

impl Responder {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self {
            resolver: OnceLock::new(),
            counters,
        }
    }

    /// Counts an answer that was sent.
    fn count(&self, outcome: Outcome, peer: SocketAddr) {
        let origin = Origin::of(is_here(peer.ip()));
        self.counters.count(Protocol::Handle, outcome, origin);
    }

    /// The node is ready.
    pub(super) fn open(&self, resolver: Resolver) {
        // It is opened once.
        let _ = self.resolver.set(resolver);
    }

    /// Answers a whole message that came to where `site` is.
    fn respond(&self, site: &[u8], message: &[u8], out: &mut Vec<u8>) -> Outcome {
        let context = Context {
            resolver: self.resolver.get(),
            site,
            site_serial: SITE_SERIAL,
            challenge: &make_challenge,
        };
        handle::respond(&context, message, out)
    }
}

/// A number and a nonce from the kernel. Without it nobody is asked who it is: a nonce that can be
/// foretold is none.
fn make_challenge() -> Option<(u32, [u8; 16])> {
    let mut entropy = [0; 20];
    getrandom::fill(&mut entropy).ok()?;
    let [a, b, c, d, nonce @ ..] = entropy;
    // Handle.Net's clients take it for a signed number.
    Some((u32::from_be_bytes([a & 0x7f, b, c, d]), nonce))
}

/// This node as a site: what answers at the address that was asked.
fn site_of(local: SocketAddr) -> Vec<u8> {
    let interface = |protocol| Interface {
        address: local.ip(),
        protocol,
        port: local.port(),
    };
    handle::site(
        SITE_SERIAL,
        &[interface(SiteProtocol::Udp), interface(SiteProtocol::Tcp)],
    )
}

//----------- HandleListener ---------------------------------------------------

/// The bound addresses.
pub(super) struct HandleListener {
    sockets: Vec<(UdpSocket, TcpListener)>,
    addresses: Vec<SocketAddr>,
}

impl HandleListener {
    /// Binds both transports of each address.
    ///
    /// # Errors
    /// Where one cannot be bound.
    pub(super) async fn bind(listen: &[SocketAddr]) -> Result<Self, ServerError> {
        let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
        for address in listen.iter().copied() {
            let cannot = |error| ServerError::Listen { address, error };
            let stream = TcpListener::bind(address).await.map_err(cannot)?;
            // The same port for both, also where the system chose it.
            let local = stream.local_addr().map_err(cannot)?;
            let udp = UdpSocket::bind(local).await.map_err(cannot)?;
            sockets.push((udp, stream));
            addresses.push(local);
        }
        Ok(Self { sockets, addresses })
    }

    /// The addresses, with the ports that the system chose for 0.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Starts answering, until told to stop.
    pub(super) fn start(
        self,
        responder: &Arc<Responder>,
        stopped: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let mut tasks = Vec::new();
        for (udp, listener) in self.sockets {
            let answering = udp::run(udp, Arc::clone(responder), stopped.clone());
            tasks.push(super::spawn(answering));
            let answering = stream::run(listener, Arc::clone(responder), stopped.clone());
            tasks.push(super::spawn(answering));
        }
        tasks
    }
}

/// Whether a peer is on this machine: proxies and tests are, and nobody can forge it.
fn is_here(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}
