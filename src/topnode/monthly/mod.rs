//! The monthly report (二级节点系统运行月度报告, docking guide, annex 3): its figures.
//!
//! ```text
//! period      a month, from when the node was first ready, up to now
//! operating   from each start to its end                                运营时长
//! service     operating, but for faults of this node ÷ period           服务可用性 (SLA)
//! ```
//!
//! Percentages and hours are rounded down: what was not there is not reported. A month before the node
//! was first ready has no figures.

#[cfg(test)]
mod tests;

use jiff::{Timestamp, ToSpan, civil::Date, tz::Offset};
use serde::Serialize;

use crate::{
    accounting::figures::{Period, PeriodTimings, ScopeTimings, begins_ms, day_of},
    change::{EventChange, statistics_day},
    state::{EventLog, Events, Running, Stop},
};

/// Months of the report's tables.
const MONTHS: i32 = 6;

const MS_PER_HOUR: f64 = 3_600_000.0;

//----------- Monthly ----------------------------------------------------------

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Monthly {
    /// Of which month, as YYYY-MM.
    pub month: String,
    /// Who runs the node; none: not told.
    pub unit: Option<String>,
    /// The last day that is in it.
    pub until: String,
    /// Whether the month is over.
    pub is_over: bool,
    /// This month and the five before, oldest first.
    pub months: Vec<MonthRow>,
    /// 平均 SLA, of the months that have one.
    pub service_percent_average: Option<f64>,
    /// 平均运营时长, of the months that have one.
    pub operating_hours_average: Option<f64>,
    /// 标识注册 RTT, the mean of the month.
    pub registration_ms: Option<f64>,
    /// 标识解析 RTT, the mean of the month.
    pub resolution_ms: Option<f64>,
    /// 标识注册生效时间: what is acknowledged resolves, so that it is the mean of registering.
    pub effective_hours: Option<f64>,
    /// 停机维护: when the node was told to stop.
    pub maintenance: Vec<Span>,
    /// 紧急情况.
    pub emergencies: Vec<Emergency>,
}

/// A month of the tables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonthRow {
    /// As YYYY-MM.
    pub month: String,
    /// 服务可用性.
    pub service_percent: Option<f64>,
    /// 运营时长.
    pub operating_hours: Option<f64>,
}

/// From when to when, in Shanghai; none: not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// When it began.
    pub from: Option<String>,
    /// When it was over.
    pub until: Option<String>,
}

/// A fault of this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Emergency {
    /// Its number.
    pub number: u32,
    /// What kind: 1 to 4.
    pub class: u8,
    /// When it was.
    #[serde(flatten)]
    pub span: Span,
    /// The cause, as far as it is known.
    pub cause: String,
    /// How it was mended, where somebody said.
    pub solution: String,
}

impl Monthly {
    /// Of the month of a day, as of a moment: what is to come is not in it.
    #[must_use]
    pub fn of(
        (events, timings): (&Events, &ScopeTimings),
        unit: Option<&str>,
        day: Date,
        now_ms: u64,
    ) -> Self {
        let month = Month::of(day);
        let before = |months: i32| {
            let first = month.first.checked_sub(months.months());
            first.ok().map(Month::of)
        };
        let months = (0..MONTHS).rev().filter_map(before);
        let months: Vec<MonthRow> = months.map(|one| one.row(events, now_ms)).collect();
        let until = month.first.last_of_month();
        let today = day_of(statistics_day(now_ms)).unwrap_or(until);
        let PeriodTimings {
            resolution,
            registration,
        } = timings.sum(Period::month(month.first));
        let registration_ms = registration.and_then(|timing| timing.latency_ms_average);
        Self {
            month: month.name(),
            unit: unit.map(str::to_owned),
            until: until.min(today).to_string(),
            is_over: today > until,
            service_percent_average: mean(months.iter().filter_map(|row| row.service_percent)),
            operating_hours_average: mean(months.iter().filter_map(|row| row.operating_hours)),
            months,
            registration_ms,
            resolution_ms: resolution.and_then(|timing| timing.latency_ms_average),
            effective_hours: registration_ms.map(|ms| ms / MS_PER_HOUR),
            maintenance: month.maintenance(events.running()),
            emergencies: month.emergencies(events.node()),
        }
    }
}

