//! What is told when, over faults, crashes and people.

use jiff::ToSpan;

use super::{
    super::Doing,
    Simulated,
    simulated::{FROM, day},
};
use crate::{
    change::{Part, ReportChange, ReportStep},
    state::Outcome,
    topnode::{
        outbox::{Answer, Event, TableStatus},
        standin::Fault,
        tables::Table,
    },
};

fn status(node: &Simulated, table: Table) -> TableStatus {
    node.status(table)
}

fn days(node: &mut Simulated, days: u32) {
    (0..days * 24).for_each(|_| node.hour());
    node.settle(node.now_ms + 60_000);
}

fn said(table: Table, period: u32, step: ReportStep) -> ReportChange {
    ReportChange {
        table: table.number(),
        period,
        revision: 1,
        step,
        part: Part::default(),
        note: "asked".into(),
    }
}

#[test]
fn who_there_is_is_told_before_what_is_counted() {
    let mut node = Simulated::new(1);
    // A day is over already when it begins to tell.
    node.rolled_up_until = Some(FROM);
    node.settle(node.now_ms + 60_000);
    days(&mut node, 2);
    let first = |table| node.sent.iter().position(|(of, ..)| *of == table).unwrap();
    for named in [Table::T1, Table::T2, Table::T6, Table::T7] {
        for counted in [Table::T3, Table::T8, Table::T9, Table::M1, Table::M2] {
            assert!(first(named) < first(counted), "{named:?} {counted:?}");
        }
    }
    node.check(FROM.saturating_add(1.day()));
}

/// A year with its month ends and a leap of five days in which nobody hears, crashes all along.
#[test]
fn a_year_is_told_whole() {
    let mut node = Simulated::new(2);
    node.crash_every = Some(40);
    for number in 0..365_u32 {
        node.is_down = (100..105).contains(&number);
        if number == 105 {
            assert_eq!(status(&node, Table::T8).due, 5);
            let lag_days = status(&node, Table::T8).lag_ms / 86_400_000;
            assert_eq!(lag_days, 4, "the oldest ended four days and some hours ago");
        }
        if number % 30 == 7 {
            node.control_seq += 1;
            node.firms.push(node.control_seq);
        }
        days(&mut node, 1);
    }
    node.crash_every = None;
    node.hour();
    assert!(node.crashes > 100, "{}", node.crashes);
    let until = FROM.saturating_add(364.days());
    assert_eq!(day(node.now_ms).yesterday().unwrap(), until);
    node.check(until);
    // Every firm was told, and no oftener than it was changed: crashes tell some again.
    let told = |table| {
        let reports = node.standin.books.reports();
        let rows = reports
            .filter(|(of, ..)| *of == table)
            .map(|(.., one)| one.rows.len());
        rows.sum::<usize>()
    };
    assert!(told(Table::T6) >= node.firms.len() && told(Table::T6) < 2 * node.firms.len());
}

#[test]
fn no_fault_loses_or_doubles_anything() {
    for (seed, fault) in (10..).zip(Fault::ALL) {
        let mut node = Simulated::new(seed);
        node.crash_every = Some(25);
        node.standin.set_fault(Some(fault));
        days(&mut node, 12);
        node.standin.set_fault(None);
        node.crash_every = None;
        days(&mut node, 1);
        node.check(FROM.saturating_add(12.days()));
        assert!(node.crashes > 0);
        let is_heard_twice = matches!(
            fault,
            Fault::CutAfter | Fault::LostAck | Fault::WrongSignature
        );
        if is_heard_twice {
            assert!(node.standin.books.repeated() > 10, "{fault:?} did nothing");
        }
    }
}

/// A message that was in flight cannot be made again: the next revision stands in its place.
#[test]
fn what_changed_since_a_crash_is_the_next_revision() {
    let mut node = Simulated::new(3);
    days(&mut node, 1);
    node.is_deaf = true;
    node.operator = "two".to_owned();
    node.control_seq += 1;
    node.run(Event::Look);
    assert!(node.standin.books.report(Table::T1, 2).is_some());
    assert!(
        status(&node, Table::T1).in_flight.is_some(),
        "no answer came"
    );
    node.crash();
    node.operator = "three".to_owned();
    node.is_deaf = false;
    node.settle(node.now_ms + 600_000);
    let told = node.standin.books.report(Table::T1, 2).unwrap();
    assert_eq!((told.revision, &told.rows[0][0]), (2, &"three".into()));
    assert!(node.standin.books.faults().is_empty());
    assert_eq!(status(&node, Table::T1).in_flight, None);
}

