//! Seconds and their days: against a count by hand.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{change::Hosting, state::tests::Built};

/// 2026-11-25T00:00:00 in Shanghai.
const MIDNIGHT_S: u64 = 1_795_536_000;
const TODAY: u32 = 20_261_125;
const YESTERDAY: u32 = 20_261_124;

const RESOLUTION: Activity = Activity::Resolution;

/// Two secondary prefixes; two firms below the first.
fn built() -> Built {
    let built = Built::new();
    built.secondary("88.118");
    built.secondary("88.119");
    built.firm(1, "88.118.8", Hosting::Hosted);
    built.firm(2, "88.118.9", Hosting::Hosted);
    built
}

fn request(whose: Whose) -> Request {
    Request {
        whose,
        is_answered: true,
    }
}

#[test]
fn lanes_come_together_in_a_second() {
    let (built, timings) = (built(), Timings::default());
    let directory = built.state().directory();
    let whose = |prefix: &str| directory.whose(prefix).unwrap();
    let [one, other] = [timings.lane(), timings.lane()];
    let (first, second) = (MIDNIGHT_S + 10, MIDNIGHT_S + 11);
    let eight = request(whose("88.118.8"));
    one.add(first, RESOLUTION, 300, [eight, eight]);
    other.add(first, RESOLUTION, 100, [eight, request(whose("88.118.9"))]);
    other.add(first, RESOLUTION, 900, [request(whose("88.119"))]);
    one.add(first, RESOLUTION, 5, [request(Whose::NOBODY)]);
    let held_back = Request {
        is_answered: false,
        ..eight
    };
    one.add(second, RESOLUTION, 7, [held_back]);
    other.add_many(second, Activity::Registration, 4_000, eight, 20);
    // They may have more to say of it for two seconds.
    timings.collect(first + 2, TODAY, &directory);
    assert_eq!(timings.of(Whose::NOBODY, RESOLUTION), []);
    one.add(first, RESOLUTION, 200, [eight]);
    timings.collect(second + 3, TODAY, &directory);
    let expected = Timing {
        asked: 5,
        timed: 4,
        sum_us: 900,
        min_us: 100,
        min_at_s: first,
        max_us: 300,
        max_at_s: first,
        per_second_max: 4,
        per_second_max_at_s: first,
    };
    let of = |prefix: &str| timings.of(whose(prefix), RESOLUTION);
    assert_eq!(of("88.118.8"), [(TODAY, expected)]);
    let secondary = of("88.118")[0].1;
    assert_eq!((secondary.asked, secondary.timed), (6, 5));
    assert_eq!((secondary.per_second_max, secondary.sum_us), (5, 1_000));
    // What is a secondary prefix's own is in it, and in no firm's.
    assert_eq!(
        (of("88.119")[0].1.asked, of("88.119")[0].1.sum_us),
        (1, 900)
    );
    let node = timings.of(Whose::NOBODY, RESOLUTION)[0].1;
    assert_eq!((node.asked, node.timed, node.per_second_max), (8, 7, 7));
    assert_eq!((node.min_us, node.max_us, node.sum_us), (5, 900, 1_905));
    let registered = timings.of(whose("88.118.8"), Activity::Registration)[0].1;
    assert_eq!((registered.timed, registered.sum_us), (20, 80_000));
    assert_eq!(registered.per_second_max, 20);
    assert_eq!(timings.of(whose("88.118.9"), Activity::Registration), []);
}

#[test]
fn a_second_goes_to_its_day_while_that_is_open() {
    let (built, timings) = (built(), Timings::default());
    let directory = built.state().directory();
    let lane = timings.lane();
    let ask = |second| lane.add(second, RESOLUTION, 10, [request(Whose::NOBODY)]);
    let asked = || {
        let days = timings.of(Whose::NOBODY, RESOLUTION);
        let asked = days.into_iter().map(|(day, timing)| (day, timing.asked));
        asked.collect::<Vec<_>>()
    };
    ask(MIDNIGHT_S - 1);
    ask(MIDNIGHT_S);
    timings.collect(MIDNIGHT_S + 10, TODAY, &directory);
    assert_eq!(asked(), [(YESTERDAY, 1), (TODAY, 1)]);
    // Midnight that nobody has seen yet.
    ask(MIDNIGHT_S + 86_400);
    timings.collect(MIDNIGHT_S + 86_410, TODAY, &directory);
    assert_eq!(asked(), [(YESTERDAY, 1), (TODAY, 2)]);
    // A day that is being rolled up has all it will ever have, wherever the clock goes.
    assert_eq!(timings.close(YESTERDAY).len(), 1);
    ask(MIDNIGHT_S - 1);
    timings.collect(MIDNIGHT_S + 86_420, TODAY, &directory);
    assert_eq!(asked(), [(YESTERDAY, 1), (TODAY, 3)]);
    timings.forget(YESTERDAY);
    assert_eq!(asked(), [(TODAY, 3)]);
    // Where no day is counted nothing is kept, and nothing grows.
    ask(MIDNIGHT_S);
    timings.collect(u64::MAX, 0, &directory);
    timings.collect_last(TODAY, &directory);
    assert_eq!(asked(), [(TODAY, 3)]);
}

