//! What was registered by day and prefix, against a count by hand.

use std::collections::HashMap;

use super::*;
use crate::{change::Hosting, state::DayRegistrations};

/// A quarter of a day.
const QUARTER_MS: u64 = 6 * 60 * 60 * 1_000;

/// 2026-11-25T00:00:00Z.
const BEGAN_MS: u64 = 1_795_564_800_000;

/// What happens to one of a few identifiers of two firms.
#[derive(Debug, Clone)]
enum Happens {
    Put(u8, Class),
    Remove(u8),
    TimePasses(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    let class = prop_oneof![
        Just(Class::New),
        Just(Class::New),
        Just(Class::Adopted),
        Just(Class::Test)
    ];
    prop_oneof![
        4 => (0..8_u8, class).prop_map(|(which, class)| Happens::Put(which, class)),
        2 => (0..8_u8).prop_map(Happens::Remove),
        1 => (1..9_u64).prop_map(Happens::TimePasses),
    ]
}

fn prefix_of(which: u8) -> &'static str {
    if which < 4 { "88.118.8" } else { "88.118.9" }
}

/// By days since the first and prefix.
type Counted = BTreeMap<(i32, String), DayRegistrations>;

/// What is counted by hand.
#[derive(Default)]
struct Expected {
    quarters: u64,
    /// Whether it is live, and of which class, once it was ever there.
    known: HashMap<u8, (bool, Class)>,
    counted: Counted,
}

impl Expected {
    fn put(&mut self, built: &Built, which: u8, class: Class) {
        let before = self.known.get(&which).copied();
        let class = match before {
            None => class,
            Some((_, Class::Test)) => Class::Test,
            Some(_) => Class::Restored,
        };
        built.put_as(class, &format!("{}/{which}", prefix_of(which)), Vec::new());
        self.known.insert(which, (true, class));
        let counted = self.of(which);
        match (before, class) {
            (Some((true, _)), _) | (_, Class::Test) => {}
            (None, Class::New) => counted.new += 1,
            (None, _) => counted.adopted += 1,
            (Some(_), _) => counted.restored += 1,
        }
    }

    fn remove(&mut self, built: &Built, which: u8) {
        let Some((true, class)) = self.known.get(&which).copied() else {
            return;
        };
        self.known.insert(which, (false, class));
        built.remove(&format!("{}/{which}", prefix_of(which)));
        self.of(which).removed += u32::from(class != Class::Test);
    }

    fn of(&mut self, which: u8) -> &mut DayRegistrations {
        // Midnight in Shanghai is 16:00 in UTC.
        let days = i32::try_from((self.quarters * 6 + 8) / 24).unwrap();
        self.counted
            .entry((days, prefix_of(which).to_owned()))
            .or_default()
    }
}

/// What a state has counted.
fn counted(state: &State) -> Counted {
    let directory = state.directory();
    let first = jiff::civil::date(2026, 11, 25);
    let mut counted = Counted::new();
    for (day, prefixes) in state.registrations().days() {
        let day: jiff::civil::Date = day.to_string().parse().unwrap();
        for (whose, of_day) in prefixes {
            let prefix = directory.prefix_of(*whose).unwrap().as_str().to_owned();
            counted.insert(((day - first).get_days(), prefix), *of_day);
        }
    }
    counted
}

proptest! {
    #[test]
    fn each_day_has_what_happened_on_it(all in prop::collection::vec(happens(), 0..60)) {
        let built = Built::new();
        built.secondary("88.118");
        built.firm(1, "88.118.8", Hosting::Hosted);
        built.firm(2, "88.118.9", Hosting::Hosted);
        let mut expected = Expected::default();
        for one in all {
            built.at(BEGAN_MS + expected.quarters * QUARTER_MS);
            match one {
                Happens::TimePasses(more) => expected.quarters += more,
                Happens::Put(which, class) => expected.put(&built, which, class),
                Happens::Remove(which) => expected.remove(&built, which),
            }
        }
        expected.counted.retain(|_, counted| *counted != DayRegistrations::default());
        prop_assert_eq!(counted(&built.state()), expected.counted);
    }
}