/// Where nothing is signed the key alone says of which message an answer is.
#[test]
fn an_answer_of_another_message_is_none() {
    let mut node = Simulated::new(7);
    node.is_down = true;
    node.run(Event::Look);
    let other = super::super::key_of;
    let ledger_id = node.facts(&node.reports, &node.events).ledger_id;
    let answers = [
        Answer::Accepted {
            key: other(ledger_id, Table::T1, 2, 1, 1),
            receipt: "R".to_owned(),
        },
        Answer::Refused {
            key: other(ledger_id, Table::T2, 1, 1, 1),
            reason: "no".to_owned(),
        },
    ];
    for answer in answers {
        // It is sent once more, and this is what comes back.
        node.now_ms += 600_000;
        node.heard = Some(answer);
        node.run(Event::Look);
        let stands = status(&node, Table::T1);
        assert!(
            stands.in_flight.is_some() && stands.told_until.is_none(),
            "{stands:?}"
        );
        assert!(
            stands.last_failure.contains("another message"),
            "{stands:?}"
        );
    }
}

/// Hosted prefixes are resolved where the node is: when it moves, all of their routes are told anew.
#[test]
fn routes_are_told_anew_when_the_node_moves() {
    let mut node = Simulated::new(8);
    days(&mut node, 1);
    let routes = |node: &Simulated| {
        let reports = node.standin.books.reports();
        let routes = reports.filter(|(table, ..)| *table == Table::T7);
        routes.map(|(.., one)| one.rows.len()).collect::<Vec<_>>()
    };
    assert_eq!(routes(&node), [3]);
    node.services = "elsewhere".to_owned();
    node.control_seq += 1;
    days(&mut node, 1);
    assert_eq!(routes(&node), [3, 3]);
    assert_eq!(
        node.standin
            .books
            .report(Table::T2, 2)
            .map(|two| two.rows.len()),
        Some(1)
    );
}

/// A firm changes in the hour in which the node moves: all routes are told anew all the same.
#[test]
fn a_move_is_told_before_the_routes() {
    for is_late in [false, true] {
        let mut node = Simulated::new(9);
        days(&mut node, 1);
        // A start with another configuration.
        node.crash();
        node.services = "elsewhere".to_owned();
        node.control_seq += 1;
        node.firms[1] = node.control_seq;
        node.now_ms += 3_600_000;
        if is_late {
            node.is_down = true;
            (0..5).for_each(|_| node.hour());
            node.control_seq += 1;
            node.firms[2] = node.control_seq;
            node.is_down = false;
        }
        days(&mut node, 1);
        let reports = node.standin.books.reports();
        let last = reports.filter(|(table, ..)| *table == Table::T7).last();
        let (.., last) = last.unwrap();
        assert_eq!(last.rows.len(), 3, "late: {is_late}");
        assert!(node.standin.books.report(Table::T2, 2).is_some());
    }
}

/// Routes under way when the node stops, and moves before it starts again.
#[test]
fn routes_that_were_under_way_do_not_hide_a_move() {
    let mut node = Simulated::new(12);
    days(&mut node, 1);
    node.is_deaf = true;
    node.control_seq += 1;
    node.firms[1] = node.control_seq;
    node.hour();
    node.run(Event::Look);
    assert!(status(&node, Table::T7).in_flight.is_some());
    node.crash();
    node.services = "elsewhere".to_owned();
    node.control_seq += 1;
    node.is_deaf = false;
    days(&mut node, 1);
    let reports = node.standin.books.reports();
    let routes = reports.filter(|(table, ..)| *table == Table::T7);
    let (.., last) = routes.last().unwrap();
    assert!(last.rows.len() == 3 && last.rows.iter().all(|row| row[3] == "elsewhere"));
}

