//! Questions in datagrams: batches out, batches in.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use quinn_udp::{BATCH_SIZE, UdpSocketState};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};

use super::line::{Line, Scratch};
use super::slots::{Slot, Slots};
use super::wire::{number_at, read_datagram};
use super::worker::Worker;
use crate::cli::arguments::BenchVia;

/// Room for the answers to a whole window, so that it is not this end that loses them.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

//----------- Datagrams ----------------------------------------------------------

/// A socket and what is under way on it.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    state: UdpSocketState,
    slots: Slots,
    via: BenchVia,
    number_at: usize,
}

impl Datagrams {
    /// A socket that asks `address`.
    ///
    /// # Errors
    /// Where the system gives none.
    pub(super) fn connect(via: BenchVia, address: SocketAddr, window: u16) -> io::Result<Self> {
        let any: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        let state = UdpSocketState::new((&socket).into())?;
        // A smaller one loses answers, which is told.
        let _ = state.set_recv_buffer_size((&socket).into(), RECEIVE_BUFFER_BYTES);
        Ok(Self {
            socket,
            state,
            slots: Slots::new(window),
            via,
            number_at: number_at(via).unwrap_or_default(),
        })
    }

    /// Sends the datagrams that `scratch` holds.
    fn send(&self, scratch: &Scratch) -> io::Result<()> {
        let mut begin = 0;
        let mut slices = [[IoSlice::new(&[])]; BATCH_SIZE];
        for (slice, end) in slices.iter_mut().zip(&scratch.ends) {
            *slice = [IoSlice::new(&scratch.out[begin..*end])];
            begin = *end;
        }
        let mut controls: [SendAncillaryBuffer<'_, '_, '_>; BATCH_SIZE] =
            std::array::from_fn(|_| SendAncillaryBuffer::default());
        let mut messages: Vec<MMsgHdr<'_>> = slices
            .iter()
            .zip(&mut controls)
            .take(scratch.ends.len())
            .map(|(slice, control)| MMsgHdr::new(slice, control))
            .collect();
        let (mut left, mut failed) = (messages.as_mut_slice(), false);
        while !left.is_empty() {
            match sendmmsg(&self.socket, left, SendFlags::empty()) {
                Ok(sent) => (left, failed) = (&mut left[sent..], false),
                Err(error) if !is_passing(io::Error::from(error).kind()) => {
                    return Err(error.into());
                }
                // What was wrong with an earlier datagram is told to the next, and is over then.
                Err(_) if !failed => failed = true,
                // What does not go gets no answer: it is lost in time, as on a full line.
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn hear_batch(&mut self, worker: &mut Worker<'_>, scratch: &mut Scratch) -> io::Result<usize> {
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = {
            let mut buffers = scratch.buffers.iter_mut();
            std::array::from_fn(|_| {
                IoSliceMut::new(buffers.next().map_or(&mut [][..], Vec::as_mut_slice))
            })
        };
        let received = self
            .state
            .recv((&self.socket).into(), &mut slices, &mut scratch.arrived);
        let count = match received {
            Ok(count) => count,
            Err(error) if is_passing(error.kind()) => return Ok(0),
            Err(error) => return Err(error),
        };
        // One reading for the batch.
        let now_ns = worker.now_ns();
        for (buffer, arrived) in scratch.buffers.iter().zip(&scratch.arrived).take(count) {
            let pieces = buffer.get(..arrived.len).unwrap_or_default();
            for datagram in pieces.chunks(arrived.stride.max(1)) {
                self.take(worker, datagram, now_ns);
            }
        }
        Ok(count)
    }

    fn take(&mut self, worker: &mut Worker<'_>, datagram: &[u8], now_ns: u64) {
        let Some(part) = read_datagram(self.via, datagram) else {
            return;
        };
        let Some(slot) = self.slots.find(part.number) else {
            return;
        };
        slot.parts += 1;
        slot.said = part.said.or(slot.said);
        if slot.parts < part.parts {
            return;
        }
        if let Some(slot) = self.slots.settle(part.number)
            && let Some(said) = slot.said
        {
            worker.answered(slot, said, now_ns);
        }
    }
}

impl Line for Datagrams {
    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn slots(&self) -> &Slots {
        &self.slots
    }

    fn ask(
        &mut self,
        worker: &mut Worker<'_>,
        scratch: &mut Scratch,
        most: usize,
    ) -> io::Result<()> {
        let mut left = most;
        while left > 0 && !self.slots.is_full() {
            scratch.clear();
            // One reading for the batch.
            let now_ns = worker.now_ns();
            while scratch.ends.len() < BATCH_SIZE.min(left)
                && !self.slots.is_full()
                && let Some(since_ns) = worker.due(now_ns)
            {
                let question = worker.ask(since_ns);
                let Some(number) = self.slots.take(question, since_ns) else {
                    break;
                };
                scratch.push(worker.questions.get(question).0, self.number_at, number);
            }
            if scratch.ends.is_empty() {
                return Ok(());
            }
            self.send(scratch)?;
            left = left.saturating_sub(scratch.ends.len());
        }
        Ok(())
    }

    fn hear(&mut self, worker: &mut Worker<'_>, scratch: &mut Scratch) -> io::Result<()> {
        while self.hear_batch(worker, scratch)? == BATCH_SIZE {}
        Ok(())
    }

    fn expire(&mut self, before_ns: u64, lost: &mut dyn FnMut(Slot)) {
        self.slots.expire(before_ns, lost);
    }
}

/// Nothing there now; or nobody listens, and what is under way is lost in time.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::ConnectionRefused | ErrorKind::Interrupted
    )
}
