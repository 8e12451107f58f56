//! From looks to events.

use std::collections::{BTreeMap, BTreeSet};

use super::{ailment::Ailment, fault};
use crate::registry::{ClockReading, Fault, Happened};

/// Looks that must agree: what is gone at the next one is nothing to tell the national node of.
const LOOKS: u32 = 2;

/// Faults that are over and wait for a ledger that takes them.
const OVER_MAX: usize = 100;

/// What was seen, look by look.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// Since when something is wrong, and at how many looks in a row.
    ails: BTreeMap<Ailment, Seen>,
    /// Since when something in the ledger is not wrong any more.
    well: BTreeMap<Ailment, Seen>,
    /// What was wrong while the ledger took nothing: how long, by the clock that nobody sets.
    over: Vec<(Ailment, u64, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// By the clock that nobody sets: the other one may be what is wrong.
    since_boot_ms: u64,
    looks: u32,
}

impl Watcher {
    /// Takes a look; `known` are the faults of the ledger that are not over.
    pub(super) fn look(
        &mut self,
        ails: &BTreeSet<Ailment>,
        known: &[(u32, Ailment)],
        now: ClockReading,
    ) -> Vec<Happened> {
        let mut happened = Vec::new();
        for ailment in Ailment::ALL {
            let open = known.iter().find(|(_, known)| *known == ailment);
            let is_wrong = ails.contains(&ailment);
            let before = self.ails.get(&ailment).copied();
            let since = again(&mut self.ails, ailment, is_wrong, now);
            if let Some(since_boot_ms) = since.filter(|_| open.is_none()) {
                happened.push(Happened::Fault(fault_since(ailment, since_boot_ms, now)));
            }
            let was_wrong = before.filter(|seen| seen.looks >= LOOKS && !is_wrong);
            if let Some(seen) = was_wrong.filter(|_| open.is_none())
                && self.over.len() < OVER_MAX
            {
                let over = (ailment, seen.since_boot_ms, now.boot_ms);
                self.over.push(over);
            }
            let since = again(&mut self.well, ailment, !is_wrong && open.is_some(), now);
            if let Some((since_boot_ms, (of, _))) = since.zip(open) {
                happened.push(Happened::Recovered {
                    prefix: None,
                    of: *of,
                    at_ms: wall_ms(since_boot_ms, now),
                    note: String::new(),
                });
            }
        }
        happened.extend(
            self.over
                .iter()
                .map(|(ailment, from, until)| Happened::Over {
                    fault: fault_since(*ailment, *from, now),
                    until_ms: wall_ms(*until, now),
                }),
        );
        happened
    }

    /// The ledger has what the last look said.
    pub(super) fn told(&mut self) {
        self.over.clear();
    }

    /// What is wrong, and the ledger does not have it; since when, in milliseconds since the epoch.
    pub(super) fn unknown_to(
        &self,
        known: &[(u32, Ailment)],
        now: ClockReading,
    ) -> Vec<(Ailment, u64)> {
        let is_known = |ailment: Ailment| known.iter().any(|(_, known)| *known == ailment);
        let ails = self.ails.iter();
        let ails = ails.filter(|(ailment, seen)| seen.looks >= LOOKS && !is_known(**ailment));
        ails.map(|(ailment, seen)| (*ailment, wall_ms(seen.since_boot_ms, now)))
            .collect()
    }
}

/// Counts another look; since when, once enough agree.
fn again(
    seen: &mut BTreeMap<Ailment, Seen>,
    ailment: Ailment,
    is_so: bool,
    now: ClockReading,
) -> Option<u64> {
    if !is_so {
        seen.remove(&ailment);
        return None;
    }
    let since_boot_ms = now.boot_ms;
    let seen = seen.entry(ailment).or_insert(Seen {
        since_boot_ms,
        looks: 0,
    });
    seen.looks = seen.looks.saturating_add(1);
    (seen.looks >= LOOKS).then_some(seen.since_boot_ms)
}

/// When that was, by the clock as it is now.
fn wall_ms(boot_ms: u64, now: ClockReading) -> u64 {
    let ago_ms = now.boot_ms.saturating_sub(boot_ms);
    now.wall_ms.saturating_sub(ago_ms)
}

