//! The definitions of the figures, one by one.

mod happens;

use super::*;
use crate::{
    accounting::{Origin, Outcome, Protocol, Subject, resolutions::OfDay},
    change::{Class, Hosting},
    state::tests::Built,
};

const HOUR_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;

/// 2026-11-24T15:59:00Z: a minute before midnight in Shanghai.
const BEFORE_MIDNIGHT_MS: u64 = 1_795_535_940_000;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// Two secondary prefixes, three firms' prefixes, one of them self-built.
fn built() -> Built {
    let built = Built::new();
    built.secondary("88.118");
    built.secondary("88.119");
    built.firm(1, "88.118.8", Hosting::Hosted);
    built.firm(2, "88.118.9", Hosting::Hosted);
    built.firm(3, "88.119.1", Hosting::SelfBuilt(None));
    built
}

/// Of a prefix, so many answers of a kind.
type Cell<'a> = (&'a str, Kind, u64);

fn figures<'a>(
    state: &'a State,
    directory: &'a Directory,
    days: &[(u32, Vec<Cell<'_>>)],
    tests: &[&str],
) -> Figures<'a> {
    let mut resolutions = Resolutions::default();
    for (day, cells) in days {
        let cells = cells.iter().map(|(prefix, kind, total)| {
            let whose = directory.whose(prefix).unwrap_or_default();
            ((whose, *kind), *total)
        });
        resolutions.add(*day, cells.collect::<OfDay>());
    }
    let tests: Vec<Prefix> = tests
        .iter()
        .map(|text| Prefix::parse(text).unwrap())
        .collect();
    Figures::new(state, directory, resolutions, &tests)
}

fn kind(subject: Subject, outcome: Outcome, origin: Origin) -> Kind {
    Kind {
        subject,
        protocol: Protocol::Dns,
        outcome,
        origin,
    }
}

fn registered(new: u64, restored: u64, adopted: u64, removed: u64) -> Registered {
    Registered {
        new,
        restored,
        registered: new + restored,
        adopted,
        removed,
    }
}

/// Once in its life, on the day it happened in Shanghai; replacing adds nothing.
#[test]
fn an_identifier_is_registered_once_in_its_life() {
    let built = built();
    built.at(BEFORE_MIDNIGHT_MS);
    built.put("88.118.8/A", Built::values());
    built.put("88.118.8/A", Built::values());
    built.put("88.118.9/A", Built::values());
    built.put_as(Class::Adopted, "88.118.8/B", Built::values());
    built.at(BEFORE_MIDNIGHT_MS + HOUR_MS);
    built.put("88.118.8/A", Built::values());
    built.put("88.118.8/C", Built::values());
    built.remove("88.118.8/C");
    built.put_as(Class::Restored, "88.118.8/C", Built::values());
    built.remove("88.118.8/A");
    let state = built.state();
    let directory = state.directory();
    let figures = figures(&state, &directory, &[], &[]);
    let on = |scope: &Scope, text: &str| figures.sums(scope, Period::day(day(text))).registrations;
    assert_eq!(on(&Scope::Node, "2026-11-24"), registered(2, 0, 1, 0));
    assert_eq!(on(&Scope::Node, "2026-11-25"), registered(1, 1, 0, 2));
    let firm = Scope::of(&directory, "88.118.8").unwrap();
    assert_eq!(on(&firm, "2026-11-24"), registered(1, 0, 1, 0));
    let other = Scope::of(&directory, "88.119").unwrap();
    assert_eq!(on(&other, "2026-11-24"), Registered::default());
    let now = figures.now(&Scope::Node, day("2026-11-25"));
    assert_eq!(now.cumulative.registrations, registered(3, 1, 1, 2));
    assert_eq!(now.identifiers, 3, "B, C and the other firm's");
    assert_eq!(figures.first_day(), Some(20_261_124));
}

/// T8 counts identifiers, T3 routes; successes are those from outside, requests are all but tests.
#[test]
fn resolutions_are_counted_as_they_are_defined() {
    use Origin::{External, Internal, Own, Probe, Test};
    let state = built().state();
    let directory = state.directory();
    let own = |outcome, origin| ("88.118.8", kind(Subject::Identifier, outcome, origin));
    let cells = [
        (own(Outcome::Success, External), 100),
        (own(Outcome::Success, Internal), 1),
        (own(Outcome::Success, Probe), 2),
        (own(Outcome::Success, Own), 4),
        (own(Outcome::Success, Test), 1_000),
        (own(Outcome::NotFound, External), 8),
        (own(Outcome::Gone, External), 16),
        (own(Outcome::Denied, External), 32),
        (own(Outcome::Error, External), 64),
        (own(Outcome::Limited, External), 128),
        (own(Outcome::Truncated, External), 1_000),
        (own(Outcome::Auxiliary, External), 1_000),
        (own(Outcome::Retransmitted, External), 1_000),
        (own(Outcome::Preview, External), 1_000),
        (
            ("88.119.1", kind(Subject::Route, Outcome::Success, External)),
            256,
        ),
        (
            (
                "",
                kind(Subject::Identifier, Outcome::NotResponsible, External),
            ),
            512,
        ),
    ];
    let cells = cells
        .map(|((prefix, kind), total)| (prefix, kind, total))
        .to_vec();
    let figures = figures(&state, &directory, &[(20_261_125, cells)], &[]);
    let today = Period::day(day("2026-11-25"));
    let of = |prefix: &str| {
        let scope = Scope::of(&directory, prefix).unwrap();
        let sums = figures.sums(&scope, today);
        (sums.resolutions, sums.route_resolutions)
    };
    let resolved = |requests, successes| Resolved {
        requests,
        successes,
    };
    assert_eq!(of("88.118.8"), (resolved(355, 100), Resolved::default()));
    assert_eq!(of("88.118"), (resolved(355, 100), Resolved::default()));
    assert_eq!(of("88.119"), (Resolved::default(), resolved(256, 256)));
    let node = figures.sums(&Scope::Node, today);
    assert_eq!(node.resolutions, resolved(355 + 512, 100));
    assert_eq!(node.route_resolutions, resolved(256, 256));
    assert_eq!(figures.by_prefix(today).len(), 3);
}

