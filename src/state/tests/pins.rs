//! Pins against a copy taken at the cut.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    made::{put, remove},
    *,
};
use crate::state::index::Slot;

/// Every slot of a state, by spelling.
fn copied(state: &Arc<State>) -> BTreeMap<Box<str>, Slot> {
    let view = state.pin().unwrap();
    let mut slots = BTreeMap::new();
    (0..view.parts()).for_each(|part| read(&view, part, &mut slots));
    slots
}

fn read(view: &View, part: usize, slots: &mut BTreeMap<Box<str>, Slot>) {
    let keep = |slot: &Slot| {
        let twice = slots.insert(slot.spelling.clone(), slot.clone());
        assert_eq!(twice, None, "a slot is read once");
    };
    view.read_part(part, keep).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_cut_is_what_was_there_whatever_is_written_meanwhile(
        steps in proptest::collection::vec((0_u64..40, 0_u64..4), 1..80),
        pin_at in 0_usize..40,
    ) {
        let state = Arc::new(rich_state(20));
        let (mut cuts, mut pinned) = (Vec::new(), Vec::new());
        for (n, (first, kind)) in steps.iter().enumerate() {
            // Two cuts overlap.
            if n == pin_at || n == pin_at / 2 {
                cuts.push((copied(&state), state.data_totals(), state.digests(&DATA)));
                pinned.push((state.pin().unwrap(), BTreeMap::new(), 0));
            }
            match kind {
                0 => remove(&state, *first),
                _ => put(&state, *first..first + kind),
            }
            for (view, slots, next) in &mut pinned {
                let until = view.parts().min(*next + 13);
                (*next..until).for_each(|part| read(view, part, slots));
                *next = until;
            }
        }
        for ((view, mut slots, next), (copy, totals, digests)) in pinned.into_iter().zip(cuts) {
            (next..view.parts()).for_each(|part| read(&view, part, &mut slots));
            prop_assert_eq!(&slots, &copy);
            prop_assert_eq!(view.data_totals(), totals);
            prop_assert_eq!(view.digests(&DATA), digests);
        }
        prop_assert!(state.data_fold().pins.is_empty());
    }
}

/// What a listing says of each identifier.
type Said = (u32, String, Position, Option<u64>);

fn said(view: &PrefixView, from: u32) -> Vec<Said> {
    let mut all = Vec::new();
    let listed = view.each(from, |one| {
        let said = (
            one.ordinal(),
            one.spelling(),
            one.position(),
            one.removed_at_ms(),
        );
        all.push(said);
        true
    });
    listed.unwrap();
    all
}

#[test]
fn a_listing_is_what_was_there_whatever_is_written_meanwhile() {
    let state = Arc::new(rich_state(200));
    let before = said(&state.pin_prefix("88.118.1").unwrap(), 0);
    let ordinals: Vec<u32> = before.iter().map(|(ordinal, ..)| *ordinal).collect();
    assert_eq!(ordinals, (0..200).collect::<Vec<u32>>());
    assert!(before.iter().any(|(.., removed)| removed.is_some()));
    let view = state.pin_prefix("88.118.1").unwrap();
    // Replaced, removed, restored and registered after the cut.
    put(&state, 10..30);
    remove(&state, 40);
    remove(&state, 20);
    put(&state, 20..21);
    put(&state, 500..600);
    assert_eq!(said(&view, 0), before);
    assert_eq!(said(&view, 35), before[35..]);
    assert_eq!((view.counts().listed, said(&view, 200).len()), (200, 0));
    let after = state.pin_prefix("88.118.1").unwrap();
    assert_eq!(after.counts().listed, 300);
    assert_eq!(said(&after, 0).len(), 300);
    assert_ne!(said(&after, 0)[..200], before);
}

#[test]
fn writers_on_another_thread_do_not_disturb_a_cut() {
    let state = Arc::new(rich_state(2_000));
    for round in 0..20 {
        let digests = state.digests(&DATA);
        let view = state.pin().unwrap();
        let mut seen = Digests::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..40 {
                    put(&state, (n * 31) % 1_900..(n * 31) % 1_900 + 50);
                    remove(&state, (n * 7 + round) % 2_000);
                }
            });
            for part in 0..view.parts() {
                view.read_part(part, |slot| digest::add_identifier(&mut seen, slot))
                    .unwrap();
            }
        });
        assert_eq!(seen, digests, "round {round}");
    }
    assert_eq!(state.digests(&DATA), state.recomputed_digests());
}

#[test]
fn who_is_too_slow_loses_the_cut() {
    let state = Arc::new(rich_state(100));
    let view = state.pin_bounded(1_000).unwrap();
    put(&state, 0..3);
    assert_eq!(view.read_part(0, |_| ()), Ok(()));
    put(&state, 0..100);
    let lost = (1..view.parts()).any(|part| view.read_part(part, |_| ()).is_err());
    assert!(lost);
    // New identifiers cost a pin nothing.
    let view = state.pin_bounded(1_000).unwrap();
    put(&state, 5_000..6_000);
    assert!((0..view.parts()).all(|part| view.read_part(part, |_| ()).is_ok()));
}

#[test]
fn there_are_four_pins() {
    let state = Arc::new(rich_state(1));
    let pins: Vec<_> = (0..PINS_MAX).map(|_| state.pin().unwrap()).collect();
    assert_eq!(state.pin().unwrap_err(), PinError::TooMany);
    drop(pins);
    assert!(state.pin().is_ok());
}
