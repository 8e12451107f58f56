//! The Handle listeners.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    byte_rate::ByteRate,
    connections::{Served, WRITE_TIMEOUT},
    counting::{Counting, is_here},
    crowd::Place,
    datagrams::{Answering, Arrival},
    listeners::Spoken,
};
use crate::{
    accounting::Outcome,
    change::SiteProtocol,
    protocol::{
        Handled,
        handle::{
            self, Context, DATAGRAM_BYTES_MAX, ENVELOPE_BYTES, Envelope, HandleError, Interface,
            Reassembly, Taken, fragments, too_busy,
        },
    },
    resolver::Resolver,
};

/// The serial of the site, which changes when its addresses do: clients then ask for it anew.
const SITE_SERIAL: u16 = 1;

/// Without a request for this long a connection ends. Clients of CAICT keep theirs ten minutes.
const IDLE_TIMEOUT: Duration = Duration::from_secs(660);

/// A message that has begun has to be there within this time.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest request: 256 conditions of the longest type.
const REQUEST_BYTES_MAX: usize = 72 * 1024;

/// The longest answer over UDP to who may be somebody else's victim: 34 datagrams, of which a
/// network that is busy loses one. A longer one is fetched over TCP.
const UDP_ANSWER_BYTES_MAX: usize = 16 * 1024;

//----------- HandleService ----------------------------------------------------

/// Who answers, on every listener.
pub(super) struct HandleService {
    /// Set once the node is ready.
    resolver: Arc<OnceLock<Resolver>>,
    counting: Counting,
    byte_rate: Arc<ByteRate>,
}

impl HandleService {
    pub(super) fn new(resolver: Arc<OnceLock<Resolver>>, counting: Counting) -> Self {
        Self {
            resolver,
            counting,
            byte_rate: Arc::new(ByteRate::new()),
        }
    }

    /// Answers a whole message that came to where `site` is.
    fn respond(
        &self,
        site: &[u8],
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Handled, HandleError> {
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
        address: local.ip().to_canonical(),
        protocol,
        port: local.port(),
    };
    handle::site(
        SITE_SERIAL,
        &[interface(SiteProtocol::Udp), interface(SiteProtocol::Tcp)],
    )
}

impl Spoken for HandleService {
    type Worker = HandleWorker;

    fn worker(self: &Arc<Self>, bound: SocketAddr) -> HandleWorker {
        HandleWorker {
            service: Arc::clone(self),
            site: (bound, site_of(bound)),
            reassembly: Reassembly::new(),
            whole: None,
        }
    }
}

//----------- HandleWorker -----------------------------------------------------

/// Who answers the datagrams of one socket: all parts of a message come to the same.
pub(super) struct HandleWorker {
    service: Arc<HandleService>,
    /// The site at the address that was asked last; most are asked at one.
    site: (SocketAddr, Vec<u8>),
    reassembly: Reassembly,
    /// The message that was answered last, if it came in parts.
    whole: Option<Vec<u8>>,
}

impl Answering for HandleWorker {
    fn counting(&self) -> &Counting {
        &self.service.counting
    }

    fn byte_rate(&self) -> &Arc<ByteRate> {
        &self.service.byte_rate
    }

    fn answer(&mut self, arrival: Arrival<'_>, out: &mut Vec<u8>) -> Option<Handled> {
        let Arrival {
            peer,
            local,
            now_ms,
            datagram,
        } = arrival;
        if self.site.0 != local {
            self.site = (local, site_of(local));
        }
        let is_part =
            Envelope::decode(datagram).is_ok_and(|envelope| envelope.is_fragment(datagram.len()));
        self.whole = None;
        if is_part {
            match self.reassembly.take(peer, datagram, now_ms) {
                Taken::Whole(message) => self.whole = Some(message),
                Taken::Waiting => return None,
                Taken::Refused => return Some(Handled::Malformed),
            }
        }
        let message = self.whole.as_deref().unwrap_or(datagram);
        let handled = self.service.respond(&self.site.1, message, out);
        let handled = handled.unwrap_or(Handled::Malformed);
        if let Handled::Answered(act) = handled
            && out.len() > UDP_ANSWER_BYTES_MAX
            && !is_here(peer.ip())
        {
            out.clear();
            too_busy(message, out);
            return Some(Handled::Answered(act.with(Outcome::Truncated)));
        }
        Some(handled)
    }

    fn question<'a>(&self, datagram: &'a [u8]) -> Option<(u32, &'a [u8])> {
        handle::identity(datagram)
    }

    fn whole(&self) -> Option<&[u8]> {
        self.whole.as_deref()
    }

    fn shorten(&self, datagram: &[u8], out: &mut Vec<u8>) {
        too_busy(self.whole.as_deref().unwrap_or(datagram), out);
    }

