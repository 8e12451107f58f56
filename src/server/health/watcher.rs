//! From looks to events.

use std::collections::{BTreeMap, BTreeSet};

use super::{ailment::Ailment, fault};
use crate::registry::Happened;

/// Looks that must agree: what is gone at the next one is nothing to tell the national node of.
const LOOKS: u32 = 2;

/// What was seen, look by look.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// Since when something is wrong, and at how many looks in a row.
    ails: BTreeMap<Ailment, Seen>,
    /// Since when something in the ledger is not wrong any more.
    well: BTreeMap<Ailment, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    since_ms: u64,
    looks: u32,
}

impl Watcher {
    /// Takes a look; `known` are the faults of the ledger that are not over.
    pub(super) fn look(
        &mut self,
        ails: &BTreeSet<Ailment>,
        known: &[(u32, Ailment)],
        now_ms: u64,
    ) -> Vec<Happened> {
        let open = |ailment: Ailment| known.iter().find(|(_, known)| *known == ailment);
        let mut happened = Vec::new();
        for ailment in Ailment::ALL {
            let is_wrong = ails.contains(&ailment);
            let [ailing, well] = [is_wrong, !is_wrong && open(ailment).is_some()];
            let since = again(&mut self.ails, ailment, ailing, now_ms);
            if let Some(since_ms) = since.filter(|_| open(ailment).is_none()) {
                let fault = fault(ailment.class(), since_ms.min(now_ms), ailment.cause());
                happened.push(Happened::Fault(fault));
            }
            let since = again(&mut self.well, ailment, well, now_ms);
            if let Some((since_ms, (of, _))) = since.zip(open(ailment)) {
                happened.push(Happened::Recovered {
                    prefix: None,
                    of: *of,
                    at_ms: since_ms.min(now_ms),
                    note: String::new(),
                });
            }
        }
        happened
    }

    /// What is wrong, and the ledger does not have it.
    pub(super) fn unknown_to(&self, known: &[(u32, Ailment)]) -> Vec<(Ailment, u64)> {
        let is_known = |ailment: Ailment| known.iter().any(|(_, known)| *known == ailment);
        let ails = self.ails.iter();
        let ails = ails.filter(|(ailment, seen)| seen.looks >= LOOKS && !is_known(**ailment));
        ails.map(|(ailment, seen)| (*ailment, seen.since_ms))
            .collect()
    }
}

/// Counts another look; since when, once enough agree.
fn again(
    seen: &mut BTreeMap<Ailment, Seen>,
    ailment: Ailment,
    is_so: bool,
    now_ms: u64,
) -> Option<u64> {
    if !is_so {
        seen.remove(&ailment);
        return None;
    }
    let since_ms = now_ms;
    let seen = seen.entry(ailment).or_insert(Seen { since_ms, looks: 0 });
    seen.looks = seen.looks.saturating_add(1);
    (seen.looks >= LOOKS).then_some(seen.since_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_795_492_800_000;

    fn look(watcher: &mut Watcher, ails: &[Ailment], known: &[(u32, Ailment)], at: u64) -> String {
        let ails = ails.iter().copied().collect();
        let happened = watcher.look(&ails, known, NOW_MS + at);
        let told = happened.iter().map(|what| match what {
            Happened::Fault(fault) => format!("fault {} {}", fault.note, fault.at_ms - NOW_MS),
            Happened::Recovered { of, at_ms, .. } => format!("over {of} {}", at_ms - NOW_MS),
            other => format!("{other:?}"),
        });
        told.collect::<Vec<_>>().join(", ")
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
        assert_eq!(watcher.unknown_to(&[]), [(NoSpace, NOW_MS + 10)]);
        assert_eq!(look(&mut watcher, &[NoSpace], &[], 20), fault);
        let known = [(7, NoSpace)];
        assert_eq!(look(&mut watcher, &[NoSpace], &known, 25), "");
        assert_eq!(watcher.unknown_to(&known), []);
        assert_eq!(look(&mut watcher, &[], &known, 30), "");
        assert_eq!(look(&mut watcher, &[NoSpace], &known, 35), "", "back");
        assert_eq!(look(&mut watcher, &[Silent], &known, 40), "");
        let both = format!("over 7 40, fault {} 40", Silent.cause());
        assert_eq!(look(&mut watcher, &[Silent], &known, 45), both);
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
