//! Handle over TCP: connections stay open, and requests follow each other on them.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{Responder, site_of};
use crate::{
    protocol::handle::{ENVELOPE_BYTES, Envelope},
    server::peers::Peers,
};

/// Connections at a time, on one address.
const CONNECTIONS_MAX: usize = 1_024;

/// Of those, one peer's, unless it is on this machine.
const PEER_CONNECTIONS_MAX: usize = 64;

/// Without a request for this long a connection ends. Clients of CAICT keep theirs ten minutes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(660);

/// A message that has begun has to be there within this time.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that does not take its answer within this time gets none.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest request: 256 conditions of the longest type.
const REQUEST_BYTES_MAX: usize = 72 * 1024;

/// How long to wait after an accept that failed: descriptors come back when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

//----------- run --------------------------------------------------------------

/// Accepts until told to stop.
pub(super) async fn run(
    listener: TcpListener,
    responder: Arc<Responder>,
    mut stopped: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let peers = Peers::new(PEER_CONNECTIONS_MAX);
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            // A permit first: a connection that is not accepted yet costs the kernel, not us.
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            Some((permit, listener.accept().await))
        };
        let accepted = tokio::select! {
            next = next => next,
            _ = stopped.wait_for(|stopped| *stopped) => None,
            Some(_) = connections.join_next() => continue,
        };
        let Some((permit, accepted)) = accepted else {
            break;
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(place) = peers.enter(peer.ip()) else {
                    continue;
                };
                let responder = Arc::clone(&responder);
                connections.spawn(async move {
                    // However it ends, nobody is left to be told.
                    let _ = serve(stream, &responder).await;
                    drop((place, permit));
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Answers are quick, and a client that is in the middle of a request asks again.
    connections.shutdown().await;
}

/// Answers one request after the other.
async fn serve(mut stream: TcpStream, responder: &Responder) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (site, peer) = (site_of(stream.local_addr()?), stream.peer_addr()?);
    let (mut message, mut answer) = (Vec::new(), Vec::new());
    loop {
        message.resize(ENVELOPE_BYTES, 0);
        let first = tokio::time::timeout(IDLE_TIMEOUT, stream.read_exact(&mut message[..1]));
        first.await??;
        let rest = tokio::time::timeout(MESSAGE_TIMEOUT, read_rest(&mut stream, &mut message));
        let is_read = rest.await??;
        answer.clear();
        let outcome = responder.respond(&site, &message, &mut answer);
        let write = tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(&answer));
        write.await??;
        responder.count(outcome, peer);
        if !is_read {
            // Where the next message begins nobody knows.
            return stream.shutdown().await;
        }
    }
}

/// Reads what follows the first byte; whether it was a message of a length that is read.
async fn read_rest(stream: &mut TcpStream, message: &mut Vec<u8>) -> io::Result<bool> {
    stream.read_exact(&mut message[1..ENVELOPE_BYTES]).await?;
    let Ok(envelope) = Envelope::decode(message) else {
        return Ok(false);
    };
    if envelope.length() > REQUEST_BYTES_MAX {
        return Ok(false);
    }
    message.resize(ENVELOPE_BYTES + envelope.length(), 0);
    stream.read_exact(&mut message[ENVELOPE_BYTES..]).await?;
    Ok(true)
}
