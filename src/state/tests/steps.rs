//! A whole state against a plain map: random changes, with pins and listings held meanwhile, and
//! with snapshots and restarts in between.

use std::sync::Arc;

use super::*;
use crate::state::{
    index::{
        Slot, SlotState,
        tests::{Random, record, spelling},
    },
    snapshot::tests::{folder, loaded, written},
};

/// Changes of an entry, at the most.
const CHANGES_MAX: u64 = 120;

fn name(number: u64) -> Identifier {
    identifier(&spelling(number))
}

fn prefix_of(number: u64) -> String {
    name(number).authority().to_owned()
}

//----------- Model ------------------------------------------------------------

/// What a state should hold.
#[derive(Default)]
struct Expected {
    slots: BTreeMap<u64, Slot>,
    /// Of each prefix, in the order in which they were registered.
    listed: BTreeMap<String, Vec<u64>>,
}

impl Expected {
    /// A random change, which it holds from now on; none where there is nothing to remove.
    fn change(&mut self, random: &mut Random, numbers: u64, position: Position) -> Option<Change> {
        let number = random.next(numbers);
        let prev = self.slots.get(&number).map(|slot| slot.position);
        if random.next(4) == 0 {
            let slot = self.slots.get_mut(&number).filter(|slot| slot.is_live())?;
            let identifier = name(number);
            let change = RemoveChange {
                identifier,
                prev: prev?,
            };
            slot.position = position;
            // As `entry` says when it happens.
            let at_ms = 1_000 + position.seq - 1;
            slot.state = SlotState::Removed { at_ms };
            return Some(Change::Remove(Box::new(change)));
        }
        let record = record(number, random.next(1_000));
        let listed = self.listed.entry(prefix_of(number)).or_default();
        let slot = self.slots.entry(number).or_insert_with(|| {
            listed.push(number);
            Slot {
                spelling: spelling(number).into(),
                class: Class::New,
                position,
                ordinal: u32::try_from(listed.len() - 1).unwrap(),
                state: SlotState::Removed { at_ms: 0 },
            }
        });
        slot.position = position;
        slot.state = SlotState::Live(record.encode().into());
        let change = PutChange::new(name(number), Class::New, prev, &record);
        Some(Change::Put(Box::new(change)))
    }

    fn by_spelling(&self) -> BTreeMap<Box<str>, Slot> {
        let slots = self.slots.values();
        slots
            .map(|slot| (slot.spelling.clone(), slot.clone()))
            .collect()
    }

    /// A state holds that, whoever asks.
    fn check(&self, state: &Arc<State>) {
        assert_eq!(state.index().len(), self.slots.len());
        let live = self.slots.values().filter(|slot| slot.is_live()).count();
        assert_eq!(state.data_totals().live, u64::try_from(live).unwrap());
        let mut counted = DayRegistrations::default();
        let registrations = state.registrations();
        let days = registrations
            .days()
            .flat_map(|(_, prefixes)| prefixes.values());
        days.for_each(|day| counted.add(*day));
        let ever = u32::try_from(self.slots.len()).unwrap();
        assert_eq!(counted.new, ever);
        let removed = counted.removed - counted.restored;
        assert_eq!(u64::from(ever - removed), state.data_totals().live);
        assert_eq!(state.digests(&DATA), state.recomputed_digests());
        let keys: Vec<_> = self
            .slots
            .keys()
            .map(|number| name(*number).key())
            .collect();
        let keys: Vec<&[u8]> = keys.iter().map(crate::identifier::Key::as_bytes).collect();
        let mut expected = self.slots.values();
        state.index().with_batch(&keys, |_, found| {
            assert_eq!(found.map(|slot| slot.to_slot()).as_ref(), expected.next());
        });
        for prefix in self.listed.keys() {
            Page::take(self, state, prefix, 0).check();
        }
    }
}

//----------- Cuts -------------------------------------------------------------

/// A pin that is read little by little.
struct Cut {
    view: View,
    expected: BTreeMap<Box<str>, Slot>,
    seen: BTreeMap<Box<str>, Slot>,
    next: usize,
}

impl Cut {
    fn take(expected: &Expected, state: &Arc<State>) -> Self {
        Self {
            view: state.pin().unwrap(),
            expected: expected.by_spelling(),
            seen: BTreeMap::new(),
            next: 0,
        }
    }

