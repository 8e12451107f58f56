//! Which report of a table is due, from what the ledger says and the clock.

use jiff::{Timestamp, ToSpan, civil::Date, tz::Offset};

use super::Facts;
use crate::{
    accounting::figures::{begins_ms, day_of, number_of},
    change::{EventChange, statistics_day},
    state::TableReports,
    topnode::tables::{Interval, Table, event_log},
};

const HOUR_MS: u64 = 60 * 60 * 1_000;

//----------- Due --------------------------------------------------------------

/// A report that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) period: u32,
    pub(super) revision: u16,
    /// Changes up to this `control` entry were reported before.
    pub(super) since: u64,
    /// Whether it is told whatever is in it: else only what is new.
    pub(super) is_asked_for: bool,
}

/// What of a table is due.
pub(super) fn due(table: Table, facts: &Facts<'_>, now_ms: u64) -> Option<Due> {
    let nothing = TableReports::default();
    let reports = facts.reports.table(table.number()).unwrap_or(&nothing);
    let requested = reports.periods().find_map(|(period, reported)| {
        reported.requested.as_ref()?;
        Some(Due {
            period,
            revision: reported.revision.saturating_add(1),
            since: 0,
            is_asked_for: true,
        })
    });
    requested.or_else(|| match table.interval() {
        Interval::Daily => {
            let day = days_due(reports, facts).next()?;
            Some(Due {
                period: number_of(day),
                revision: 1,
                since: 0,
                is_asked_for: true,
            })
        }
        Interval::Hourly => {
            let hour = hour_of(now_ms);
            let last = reports.last();
            let is_due = last.is_none_or(|(period, _)| period < hour) && hour > reports.floor();
            is_due.then(|| Due {
                period: hour,
                revision: 1,
                since: since(table, reports, facts),
                is_asked_for: false,
            })
        }
        Interval::RealTime if table.is_of_events() => {
            let (number, _) = events_due(table, reports, facts).next()?;
            Some(Due {
                period: number,
                revision: 1,
                since: 0,
                is_asked_for: true,
            })
        }
        Interval::RealTime => {
            let last = reports.last().map(|(period, _)| period);
            let period = last.unwrap_or_default().max(reports.floor());
            Some(Due {
                period: period.saturating_add(1),
                revision: 1,
                since: 0,
                is_asked_for: false,
            })
        }
        // Nothing is told by the month yet.
        Interval::Monthly => None,
    })
}

/// Up to where changes were reported. Routes of hosted prefixes are those of the node (T2): when it
/// has told others, all are told anew.
fn since(table: Table, reports: &TableReports, facts: &Facts<'_>) -> u64 {
    let at = reports.last().map_or(0, |(_, reported)| reported.at);
    let nodes = facts.reports.table(Table::T2.number());
    let nodes = nodes.and_then(TableReports::last_told);
    let is_moved = nodes.is_some_and(|(_, reported)| reported.at > at);
    if table == Table::T7 && is_moved {
        0
    } else {
        at
    }
}

/// The days that are over and of which nothing was told, in order.
pub(super) fn days_due(reports: &TableReports, facts: &Facts<'_>) -> impl Iterator<Item = Date> {
    let until = facts.rolled_up_until;
    let began_ms = Some(facts.reports.began_ms()).filter(|ms| *ms > 0);
    let began = || began_ms.map(statistics_day).and_then(day_of);
    let first = facts.from.or_else(began);
    // What is forgotten is over.
    let first = first.map(|day| match day_of(reports.floor()) {
        Some(floor) if floor >= day => floor.saturating_add(1.day()),
        _ => day,
    });
    let days = std::iter::successors(first, |day| day.tomorrow().ok());
    days.take_while(move |day| until.is_some_and(|until| *day <= until))
        .filter(|day| !reports.is_over(number_of(*day)))
}

/// The events of which nothing was told, with their times, in order: from the first day that is told
/// on, and no recovery from a fault before it.
pub(super) fn events_due<'a>(
    table: Table,
    reports: &'a TableReports,
    facts: &Facts<'a>,
) -> impl Iterator<Item = (u32, u64)> + 'a {
    let began_ms = Some(facts.reports.began_ms()).filter(|ms| *ms > 0);
    let from_ms = facts.from.map(begins_ms).or(began_ms);
    let log = event_log(table, facts.events);
    let at_ms = |event: &EventChange| event.numbered().map(|event| event.at_ms);
    // A recovery is as old as its fault.
    let since_ms = move |event: &EventChange| match event {
        EventChange::Recovered { of, .. } => log.and_then(|log| log.get(*of)).and_then(at_ms),
        _ => at_ms(event),
    };
    let events = log.into_iter().flat_map(|log| log.after(reports.floor()));
    let untold = events.filter(|(number, _)| !reports.is_over(*number));
    let told = untold.filter(move |(_, event)| from_ms.is_some() && since_ms(event) >= from_ms);
    told.filter_map(move |(number, event)| Some((number, at_ms(event)?)))
}

/// Tables that say whose the rows of others are: these are told first.
pub(super) fn goes_first(table: Table) -> bool {
    matches!(table, Table::T1 | Table::T2 | Table::T6 | Table::T7)
}

//----------- Periods ----------------------------------------------------------

/// The hour of Shanghai as the decimal number YYYYMMDDHH.
#[must_use]
pub fn hour_of(time_ms: u64) -> u32 {
    let time = i64::try_from(time_ms).ok();
    let time = time.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let time = Offset::constant(8).to_datetime(time.unwrap_or(Timestamp::MAX));
    let hour = u32::try_from(time.hour()).unwrap_or_default();
    number_of(time.date()).saturating_mul(100) + hour
}

/// When the hour ends, in milliseconds since the epoch.
pub(super) fn next_hour_ms(now_ms: u64) -> u64 {
    (now_ms / HOUR_MS + 1) * HOUR_MS
}

/// When a day of Shanghai ended, in milliseconds since the epoch.
pub(super) fn ended_ms(day: Date) -> u64 {
    begins_ms(day.saturating_add(1.day()))
}

/// The day of a period of a daily table.
#[must_use]
pub fn day_of_period(table: Table, period: u32) -> Option<Date> {
    let is_daily = table.interval() == Interval::Daily;
    day_of(period).filter(|_| is_daily)
}

/// A period as people write it: a day, or its number.
#[must_use]
pub fn period_of(table: Table, text: &str) -> Option<u32> {
    let number = match text.parse::<Date>() {
        Ok(day) if table.interval() == Interval::Daily => number_of(day),
        Ok(_) => return None,
        Err(_) => text.parse().ok()?,
    };
    let is_period = match table.interval() {
        Interval::Daily => day_of(number).is_some(),
        Interval::Hourly => day_of(number / 100).is_some() && number % 100 < 24,
        Interval::RealTime | Interval::Monthly => number > 0,
    };
    is_period.then_some(number)
}
