//! Timings over starts, kills, midnights and a ledger that refuses.

use super::*;
use crate::{
    accounting::{
        Activity, Request,
        figures::{Period, PeriodTimings, Scope, ScopeTimings, day_of},
    },
    change::Timing,
};

const FIRM: &str = "88.118.8";
const ACTIVITY: Activity = Activity::Resolution;

impl Host {
    /// So many answers in the second of now, each after that long.
    fn time(&self, process: &Process, prefix: &str, count: u64, took_us: u64) {
        let request = Request {
            whose: self.whose(Some(prefix)),
            is_answered: true,
        };
        let timings = process.counters.timings();
        let second = self.clock.read().wall_ms / 1_000;
        timings
            .lane()
            .add_many(second, ACTIVITY, took_us, request, count);
        timings.collect_last(process.counters.today(), &self.state.directory());
    }

    /// What the ledger says of a day and a prefix, roll-ups left aside.
    async fn told_timing(&self, day: u32, prefix: Option<&str>) -> Option<Timing> {
        let told = Told::read(&*self.ledger, &partition(), 1).await.unwrap();
        let prefix = prefix.map(|prefix| Prefix::parse(prefix).unwrap());
        let key = (day, prefix, ACTIVITY.number());
        told.timings.get(&key).copied()
    }

    fn shown_timing(&self, process: &Process, day: u32) -> PeriodTimings {
        let scope = Scope::of(&self.state.directory(), FIRM).unwrap();
        let timings = process.counters.timings();
        let shown = ScopeTimings::of(&self.state, timings, &scope);
        shown.sum(Period::day(day_of(day).unwrap()))
    }

    /// Requests, the longest and the most of a second, as shown of a day.
    fn summary(&self, process: &Process, day: u32) -> Option<(u64, f64, u64)> {
        let resolution = self.shown_timing(process, day).resolution?;
        Some((
            resolution.requests,
            resolution.latency_ms_max?,
            resolution.per_second_max,
        ))
    }
}

#[tokio::test]
async fn what_was_timed_is_there_after_a_start() {
    let host = Host::new();
    let mut process = host.start().await;
    host.time(&process, FIRM, 3, 1_500);
    assert!(process.totals.flush().await.unwrap());
    assert!(!process.totals.flush().await.unwrap(), "it is all written");
    host.clock.pass(5_000);
    host.time(&process, FIRM, 2, 500);
    process.totals.flush().await.unwrap();
    let second = NOW / 1_000;
    let expected = Timing {
        asked: 5,
        timed: 5,
        sum_us: 5_500,
        min_us: 500,
        min_at_s: second + 5,
        max_us: 1_500,
        max_at_s: second,
        per_second_max: 3,
        per_second_max_at_s: second,
    };
    for prefix in [None, Some("88.118"), Some(FIRM)] {
        assert_eq!(host.told_timing(TODAY, prefix).await, Some(expected));
    }
    assert_eq!(host.told_timing(TODAY, Some("88.118.9")).await, None);
    // What was not written is lost with the process: the ledger is gone on from.
    host.time(&process, FIRM, 9, 9_000);
    drop(process);
    let mut process = host.start().await;
    assert_eq!(host.summary(&process, TODAY), Some((5, 1.5, 3)));
    host.time(&process, FIRM, 4, 2_000);
    process.totals.flush().await.unwrap();
    assert_eq!(host.summary(&process, TODAY), Some((9, 2.0, 4)));
    let told = host.told_timing(TODAY, Some(FIRM)).await.unwrap();
    assert_eq!((told.asked, told.sum_us), (9, 13_500));
}

#[tokio::test]
async fn a_ledger_that_refuses_has_it_later() {
    let host = Host::new();
    let mut process = host.start().await;
    host.time(&process, FIRM, 3, 1_500);
    host.ledger.refuses.store(true, Ordering::Relaxed);
    process.totals.flush().await.unwrap_err();
    host.time(&process, FIRM, 1, 1_000);
    host.ledger.refuses.store(false, Ordering::Relaxed);
    process.totals.flush().await.unwrap();
    let told = host.told_timing(TODAY, Some(FIRM)).await.unwrap();
    assert_eq!((told.asked, told.sum_us), (4, 5_500));
}

