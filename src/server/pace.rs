//! Time limits of a connection.
//!
//! ```text
//! Idle ── first byte ──▶ Header ── request complete ──▶ Busy ── answered ──▶ Idle
//! ```
//!
//! Each state has a deadline from when it began, so that a client that sends or takes a byte now
//! and then holds its slot no longer than one that sends nothing.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// The longest a request may take from its header to the end of its answer: a batch of 8 MiB over a
/// line of 256 kbit/s takes four minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

//----------- Pace -------------------------------------------------------------

/// Where a connection stands; shared by its stream and its service.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU8);

const IDLE: u8 = 0;
const HEADER: u8 = 1;
const BUSY: u8 = 2;

impl Pace {
    /// A request is complete and is being answered.
    pub(super) fn busy(&self) {
        self.0.store(BUSY, Ordering::Release);
    }

    /// Its answer is made.
    pub(super) fn idle(&self) {
        self.0.store(IDLE, Ordering::Release);
    }
}

//----------- Paced ------------------------------------------------------------

/// A stream that fails when a state of its connection lasts too long.
pub(super) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    idle_timeout: Duration,
    header_timeout: Duration,
    /// The state that the deadline belongs to.
    timed: u8,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    /// Watches over a stream.
    pub(super) fn new(
        stream: S,
        pace: Arc<Pace>,
        idle_timeout: Duration,
        header_timeout: Duration,
    ) -> Self {
        let deadline = Box::pin(tokio::time::sleep(idle_timeout));
        Self {
            stream,
            pace,
            idle_timeout,
            header_timeout,
            timed: IDLE,
            deadline,
        }
    }

    /// Fails where the state has lasted too long; otherwise the task is woken when it has.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let state = self.pace.0.load(Ordering::Acquire);
        if state != self.timed {
            self.timed = state;
            let timeout = match state {
                IDLE => self.idle_timeout,
                HEADER => self.header_timeout,
                _ => REQUEST_TIMEOUT,
            };
            self.deadline.as_mut().reset(Instant::now() + timeout);
        }
        match self.deadline.as_mut().poll(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

//--- AsyncRead and AsyncWrite

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if read.is_ready() && buffer.filled().len() > before {
            // Only from idle: what comes while a request is answered belongs to its body.
            let begun =
                this.pace
                    .0
                    .compare_exchange(IDLE, HEADER, Ordering::AcqRel, Ordering::Acquire);
            if begun.is_ok() {
                this.check(cx)?;
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check(cx)?;
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check(cx)?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
