//! Whatever happens to identifiers and firms: the figures are as counted by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    change::{Change, Filing, FilingState, PrefixChange, PrefixStatus},
    state::tests::Built,
};

/// A quarter of a day.
const QUARTER_MS: u64 = 6 * HOUR_MS;

const PREFIXES: [&str; 2] = ["88.118.8", "88.118.9"];

#[derive(Debug, Clone, Copy)]
enum Happens {
    /// Registered, replaced, retried or registered again, as it comes.
    Put(u8),
    Removed(u8),
    /// A firm takes its identifiers to a node of its own, or back.
    Moved(usize, bool),
    /// A prefix is suspended, or in use again.
    Suspended(usize, bool),
    TimePasses(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        5 => (0..8_u8).prop_map(Happens::Put),
        2 => (0..8_u8).prop_map(Happens::Removed),
        1 => (0..2_usize, any::<bool>()).prop_map(|(of, is_own)| Happens::Moved(of, is_own)),
        1 => (0..2_usize, any::<bool>()).prop_map(|(of, is_so)| Happens::Suspended(of, is_so)),
        2 => (1..6_u64).prop_map(Happens::TimePasses),
    ]
}

/// What is counted by hand.
#[derive(Default)]
struct Expected {
    quarters: u64,
    /// Whether it is live, once it was ever there.
    known: BTreeMap<u8, bool>,
    /// By days since the first: new, restored and removed.
    days: BTreeMap<u64, [u64; 3]>,
    is_self_built: [bool; 2],
    is_suspended: [bool; 2],
}

impl Expected {
    fn today(&mut self) -> &mut [u64; 3] {
        // From noon in Shanghai on.
        self.days.entry((self.quarters + 2) / 4).or_default()
    }

    fn take(&mut self, built: &Built, happens: Happens) {
        match happens {
            Happens::Put(which) => {
                let before = self.known.insert(which, true);
                // A writer that thought it new is not believed where it was there before.
                let is_known = before.is_some() && which % 2 == 1;
                let class = if is_known {
                    Class::Restored
                } else {
                    Class::New
                };
                built.put_as(class, &name(which), Built::values());
                match before {
                    None => self.today()[0] += 1,
                    Some(false) => self.today()[1] += 1,
                    Some(true) => {}
                }
            }
            Happens::Removed(which) => {
                if self.known.get(&which) == Some(&true) {
                    self.known.insert(which, false);
                    built.remove(&name(which));
                    self.today()[2] += 1;
                }
            }
            Happens::Moved(of, is_own) => {
                self.is_self_built[of] = is_own;
                self.say(built, of);
            }
            Happens::Suspended(of, is_so) => {
                self.is_suspended[of] = is_so;
                self.say(built, of);
            }
            Happens::TimePasses(quarters) => {
                self.quarters += quarters;
                built.at(NOON_MS + self.quarters * QUARTER_MS);
            }
        }
    }

    fn say(&self, built: &Built, of: usize) {
        let change = PrefixChange {
            prefix: Prefix::parse(PREFIXES[of]).unwrap(),
            prev: None,
            enterprise: of as u64 + 1,
            status: if self.is_suspended[of] {
                PrefixStatus::Suspended
            } else {
                PrefixStatus::Active
            },
            hosting: if self.is_self_built[of] {
                Hosting::SelfBuilt(None)
            } else {
                Hosting::Hosted
            },
            filing: Filing {
                state: FilingState::Passed,
                date: 20_261_123,
                reason: "".into(),
            },
            waiver: "".into(),
        };
        built.control(&[Change::Prefix(Box::new(change))]);
    }

    fn live(&self, of: usize) -> u64 {
        let own = self.known.iter().filter(|(which, _)| place(**which) == of);
        let live = own.filter(|(_, is_live)| **is_live).count() as u64;
        if self.is_self_built[of] { 0 } else { live }
    }
}

/// 2026-11-25T12:00:00 in Shanghai.
const NOON_MS: u64 = 1_795_579_200_000;

fn place(which: u8) -> usize {
    usize::from(which >= 4)
}

fn name(which: u8) -> String {
    format!("{}/{which}", PREFIXES[place(which)])
}

proptest! {
    #[test]
    fn figures_are_as_counted_by_hand(all in prop::collection::vec(happens(), 0..60)) {
        let built = Built::new();
        built.secondary("88.118");
        built.firm(1, PREFIXES[0], Hosting::Hosted);
        built.firm(2, PREFIXES[1], Hosting::Hosted);
        built.at(NOON_MS);
        let mut expected = Expected::default();
        for happens in &all {
            expected.take(&built, *happens);
        }
        let state = built.state();
        let directory = state.directory();
        let figures = figures(&state, &directory, &[], &[]);
        let first = day("2026-11-25");
        let on = |days: u64| first + jiff::Span::new().days(i64::try_from(days).unwrap());
        let last = on((expected.quarters + 2) / 4);
        let now = figures.now(&Scope::Node, last);
        prop_assert_eq!(now.identifiers, expected.live(0) + expected.live(1));
        let active = expected.is_suspended.iter().filter(|is_so| !**is_so).count() as u64;
        prop_assert_eq!(now.enterprise_nodes, active);
        // Once in its life, whatever became of it and of its firm.
        prop_assert_eq!(now.cumulative.registrations.new, expected.known.len() as u64);
        let mut sums = [0; 3];
        for (days, [new, restored, removed]) in &expected.days {
            let found = figures.sums(&Scope::Node, Period::day(on(*days))).registrations;
            prop_assert_eq!(found, registered(*new, *restored, 0, *removed));
            let of_day = [new, restored, removed];
            sums.iter_mut().zip(of_day).for_each(|(sum, more)| *sum += more);
        }
        let [new, restored, removed] = sums;
        prop_assert_eq!(now.cumulative.registrations, registered(new, restored, 0, removed));
        let firm = |of: usize| Scope::of(&directory, PREFIXES[of]).unwrap();
        for of in 0..2 {
            let figures = figures.now(&firm(of), last);
            prop_assert_eq!(figures.identifiers, expected.live(of));
        }
    }
}