/// Counters go to the ledger each minute, timings with the next flush of everything.
#[tokio::test]
async fn counters_are_written_without_timings() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, Some(FIRM), 1);
    host.time(&process, FIRM, 1, 1_500);
    assert!(process.totals.flush_counters().await.unwrap());
    assert_eq!(host.told_timing(TODAY, Some(FIRM)).await, None);
    assert!(!process.totals.flush_counters().await.unwrap());
    assert!(process.totals.flush().await.unwrap());
    assert!(host.told_timing(TODAY, Some(FIRM)).await.is_some());
}

/// Days that are over are in `control`, those on which nothing was counted too, and are shown once.
#[tokio::test]
async fn timings_of_a_day_are_rolled_up_with_it() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, Some(FIRM), 3);
    host.time(&process, FIRM, 3, 1_500);
    process.totals.flush().await.unwrap();
    for _ in 0..2 {
        // The second day has registrations only: nobody asked.
        host.clock.pass(DAY_MS);
        assert!(process.open_day());
        host.time(&process, FIRM, 7, 2_500);
        for _ in 0..2 {
            process.totals.flush().await.unwrap();
        }
    }
    let shown = |process: &Process| [0, 1, 2].map(|day| host.summary(process, TODAY + day));
    let expected = [Some((3, 1.5, 3)), Some((7, 2.5, 7)), Some((7, 2.5, 7))];
    assert_eq!(shown(&process), expected);
    assert_eq!(host.roll_up(&mut process, usize::MAX), [TODAY, TODAY + 1]);
    assert_eq!(shown(&process), expected);
    let rolled_up = host.state.rolled_up();
    let of_host = rolled_up.host("node-1").unwrap();
    let days: Vec<u32> = of_host.timings().map(|(day, _)| day).collect();
    assert_eq!(days, [TODAY, TODAY + 1]);
    // What is late goes to the day that is open.
    host.clock.set(NOW + DAY_MS, 50 * HOUR_MS);
    host.time(&process, FIRM, 1, 100);
    assert_eq!(host.summary(&process, TODAY + 1), expected[1]);
    host.clock.set(NOW + 2 * DAY_MS, 51 * HOUR_MS);
    process.totals.flush().await.unwrap();
    drop(process);
    let process = host.start().await;
    let third = Some((8, 2.5, 7));
    assert_eq!(shown(&process), [expected[0], expected[1], third]);
}

/// A part that `control` did not take is handed in again, with all the others; a process that ends
/// before it is told goes on as if it had been.
#[tokio::test]
async fn a_roll_up_that_is_cut_short_is_begun_anew() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, Some(FIRM), 3);
    host.time(&process, FIRM, 3, 1_500);
    process.totals.flush().await.unwrap();
    host.clock.pass(DAY_MS);
    assert!(process.open_day());
    for _ in 0..2 {
        process.totals.flush().await.unwrap();
    }
    assert!(host.roll_up(&mut process, 1).is_empty());
    assert_eq!(host.summary(&process, TODAY), Some((3, 1.5, 3)));
    // `control` has all of it, and nobody was told yet.
    let parts = process.totals.next_roll_up().unwrap();
    assert_eq!(parts.len(), 2);
    parts.into_iter().for_each(|part| host.take(part));
    assert_eq!(host.summary(&process, TODAY), Some((3, 1.5, 3)));
    drop(process);
    let mut process = host.start().await;
    assert_eq!(host.summary(&process, TODAY), Some((3, 1.5, 3)));
    process.totals.flush().await.unwrap();
    assert!(host.roll_up(&mut process, usize::MAX).is_empty());
    assert_eq!(process.shown(), 3);
}
