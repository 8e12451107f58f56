//! The accept loop of protocols whose connections stay open and carry one request after the other.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    crowd::{Crowd, Place},
    peers::Peers,
};

/// Connections at a time, on one address.
const CONNECTIONS_MAX: usize = 1_024;

/// Of those, one peer's, unless it is on this machine.
const PEER_CONNECTIONS_MAX: usize = 64;

/// A client that does not take its answer within this time gets none.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after an accept that failed: descriptors come back when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

//----------- Served -----------------------------------------------------------

/// Whatever answers on connections.
pub(super) trait Served: Send + Sync + 'static {
    /// Answers one request after the other, until the client ends it or breaks the rules.
    fn serve(
        &self,
        stream: TcpStream,
        place: &Place,
    ) -> impl Future<Output = io::Result<()>> + Send;
}

//----------- run --------------------------------------------------------------

/// Accepts until told to stop.
pub(super) async fn run<S: Served>(
    listener: TcpListener,
    service: Arc<S>,
    mut stopped: watch::Receiver<bool>,
) {
    let crowd = Crowd::new(CONNECTIONS_MAX);
    let peers = Peers::new(PEER_CONNECTIONS_MAX);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
            Some(_) = connections.join_next() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(slot) = peers.enter(peer.ip()) else {
            continue;
        };
        let place = tokio::select! {
            place = crowd.enter() => place,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let service = Arc::clone(&service);
        connections.spawn(async move {
            tokio::select! {
                // However it ends, nobody is left to be told.
                _ = service.serve(stream, &place) => {}
                () = place.give_way() => {}
            }
            drop((slot, place));
        });
    }
    // Answers are quick, and a client that is in the middle of a request asks again.
    connections.shutdown().await;
}
