//! The threads of a measurement.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::datagrams::Datagrams;
use super::line::drive;
use super::plan::Plan;
use super::process::Usage;
use super::questions::Questions;
use super::streams::Stream;
use super::tally::Tally;
use super::watch::{Spans, Watch};
use super::worker::{Shared, Worker};
use crate::cli::Failure;
use crate::cli::arguments::BenchVia;

//----------- Measured -----------------------------------------------------------

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// What came back, of all threads.
    pub(super) tally: Tally,
    /// How long it took.
    pub(super) seconds: f64,
    /// Processor time of this process meanwhile.
    pub(super) loader_cpu_seconds: f64,
    /// What the server used meanwhile, if its process is known; its memory at the end.
    pub(super) server: Option<Usage>,
}

//----------- load ---------------------------------------------------------------

/// Measures.
///
/// # Errors
/// Where the server is not there, or says what cannot be read.
pub(super) fn load(
    plan: &Plan,
    questions: &Questions,
    server_pids: &[u32],
) -> Result<Measured, Failure> {
    let watch = Watch::new(server_pids)?;
    let shared = Shared::default();
    let began = now();
    // Not one that the server would have to end: each ends by itself, and this waits for all.
    std::thread::scope(|scope| {
        let shared = &shared;
        let threads: Vec<_> = (0..plan.sockets.len())
            .map(|thread| {
                let worker = Worker::new(plan, questions, shared, (thread, began));
                scope.spawn(move || work(worker, thread, shared))
            })
            .collect();
        let spans = watch.until_the_end(plan, shared, began, || {
            threads
                .iter()
                .all(std::thread::ScopedJoinHandle::is_finished)
        });
        let mut tally = Tally::new();
        for thread in threads {
            let seen = thread
                .join()
                .map_err(|_| broken(plan, &io::Error::other("a thread ended")))?;
            tally.add(&seen.map_err(|error| broken(plan, &error))?);
        }
        Ok(Measured::of(tally, &spans))
    })
}

fn broken(plan: &Plan, error: &io::Error) -> Failure {
    let error = format!("cannot ask {}: {error}", plan.address);
    Failure::new(
        error,
        "see whether a server listens there for that protocol, and whether it is still there",
    )
}

/// One thread, to its end.
fn work(mut worker: Worker<'_>, thread: usize, shared: &Shared) -> io::Result<Tally> {
    let (plan, count) = (worker.plan, worker.plan.sockets[thread]);
    let (via, address, window) = (plan.via, plan.address, plan.window);
    let done = match via {
        BenchVia::Dns | BenchVia::Handle | BenchVia::Echo => (0..count)
            .map(|_| Datagrams::connect(via, address, window))
            .collect::<io::Result<Vec<_>>>()
            .and_then(|mut lines| drive(&mut lines, &mut worker)),
        BenchVia::HandleTcp | BenchVia::Http => (0..count)
            .map(|_| Stream::connect(via, address, window))
            .collect::<io::Result<Vec<_>>>()
            .and_then(|mut lines| drive(&mut lines, &mut worker)),
    };
    if done.is_err() {
        shared.is_broken.store(true, Ordering::Relaxed);
    }
    done.map(|()| worker.tally)
}

//----------- Helper functions -----------------------------------------------------

impl Measured {
    fn of(tally: Tally, spans: &Spans) -> Self {
        let spent = |(before, after): (Usage, Usage)| Usage {
            cpu_seconds: after.cpu_seconds - before.cpu_seconds,
            rss_bytes: after.rss_bytes,
        };
        Self {
            tally,
            seconds: spans.seconds,
            loader_cpu_seconds: spent(spans.loader).cpu_seconds,
            server: spans.server.map(spent),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, and decides nothing by it"
)]
fn now() -> Instant {
    Instant::now()
}