//----------- Month ------------------------------------------------------------

/// A month of Shanghai.
#[derive(Debug, Clone, Copy)]
struct Month {
    first: Date,
}

impl Month {
    fn of(day: Date) -> Self {
        Self {
            first: day.first_of_month(),
        }
    }

    fn name(self) -> String {
        format!("{:04}-{:02}", self.first.year(), self.first.month())
    }

    /// As YYYYMM.
    fn number(self) -> u32 {
        statistics_day(self.begins_ms()) / 100
    }

    fn begins_ms(self) -> u64 {
        begins_ms(self.first)
    }

    fn ends_ms(self) -> u64 {
        begins_ms(self.first.saturating_add(1.month()))
    }

    fn has(self, from_ms: u64, until_ms: u64) -> bool {
        from_ms < self.ends_ms() && until_ms >= self.begins_ms()
    }

    fn row(self, events: &Events, now_ms: u64) -> MonthRow {
        let from_ms = events
            .running()
            .first_ms()
            .map(|ms| ms.max(self.begins_ms()));
        let until_ms = self.ends_ms().min(now_ms);
        let period_ms = from_ms.and_then(|from_ms| until_ms.checked_sub(from_ms));
        let period_ms = period_ms.filter(|ms| *ms > 0);
        let month = events.month(self.number(), now_ms);
        let well_ms = month.up_ms.saturating_sub(month.faulty_ms);
        MonthRow {
            month: self.name(),
            service_percent: period_ms.map(|period_ms| floor(share(well_ms, period_ms), 3)),
            operating_hours: period_ms.map(|_| floor(number(month.up_ms) / MS_PER_HOUR, 2)),
        }
    }

    fn maintenance(self, running: &Running) -> Vec<Span> {
        let told = running.stops().filter(|stop| stop.was_told);
        let here = told.filter(|stop| self.has(stop.stopped_ms, ended(stop)));
        let spans = here.map(|stop| Span {
            from: moment(stop.stopped_ms),
            until: Some(stop.started_ms).filter(|ms| *ms > 0).and_then(moment),
        });
        spans.collect()
    }

    fn emergencies(self, log: &EventLog) -> Vec<Emergency> {
        let faults = log.after(0).filter_map(|(number, change)| match change {
            EventChange::Fault { event, class } => Some((number, event, *class)),
            _ => None,
        });
        let faults = faults.filter_map(|(number, event, class)| {
            let over = recovery(log, number);
            let until_ms = over.map_or(u64::MAX, |(at_ms, _)| at_ms);
            self.has(event.at_ms, until_ms).then(|| Emergency {
                number,
                class: class as u8,
                span: Span {
                    from: moment(event.at_ms),
                    until: over.and_then(|(at_ms, _)| moment(at_ms)),
                },
                cause: event.note.to_string(),
                solution: over.map(|(_, note)| note.to_owned()).unwrap_or_default(),
            })
        });
        faults.collect()
    }
}

/// When a fault was over, and how it was mended.
fn recovery(log: &EventLog, number: u32) -> Option<(u64, &str)> {
    let mut later = log.after(number);
    later.find_map(|(_, change)| match change {
        EventChange::Recovered { event, of } if *of == number => Some((event.at_ms, &*event.note)),
        _ => None,
    })
}

//----------- Helper functions -------------------------------------------------

fn ended(stop: &Stop) -> u64 {
    match stop.started_ms {
        0 => u64::MAX,
        ms => ms,
    }
}

/// A moment to the minute, as the report has it.
fn moment(ms: u64) -> Option<String> {
    let time = Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
    let time = Offset::constant(8).to_datetime(time);
    Some(time.strftime("%Y-%m-%d %H:%M").to_string())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a month are far below 2^53"
)]
fn number(ms: u64) -> f64 {
    ms as f64
}

fn share(part_ms: u64, whole_ms: u64) -> f64 {
    number(part_ms.min(whole_ms)) * 100.0 / number(whole_ms)
}

/// Rounded down to so many digits.
fn floor(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).floor() / scale
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    (count > 0.0).then(|| floor(sum / count, 3))
}
