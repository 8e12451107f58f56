//! Starts, stops and faults, against what a person would add up.

use super::*;
use crate::{
    change::{FaultClass, NumberedEvent},
    identifier::Prefix,
};

/// 2026-11-30T23:00:00 in Shanghai, an hour before December.
const LATE_MS: u64 = 1_796_050_800_000;

const HOUR_MS: u64 = 60 * 60 * 1_000;

fn at(hours: u64) -> u64 {
    LATE_MS + hours * HOUR_MS
}

fn started(hours: u64, alive_until: u64) -> EventChange {
    EventChange::Started {
        at_ms: at(hours),
        alive_until_ms: alive_until,
    }
}

fn stopped(hours: u64) -> EventChange {
    EventChange::Stopped { at_ms: at(hours) }
}

fn numbered(number: u32, prefix: Option<&str>, hours: u64) -> NumberedEvent {
    NumberedEvent {
        number,
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        at_ms: at(hours),
        note: "".into(),
    }
}

fn fault(number: u32, hours: u64) -> EventChange {
    EventChange::Fault {
        event: numbered(number, None, hours),
        class: FaultClass::System,
    }
}

fn recovered(number: u32, of: u32, hours: u64) -> EventChange {
    EventChange::Recovered {
        event: numbered(number, None, hours),
        of,
    }
}

fn all(changes: &[EventChange]) -> Events {
    let mut events = Events::default();
    changes.iter().for_each(|change| events.take(change));
    events
}

/// Hours up and at fault, of November and of December.
fn hours(events: &Events, now: u64) -> [(u64, u64); 2] {
    [202_611, 202_612].map(|month| {
        let running = events.month(month, at(now));
        assert!(running.up_ms.is_multiple_of(HOUR_MS));
        (running.up_ms / HOUR_MS, running.faulty_ms / HOUR_MS)
    })
}

fn open(events: &Events) -> Vec<u32> {
    events.node().open().collect()
}

#[test]
fn a_run_is_of_the_months_it_is_in() {
    assert_eq!(hours(&all(&[]), 5), [(0, 0), (0, 0)]);
    let running = all(&[started(0, 0)]);
    assert_eq!(hours(&running, 0), [(0, 0), (0, 0)]);
    assert_eq!(hours(&running, 5), [(1, 0), (4, 0)]);
    let stopped = all(&[started(0, 0), stopped(3), started(5, 0)]);
    assert_eq!(hours(&stopped, 6), [(1, 0), (3, 0)]);
    let stops: Vec<_> = stopped.running().stops().copied().collect();
    let expected = Stop {
        stopped_ms: at(3),
        started_ms: at(5),
        was_told: true,
    };
    assert_eq!(stops, [expected]);
    assert_eq!(stopped.running().first_ms(), Some(at(0)));
}

#[test]
fn a_crash_was_up_as_long_as_is_known() {
    // Alive until the second hour, found out at the fifth.
    let crashed = all(&[
        started(0, 0),
        started(5, at(2)),
        fault(1, 2),
        recovered(2, 1, 5),
    ]);
    assert_eq!(hours(&crashed, 6), [(1, 0), (2, 0)]);
    assert_eq!(open(&crashed), [0_u32; 0]);
    let stop = *crashed.running().stops().next().unwrap();
    assert!(!stop.was_told);
    assert_eq!((stop.stopped_ms, stop.started_ms), (at(2), at(5)));
    // Where nothing is known it was not up.
    assert_eq!(
        hours(&all(&[started(0, 0), started(5, 0)]), 5),
        [(0, 0), (0, 0)]
    );
    // Nor longer than until it was up again, whatever a clock said.
    assert_eq!(
        hours(&all(&[started(0, 0), started(5, at(9))]), 5),
        [(1, 0), (4, 0)]
    );
}

#[test]
fn faults_that_overlap_count_once() {
    let events = [
        started(0, 0),
        fault(1, 1),
        fault(2, 2),
        recovered(3, 1, 3),
        recovered(4, 2, 4),
    ];
    assert_eq!(open(&all(&events[..4])), [2]);
    assert_eq!(hours(&all(&events[..4]), 8), [(1, 0), (7, 7)]);
    assert_eq!(hours(&all(&events), 8), [(1, 0), (7, 3)]);
}

