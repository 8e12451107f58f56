//! What a thread does with its sockets: ask what is due, wait, hear what came.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use quinn_udp::{BATCH_SIZE, RecvMeta};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::slots::{Slot, Slots};
use super::worker::{PATIENCE, Worker};

/// The largest datagram that IP carries, and what is read of a stream at a time.
const RECEIVE_BYTES: usize = 65_535;

//----------- Line ---------------------------------------------------------------

/// A socket or a connection, and what is under way on it.
pub(super) trait Line {
    /// What is waited for.
    fn fd(&self) -> BorrowedFd<'_>;

    /// What is under way.
    fn slots(&self) -> &Slots;

    /// Is there anything that could not be sent yet?
    fn has_more_to_send(&self) -> bool {
        false
    }

    /// Asks what is due, at most so many.
    fn ask(
        &mut self,
        worker: &mut Worker<'_>,
        scratch: &mut Scratch,
        most: usize,
    ) -> io::Result<()>;

    /// Takes what came.
    fn hear(&mut self, worker: &mut Worker<'_>, scratch: &mut Scratch) -> io::Result<()>;

    /// Gives up what has been under way since `before_ns` or longer.
    fn expire(&mut self, before_ns: u64, lost: &mut dyn FnMut(Slot));
}

/// Room for a batch, shared by the lines of a thread.
#[derive(Debug)]
pub(super) struct Scratch {
    /// The datagrams of a batch that is to be sent, one behind the other.
    pub(super) out: Vec<u8>,
    /// Where each ends.
    pub(super) ends: Vec<usize>,
    /// Where a batch arrives.
    pub(super) buffers: Vec<Vec<u8>>,
    /// What arrived.
    pub(super) arrived: Vec<RecvMeta>,
}

impl Scratch {
    pub(super) fn new() -> Self {
        Self {
            out: Vec::new(),
            ends: Vec::with_capacity(BATCH_SIZE),
            buffers: vec![vec![0; RECEIVE_BYTES]; BATCH_SIZE],
            arrived: vec![RecvMeta::default(); BATCH_SIZE],
        }
    }

    /// Forgets what was to be sent.
    pub(super) fn clear(&mut self) {
        self.out.clear();
        self.ends.clear();
    }

    /// Adds a datagram, with a number in it.
    pub(super) fn push(&mut self, datagram: &[u8], number_at: usize, number: u16) {
        let at = self.out.len() + number_at;
        self.out.extend_from_slice(datagram);
        if let Some(place) = self.out.get_mut(at..at + 2) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        self.ends.push(self.out.len());
    }
}

/// Asks and hears until it is over and nothing is under way.
pub(super) fn drive<L: Line>(lines: &mut [L], worker: &mut Worker<'_>) -> io::Result<()> {
    let mut scratch = Scratch::new();
    let mut first = 0;
    let mut over_since = None;
    loop {
        let now_ns = worker.now_ns();
        if worker.is_over(now_ns) {
            let since = *over_since.get_or_insert(now_ns);
            let is_late = now_ns - since > u64::try_from(PATIENCE.as_nanos()).unwrap_or_default();
            if is_late || lines.iter().all(|line| line.slots().under_way() == 0) {
                for line in lines {
                    line.expire(u64::MAX, &mut |slot| worker.lost(slot));
                }
                return Ok(());
            }
        } else {
            // Another begins each time, so that all are asked alike.
            first = (first + 1) % lines.len();
            let most = worker.turn(now_ns, lines.len());
            let (behind, before) = lines.split_at_mut(first);
            for line in before.iter_mut().chain(behind) {
                line.ask(worker, &mut scratch, most)?;
            }
        }
        let has_room = lines.iter().any(|line| !line.slots().is_full());
        let timeout = worker.wait(worker.now_ns(), has_room);
        for at in ready(lines, timeout)? {
            lines[at].hear(worker, &mut scratch)?;
        }
        if let Some(before_ns) = worker.expiry(now_ns) {
            for line in &mut *lines {
                line.expire(before_ns, &mut |slot| worker.lost(slot));
            }
        }
    }
}

/// Waits until something came, or can be sent; which lines it is.
fn ready<L: Line>(lines: &[L], timeout: Duration) -> io::Result<Vec<usize>> {
    let events = |line: &L| {
        if line.has_more_to_send() {
            PollFlags::IN | PollFlags::OUT
        } else {
            PollFlags::IN
        }
    };
    let mut waiting: Vec<PollFd<'_>> = lines
        .iter()
        .map(|line| PollFd::from_borrowed_fd(line.fd(), events(line)))
        .collect();
    let timeout = Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    match poll(&mut waiting, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let is_ready = |(at, one): (usize, &PollFd<'_>)| (!one.revents().is_empty()).then_some(at);
    Ok(waiting.iter().enumerate().filter_map(is_ready).collect())
}