fn fault_since(ailment: Ailment, boot_ms: u64, now: ClockReading) -> Fault {
    fault(ailment.class(), wall_ms(boot_ms, now), ailment.cause())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_795_492_800_000;

    fn reading(at: u64) -> ClockReading {
        ClockReading {
            wall_ms: NOW_MS + at,
            boot_ms: 1_000 + at,
        }
    }

    fn told(happened: &[Happened]) -> String {
        let told = happened.iter().map(|what| match what {
            Happened::Fault(fault) => format!("fault {} {}", fault.note, fault.at_ms - NOW_MS),
            Happened::Recovered { of, at_ms, .. } => format!("over {of} {}", at_ms - NOW_MS),
            Happened::Over { fault, until_ms } => {
                let (from, until) = (fault.at_ms - NOW_MS, until_ms - NOW_MS);
                format!("was {} {from} {until}", fault.note)
            }
            other => format!("{other:?}"),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn look(watcher: &mut Watcher, ails: &[Ailment], known: &[(u32, Ailment)], at: u64) -> String {
        told(&watcher.look(&ails.iter().copied().collect(), known, reading(at)))
    }

    #[test]
    fn two_looks_make_a_fault_and_two_end_it() {
        use Ailment::{NoSpace, Silent};
        let mut watcher = Watcher::default();
        assert_eq!(look(&mut watcher, &[NoSpace], &[], 0), "");
        assert_eq!(look(&mut watcher, &[], &[], 5), "", "gone at once");
        assert_eq!(look(&mut watcher, &[NoSpace], &[], 10), "");
        let fault = format!("fault {} 10", NoSpace.cause());
        assert_eq!(look(&mut watcher, &[NoSpace], &[], 15), fault);
        // The ledger did not take it: it is said again, with the time at which it was.
        let unknown = watcher.unknown_to(&[], reading(15));
        assert_eq!(unknown, [(NoSpace, NOW_MS + 10)]);
        assert_eq!(look(&mut watcher, &[NoSpace], &[], 20), fault);
        let known = [(7, NoSpace)];
        assert_eq!(look(&mut watcher, &[NoSpace], &known, 25), "");
        assert_eq!(watcher.unknown_to(&known, reading(25)), []);
        assert_eq!(look(&mut watcher, &[], &known, 30), "");
        assert_eq!(look(&mut watcher, &[NoSpace], &known, 35), "", "back");
        assert_eq!(look(&mut watcher, &[Silent], &known, 40), "");
        let both = format!("over 7 40, fault {} 40", Silent.cause());
        assert_eq!(look(&mut watcher, &[Silent], &known, 45), both);
    }

    /// A full disk takes no word of being full: it is told when it is over.
    #[test]
    fn what_the_ledger_did_not_take_is_told_when_it_is_over() {
        use Ailment::NoSpace;
        let mut watcher = Watcher::default();
        for at in [0, 5, 10] {
            look(&mut watcher, &[NoSpace], &[], at);
        }
        let was = format!("was {} 0 15", NoSpace.cause());
        assert_eq!(look(&mut watcher, &[], &[], 15), was);
        assert_eq!(look(&mut watcher, &[], &[], 20), was, "not taken yet");
        watcher.told();
        assert_eq!(look(&mut watcher, &[], &[], 25), "");
    }

    /// When the clock is wrong it is not asked when it began to be.
    #[test]
    fn a_clock_that_is_set_moves_what_was_seen_by_it() {
        let mut watcher = Watcher::default();
        let clock = BTreeSet::from([Ailment::Clock]);
        let wrong = |boot_ms| ClockReading {
            wall_ms: 7,
            boot_ms,
        };
        watcher.look(&clock, &[], wrong(1_000));
        watcher.look(&clock, &[], wrong(6_000));
        let right = watcher.look(&BTreeSet::new(), &[], reading(60_000));
        let was = format!("was {} 0 60000", Ailment::Clock.cause());
        assert_eq!(told(&right), was);
    }

    /// What a process before found, and is not so any more, is over.
    #[test]
    fn what_was_before_is_over() {
        let known = [(3, Ailment::Ledger)];
        let mut watcher = Watcher::default();
        assert_eq!(look(&mut watcher, &[], &known, 0), "");
        assert_eq!(look(&mut watcher, &[], &known, 5), "over 3 0");
    }

    #[test]
    fn each_ailment_is_known_by_its_cause_and_its_name() {
        for ailment in Ailment::ALL {
            assert_eq!(Ailment::by_cause(ailment.cause()), Some(ailment));
            let same = Ailment::ALL.map(|other| other.name() == ailment.name());
            assert_eq!(same.into_iter().filter(|same| *same).count(), 1);
        }
        assert_eq!(Ailment::by_cause("断网"), None);
    }
}
