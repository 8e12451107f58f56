//! Reports as the ledger tells of them.

use super::*;
use crate::change::Cursor;

const T8: u8 = 8;

fn change(
    step: ReportStep,
    period: u32,
    revision: u16,
    number: u32,
    is_last: bool,
) -> ReportChange {
    ReportChange {
        table: T8,
        period,
        revision,
        step,
        part: Part {
            number,
            is_last,
            at: 70,
            from: u64::from(number - 1) * 10,
            until: u64::from(number) * 10,
            rows: 10,
            ..Part::default()
        },
        note: "why".into(),
    }
}

fn taken(changes: &[ReportChange]) -> Reports {
    let mut reports = Reports::default();
    changes
        .iter()
        .for_each(|change| reports.take(change, 100, 5));
    reports
}

fn table(reports: &Reports) -> &TableReports {
    reports.table(T8).unwrap()
}

#[test]
fn a_report_is_done_with_its_last_part() {
    use ReportStep::{Acknowledged, InFlight};
    let mut reports = taken(&[change(InFlight, 1, 1, 1, false)]);
    let open = table(&reports).open().unwrap();
    assert!(!open.is_acknowledged && open.rows() == 10);
    reports.take(&change(Acknowledged, 1, 1, 1, false), 100, 6);
    assert!(table(&reports).open().unwrap().is_acknowledged);
    assert!(!table(&reports).is_over(1));
    // One that comes again, late or of another report changes nothing.
    for stale in [
        change(Acknowledged, 1, 1, 2, true),
        change(Acknowledged, 1, 2, 1, true),
        change(Acknowledged, 2, 1, 1, true),
    ] {
        let before = reports.clone();
        reports.take(&stale, 100, 7);
        assert_eq!(reports, before);
    }
    reports.take(&change(InFlight, 1, 1, 2, true), 100, 8);
    reports.take(&change(Acknowledged, 1, 1, 2, true), 100, 9);
    let (period, reported) = table(&reports).last().unwrap();
    assert_eq!((period, reported.rows, reported.parts), (1, 20, 2));
    assert_eq!(
        (reported.outcome, reported.time_ms),
        (Some(Outcome::Done), 9)
    );
    assert_eq!(table(&reports).open(), None);
    assert!(table(&reports).is_over(1) && !table(&reports).is_over(2));
}

#[test]
fn people_settle_and_request() {
    use ReportStep::{Acknowledged, InFlight, Refused, Requested, Settled};
    let refused = [
        change(InFlight, 1, 1, 1, true),
        change(Refused, 1, 1, 1, true),
    ];
    let mut reports = taken(&refused);
    assert_eq!(table(&reports).last_told(), None);
    assert_eq!(
        table(&reports).last().unwrap().1.outcome,
        Some(Outcome::Refused)
    );
    reports.take(&change(Requested, 1, 2, 1, false), 60, 6);
    let requested = |reports: &Reports| table(reports).period(1).unwrap().requested.clone();
    let reason = requested(&reports).map(|again| again.reason);
    assert_eq!(reason.as_deref(), Some("why"));
    reports.take(&change(InFlight, 1, 2, 1, true), 100, 7);
    assert_eq!(requested(&reports), None);
    // Asked for once more while it is under way.
    reports.take(&change(Requested, 1, 3, 1, false), 100, 8);
    reports.take(&change(Acknowledged, 1, 2, 1, true), 100, 9);
    assert_eq!(table(&reports).last_told().unwrap().1.revision, 2);
    assert!(requested(&reports).is_some());
    reports.take(&change(Settled, 1, 3, 1, false), 100, 10);
    assert_eq!(requested(&reports), None);
    assert_eq!(
        table(&reports).last_told().unwrap().1.outcome,
        Some(Outcome::Settled)
    );
    // And one that is under way.
    reports.take(&change(InFlight, 2, 1, 1, false), 100, 11);
    reports.take(&change(Settled, 2, 1, 1, false), 100, 12);
    assert_eq!(table(&reports).open(), None);
    assert!(table(&reports).is_over(2));
}

