//! Looking at processes while threads work.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::plan::{Length, Plan};
use super::process::Usage;
use super::worker::Shared;
use crate::cli::Failure;
use crate::cli::progress::Progress;

/// How often the operator is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(500);

//----------- Watch --------------------------------------------------------------

/// Looks at processes while threads work.
pub(super) struct Watch<'a> {
    server_pids: &'a [u32],
}

/// What processes had used when what counts began and when it ended.
pub(super) struct Spans {
    /// How long that took.
    pub(super) seconds: f64,
    /// This process.
    pub(super) loader: (Usage, Usage),
    /// The server, if its process is known.
    pub(super) server: Option<(Usage, Usage)>,
}

impl<'a> Watch<'a> {
    /// Of the server's processes.
    ///
    /// # Errors
    /// Where one of them is not there.
    pub(super) fn new(server_pids: &'a [u32]) -> Result<Self, Failure> {
        if Usage::of(server_pids).is_none() {
            let error = format!("no process {server_pids:?}");
            return Err(Failure::usage(
                error,
                "give --server-pid the server's process",
            ));
        }
        Ok(Self { server_pids })
    }

    /// Usage of the loader and of the server, if it is known and still there.
    fn look(&self) -> (Usage, Option<Usage>) {
        let server = Usage::of(self.server_pids).filter(|_| !self.server_pids.is_empty());
        (Usage::of_self().unwrap_or_default(), server)
    }

    /// Waits for the threads, tells how far they are, and looks when what counts begins and ends.
    pub(super) fn until_the_end(
        &self,
        plan: &Plan,
        shared: &Shared,
        began: Instant,
        is_finished: impl Fn() -> bool,
    ) -> Spans {
        let (from, to) = match plan.length {
            Length::Time { warm_up, measured } => (warm_up, Some(warm_up + measured)),
            Length::Questions(_) => (Duration::ZERO, None),
        };
        let mut progress = Progress::start("asking", Some("ms"));
        let mut told = (began, 0);
        let mut wait = |until: Option<Duration>| {
            while !is_finished() && until.is_none_or(|until| began.elapsed() < until) {
                let left = until.map(|until| until.saturating_sub(began.elapsed()));
                std::thread::sleep(left.map_or(TELL_EVERY, |left| left.min(TELL_EVERY)));
                told = tell(&mut progress, plan, shared, began, told);
            }
        };
        wait(Some(from));
        let (begin, (loader, server)) = (began.elapsed(), self.look());
        wait(to);
        let (end, (loader_then, server_then)) = (began.elapsed(), self.look());
        Spans {
            seconds: (end - begin).as_secs_f64(),
            loader: (loader, loader_then),
            server: server.zip(server_then),
        }
    }
}

/// Tells how far it is, and at what rate since it was told last.
fn tell(
    progress: &mut Progress,
    plan: &Plan,
    shared: &Shared,
    began: Instant,
    (last, answered_then): (Instant, u64),
) -> (Instant, u64) {
    let (answered, lost) = (
        shared.answered.load(Ordering::Relaxed),
        shared.lost.load(Ordering::Relaxed),
    );
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (done, total) = match plan.length {
        Length::Time { warm_up, measured } => (ms(began.elapsed()), ms(warm_up + measured)),
        Length::Questions(questions) => (answered + lost, questions),
    };
    let now = began + began.elapsed();
    let rate = (answered - answered_then) * 1_000 / ms(now - last).max(1);
    progress.set(done.min(total), total, || {
        format!("{rate} answers/s, {lost} lost")
    });
    (now, answered)
}