    /// Reads some parts more; whether those were the last.
    fn read(&mut self, parts: usize) -> bool {
        let until = self.view.parts().min(self.next + parts);
        for part in self.next..until {
            let read = self.view.read_part(part, |slot| {
                let twice = self.seen.insert(slot.spelling.clone(), slot.clone());
                assert_eq!(twice, None, "a slot is read once");
            });
            read.unwrap();
        }
        self.next = until;
        until == self.view.parts()
    }

    fn check(mut self) {
        self.read(usize::MAX / 2);
        assert!(self.seen == self.expected, "a cut is what was there");
    }
}

/// What a listing says of an identifier: ordinal, spelling, last change, and whether it is removed.
type Said = (u32, String, Position, bool);

/// A listing of a prefix that is read later.
struct Page {
    view: PrefixView,
    from: usize,
    expected: Vec<Said>,
}

impl Page {
    fn take(expected: &Expected, state: &Arc<State>, prefix: &str, from: usize) -> Self {
        let said = |number: &u64| {
            let slot = &expected.slots[number];
            let spelling = slot.spelling.to_string();
            (slot.ordinal, spelling, slot.position, !slot.is_live())
        };
        Self {
            view: state.pin_prefix(prefix).unwrap(),
            from,
            expected: expected.listed[prefix][from..].iter().map(said).collect(),
        }
    }

    fn check(self) {
        let mut all = Vec::new();
        let read = self.view.each(u32::try_from(self.from).unwrap(), |one| {
            let is_removed = one.removed_at_ms().is_some();
            all.push((one.ordinal(), one.spelling(), one.position(), is_removed));
            true
        });
        read.unwrap();
        assert!(all == self.expected, "a listing is what was there");
    }
}

//----------- Steps ------------------------------------------------------------

/// Changes of an entry, at random.
fn write(state: &State, expected: &mut Expected, random: &mut Random, numbers: u64) -> u64 {
    let head = state.at(&DATA).head;
    let mut changes = Vec::new();
    for _ in 0..=random.next(CHANGES_MAX) {
        let position = Position {
            partition: 1,
            seq: head.seq + 1,
            item: u32::try_from(changes.len()).unwrap(),
        };
        changes.extend(expected.change(random, numbers, position));
    }
    let written = entry(head, DATA, Kind::Changes, &changes);
    state.apply(&written).unwrap();
    u64::try_from(changes.len()).unwrap()
}

/// Makes so many changes to so many identifiers. Between entries it pins, lists, writes snapshots
/// and goes on from them, each on the average after so many entries.
fn run(changes: u64, numbers: u64, every: u64, seed: u64) {
    let root = tempfile::tempdir().unwrap();
    let (mut state, mut expected) = (Arc::new(begun()), Expected::default());
    let (mut random, mut made) = (Random(seed), 0);
    let (mut cuts, mut pages, mut restarts) = (Vec::new(), Vec::new(), 0);
    while made < changes {
        made += write(&state, &mut expected, &mut random, numbers);
        if random.next(every) == 0 && cuts.len() < 2 {
            cuts.push(Cut::take(&expected, &state));
        }
        if random.next(every) == 0 && pages.is_empty() {
            let prefix = prefix_of(random.next(numbers));
            let listed = expected.listed.get(&prefix).map_or(0, Vec::len);
            if listed > 0 {
                let from = usize::try_from(random.next(u64::try_from(listed).unwrap()));
                pages.push(Page::take(&expected, &state, &prefix, from.unwrap()));
            }
        }
        let is_whole = |cut: &mut Cut| cut.read(37);
        cuts.extract_if(.., is_whole).for_each(Cut::check);
        if random.next(every) == 0 {
            pages.drain(..).for_each(Page::check);
        }
        if random.next(4 * every) == 0 {
            let info = written(&state, &folder(root.path()));
            // What is held of the state before goes on showing it.
            let again = Arc::new(loaded(&info.path).unwrap());
            expected.check(&again);
            cuts.drain(..).for_each(Cut::check);
            pages.drain(..).for_each(Page::check);
            state = again;
            restarts += 1;
        }
    }
    cuts.drain(..).for_each(Cut::check);
    pages.drain(..).for_each(Page::check);
    expected.check(&state);
    assert!(restarts > 0, "it was restarted");
}

#[test]
fn a_state_holds_what_a_map_holds_through_pins_and_restarts() {
    run(12_000, 700, 8, 1);
}

#[test]
#[ignore = "takes minutes; make test-long runs it: cargo test --release --lib state:: -- --ignored"]
fn a_state_holds_what_a_map_holds_for_millions_of_changes() {
    run(3_000_000, 60_000, 600, 2);
}
