//! The DNS listeners.

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
    counting::Counting,
    crowd::Place,
    datagrams::{Answering, Arrival},
    listeners::Spoken,
};
use crate::{
    protocol::{
        Handled,
        dns::{self, Context, Transport, Zone, cut_short},
    },
    resolver::Resolver,
};

/// Without a question for this long a connection ends (RFC 7766 §6.2.3: a few seconds).
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A message that has begun has to be there within this time.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(5);

//----------- DnsService -------------------------------------------------------

/// Who answers, on every listener.
pub(super) struct DnsService {
    /// Set once the node is ready.
    resolver: Arc<OnceLock<Resolver>>,
    zone: Zone,
    counting: Counting,
    byte_rate: Arc<ByteRate>,
}

impl DnsService {
    pub(super) fn new(resolver: Arc<OnceLock<Resolver>>, zone: Zone, counting: Counting) -> Self {
        Self {
            resolver,
            zone,
            counting,
            byte_rate: Arc::new(ByteRate::new()),
        }
    }

    fn respond(&self, transport: Transport, message: &[u8], out: &mut Vec<u8>) -> Handled {
        let context = Context {
            resolver: self.resolver.get(),
            zone: &self.zone,
            transport,
        };
        dns::respond(&context, message, out)
    }
}

impl Spoken for DnsService {
    type Worker = DnsWorker;

    fn worker(self: &Arc<Self>, _: SocketAddr) -> DnsWorker {
        DnsWorker(Arc::clone(self))
    }
}

//----------- DnsWorker --------------------------------------------------------

/// Who answers the datagrams of one socket.
pub(super) struct DnsWorker(Arc<DnsService>);

impl Answering for DnsWorker {
    fn counting(&self) -> &Counting {
        &self.0.counting
    }

    fn byte_rate(&self) -> &Arc<ByteRate> {
        &self.0.byte_rate
    }

    fn answer(&mut self, arrival: Arrival<'_>, out: &mut Vec<u8>) -> Option<Handled> {
        Some(self.0.respond(Transport::Udp, arrival.datagram, out))
    }

    fn question<'a>(&self, datagram: &'a [u8]) -> Option<(u32, &'a [u8])> {
        dns::identity(datagram)
    }

    fn shorten(&self, datagram: &[u8], out: &mut Vec<u8>) {
        cut_short(datagram, out);
    }
}

//----------- Connections ------------------------------------------------------

impl Served for DnsService {
    async fn serve(&self, mut stream: TcpStream, place: &Place) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        let (mut message, mut answer) = (Vec::new(), Vec::new());
        loop {
            let first = tokio::time::timeout(IDLE_TIMEOUT, stream.read_u8()).await??;
            let rest = async {
                let length = u16::from_be_bytes([first, stream.read_u8().await?]);
                message.resize(usize::from(length), 0);
                stream.read_exact(&mut message).await
            };
            tokio::time::timeout(MESSAGE_TIMEOUT, rest).await??;
            let began = self.counting.now();
            // Already now: whoever does not read the answer gives way like whoever asks nothing.
            place.waiting();
            // The length in two octets, and both in one write (RFC 7766 §8).
            answer.clear();
            answer.extend([0; 2]);
            let handled = self.respond(Transport::Tcp, &message, &mut answer);
            let length = u16::try_from(answer.len() - 2).unwrap_or_default();
            answer[..2].copy_from_slice(&length.to_be_bytes());
            if length > 0 {
                let write = tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(&answer));
                write.await??;
            }
            if let Some(request) = self.counting.count(handled, peer) {
                self.counting.time(began, [request]);
            }
            if length == 0 {
                // Whoever sends answers, or less than a header, does not ask anything.
                return stream.shutdown().await;
            }
        }
    }
}
