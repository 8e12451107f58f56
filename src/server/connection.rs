//! One HTTP connection, from its acceptance to its end.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::watch};
use tower::ServiceExt;

use super::{
    counting::Counting,
    crowd::Place,
    pace::{Pace, Paced},
};
use crate::protocol::http::{Counted, Peer};

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
    counting: Option<Counting>,
    timeouts: Timeouts,
    mut stopped: watch::Receiver<bool>,
    place: &Arc<Place>,
) {
    // Small replies leave at once; a client that waits for one does not wait for a timer.
    let _ = stream.set_nodelay(true);
    let pace = Arc::new(Pace::default());
    let paced = Paced::new(stream, Arc::clone(&pace), counting.clone(), timeouts);
    let peer = Peer { address: peer.ip() };
    let place = Arc::clone(place);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        pace.busy();
        let began = counting.as_ref().map(Counting::now);
        // Whoever sends a body slowly gives way like whoever sends nothing.
        if request.body().is_end_stream() {
            place.busy();
        }
        request.extensions_mut().insert(peer);
        let (router, pace, place) = (router.clone(), Arc::clone(&pace), Arc::clone(&place));
        async move {
            let watched = |body| {
                Body::new(Watched {
                    body,
                    pace: Arc::clone(&pace),
                    place: Arc::clone(&place),
                    has_ended: false,
                })
            };
            let response = router.oneshot(request.map(watched)).await;
            if let Ok(response) = &response
                && let Some(counted) = response.extensions().get::<Counted>()
                && let Some(began) = began
            {
                pace.send(*counted, began);
            }
            pace.idle();
            place.waiting();
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

//----------- Watched ----------------------------------------------------------

/// A body that tells when it has come, and when it is left before its end.
struct Watched {
    body: Incoming,
    pace: Arc<Pace>,
    place: Arc<Place>,
    has_ended: bool,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
        this.has_ended = frame.is_none();
        if this.has_ended || this.body.is_end_stream() {
            this.place.busy();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.has_ended && !self.body.is_end_stream() {
            self.pace.leave_unread();
        }
    }
}

//----------- Helper functions -------------------------------------------------

/// Connections end in many ways that are no fault of this node; none is worth a line each.
fn note(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
}
