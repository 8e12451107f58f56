//! Questions on connections that stay open: one after the other, or some at a time.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use super::line::{Line, Scratch};
use super::slots::{Slot, Slots};
use super::wire::{Frame, number_at, read_stream};
use super::worker::Worker;
use crate::cli::arguments::BenchVia;

/// A connection has to be there within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that a server may end of one line before it is given up: servers end one after some
/// thousand requests, and one that ends each is not what is measured here.
const RECONNECTS_MAX: u32 = 10_000;

//----------- Stream -------------------------------------------------------------

/// A connection and what is under way on it.
#[derive(Debug)]
pub(super) struct Stream {
    stream: TcpStream,
    address: SocketAddr,
    via: BenchVia,
    slots: Slots,
    /// The numbers under way in their order, where answers have none.
    order: VecDeque<u16>,
    /// What is not written yet.
    out: Vec<u8>,
    /// What is read and not taken.
    heard: Vec<u8>,
    /// What was under way is given up: another connection has to be made.
    is_given_up: bool,
    reconnects: u32,
}

impl Stream {
    /// A connection to `address`.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn connect(via: BenchVia, address: SocketAddr, window: u16) -> io::Result<Self> {
        Ok(Self {
            stream: connect(address)?,
            address,
            via,
            slots: Slots::new(window),
            order: VecDeque::new(),
            out: Vec::new(),
            heard: Vec::new(),
            is_given_up: false,
            reconnects: 0,
        })
    }

    /// Begins anew where the server ended it; what was under way is lost.
    fn reconnect(&mut self, worker: &mut Worker<'_>) -> io::Result<()> {
        self.reconnects += 1;
        if self.reconnects > RECONNECTS_MAX {
            return Err(io::Error::other(
                "the server ends one connection after another",
            ));
        }
        self.slots.expire(u64::MAX, |slot| worker.lost(slot));
        self.order.clear();
        self.out.clear();
        self.heard.clear();
        self.is_given_up = false;
        self.stream = connect(self.address)?;
        Ok(())
    }

    /// Writes what there is room for; whether the connection is still there.
    fn write(&mut self) -> io::Result<bool> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => {
                    self.out.drain(..written);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if is_end(error.kind()) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads what is there; whether the connection is still there.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(length) => {
                    self.heard.extend_from_slice(&buffer[..length]);
                    if length < buffer.len() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if is_end(error.kind()) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the answers that are whole.
    fn take(&mut self, worker: &mut Worker<'_>) -> io::Result<()> {
        // One reading for what was read together.
        let now_ns = worker.now_ns();
        let mut taken = 0;
        loop {
            match read_stream(self.via, &self.heard[taken..]) {
                Frame::Waiting => break,
                Frame::Broken => {
                    let error = "the server says what cannot be read";
                    return Err(io::Error::new(ErrorKind::InvalidData, error));
                }
                Frame::Answer {
                    number,
                    said,
                    bytes,
                } => {
                    taken += bytes;
                    let number = number.or_else(|| self.order.pop_front());
                    if let Some(slot) = number.and_then(|number| self.slots.settle(number)) {
                        worker.answered(slot, said, now_ns);
                    }
                }
            }
        }
        self.heard.drain(..taken);
        Ok(())
    }
}

impl Line for Stream {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn slots(&self) -> &Slots {
        &self.slots
    }

    fn has_more_to_send(&self) -> bool {
        !self.out.is_empty()
    }

    fn ask(&mut self, worker: &mut Worker<'_>, _: &mut Scratch, most: usize) -> io::Result<()> {
        if self.is_given_up {
            self.reconnect(worker)?;
        }
        let now_ns = worker.now_ns();
        for _ in 0..most {
            if self.slots.is_full() {
                break;
            }
            let Some(since_ns) = worker.due(now_ns) else {
                break;
            };
            let question = worker.ask(since_ns);
            let Some(number) = self.slots.take(question, since_ns) else {
                break;
            };
            let begin = self.out.len();
            self.out.extend_from_slice(worker.questions.get(question).0);
            match number_at(self.via) {
                Some(at) => {
                    self.out[begin + at..begin + at + 2].copy_from_slice(&number.to_be_bytes())
                }
                None => self.order.push_back(number),
            }
        }
        if self.write()? {
            return Ok(());
        }
        self.reconnect(worker)
    }

    fn hear(&mut self, worker: &mut Worker<'_>, scratch: &mut Scratch) -> io::Result<()> {
        let [buffer, ..] = scratch.buffers.as_mut_slice() else {
            return Ok(());
        };
        let is_there = self.read(buffer)?;
        self.take(worker)?;
        if !is_there || !self.write()? {
            self.reconnect(worker)?;
        }
        Ok(())
    }

    fn expire(&mut self, before_ns: u64, lost: &mut dyn FnMut(Slot)) {
        if number_at(self.via).is_some() {
            self.slots.expire(before_ns, lost);
        } else if self.slots.has_expired(before_ns) {
            // Answers in order cannot be told apart once one is given up: all of them are.
            self.slots.expire(u64::MAX, lost);
            self.order.clear();
            self.is_given_up = true;
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn is_end(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
    )
}