/// Without a first day that is said, it is the one on which telling began, however long nobody heard.
#[test]
fn the_first_day_is_that_of_the_first_report() {
    let mut node = Simulated::new(10);
    node.from = None;
    node.is_down = true;
    days(&mut node, 3);
    let late = status(&node, Table::T8);
    assert_eq!((late.due, late.lag_ms / 86_400_000), (3, 2), "{late:?}");
    node.is_down = false;
    days(&mut node, 1);
    node.check(FROM.saturating_add(3.days()));
    // A day before is told where a person wants it, and does not make those between due.
    node.note(&said(Table::T8, 20_261_110, ReportStep::Requested));
    node.settle(node.now_ms + 60_000);
    assert_eq!(status(&node, Table::T8).due, 0);
}

/// The report under way may be older than the first day that is due.
#[test]
fn a_lag_is_that_of_the_oldest() {
    let mut node = Simulated::new(11);
    days(&mut node, 2);
    node.is_down = true;
    node.control_seq += 1;
    node.note(&said(Table::T3, 20_261_201, ReportStep::Requested));
    days(&mut node, 1);
    let late = status(&node, Table::T3);
    assert_eq!(
        late.in_flight.as_ref().map(|open| open.period),
        Some(20_261_201)
    );
    assert_eq!((late.due, late.lag_ms / 3_600_000), (1, 24), "{late:?}");
}

#[test]
fn a_day_that_is_asked_for_is_told_again_and_only_that() {
    let mut node = Simulated::new(4);
    days(&mut node, 3);
    let period = 20_261_202;
    let before = node.sent.len();
    node.control_seq += 1;
    let seq = node.control_seq;
    std::sync::Arc::make_mut(&mut node.reports).correct(period, seq);
    node.settle(node.now_ms + 60_000);
    let again: Vec<_> = node.sent[before..].to_vec();
    assert!(again.iter().all(|(table, of, revision, _)| {
        (*of, *revision) == (period, 2) || matches!(table, Table::T1 | Table::T2)
    }));
    assert!(again.iter().any(|(table, ..)| *table == Table::T8));
    let told = node.standin.books.report(Table::T8, period).unwrap();
    assert_eq!(told.revision, 2);
    node.check(FROM.saturating_add(2.days()));
}

#[test]
fn what_is_refused_waits_for_a_person_and_the_rest_goes_on() {
    let mut node = Simulated::new(5);
    days(&mut node, 1);
    // The next day's T8 is refused: its key is used by something else.
    let ledger_id = node.facts(&node.reports, &node.events).ledger_id;
    let key = super::super::key_of(ledger_id, Table::T8, 20_261_202, 1, 1);
    node.standin.books.spoil(&key);
    days(&mut node, 2);
    let refused = node
        .reports
        .table(8)
        .unwrap()
        .period(20_261_202)
        .unwrap()
        .clone();
    assert_eq!(refused.outcome, Some(Outcome::Refused));
    assert!(refused.note.contains("other content"), "{}", refused.note);
    // The day after does not follow for the stand-in, which has a gap now.
    assert_eq!(status(&node, Table::T8).refused, 2);
    node.note(&said(Table::T8, 20_261_202, ReportStep::Requested));
    node.note(&said(Table::T8, 20_261_203, ReportStep::Requested));
    node.settle(node.now_ms + 60_000);
    assert_eq!(status(&node, Table::T8).refused, 0);
    let told = node.standin.books.report(Table::T8, 20_261_202).unwrap();
    assert_eq!(told.revision, 2);
}

#[test]
fn a_person_settles_what_is_under_way() {
    let mut node = Simulated::new(6);
    days(&mut node, 1);
    node.is_down = true;
    days(&mut node, 1);
    let before = status(&node, Table::T3);
    assert_eq!((before.doing, before.due), (Doing::Resting, 1));
    assert!(before.failures > 3 && before.last_failure == "refused");
    let period = before.in_flight.unwrap().period;
    node.note(&said(Table::T3, period, ReportStep::Settled));
    let sent = node.sent.len();
    node.settle(node.now_ms + 600_000);
    assert!(
        node.sent[sent..]
            .iter()
            .all(|(table, ..)| *table != Table::T3)
    );
    assert_eq!(status(&node, Table::T3).in_flight, None);
    assert_eq!(status(&node, Table::T3).told_until, Some(period));
}