#[test]
fn what_the_ledger_has_is_gone_on_from() {
    let (built, timings) = (built(), Timings::default());
    let directory = built.state().directory();
    let lane = timings.lane();
    let node = (Whose::NOBODY, RESOLUTION);
    lane.add(MIDNIGHT_S, RESOLUTION, 10, [request(Whose::NOBODY)]);
    timings.collect_last(TODAY, &directory);
    let told = Timing {
        asked: 5,
        timed: 5,
        sum_us: 100,
        min_us: 2,
        min_at_s: 1,
        max_us: 40,
        max_at_s: 2,
        per_second_max: 3,
        per_second_max_at_s: 3,
    };
    timings.open("node-1", [(TODAY, node, told)], Some(YESTERDAY));
    let [(day, key, timing)] = timings.grown()[..] else {
        panic!("one row has grown");
    };
    assert_eq!((day, key), (TODAY, node));
    assert_eq!((timing.asked, timing.sum_us, timing.min_us), (6, 110, 2));
    timings.written(day, key, &timing);
    assert_eq!(timings.grown(), []);
    assert!(timings.days_before(TODAY).is_empty());
    assert_eq!(timings.days_before(TODAY + 1), [TODAY]);
}

#[test]
fn a_flood_of_prefixes_is_still_the_nodes() {
    let (built, timings) = (built(), Timings::default());
    let directory = built.state().directory();
    let lane = timings.lane();
    let known = directory.whose("88.118.8").unwrap();
    for second in 0..u64::try_from(PARTS).unwrap() {
        lane.add(second, RESOLUTION, 1, [request(Whose::NOBODY)]);
    }
    lane.add(MIDNIGHT_S, RESOLUTION, 1, [request(known)]);
    timings.collect_last(TODAY, &directory);
    let asked = |whose| {
        let days = timings.of(whose, RESOLUTION).into_iter();
        days.map(|(_, timing)| timing.asked).sum::<u64>()
    };
    assert_eq!(asked(Whose::NOBODY), u64::try_from(PARTS).unwrap() + 1);
    assert_eq!(asked(known), 0);
}

/// As many parts as a lane holds.
const PARTS: usize = lane::PARTS_MAX;

proptest! {
    /// Whatever lane says it and whenever it is collected: sums, ends and the most of a second.
    #[test]
    fn days_are_as_counted_by_hand(
        asked in prop::collection::vec((0..2_usize, 0..6_u64, 1..50_u64, any::<bool>()), 1..60),
        collected in prop::collection::btree_set(0..60_usize, 0..5),
    ) {
        let (built, timings) = (built(), Timings::default());
        let directory = built.state().directory();
        let whose = directory.whose("88.118.8").unwrap();
        let lanes = [timings.lane(), timings.lane()];
        for (place, (lane, second, took_us, is_answered)) in asked.iter().enumerate() {
            if collected.contains(&place) {
                // Early: no second is over by then.
                timings.collect(MIDNIGHT_S, TODAY, &directory);
            }
            let request = Request { whose, is_answered: *is_answered };
            lanes[*lane].add(MIDNIGHT_S + second, RESOLUTION, *took_us, [request]);
        }
        timings.collect_last(TODAY, &directory);
        let timed: Vec<u64> = (asked.iter()).filter(|one| one.3).map(|one| one.2).collect();
        let seconds: BTreeSet<u64> = asked.iter().map(|one| one.1).collect();
        let in_second = |second: u64| asked.iter().filter(|one| one.1 == second).count();
        let most = seconds.iter().map(|second| in_second(*second)).max().unwrap();
        let of_whose = timings.of(whose, RESOLUTION);
        prop_assert_eq!(&of_whose, &timings.of(Whose::NOBODY, RESOLUTION));
        let timing = of_whose[0].1;
        prop_assert_eq!(timing.asked, asked.len() as u64);
        prop_assert_eq!(timing.timed, timed.len() as u64);
        prop_assert_eq!(timing.sum_us, timed.iter().sum::<u64>());
        prop_assert_eq!(timing.min_us, timed.iter().copied().min().unwrap_or(0));
        prop_assert_eq!(timing.max_us, timed.iter().copied().max().unwrap_or(0));
        prop_assert_eq!(timing.per_second_max, most as u64);
        let at = timing.per_second_max_at_s - MIDNIGHT_S;
        prop_assert_eq!(in_second(at), most);
        let took = |us: u64, at_s: u64| asked.iter().any(|(_, second, took_us, is_answered)| {
            *is_answered && *took_us == us && MIDNIGHT_S + second == at_s
        });
        if !timed.is_empty() {
            prop_assert!(took(timing.min_us, timing.min_at_s) && took(timing.max_us, timing.max_at_s));
        }
    }
}
