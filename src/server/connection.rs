//! One HTTP connection, from its acceptance to its end.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::watch};
use tower::ServiceExt;

use super::pace::{Pace, Paced};
use crate::protocol::http::Peer;

/// The most bytes of a request's header: an identifier of 3 KiB, a token and what proxies add.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// The most fields of a request's header (the usual number; a browser sends about twenty).
const HEADER_FIELDS_MAX: usize = 100;

/// Time limits of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// Without a request.
    pub(super) idle: Duration,
    /// From the first byte of a request to the end of its header.
    pub(super) header: Duration,
}

/// Serves a connection until it ends, or until the node stops and its request is answered.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    timeouts: Timeouts,
    mut stopped: watch::Receiver<bool>,
) {
    // Small replies leave at once; a client that waits for one does not wait for a timer.
    let _ = stream.set_nodelay(true);
    let pace = Arc::new(Pace::default());
    let paced = Paced::new(stream, Arc::clone(&pace), timeouts.idle, timeouts.header);
    let peer = Peer {
        is_loopback: peer.ip().to_canonical().is_loopback(),
    };
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        pace.busy();
        request.extensions_mut().insert(peer);
        let (router, pace) = (router.clone(), Arc::clone(&pace));
        async move {
            let response = router.oneshot(request.map(Body::new)).await;
            pace.idle();
            response.map_err(|never: Infallible| never)
        }
    });
    let connection = http1::Builder::new()
        // `Paced` keeps the time: hyper's own limit does not tell idle from slow.
        .header_read_timeout(None)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADER_FIELDS_MAX)
        .serve_connection(TokioIo::new(paced), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        // Nobody is left to say so: that is the same as being told to stop.
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    note(connection.await);
}

/// Connections end in many ways that are no fault of this node; none is worth a line each.
fn note(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
}
