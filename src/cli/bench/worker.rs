//! One thread of a measurement: when the next question is due, and what became of the last ones.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::plan::{Length, Plan};
use super::questions::Questions;
use super::slots::Slot;
use super::tally::Tally;
use super::wire::Said;

/// Without an answer for so long a question is lost.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked whether any is.
const EXPIRE_EVERY: Duration = Duration::from_millis(50);

//----------- Shared -------------------------------------------------------------

/// What threads tell while they work.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Answers so far.
    pub(super) answered: AtomicU64,
    /// Questions lost so far.
    pub(super) lost: AtomicU64,
    /// One of them cannot go on: the others stop too.
    pub(super) is_broken: AtomicBool,
}

//----------- Worker -------------------------------------------------------------

/// A thread's part of a measurement.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    /// What is measured.
    pub(super) plan: &'a Plan,
    /// What is asked.
    pub(super) questions: &'a Questions,
    shared: &'a Shared,
    began: Instant,
    /// When what is sent, or due, begins to count, and when it ends to.
    counted_ns: Range<u64>,
    /// Between two questions of this thread; none for as many as are answered.
    interval_ns: Option<f64>,
    /// Questions that are still to be asked.
    left: u64,
    asked: u64,
    /// The question that is asked next.
    next: usize,
    expired_ns: u64,
    /// Answers and losses that nobody was told about yet.
    untold: (u64, u64),
    /// What came back.
    pub(super) tally: Tally,
}

impl<'a> Worker<'a> {
    /// The worker of thread `thread`; time counts from `began`.
    pub(super) fn new(
        plan: &'a Plan,
        questions: &'a Questions,
        shared: &'a Shared,
        (thread, began): (usize, Instant),
    ) -> Self {
        let threads = plan.sockets.len();
        let (counted_ns, left) = match plan.length {
            Length::Time { warm_up, measured } => (ns(warm_up)..ns(warm_up + measured), u64::MAX),
            Length::Questions(all) => {
                let (each, more) = (all / threads as u64, all % threads as u64);
                (0..u64::MAX, each + u64::from((thread as u64) < more))
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "threads and rates are small")]
        let interval_ns = plan.rate.map(|rate| 1e9 * threads as f64 / f64::from(rate));
        Self {
            plan,
            questions,
            shared,
            began,
            counted_ns,
            interval_ns,
            left,
            asked: 0,
            // Threads do not ask for the same at the same time.
            next: questions.len() / threads * thread,
            expired_ns: 0,
            untold: (0, 0),
            tally: Tally::new(),
        }
    }

    /// Since the measurement began.
    pub(super) fn now_ns(&self) -> u64 {
        ns(self.began.elapsed())
    }

    /// From when a question that is asked at `now_ns` counts; none where none is due.
    pub(super) fn due(&self, now_ns: u64) -> Option<u64> {
        if self.is_over(now_ns) {
            return None;
        }
        match self.interval_ns {
            None => Some(now_ns),
            Some(_) => Some(self.next_due_ns()).filter(|due| *due <= now_ns),
        }
    }

    /// Questions that a line asks at a time, so that all of them have their share: as many as it
    /// has room for, or its part of those that are due.
    pub(super) fn turn(&self, now_ns: u64, lines: usize) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is due fits a week's questions"
        )]
        let due = |interval: f64| {
            let late = now_ns.saturating_sub(self.next_due_ns());
            (late as f64 / interval) as usize + 1
        };
        self.interval_ns
            .map_or(usize::MAX, |interval| due(interval).div_ceil(lines))
    }

    /// When the next question is due, at a fixed rate.
    fn next_due_ns(&self) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a week of nanoseconds is below 2^53"
        )]
        let due = |interval: f64| (interval * self.asked as f64) as u64;
        self.interval_ns.map_or(0, due)
    }

    /// The next question, which has to be sent now.
    pub(super) fn ask(&mut self, since_ns: u64) -> usize {
        let question = self.next;
        self.next = (question + 1) % self.questions.len();
        self.asked += 1;
        self.left = self.left.saturating_sub(1);
        if self.counted_ns.contains(&since_ns) {
            self.tally.sent += 1;
        }
        question
    }

    /// Takes an answer that came at `now_ns`.
    pub(super) fn answered(&mut self, slot: Slot, said: Said, now_ns: u64) {
        self.untold.0 += 1;
        if self.counted_ns.contains(&slot.since_ns) {
            let expected = self.questions.get(slot.question).1;
            let latency = now_ns.saturating_sub(slot.since_ns);
            self.tally.answer(slot.question, expected, said, latency);
        }
    }

    /// Takes a question that gets no answer.
    pub(super) fn lost(&mut self, slot: Slot) {
        self.untold.1 += 1;
        if self.counted_ns.contains(&slot.since_ns) {
            self.tally.lost += 1;
        }
    }

    /// The time before which what is under way is lost, if it is time to look.
    pub(super) fn expiry(&mut self, now_ns: u64) -> Option<u64> {
        if now_ns.saturating_sub(self.expired_ns) < ns(EXPIRE_EVERY) {
            return None;
        }
        self.expired_ns = now_ns;
        self.tell();
        now_ns.checked_sub(ns(PATIENCE))
    }

    /// Tells how far it is.
    fn tell(&mut self) {
        let (answered, lost) = std::mem::take(&mut self.untold);
        self.shared.answered.fetch_add(answered, Ordering::Relaxed);
        self.shared.lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// Is there nothing more to ask, or was it broken off?
    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        self.left == 0
            || now_ns >= self.counted_ns.end
            || self.shared.is_broken.load(Ordering::Relaxed)
    }

    /// How long to wait for answers at most, before something else is to be done.
    pub(super) fn wait(&self, now_ns: u64, has_room: bool) -> Duration {
        if !has_room || self.is_over(now_ns) {
            return EXPIRE_EVERY;
        }
        let due = Duration::from_nanos(self.next_due_ns().saturating_sub(now_ns));
        due.min(EXPIRE_EVERY)
    }
}

fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
