//! The accept loop of HTTP.

use std::{future::poll_fn, net::SocketAddr, sync::Arc, task::Poll, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    ServerError,
    connection::{self, Timeouts},
    counting::Counting,
    crowd::Crowd,
    options::HttpOptions,
    peers::Peers,
    sockets,
};

/// How long to wait after an accept that failed: descriptors come back when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One peer has at most this part of all connections; loopback, where proxies are, has them all.
const PEER_SHARE: usize = 4;

//----------- HttpListener -----------------------------------------------------

/// The bound addresses: one loop serves all, so that one cap holds for all.
pub(super) struct HttpListener {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    connections_max: usize,
    timeouts: Timeouts,
    shutdown_timeout: Duration,
}

impl HttpListener {
    /// Binds the addresses.
    ///
    /// # Errors
    /// Where one cannot be bound.
    pub(super) fn bind(options: &HttpOptions) -> Result<Self, ServerError> {
        let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
        for address in options.listen.iter().copied() {
            let cannot = |error| ServerError::Listen { address, error };
            let listener = sockets::listener(address, &options.listen).map_err(cannot)?;
            addresses.push(listener.local_addr().map_err(cannot)?);
            listeners.push(listener);
        }
        let timeouts = Timeouts {
            idle: options.idle_timeout,
            header: options.header_timeout,
        };
        Ok(Self {
            listeners,
            addresses,
            connections_max: options.connections_max,
            timeouts,
            shutdown_timeout: options.shutdown_timeout,
        })
    }

    /// The addresses, with the ports that the system chose for 0.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Accepts until told to stop, then waits for open requests.
    pub(super) async fn run(
        self,
        router: Router,
        counting: Option<Counting>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let crowd = Crowd::new(self.connections_max);
        let peers = Peers::new(self.connections_max.div_ceil(PEER_SHARE));
        let mut connections = JoinSet::new();
        let mut turn = 0_usize;
        loop {
            turn = turn.wrapping_add(1);
            let (stream, peer) = tokio::select! {
                accepted = self.accept(turn) => accepted,
                _ = stopped.wait_for(|stopped| *stopped) => break,
                // Ended connections are let go of while others are served.
                Some(_) = connections.join_next() => continue,
            };
            let Some(slot) = peers.enter(peer.ip()) else {
                continue;
            };
            let place = tokio::select! {
                place = crowd.enter() => Arc::new(place),
                _ = stopped.wait_for(|stopped| *stopped) => break,
            };
            let (router, counting, stopped) = (router.clone(), counting.clone(), stopped.clone());
            let timeouts = self.timeouts;
            connections.spawn(async move {
                let serve =
                    connection::serve(stream, peer, router, counting, timeouts, stopped, &place);
                tokio::select! {
                    () = serve => {}
                    () = place.give_way() => {}
                }
                drop((slot, place));
            });
        }
        drop(self.listeners);
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

    /// The next connection of any address; which is asked first goes round with `turn`, so that a
    /// busy one does not hide another.
    async fn accept(&self, turn: usize) -> (TcpStream, SocketAddr) {
        let (before, after) = self.listeners.split_at(turn % self.listeners.len().max(1));
        loop {
            let any = poll_fn(|cx| {
                let mut around = after.iter().chain(before);
                let accepted = around.find_map(|listener| match listener.poll_accept(cx) {
                    Poll::Ready(accepted) => Some(accepted),
                    Poll::Pending => None,
                });
                accepted.map_or(Poll::Pending, Poll::Ready)
            });
            match any.await {
                Ok(accepted) => return accepted,
                Err(error) => {
                    tracing::debug!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}