/// What is a test is in no figure, and what lives elsewhere is in no total of what is here.
#[test]
fn tests_and_self_built_firms_are_left_out() {
    let built = built();
    built.at(BEFORE_MIDNIGHT_MS);
    for identifier in ["88.118.8/A", "88.118.9/A", "88.118.9/B"] {
        built.put(identifier, Built::values());
    }
    built.put_as(Class::Test, "88.118.8/T", Built::values());
    // The firm becomes self-built: what it registered stays in the cumulative count.
    built.firm(2, "88.118.9", Hosting::SelfBuilt(None));
    let state = built.state();
    let directory = state.directory();
    let figures_with = |tests: &[&str]| {
        let figures = figures(&state, &directory, &[], tests);
        let now = figures.now(&Scope::Node, day("2026-11-24"));
        (
            now.enterprise_nodes,
            now.connected_firms,
            now.identifiers,
            now.cumulative.registrations.new,
        )
    };
    // The identifier of class test is live: the index does not tell it apart.
    assert_eq!(figures_with(&[]), (3, 3, 2, 3));
    assert_eq!(figures_with(&["88.118.8"]), (2, 2, 0, 2));
    assert_eq!(figures_with(&["88.118"]), (1, 1, 0, 0));
}

#[test]
fn a_node_is_active_new_and_of_an_industry() {
    let built = built();
    built.at(BEFORE_MIDNIGHT_MS - 29 * DAY_MS);
    built.put("88.118.8/A", Built::values());
    let state = built.state();
    let directory = state.directory();
    let asked = kind(Subject::Route, Outcome::Success, Origin::External);
    let days = [(20_261_120, vec![("88.119.1", asked, 1)])];
    let figures = figures(&state, &directory, &days, &[]);
    let at = |text: &str| figures.now(&Scope::Node, day(text));
    assert_eq!(at("2026-11-24").active_enterprise_nodes, 2);
    assert_eq!(
        at("2026-11-25").active_enterprise_nodes,
        1,
        "thirty days on"
    );
    assert_eq!(at("2027-01-01").active_enterprise_nodes, 0);
    // All were filed on 2026-11-23, and are of C35.
    assert_eq!(at("2026-11-24").new_enterprise_nodes_this_year, 3);
    assert_eq!(at("2027-01-01").new_enterprise_nodes_this_year, 0);
    assert_eq!(at("2026-11-24").industries, 1);
    assert_eq!(
        figures.filed(&Scope::Node, Period::day(day("2026-11-23"))),
        3
    );
    assert_eq!(
        figures.filed(&Scope::Node, Period::day(day("2026-11-24"))),
        0
    );
}

/// Over the days since the year began, or since anything was counted.
#[test]
fn a_mean_says_what_it_is_the_mean_of() {
    let state = built().state();
    let directory = state.directory();
    let asked = kind(Subject::Identifier, Outcome::Success, Origin::External);
    let days = [
        (20_261_231, vec![("88.118.8", asked, 7)]),
        (20_270_101, vec![("88.118.8", asked, 5)]),
    ];
    let figures = figures(&state, &directory, &days, &[]);
    let mean = |text: &str| figures.now(&Scope::Node, day(text)).daily_average_this_year;
    assert_eq!(mean("2026-12-31"), Average::of(7, 1));
    assert_eq!(
        mean("2027-01-03"),
        Average {
            total: 5,
            days: 3,
            average: 1.66
        }
    );
    let figures = figures.docked(Some(day("2027-01-02")));
    let mean = |text: &str| figures.now(&Scope::Node, day(text)).daily_average_this_year;
    assert_eq!(mean("2027-01-03"), Average::of(0, 2));
    assert_eq!(
        mean("2027-01-01"),
        Average::of(0, 0),
        "it is not docked yet"
    );
    let figures = figures.docked(Some(day("2020-01-01")));
    let mean = |text: &str| figures.now(&Scope::Node, day(text)).daily_average_this_year;
    assert_eq!(mean("2027-01-03"), Average::of(5, 3));
    assert_eq!(Average::of(0, 0).days, 1);
    let month = Period::month(day("2028-02-10"));
    assert_eq!((month.days(), month.has(20_280_229)), (29, true));
    assert!(!month.has(20_280_301));
}