#[test]
fn a_fault_that_outlasts_a_run_goes_on_in_the_next() {
    let events = [
        started(0, 0),
        fault(1, 1),
        stopped(2),
        started(4, 0),
        recovered(2, 1, 5),
    ];
    assert_eq!(hours(&all(&events), 8), [(1, 0), (5, 2)]);
    // A crash ends what is known of it.
    let crashed = [
        started(0, 0),
        fault(1, 1),
        started(4, at(3)),
        recovered(2, 1, 5),
    ];
    assert_eq!(hours(&all(&crashed), 8), [(1, 0), (6, 3)]);
}

/// A person says what was when it is over, and in any order.
#[test]
fn a_fault_that_is_noted_later_counts_from_when_it_was() {
    // In the run before this one, and while it was down.
    let before = [
        started(0, 0),
        stopped(2),
        started(3, 0),
        stopped(4),
        started(6, 0),
        fault(1, 1),
        recovered(2, 1, 7),
    ];
    assert_eq!(hours(&all(&before[..6]), 8), [(1, 0), (4, 4)]);
    assert_eq!(hours(&all(&before), 8), [(1, 0), (4, 3)]);
    // Around one that is noted, and over sooner than one that was noted as over before.
    let around = [
        started(0, 0),
        fault(1, 2),
        recovered(2, 1, 4),
        fault(3, 0),
        fault(4, 3),
        recovered(5, 3, 3),
        recovered(6, 4, 5),
    ];
    assert_eq!(hours(&all(&around), 8), [(1, 1), (7, 4)]);
    // What is said of a time before the first start is not of this node.
    let early = [started(5, 0), fault(1, 1), recovered(2, 1, 6)];
    assert_eq!(hours(&all(&early), 8), [(0, 0), (3, 1)]);
}

#[test]
fn faults_beyond_those_that_are_kept_count_still() {
    let mut changes = vec![started(0, 0)];
    let minutes = u32::try_from(running::FAULTY_MAX).unwrap() + 60;
    for minute in 0..minutes {
        let mut one = fault(2 * minute + 1, 0);
        let mut over = recovered(2 * minute + 2, 2 * minute + 1, 0);
        let (EventChange::Fault { event: begun, .. }, EventChange::Recovered { event, .. }) =
            (&mut one, &mut over)
        else {
            unreachable!()
        };
        begun.at_ms += u64::from(minute) * 60_000;
        event.at_ms = begun.at_ms + 30_000;
        changes.extend([one, over]);
    }
    let events = all(&changes);
    let months = [202_611, 202_612].map(|month| events.month(month, at(1_000)).faulty_ms);
    assert_eq!(months, [60 * 30_000, u64::from(minutes - 60) * 30_000]);
}

#[test]
fn enterprises_are_numbered_apart_and_are_not_this_node() {
    let theirs = EventChange::Fault {
        event: numbered(1, Some("88.118.8"), 1),
        class: FaultClass::Network,
    };
    let events = all(&[started(0, 0), theirs.clone(), fault(1, 3)]);
    assert_eq!(events.enterprises().get(1), Some(&theirs));
    assert_eq!((events.node().last(), events.enterprises().last()), (1, 1));
    assert_eq!(hours(&events, 4), [(1, 0), (3, 1)]);
}

#[test]
fn as_many_are_kept_as_is_said() {
    let mut changes = vec![started(0, 0), fault(1, 1)];
    let count = u32::try_from(EVENTS_MAX).unwrap();
    for number in (2..count + 40).step_by(2) {
        changes.extend([fault(number, 1), recovered(number + 1, number, 1)]);
    }
    for _ in 0..STOPS_MAX + 5 {
        changes.extend([stopped(1), started(1, 0)]);
    }
    let events = all(&changes);
    assert_eq!(events.node().after(0).count(), EVENTS_MAX);
    // What is not over is not forgotten.
    assert_eq!(open(&events), [1]);
    assert!(events.node().get(1).is_some() && events.node().get(2).is_none());
    assert_eq!(events.running().stops().count(), STOPS_MAX);
}
