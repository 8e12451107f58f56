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

proptest! {
    #[test]
    fn each_day_has_what_happened_on_it(all in prop::collection::vec(happens(), 0..60)) {
        let built = Built::new();
        built.secondary("88.118");
        built.firm(1, "88.118.8", Hosting::Hosted);
        built.firm(2, "88.118.9", Hosting::Hosted);
        let (mut quarters, mut expected) = (0, BTreeMap::new());
        // Whether it is live, and of which class, once it was ever there.
        let mut known: HashMap<u8, (bool, Class)> = HashMap::new();
        for one in all {
            built.at(BEGAN_MS + quarters * QUARTER_MS);
            // Midnight in Shanghai is 16:00 in UTC: in the third quarter, at its end.
            let days_before = u32::try_from((quarters * 6 + 8) / 24).unwrap();
            let (which, more) = match one {
                Happens::TimePasses(more) => {
                    quarters += more;
                    continue;
                }
                Happens::Put(which, class) => {
                    let before = known.get(&which).copied();
                    let class = match before {
                        None => class,
                        Some((_, Class::Test)) => Class::Test,
                        Some(_) => Class::Restored,
                    };
                    let name = format!("{}/{which}", prefix_of(which));
                    built.put_as(class, &name, Vec::new());
                    known.insert(which, (true, class));
                    let one = match (before, class) {
                        (Some((true, _)), _) | (_, Class::Test) => continue,
                        (None, Class::New) => DayRegistrations { new: 1, ..Default::default() },
                        (None, _) => DayRegistrations { adopted: 1, ..Default::default() },
                        (Some(_), _) => DayRegistrations { restored: 1, ..Default::default() },
                    };
                    (which, one)
                }
                Happens::Remove(which) => {
                    let Some((is_live, class)) = known.get_mut(&which) else { continue };
                    if !std::mem::take(is_live) {
                        continue;
                    }
                    built.remove(&format!("{}/{which}", prefix_of(which)));
                    if *class == Class::Test {
                        continue;
                    }
                    (which, DayRegistrations { removed: 1, ..Default::default() })
                }
            };
            let of_prefix: &mut DayRegistrations =
                expected.entry((days_before, prefix_of(which))).or_default();
            of_prefix.add(more);
        }
        let state = built.state();
        let directory = state.directory();
        let first = jiff::civil::date(2026, 11, 25);
        let found = state.registrations();
        let found = found.days().flat_map(|(day, prefixes)| {
            let (year, rest) = (day / 10_000, day % 10_000);
            let date = jiff::civil::date(
                i16::try_from(year).unwrap(),
                i8::try_from(rest / 100).unwrap(),
                i8::try_from(rest % 100).unwrap(),
            );
            let days_before = u32::try_from((date - first).get_days()).unwrap();
            let directory = &directory;
            prefixes.iter().map(move |(whose, counted)| {
                let prefix = directory.prefix_of(*whose).unwrap().as_str().to_owned();
                ((days_before, prefix), *counted)
            })
        });
        let found: BTreeMap<(u32, String), DayRegistrations> = found.collect();
        let expected: BTreeMap<(u32, String), DayRegistrations> = expected
            .into_iter()
            .map(|((day, prefix), counted)| ((day, prefix.to_owned()), counted))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
