//! One worker's socket: batches of datagrams in, answers out, from the address that was asked.

use std::{
    io::{self, IoSliceMut},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use tokio::{io::Interest, net::UdpSocket, sync::watch};

use super::{
    byte_rate::{ByteRate, Verdict},
    counting::{Counting, is_here},
    repeats::{Look, Question, Repeats},
};
use crate::{
    accounting::{Outcome, Request},
    protocol::Handled,
};

/// The largest datagram that IP carries, and the most that the kernel hands over as one piece.
const RECEIVE_BYTES_MAX: usize = 65_535;

/// How long to wait after a receive that failed.
const RECEIVE_PAUSE: Duration = Duration::from_millis(50);

//----------- Answering --------------------------------------------------------

/// A datagram that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) peer: SocketAddr,
    /// The address that was asked.
    pub(super) local: SocketAddr,
    /// On a clock that nobody sets.
    pub(super) now_ms: u64,
    pub(super) datagram: &'a [u8],
}

/// Whatever answers the datagrams of one socket.
pub(super) trait Answering: Send + Sync + 'static {
    /// Where its answers are counted.
    fn counting(&self) -> &Counting;

    /// What its sources may get; shared by all workers.
    fn byte_rate(&self) -> &Arc<ByteRate>;

    /// Appends the answer to `out`; nothing where there is none yet, or at all.
    fn answer(&mut self, arrival: Arrival<'_>, out: &mut Vec<u8>) -> Option<Handled>;

    /// The number that the client gave a message, and what it asks for; none where that cannot be
    /// told before it is answered, or at all.
    fn question<'a>(&self, datagram: &'a [u8]) -> Option<(u32, &'a [u8])>;

    /// The message that was answered last, where it came in several datagrams.
    fn whole(&self) -> Option<&[u8]> {
        None
    }

    /// Appends the fewest bytes that tell the client to come over TCP, or later.
    fn shorten(&self, datagram: &[u8], out: &mut Vec<u8>);

    /// Hands an answer on in datagrams.
    fn cut(&self, answer: &[u8], mut send: impl FnMut(&[u8])) {
        send(answer);
    }
}

//----------- run --------------------------------------------------------------

