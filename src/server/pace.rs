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
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{clock::Moment, connection::Timeouts, counting::Counting};
use crate::protocol::http::Counted;

/// The longest a request may take from its header to the end of its answer: a batch of 8 MiB over a
/// line of 256 kbit/s takes four minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);

//----------- Pace -------------------------------------------------------------

/// Where a connection stands; shared by its stream and its service.
#[derive(Debug, Default)]
pub(super) struct Pace {
    state: AtomicU8,
    /// A body was left before its end.
    unread: AtomicBool,
    /// There are answers that may not all be sent yet.
    is_sending: AtomicBool,
    /// What these count as, once they are, and when they were asked for.
    unsent: Mutex<Vec<(Counted, Moment)>>,
}

/// How long an ended connection is listened to for what its peer was still sending. Closing on
/// unread bytes would reset the connection, and the peer might never see why it was refused.
const LINGER: Duration = Duration::from_secs(2);

/// How much is listened to then: what is on the way, not what somebody would like to send.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

const IDLE: u8 = 0;
const HEADER: u8 = 1;
const BUSY: u8 = 2;

impl Pace {
    /// A request is complete and is being answered.
    pub(super) fn busy(&self) {
        self.state.store(BUSY, Ordering::Release);
    }

    /// Its answer is made.
    pub(super) fn idle(&self) {
        self.state.store(IDLE, Ordering::Release);
    }

    /// An answer to what was asked for then goes to the stream: it counts as that once it is sent.
    pub(super) fn send(&self, counted: Counted, began: Moment) {
        self.unsent().push((counted, began));
        self.is_sending.store(true, Ordering::Release);
    }

    /// All that went to the stream is sent.
    fn sent(&self, counting: &Counting) {
        if self.is_sending.swap(false, Ordering::AcqRel) {
            for (counted, began) in self.unsent().drain(..) {
                if let Some(request) = counting.count_http(counted) {
                    counting.time(began, [request]);
                }
            }
        }
    }

    fn unsent(&self) -> MutexGuard<'_, Vec<(Counted, Moment)>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body of a request is not wanted to its end.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Release);
    }
}

//----------- Paced ------------------------------------------------------------

/// A stream that fails when a state of its connection lasts too long.
pub(super) struct Paced<S> {
    stream: S,
    pace: Arc<Pace>,
    counting: Option<Counting>,
    idle_timeout: Duration,
    header_timeout: Duration,
    /// The state that the deadline belongs to.
    timed: u8,
    /// Bytes dropped since the end, once it has come.
    lingered: Option<usize>,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    /// Watches over a stream, and counts what is sent on it.
    pub(super) fn new(
        stream: S,
        pace: Arc<Pace>,
        counting: Option<Counting>,
        Timeouts {
            idle: idle_timeout,
            header: header_timeout,
        }: Timeouts,
    ) -> Self {
        let deadline = Box::pin(tokio::time::sleep(idle_timeout));
        Self {
            stream,
            pace,
            counting,
            idle_timeout,
            header_timeout,
            timed: IDLE,
            lingered: None,
            deadline,
        }
    }

    /// Fails where the state has lasted too long; otherwise the task is woken when it has.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let state = self.pace.state.load(Ordering::Acquire);
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

impl<S: AsyncRead + Unpin> Paced<S> {
    /// Drops what still comes, until the peer ends too or has had its time.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 8 * 1024];
        while self.lingered < Some(LINGER_BYTES_MAX) && self.deadline.as_mut().poll(cx).is_pending()
        {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            // A peer that resets the connection has ended it too.
            if std::task::ready!(read).is_err() || buffer.filled().is_empty() {
                break;
            }
            self.lingered = self.lingered.map(|bytes| bytes + buffer.filled().len());
        }
        Poll::Ready(Ok(()))
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
                    .state
                    .compare_exchange(IDLE, HEADER, Ordering::AcqRel, Ordering::Acquire);
            if begun.is_ok() {
                this.check(cx)?;
            }
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<S> {
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
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(())))
            && let Some(counting) = &this.counting
        {
            this.pace.sent(counting);
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingered.is_none() {
            std::task::ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if !this.pace.unread.load(Ordering::Acquire) {
                return Poll::Ready(Ok(()));
            }
            this.deadline.as_mut().reset(Instant::now() + LINGER);
            this.lingered = Some(0);
        }
        this.linger(cx)
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
