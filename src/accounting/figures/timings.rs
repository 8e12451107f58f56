//! How long resolving and registering took, and the most that was asked for in a second.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::Offset};
use serde::Serialize;

use super::{Period, Scope};
use crate::{
    accounting::{Activity, Timings},
    change::Timing,
    state::State,
};

/// Microseconds of a millisecond.
const US_PER_MS: f64 = 1_000.0;

//----------- TimingFigures ----------------------------------------------------

/// Latency and rate of a period, of one kind of request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimingFigures {
    /// Requests.
    pub requests: u64,
    /// Those of them whose answer was timed; what follows is of these.
    pub timed: u64,
    /// Their mean.
    pub latency_ms_average: Option<f64>,
    /// The shortest, …
    pub latency_ms_min: Option<f64>,
    /// … and when it ended, to the second, in Shanghai.
    pub latency_ms_min_at: Option<String>,
    /// The longest, …
    pub latency_ms_max: Option<f64>,
    /// … and when it ended.
    pub latency_ms_max_at: Option<String>,
    /// The most requests of one second, …
    pub per_second_max: u64,
    /// … and which it was.
    pub per_second_max_at: Option<String>,
}

impl TimingFigures {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a latency is shown in milliseconds"
    )]
    fn of(timing: &Timing) -> Option<Self> {
        if timing.asked == 0 {
            return None;
        }
        let is_timed = timing.timed > 0;
        let ms = |us: u64| is_timed.then_some(us as f64 / US_PER_MS);
        let at = |second: u64| is_timed.then(|| moment(second)).flatten();
        Some(Self {
            requests: timing.asked,
            timed: timing.timed,
            latency_ms_average: ms(timing.sum_us.checked_div(timing.timed).unwrap_or_default()),
            latency_ms_min: ms(timing.min_us),
            latency_ms_min_at: at(timing.min_at_s),
            latency_ms_max: ms(timing.max_us),
            latency_ms_max_at: at(timing.max_at_s),
            per_second_max: timing.per_second_max,
            per_second_max_at: moment(timing.per_second_max_at_s),
        })
    }
}

/// A second, to people.
fn moment(second: u64) -> Option<String> {
    let second = i64::try_from(second).ok()?;
    let moment = Timestamp::from_second(second).ok()?;
    // Asia/Shanghai, as statistics days are.
    Some(moment.display_with_offset(Offset::constant(8)).to_string())
}

/// Both kinds of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeriodTimings {
    /// 解析; none where nothing was asked for.
    pub resolution: Option<TimingFigures>,
    /// 注册.
    pub registration: Option<TimingFigures>,
}

//----------- ScopeTimings -----------------------------------------------------

/// What a node knows of how long the requests of a scope took, day by day.
#[derive(Debug, Default)]
pub struct ScopeTimings {
    days: BTreeMap<u32, [Timing; Activity::ALL.len()]>,
}

impl ScopeTimings {
    /// Of a scope, what is rolled up and what is not yet.
    #[must_use]
    pub fn of(state: &State, timings: &Timings, scope: &Scope) -> Self {
        let whose = scope.whose();
        let mut all = Self::default();
        // First: a day that is rolled up meanwhile is in both, and never in none.
        let live = Activity::ALL.map(|activity| timings.of(whose, activity));
        let rolled_up = state.rolled_up();
        for (_, host) in rolled_up.hosts() {
            for (day, rows) in host.timings() {
                for (place, activity) in Activity::ALL.into_iter().enumerate() {
                    let key = (whose, activity.number());
                    if let Ok(at) = rows.binary_search_by_key(&key, |(key, _)| *key) {
                        all.day(day)[place].add(&rows[at].1);
                    }
                }
            }
        }
        let own = rolled_up.host(&timings.host());
        let is_rolled_up = |day| own.is_some_and(|own| own.has(day));
        for (place, days) in live.into_iter().enumerate() {
            for (day, timing) in days.into_iter().filter(|(day, _)| !is_rolled_up(*day)) {
                all.day(day)[place].add(&timing);
            }
        }
        all
    }

    /// Of a period.
    #[must_use]
    pub fn sum(&self, period: Period) -> PeriodTimings {
        let mut sums = [Timing::default(); Activity::ALL.len()];
        for (_, timings) in self.days.iter().filter(|(day, _)| period.has(**day)) {
            for (sum, timing) in sums.iter_mut().zip(timings) {
                sum.add(timing);
            }
        }
        let [resolution, registration] = sums.each_ref().map(TimingFigures::of);
        PeriodTimings {
            resolution,
            registration,
        }
    }

    fn day(&mut self, day: u32) -> &mut [Timing; Activity::ALL.len()] {
        self.days.entry(day).or_default()
    }
}