/// Answers datagrams until told to stop.
pub(super) async fn run(
    socket: UdpSocket,
    answering: impl Answering,
    mut stopped: watch::Receiver<bool>,
) {
    let made = socket
        .local_addr()
        .and_then(|bound| Ok((bound, UdpSocketState::new((&socket).into())?)));
    let (bound, state) = match made {
        Ok(made) => made,
        Err(error) => {
            tracing::error!(%error, "a socket for datagrams cannot be used");
            return;
        }
    };
    let mut worker = Worker {
        socket,
        state,
        bound,
        counting: answering.counting().alone(),
        answering,
        answer: Vec::new(),
        repeats: Repeats::new(),
        looks: Vec::new(),
        requests: Vec::new(),
    };
    let mut buffers = vec![vec![0; RECEIVE_BYTES_MAX]; BATCH_SIZE];
    let mut arrived = vec![RecvMeta::default(); BATCH_SIZE];
    loop {
        let received = tokio::select! {
            // First: datagrams may never end.
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            received = worker.receive(&mut buffers, &mut arrived) => received,
        };
        match received {
            Ok(count) => worker.answer_all(buffers.iter().zip(&arrived).take(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                tracing::debug!(%error, "datagrams were not received");
                tokio::time::sleep(RECEIVE_PAUSE).await;
            }
        }
        // A socket that stays readable is always ready, which the runtime does not count: without
        // this, as many workers as it has threads would leave nothing to all other tasks.
        tokio::task::yield_now().await;
    }
}

struct Worker<A> {
    socket: UdpSocket,
    state: UdpSocketState,
    bound: SocketAddr,
    answering: A,
    counting: Counting,
    answer: Vec<u8>,
    repeats: Repeats,
    /// Of the batch that is answered; kept for their room.
    looks: Vec<Option<Look>>,
    requests: Vec<Request>,
}

impl<A: Answering> Worker<A> {
    /// As many datagrams as there are.
    async fn receive(
        &self,
        buffers: &mut [Vec<u8>],
        arrived: &mut [RecvMeta],
    ) -> io::Result<usize> {
        self.socket.readable().await?;
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = {
            let mut buffers = buffers.iter_mut();
            std::array::from_fn(|_| {
                IoSliceMut::new(buffers.next().map_or(&mut [][..], Vec::as_mut_slice))
            })
        };
        self.socket.try_io(Interest::READABLE, || {
            self.state.recv((&self.socket).into(), &mut slices, arrived)
        })
    }

    fn answer_all<'b>(&mut self, all: impl Iterator<Item = (&'b Vec<u8>, &'b RecvMeta)> + Clone) {
        // One reading for the batch, and one when it is answered.
        let began = self.counting.now();
        let mut looks = std::mem::take(&mut self.looks);
        looks.clear();
        for (buffer, arrived) in all.clone() {
            let look = |datagram| self.look(arrived.addr, datagram);
            looks.extend(pieces(buffer, arrived).map(look));
        }
        self.repeats.fetch(&looks);
        let mut looked = looks.iter().copied();
        for (buffer, arrived) in all {
            let asked = arrived.dst_ip.filter(|_| self.bound.ip().is_unspecified());
            let local =
                SocketAddr::new(asked.unwrap_or_else(|| self.bound.ip()), self.bound.port());
            for datagram in pieces(buffer, arrived) {
                let arrival = Arrival {
                    peer: arrived.addr,
                    local,
                    now_ms: began.as_ms(),
                    datagram,
                };
                self.answer(arrival, asked, looked.next().flatten());
            }
        }
        self.looks = looks;
        if !self.requests.is_empty() {
            self.counting.time(began, self.requests.drain(..));
        }
    }

    fn answer(&mut self, arrival: Arrival<'_>, from: Option<IpAddr>, look: Option<Look>) {
        let (peer, out) = (arrival.peer, &mut self.answer);
        out.clear();
        let Some(handled) = self.answering.answer(arrival, out) else {
            return;
        };
        let verdict = if is_here(peer.ip()) {
            Verdict::Send
        } else {
            let rate = self.answering.byte_rate();
            rate.judge(peer.ip(), out.len(), arrival.now_ms)
        };
        let handled = match verdict {
            Verdict::Send => handled,
            Verdict::Shorten => {
                out.clear();
                self.answering.shorten(arrival.datagram, out);
                limited(handled)
            }
            Verdict::Drop => {
                out.clear();
                limited(handled)
            }
        };
        let is_sent = out.is_empty() || self.send(peer, from);
        let handled = if is_sent { handled } else { unsent(handled) };
        let handled = self.told_apart(handled, arrival, look);
        self.requests.extend(self.counting.count(handled, peer));
    }

    /// What a message counts as that may have come before.
    fn told_apart(
        &mut self,
        handled: Handled,
        arrival: Arrival<'_>,
        look: Option<Look>,
    ) -> Handled {
        let Handled::Answered(act) = handled else {
            return handled;
        };
        // Whose answer did not come asks again, and is then answered for the first time.
        if matches!(
            act.outcome,
            Outcome::Limited | Outcome::Error | Outcome::Auxiliary
        ) {
            return handled;
        }
        let whole = || self.look(arrival.peer, self.answering.whole()?);
        let Some(look) = look.or_else(whole) else {
            return handled;
        };
        if self.repeats.is_repeated(look, arrival.now_ms) {
            return Handled::Answered(act.with(Outcome::Retransmitted));
        }
        handled
    }

    fn look(&self, peer: SocketAddr, message: &[u8]) -> Option<Look> {
        let (message_id, asked) = self.answering.question(message)?;
        Some(self.repeats.look(&Question {
            peer,
            message_id,
            asked,
        }))
    }

    /// Sends the answer; whether the kernel took all of it.
    fn send(&self, destination: SocketAddr, from: Option<IpAddr>) -> bool {
        let mut is_sent = true;
        self.answering.cut(&self.answer, |contents| {
            let transmit = Transmit {
                destination,
                ecn: None,
                contents,
                segment_size: None,
                src_ip: from,
            };
            // A client asks again for what does not come.
            if let Err(error) = self.state.try_send((&self.socket).into(), &transmit) {
                tracing::debug!(%error, "a datagram was not sent");
                is_sent = false;
            }
        });
        is_sent
    }
}

/// The datagrams that came in one buffer: the kernel may hand over several of one sender as one.
fn pieces<'b>(buffer: &'b [u8], arrived: &RecvMeta) -> impl Iterator<Item = &'b [u8]> {
    let whole = buffer.get(..arrived.len).unwrap_or_default();
    whole.chunks(arrived.stride.max(1))
}

/// What a message counts as whose answer is held back, since its source gets too much.
fn limited(handled: Handled) -> Handled {
    match handled {
        Handled::Answered(act) => Handled::Answered(act.with(Outcome::Limited)),
        Handled::Malformed => Handled::Malformed,
    }
}

/// What a message counts as whose answer the kernel did not take: nobody was answered.
fn unsent(handled: Handled) -> Handled {
    match handled {
        Handled::Answered(act) if act.outcome == Outcome::Success => {
            Handled::Answered(act.with(Outcome::Error))
        }
        other => other,
    }
}