    fn cut(&self, answer: &[u8], mut send: impl FnMut(&[u8])) {
        if answer.len() <= DATAGRAM_BYTES_MAX {
            send(answer);
        } else {
            fragments(answer, send);
        }
    }
}

//----------- Connections ------------------------------------------------------

impl Served for HandleService {
    async fn serve(&self, mut stream: TcpStream, place: &Place) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (site, peer) = (site_of(stream.local_addr()?), stream.peer_addr()?);
        let (mut message, mut answer) = (Vec::new(), Vec::new());
        loop {
            message.resize(ENVELOPE_BYTES, 0);
            let first = tokio::time::timeout(IDLE_TIMEOUT, stream.read_exact(&mut message[..1]));
            first.await??;
            let rest = tokio::time::timeout(MESSAGE_TIMEOUT, read_rest(&mut stream, &mut message));
            rest.await??;
            let began = self.counting.now();
            // Already now: whoever does not read the answer gives way like whoever asks nothing.
            place.waiting();
            answer.clear();
            let handled = self.respond(&site, &message, &mut answer);
            let write = tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(&answer));
            write.await??;
            let is_read = handled.is_ok();
            let handled = handled.unwrap_or(Handled::Malformed);
            if let Some(request) = self.counting.count(handled, peer) {
                self.counting.time(began, [request]);
            }
            if !is_read {
                // Where the next message begins nobody knows.
                return stream.shutdown().await;
            }
        }
    }
}

/// Reads what follows the first byte, or of what is longer than a request the envelope alone.
async fn read_rest(stream: &mut TcpStream, message: &mut Vec<u8>) -> io::Result<()> {
    stream.read_exact(&mut message[1..ENVELOPE_BYTES]).await?;
    let envelope = Envelope::decode(message).ok();
    if let Some(envelope) = envelope.filter(|envelope| envelope.length() <= REQUEST_BYTES_MAX) {
        message.resize(ENVELOPE_BYTES + envelope.length(), 0);
        stream.read_exact(&mut message[ENVELOPE_BYTES..]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounting::{Counters, Protocol},
        change::Hosting,
        protocol::{
            handle::{HEADER_BYTES, Header, resolution_request},
            tests::{Built, value},
        },
        server::clock::Watch,
    };

    /// A node with a record of so many bytes.
    fn worker(bytes: usize) -> HandleWorker {
        let built = Built::new();
        built.secondary("88.118");
        built.firm(1, "88.118.8", Hosting::Hosted);
        built.put(
            "88.118.8/LARGE",
            (0..bytes.div_ceil(1_000))
                .map(|at| value(u32::try_from(at + 1).unwrap(), "NOTE", &[b'x'; 970], 0b1110))
                .collect(),
        );
        let resolver = OnceLock::from(built.resolver());
        let resolver = Arc::new(resolver);
        let counting = Counting::new(
            Arc::new(Counters::new()),
            Arc::default(),
            Arc::clone(&resolver),
            Protocol::Handle,
            Arc::new(Watch::begin()),
        );
        let service = HandleService::new(resolver, counting);
        Arc::new(service).worker(SocketAddr::from(([192, 0, 2, 1], 2_641)))
    }

    fn ask(worker: &mut HandleWorker, peer: [u8; 4]) -> (Option<Outcome>, Vec<u8>) {
        let arrival = Arrival {
            peer: SocketAddr::from((peer, 9)),
            local: SocketAddr::from(([192, 0, 2, 1], 2_641)),
            now_ms: 0,
            datagram: &resolution_request(7, "88.118.8/LARGE", &[]),
        };
        let mut out = Vec::new();
        let handled = worker.answer(arrival, &mut out);
        (handled.and_then(Handled::outcome), out)
    }

    #[test]
    fn nobody_is_flooded_with_one_question() {
        let success = Some(Outcome::Success);
        let (handled, answer) = ask(&mut worker(15_000), [192, 0, 2, 9]);
        assert_eq!(handled, success);
        assert!(answer.len() > 15_000);
        let mut large = worker(60_000);
        let (handled, answer) = ask(&mut large, [192, 0, 2, 9]);
        assert_eq!(handled, Some(Outcome::Truncated));
        assert_eq!(answer.len(), ENVELOPE_BYTES + HEADER_BYTES);
        let envelope = Envelope::decode(&answer).unwrap();
        let header = Header::decode(&answer[ENVELOPE_BYTES..]).unwrap();
        assert_eq!((envelope.request_id, header.response_code), (7, 3));
        // Nobody forges an address of this machine.
        let (handled, answer) = ask(&mut large, [127, 0, 0, 1]);
        assert_eq!(handled, success);
        assert!(answer.len() > 60_000);
    }
}
