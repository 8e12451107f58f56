//! Events: told one by one, when they happen.

use std::sync::Arc;

use super::{super::Answer, Simulated, simulated::FROM};
use crate::{
    change::{EventChange, FaultClass, NumberedEvent, Part, ReportChange, ReportStep},
    identifier::Prefix,
    topnode::{outbox::Event, tables::Table},
};

impl Simulated {
    /// A fault of this node, or of an enterprise's, or that the one before is over.
    fn happen(&mut self, prefix: Option<&str>, is_over: bool) {
        let prefix = prefix.map(|text| Prefix::parse(text).unwrap());
        let log = match &prefix {
            Some(_) => self.events.enterprises(),
            None => self.events.node(),
        };
        let event = NumberedEvent {
            number: log.last() + 1,
            prefix,
            at_ms: self.now_ms,
            note: "盘满".into(),
        };
        let change = if is_over {
            let of = event.number - 1;
            EventChange::Recovered { event, of }
        } else {
            let class = FaultClass::System;
            EventChange::Fault { event, class }
        };
        Arc::make_mut(&mut self.events).take(&change);
        self.control_seq += 1;
    }

    /// The numbers that were told of a table, with their revisions.
    fn told(&self, table: Table) -> Vec<(u32, u32)> {
        let reports = self.standin.books.reports();
        let of = reports.filter(|(of, ..)| *of == table);
        of.map(|(_, period, received)| {
            assert_eq!(received.rows.len(), 1, "an event is one row");
            (period, received.revision)
        })
        .collect()
    }
}

/// A node that has begun to tell.
fn begun(seed: u64) -> Simulated {
    let mut node = Simulated::new(seed);
    node.settle(node.now_ms + 60_000);
    node
}

#[test]
fn an_event_is_told_at_once_whatever_else_waits() {
    let mut node = Simulated::new(21);
    // Nothing else gets through, and what is counted waits for it.
    node.heard = Some(Answer::Failed {
        reason: "cut".to_owned(),
        retry_after_ms: None,
    });
    node.run(Event::Look);
    node.heard = None;
    node.happen(None, false);
    node.happen(Some("88.118.8"), false);
    node.run(Event::Look);
    assert_eq!(node.told(Table::E1), [(1, 1)]);
    assert_eq!(node.told(Table::E2), [(1, 1)]);
    node.happen(None, true);
    node.run(Event::Look);
    assert_eq!(node.told(Table::E1), [(1, 1), (2, 1)]);
    let row = |number| {
        let received = node.standin.books.report(Table::E1, number).unwrap();
        received.rows[0].clone()
    };
    assert_eq!(row(2)[3], row(1)[2], "the recovery names its fault");
}

/// What happened in an outage is made up for in order, over crashes, and once.
#[test]
fn each_event_is_told_once_and_in_order() {
    let mut node = begun(22);
    node.crash_every = Some(6);
    for round in 0..60_u32 {
        node.is_down = (20..30).contains(&round);
        node.happen(None, false);
        node.hour();
        node.happen(None, true);
        if round == 29 {
            // Those of ten rounds, and what came just before.
            assert_eq!(node.status(Table::E1).due, 21);
            assert_eq!(node.status(Table::E1).lag_ms / 3_600_000, 10);
        }
    }
    node.crash_every = None;
    node.hour();
    assert!(node.crashes > 10, "{}", node.crashes);
    let all: Vec<_> = (1..=120).map(|number| (number, 1)).collect();
    assert_eq!(node.told(Table::E1), all);
    assert!(node.standin.books.faults().is_empty());
    assert_eq!(node.status(Table::E1).due, 0);
}

#[test]
fn a_person_has_an_event_sent_again_and_only_that() {
    let mut node = begun(23);
    for is_over in [false, true, false] {
        node.happen(None, is_over);
    }
    node.settle(node.now_ms + 60_000);
    let mut asked = ReportChange {
        table: Table::E1.number(),
        period: 2,
        revision: 1,
        step: ReportStep::Requested,
        part: Part::default(),
        note: "asked".into(),
    };
    node.note(&asked);
    node.settle(node.now_ms + 60_000);
    assert_eq!(node.told(Table::E1), [(1, 1), (2, 2), (3, 1)]);
    // Settled by hand before it was told: it is told no more, and those before it still are.
    node.is_down = true;
    node.happen(None, true);
    node.happen(None, false);
    (asked.period, asked.step) = (5, ReportStep::Settled);
    node.note(&asked);
    node.is_down = false;
    node.settle(node.now_ms + 60_000);
    assert_eq!(node.told(Table::E1), [(1, 1), (2, 2), (3, 1), (4, 1)]);
}

/// What happened before the first day that is told is nobody's business, and that it is over neither.
#[test]
fn events_before_the_first_day_are_not_told() {
    let mut node = Simulated::new(24);
    let began_ms = node.now_ms;
    node.now_ms = began_ms - 1;
    node.happen(None, false);
    node.now_ms = began_ms;
    node.happen(None, true);
    node.happen(None, false);
    node.settle(node.now_ms + 60_000);
    assert_eq!(node.from, Some(FROM));
    assert_eq!(node.told(Table::E1), [(3, 1)]);
    // Where nobody says from when, it is from the first report on.
    let mut node = Simulated::new(25);
    node.from = None;
    node.happen(None, false);
    node.now_ms += 1;
    node.settle(node.now_ms + 60_000);
    node.happen(None, true);
    node.happen(None, false);
    node.settle(node.now_ms + 60_000);
    assert_eq!(node.told(Table::E1), [(3, 1)]);
    assert_eq!(node.status(Table::E1).due, 0);
}
