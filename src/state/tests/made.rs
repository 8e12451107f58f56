//! States with something of everything in them.

use super::*;
use crate::change::{
    Certificate, CertificateType, CounterCell, CounterTotals, EnterpriseChange, EventChange,
    FaultClass, Filing, FilingState, Hosting, NumberedEvent, Part, PrefixChange, PrefixStatus,
    ReportChange, RequestChange, RequestOutcome, RollUp, Route, Site, SiteProtocol, Timing,
    TimingCell, TimingTotals,
};

fn control_changes() -> Vec<Change> {
    let enterprise = |number: u64, prev| {
        Change::Enterprise(Box::new(EnterpriseChange {
            enterprise: number,
            prev,
            certificate: Certificate {
                kind: CertificateType::Other,
                number: format!("CERT{number}").into(),
            },
            org_name: format!("企业 {number}").into(),
            province: "44".into(),
            city: "4401".into(),
            industry: "C39".into(),
            website: "".into(),
            sealed: Vec::new(),
        }))
    };
    let prefix = |enterprise: u64, hosting, waiver: &str| {
        Change::Prefix(Box::new(PrefixChange {
            prefix: Prefix::parse(&format!("88.118.{enterprise}")).unwrap(),
            prev: None,
            enterprise,
            status: PrefixStatus::Active,
            hosting,
            filing: Filing {
                state: FilingState::Passed,
                date: 20_261_101,
                reason: "".into(),
            },
            waiver: waiver.into(),
        }))
    };
    let site = Site {
        address: "192.0.2.7".into(),
        protocol: SiteProtocol::Tcp,
        port: 2641,
    };
    let route = Route { sites: vec![site] };
    let firms = [
        Change::SecondaryPrefix(Prefix::parse("88.300").unwrap()),
        enterprise(1, None),
        enterprise(2, None),
        prefix(2, Hosting::SelfBuilt(Some(route)), ""),
        prefix(1, Hosting::Hosted, ""),
        // Its filing is as it was.
        prefix(1, Hosting::Hosted, "试点"),
    ];
    let days = [20_261_123, 20_261_124].into_iter().flat_map(roll_up);
    let firms = firms.into_iter().chain(days);
    firms
        .chain(reports())
        .chain(events())
        .chain([request(7)])
        .collect()
}

/// What a day came to, of the firms above.
fn roll_up(day: u32) -> impl Iterator<Item = Change> {
    let cell = |prefix: Option<&str>, total| CounterCell {
        day,
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        subject: 2,
        protocol: 1,
        outcome: 1,
        origin: 1,
        total,
    };
    let timing = |prefix: Option<&str>, asked| TimingCell {
        day,
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        act: 1,
        timing: Timing {
            asked,
            timed: 1,
            sum_us: 7,
            min_us: 7,
            min_at_s: 3,
            max_us: 7,
            max_at_s: 3,
            per_second_max: 1,
            per_second_max_at_s: 3,
        },
    };
    let whole = RollUp {
        host: "node-1".into(),
        day,
        part: 0,
        parts: 1,
        read_from: u64::from(day),
        seq: u64::from(day) + 1,
        hash: Hash([3; 32]),
        totals: CounterTotals {
            cells: vec![cell(None, 4), cell(Some("88.118.1"), 5)],
        },
        timings: TimingTotals {
            cells: vec![timing(None, 9), timing(Some("88.118.1"), 5)],
        },
    };
    let parts = whole.in_parts(crate::change::CELLS_MAX).into_iter();
    parts.map(|part| Change::RollUp(Box::new(part)))
}

/// A report that is done, one that was refused and is asked for again, and one under way.
fn reports() -> impl Iterator<Item = Change> {
    use crate::change::ReportStep::{Acknowledged, InFlight, Refused, Requested};
    let steps = [
        (InFlight, 1),
        (Acknowledged, 1),
        (InFlight, 2),
        (Refused, 2),
        (Requested, 2),
        (InFlight, 3),
    ];
    steps.into_iter().map(|(step, period)| {
        Change::Report(Box::new(ReportChange {
            table: 8,
            period,
            revision: 1,
            step,
            part: Part {
                number: 1,
                is_last: true,
                rows: 7,
                ..Part::default()
            },
            note: "回执".into(),
        }))
    })
}

