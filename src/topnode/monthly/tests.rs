//! Reports against what a person would add up.

use super::*;
use crate::{
    change::{Change, FaultClass, NumberedEvent},
    state::tests::Built,
};
use jiff::civil::date;
use serde_json::json;

fn at(day: Date, hour: i8) -> u64 {
    let time = day.at(hour, 0, 0, 0);
    let ms = Offset::constant(8).to_timestamp(time).unwrap();
    u64::try_from(ms.as_millisecond()).unwrap()
}

fn event(number: u32, at_ms: u64, note: &str) -> NumberedEvent {
    NumberedEvent {
        number,
        prefix: None,
        at_ms,
        note: note.into(),
    }
}

/// First ready at noon of 15 October; stopped for two hours on 1 November; crashed on the 10th, found
/// out an hour later; a full disk for three hours over the end of November.
fn happened() -> Vec<EventChange> {
    let (november, december) = (date(2026, 11, 1), date(2026, 12, 1));
    let started = |at_ms, alive_until_ms| EventChange::Started {
        at_ms,
        alive_until_ms,
    };
    let crash = at(date(2026, 11, 10), 8);
    let class = FaultClass::System;
    let full = at(date(2026, 11, 30), 23);
    vec![
        started(at(date(2026, 10, 15), 12), 0),
        EventChange::Stopped {
            at_ms: at(november, 1),
        },
        started(at(november, 3), 0),
        started(crash + 3_600_000, crash),
        EventChange::Fault {
            event: event(1, crash, "服务进程异常终止"),
            class,
        },
        EventChange::Recovered {
            event: event(2, crash + 3_600_000, ""),
            of: 1,
        },
        EventChange::Fault {
            event: event(3, full, "磁盘空间不足"),
            class,
        },
        EventChange::Recovered {
            event: event(4, at(december, 2), "扩容"),
            of: 3,
        },
    ]
}

fn events() -> Events {
    let mut events = Events::default();
    happened().iter().for_each(|change| events.take(change));
    events
}

fn report(day: Date, now_ms: u64) -> Monthly {
    Monthly::of(
        (&events(), &ScopeTimings::default()),
        Some("某单位"),
        day,
        now_ms,
    )
}

#[test]
fn a_month_has_what_was_there() {
    let now = at(date(2026, 12, 3), 0);
    let november = report(date(2026, 11, 7), now);
    assert_eq!(
        (november.month.as_str(), november.until.as_str()),
        ("2026-11", "2026-11-30")
    );
    assert!(november.is_over);
    let rows =
        |of: fn(&MonthRow) -> Option<f64>| november.months.iter().map(of).collect::<Vec<_>>();
    // 720 hours; two of them stopped, one crashed, and one with a full disk.
    let operating = [None, None, None, None, Some(396.0), Some(717.0)];
    assert_eq!(rows(|row| row.operating_hours), operating);
    let service = [None, None, None, None, Some(100.0), Some(99.444)];
    assert_eq!(rows(|row| row.service_percent), service, "716 of 720 hours");
    assert_eq!(november.service_percent_average, Some(99.722));
    assert_eq!(november.operating_hours_average, Some(556.5));
    assert_eq!(
        json!(november.maintenance),
        json!([{ "from": "2026-11-01 01:00", "until": "2026-11-01 03:00" }])
    );
    let emergencies = json!([
        { "number": 1, "class": 2, "from": "2026-11-10 08:00", "until": "2026-11-10 09:00",
          "cause": "服务进程异常终止", "solution": "" },
        { "number": 3, "class": 2, "from": "2026-11-30 23:00", "until": "2026-12-01 02:00",
          "cause": "磁盘空间不足", "solution": "扩容" },
    ]);
    assert_eq!(json!(november.emergencies), emergencies);
}

#[test]
fn a_month_that_goes_on_is_reported_up_to_now() {
    let now = at(date(2026, 12, 3), 0);
    let december = report(date(2026, 12, 1), now);
    assert_eq!(
        (december.until.as_str(), december.is_over),
        ("2026-12-03", false)
    );
    let last = december.months.last().unwrap();
    assert_eq!(last.operating_hours, Some(48.0));
    assert_eq!(last.service_percent, Some(95.833), "46 of 48 hours");
    // The fault that began in November was still there.
    let numbers: Vec<_> = december.emergencies.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [3]);
    assert!(december.maintenance.is_empty());
}

#[test]
fn before_it_was_ready_there_is_nothing() {
    let september = report(date(2026, 9, 1), at(date(2026, 12, 3), 0));
    let none = |row: &MonthRow| row.service_percent.is_none() && row.operating_hours.is_none();
    assert!(september.months.iter().all(none));
    assert_eq!(september.service_percent_average, None);
    assert_eq!(september.registration_ms, None);
    assert_eq!(september.months[0].month, "2026-04");
    // Nor in a year's first months, or at the beginning of a month.
    let january = report(date(2027, 1, 1), at(date(2027, 1, 1), 0));
    let months: Vec<_> = january.months.iter().map(|row| row.month.clone()).collect();
    assert_eq!(months[0], "2026-08");
    assert_eq!(january.months[5].service_percent, None, "it has just begun");
    assert_eq!(january.months[4].operating_hours, Some(744.0));
}

/// A node that was down for a second was not there all the month.
#[test]
fn nothing_is_rounded_up() {
    let month_ms = 30 * 24 * 3_600_000;
    assert!(floor(share(month_ms - 1_000, month_ms), 3) < 100.0);
    assert_eq!(floor(719.999, 2), 719.99);
    assert_eq!(mean([100.0, 99.999].into_iter()), Some(99.999));
    assert_eq!(mean(std::iter::empty()), None);
}

/// The same, out of a ledger.
#[test]
fn a_ledger_says_the_same() {
    let built = Built::new();
    for change in happened() {
        built.control(&[Change::Event(Box::new(change))]);
    }
    let state = built.state();
    assert_eq!(*state.events(), events());
}
