//! The accept loop: permits before connections.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{
    ServerError,
    connection::{self, Timeouts},
    options::HttpOptions,
};
use crate::protocol::http::{Api, router};

/// How long to wait after an accept that failed: descriptors come back when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One peer has at most this part of all connections; loopback, where proxies are, has them all.
const PEER_SHARE: usize = 4;

//----------- HttpListener -----------------------------------------------------

/// A bound address.
pub(super) struct HttpListener {
    listener: TcpListener,
    address: SocketAddr,
    connections_max: usize,
    timeouts: Timeouts,
    shutdown_timeout: Duration,
}

impl HttpListener {
    /// Binds an address.
    ///
    /// # Errors
    /// Where it cannot be bound.
    pub(super) async fn bind(
        address: SocketAddr,
        options: &HttpOptions,
    ) -> Result<Self, ServerError> {
        let cannot = |error| ServerError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let timeouts = Timeouts {
            idle: options.idle_timeout,
            header: options.header_timeout,
        };
        Ok(Self {
            listener,
            address,
            connections_max: options.connections_max,
            timeouts,
            shutdown_timeout: options.shutdown_timeout,
        })
    }

    /// The address, with the port that the system chose for 0.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts until told to stop, then waits for open requests.
    pub(super) async fn run(self, api: Arc<Api>, mut stopped: watch::Receiver<bool>) {
        let router = router(api);
        let permits = Arc::new(Semaphore::new(self.connections_max));
        let peers = Peers::new(self.connections_max.div_ceil(PEER_SHARE));
        let mut connections = JoinSet::new();
        loop {
            // A permit first: a connection that is not accepted yet costs the kernel, not us.
            let next = async {
                let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
                let (stream, peer) = self.accept().await;
                Some((permit, stream, peer))
            };
            let accepted = tokio::select! {
                next = next => next,
                _ = stopped.wait_for(|stopped| *stopped) => None,
                // Ended connections are let go of while others are served.
                Some(_) = connections.join_next() => continue,
            };
            let Some((permit, stream, peer)) = accepted else {
                break;
            };
            let Some(slot) = peers.enter(peer.ip()) else {
                continue;
            };
            let (router, stopped) = (router.clone(), stopped.clone());
            let timeouts = self.timeouts;
            connections.spawn(async move {
                connection::serve(stream, peer, router, timeouts, stopped).await;
                drop((slot, permit));
            });
        }
        drop(self.listener);
        let finish = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.shutdown_timeout, finish)
            .await
            .is_err()
        {
            tracing::warn!(
                open = connections.len(),
                "requests are cut off: the time is over"
            );
            connections.shutdown().await;
        }
    }

    async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

//----------- Peers ------------------------------------------------------------

/// Connections per peer: no more addresses are held than connections are open.
#[derive(Clone)]
struct Peers {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    open_max: usize,
}

/// A peer's place, until dropped.
struct Slot {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    fn new(open_max: usize) -> Self {
        Self {
            open: Arc::default(),
            open_max,
        }
    }

    /// Takes a place, if the peer has one left.
    fn enter(&self, peer: IpAddr) -> Option<Slot> {
        let peer = peer.to_canonical();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_insert(0);
        if *count >= self.open_max && !peer.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Slot {
            peers: self.clone(),
            peer,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self
            .peers
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_its_share_and_leaves_nothing_behind() {
        let peers = Peers::new(2);
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let slots = [peers.enter(peer).unwrap(), peers.enter(mapped).unwrap()];
        assert!(peers.enter(peer).is_none());
        assert!(peers.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(slots);
        assert!(peers.open.lock().unwrap().is_empty());
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let here = [peers.enter(here), peers.enter(here), peers.enter(here)];
        assert!(here.iter().all(Option::is_some));
    }
}
