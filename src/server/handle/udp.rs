//! Handle over UDP: one task per address.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{net::UdpSocket, sync::watch};

use super::{Responder, is_here, site_of};
use crate::{
    protocol::handle::{DATAGRAM_BYTES_MAX, Envelope, Reassembly, Taken, fragments, too_busy},
    server::byte_rate::{ByteRate, Verdict},
};

/// The largest datagram that IP carries: a client may send more than it should.
const RECEIVE_BYTES_MAX: usize = 65_535;

/// How long to wait after a receive that failed.
const RECEIVE_PAUSE: Duration = Duration::from_millis(50);

//----------- run --------------------------------------------------------------

/// Answers datagrams until told to stop.
pub(super) async fn run(
    socket: UdpSocket,
    responder: Arc<Responder>,
    mut stopped: watch::Receiver<bool>,
) {
    let Ok(local) = socket.local_addr() else {
        return;
    };
    let mut answering = Answering {
        responder,
        site: site_of(local),
        reassembly: Reassembly::new(),
        byte_rate: ByteRate::new(),
        began: began(),
        answer: Vec::new(),
    };
    let mut buffer = vec![0; RECEIVE_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        match received {
            Ok((bytes, peer)) => answering.answer(&socket, peer, &buffer[..bytes]).await,
            Err(error) => {
                // An answer that somebody did not want comes back as an error of the next receive.
                tracing::debug!(%error, "a datagram was not received");
                tokio::time::sleep(RECEIVE_PAUSE).await;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the server reads clocks")]
fn began() -> Instant {
    Instant::now()
}

/// What is kept between datagrams.
struct Answering {
    responder: Arc<Responder>,
    site: Vec<u8>,
    reassembly: Reassembly,
    byte_rate: ByteRate,
    began: Instant,
    answer: Vec<u8>,
}

impl Answering {
    async fn answer(&mut self, socket: &UdpSocket, peer: SocketAddr, datagram: &[u8]) {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let is_part =
            Envelope::decode(datagram).is_ok_and(|envelope| envelope.is_fragment(datagram.len()));
        let whole;
        let message = if is_part {
            match self.reassembly.take(peer, datagram, now_ms) {
                Taken::Whole(bytes) => {
                    whole = bytes;
                    &whole
                }
                Taken::Waiting | Taken::Refused => return,
            }
        } else {
            datagram
        };
        self.answer.clear();
        let outcome = self
            .responder
            .respond(&self.site, message, &mut self.answer);
        if !is_here(peer.ip()) {
            match self.byte_rate.judge(peer.ip(), self.answer.len(), now_ms) {
                Verdict::Send => self.responder.count(outcome, peer),
                Verdict::Shorten => {
                    self.answer.clear();
                    too_busy(message, &mut self.answer);
                }
                Verdict::Drop => return,
            }
        } else {
            self.responder.count(outcome, peer);
        }
        if self.answer.len() <= DATAGRAM_BYTES_MAX {
            send(socket, &self.answer, peer).await;
            return;
        }
        let mut datagrams = Vec::new();
        fragments(&self.answer, |datagram| datagrams.push(datagram.to_vec()));
        for datagram in datagrams {
            send(socket, &datagram, peer).await;
        }
    }
}

async fn send(socket: &UdpSocket, datagram: &[u8], peer: SocketAddr) {
    // A client asks again for what does not come.
    if let Err(error) = socket.send_to(datagram, peer).await {
        tracing::debug!(%error, "a datagram was not sent");
    }
}