/// A run that ended by itself, three faults of which one of each node is over, and a stop.
fn events() -> impl Iterator<Item = Change> {
    let event = |number, prefix: Option<&str>| NumberedEvent {
        number,
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        at_ms: 2_000,
        note: "盘满".into(),
    };
    let class = FaultClass::System;
    let started = |at_ms, alive_until_ms| EventChange::Started {
        at_ms,
        alive_until_ms,
    };
    let events = [
        started(1_000, 0),
        started(2_000, 1_500),
        EventChange::Fault {
            event: event(1, None),
            class,
        },
        EventChange::Fault {
            event: event(2, None),
            class,
        },
        EventChange::Recovered {
            event: NumberedEvent {
                at_ms: 2_500,
                ..event(3, None)
            },
            of: 2,
        },
        EventChange::Fault {
            event: event(1, Some("88.118.1")),
            class,
        },
        EventChange::Recovered {
            event: event(2, Some("88.118.1")),
            of: 1,
        },
        EventChange::Stopped { at_ms: 3_000 },
        started(4_000, 0),
    ];
    let events = events.into_iter();
    events.map(|event| Change::Event(Box::new(event)))
}

fn request(n: u64) -> Change {
    Change::Request(RequestChange {
        key_hash: Hash::of(&[&n.to_be_bytes()]),
        body_hash: Hash::of(&[b"body"]),
        chunk: 0,
        outcome: RequestOutcome::Created,
    })
}

/// A state with firms, prefixes, requests, and `count` identifiers of which some were replaced
/// and some removed.
pub(in crate::state) fn rich_state(count: u64) -> State {
    let state = begun();
    let head = state.at(&Partition::Control).head;
    let control = entry(head, Partition::Control, Kind::Changes, &control_changes());
    state.apply(&control).unwrap();
    for first in (0..count).step_by(200) {
        put(&state, first..count.min(first + 200));
        // Of what is there, some are replaced and some removed.
        put(&state, first / 2..first / 2 + 3);
        remove(&state, first / 3);
    }
    state
}

/// Another entry, with `count` new identifiers and one replaced.
pub(in crate::state) fn put_more(state: &State, count: u64) {
    let seq = state.at(&DATA).head.seq;
    let first = 1_000_000 + seq * 1_000;
    put(state, first..first + count);
    put(state, 1..2);
}

pub(super) fn name(n: u64) -> Identifier {
    identifier(&format!("88.118.1/JX{n:07}"))
}

pub(super) fn put(state: &State, numbers: std::ops::Range<u64>) {
    let head = state.at(&DATA).head;
    let mut changes: Vec<_> = numbers
        .map(|n| {
            let key = name(n).key();
            let prev = state.index().with(key.as_bytes(), |slot| slot.position());
            let class = if prev.is_some() {
                Class::Restored
            } else {
                Class::New
            };
            let data = u8::try_from((n + head.seq) % 20).unwrap();
            let record = record(data, head.seq);
            Change::Put(Box::new(PutChange::new(name(n), class, prev, &record)))
        })
        .collect();
    changes.push(request(head.seq / 2));
    state
        .apply(&entry(head, DATA, Kind::Changes, &changes))
        .unwrap();
}

pub(super) fn remove(state: &State, n: u64) {
    let head = state.at(&DATA).head;
    let key = name(n).key();
    let Some(prev) = state.index().with(key.as_bytes(), |slot| slot.position()) else {
        return;
    };
    let identifier = name(n);
    let change = Change::Remove(Box::new(RemoveChange { identifier, prev }));
    state
        .apply(&entry(head, DATA, Kind::Changes, &[change]))
        .unwrap();
}