#[test]
fn a_day_that_is_rolled_up_again_is_told_again() {
    use ReportStep::{Acknowledged, InFlight};
    let mut reports = taken(&[
        change(InFlight, 1, 1, 1, true),
        change(Acknowledged, 1, 1, 1, true),
        change(InFlight, 2, 1, 1, true),
    ]);
    (1..=3).for_each(|day| reports.correct(day, 100));
    reports.take(&change(Acknowledged, 2, 1, 1, true), 100, 6);
    for day in [1, 2] {
        let period = table(&reports).period(day).unwrap();
        assert_eq!(period.outcome, Some(Outcome::Done));
        assert!(period.requested.is_some(), "{day}");
    }
    assert_eq!(table(&reports).period(3), None);
}

/// A report that was begun before is not what is asked for, whatever part of it is sent next.
#[test]
fn what_is_asked_for_in_between_is_not_forgotten() {
    use ReportStep::{Acknowledged, InFlight, Requested};
    let ends = |reports: &mut Reports| {
        reports.take(&change(Acknowledged, 1, 1, 1, false), 101, 6);
        reports.take(&change(InFlight, 1, 1, 2, true), 102, 7);
        reports.take(&change(Acknowledged, 1, 1, 2, true), 103, 8);
        table(reports).period(1).unwrap().clone()
    };
    let asked_for = |reports: &mut Reports| {
        reports.take(&change(Requested, 1, 2, 1, false), 100, 5);
    };
    let rolled_up = |reports: &mut Reports| reports.correct(1, 100);
    for again in [&asked_for as &dyn Fn(&mut Reports), &rolled_up] {
        let mut reports = taken(&[change(InFlight, 1, 1, 1, false)]);
        again(&mut reports);
        let ended = ends(&mut reports);
        assert_eq!(ended.outcome, Some(Outcome::Done));
        assert!(ended.requested.is_some());
    }
    // Between looking, which was at 70, and beginning: the first time there is nothing to mark.
    let mut reports = Reports::default();
    reports.correct(1, 60);
    reports.take(&change(InFlight, 1, 1, 1, false), 99, 5);
    assert_eq!(
        ends(&mut reports).requested,
        None,
        "it was there when it looked"
    );
    let mut reports = Reports::default();
    reports.correct(1, 71);
    reports.take(&change(InFlight, 1, 1, 1, false), 99, 5);
    assert!(ends(&mut reports).requested.is_some());
}

#[test]
fn old_periods_are_forgotten_and_stay_over() {
    use ReportStep::{Requested, Settled};
    let mut reports = taken(&[change(Requested, 1, 1, 1, false)]);
    let most = u32::try_from(PERIODS_MAX).unwrap();
    for period in 2..=most + 9 {
        reports.take(&change(Settled, period, 1, 1, false), 100, 5);
    }
    let reports = table(&reports);
    assert_eq!(reports.periods().count(), PERIODS_MAX);
    assert_eq!(reports.floor(), 10);
    assert!(reports.is_over(10) && reports.is_over(11));
    assert!(reports.period(1).unwrap().requested.is_some());
}

#[test]
fn they_are_stored_as_they_are() {
    use ReportStep::{Acknowledged, InFlight, Refused, Requested};
    let reports = taken(&[
        change(InFlight, 1, 1, 1, true),
        change(Refused, 1, 1, 1, true),
        change(InFlight, 2, 1, 1, true),
        change(Acknowledged, 2, 1, 1, true),
        change(Requested, 1, 2, 1, false),
        change(InFlight, 3, 1, 1, false),
        change(Acknowledged, 3, 1, 1, false),
        change(InFlight, 3, 1, 2, false),
    ]);
    let mut reports = reports;
    reports.correct(20_261_125, 7);
    assert_eq!(reports.began_ms(), 5);
    let mut bytes = Vec::new();
    reports
        .numbers()
        .for_each(|table| reports.put(table, &mut bytes));
    let mut again = Reports::default();
    let mut cursor = Cursor::new(&bytes);
    while !cursor.is_empty() {
        again.restore(&mut cursor).unwrap();
    }
    assert_eq!(again, reports);
}
