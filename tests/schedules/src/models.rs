//! The models: a few threads each, and what must hold whatever their order is.

use std::sync::Arc;

use loom::{
    model::Builder,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use crate::{chunk, counted::Counted, store::Store};

/// How often a schedule takes a thread away that could go on. Faults of such code show with two.
const PREEMPTIONS: usize = 5;

/// Slots that are taken before the table of one bucket grows.
const FULL: u8 = 6;

/// Each model by its name.
pub(super) const ALL: &[(&str, fn())] = &[
    ("publish", publish),
    ("change", change),
    ("grow", grow),
    ("grow-and-point", grow_and_point),
    ("retire", retire),
    ("reuse", reuse),
    ("abandon", abandon),
    ("count", count),
    ("count-grow", count_grow),
];

/// Runs one in every order.
pub(super) fn check(name: &str, model: fn()) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.max_branches = 20_000;
    let schedules = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = Arc::clone(&schedules);
    builder.check(move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        chunk::begin();
        model();
    });
    let schedules = schedules.load(std::sync::atomic::Ordering::Relaxed);
    println!("{name}: {schedules} schedules");
}

/// Runs the two beside each other, and waits for the first.
fn beside(store: &Arc<Store>, one: fn(&Store), other: fn(&Store)) {
    let shared = Arc::clone(store);
    let thread = thread::spawn(move || one(&shared));
    other(store);
    thread.join().expect("a schedule that fails ends all");
}

fn filled(keys: u8) -> Arc<Store> {
    let store = Store::new();
    (1..=keys).for_each(|key| store.put(key, 1));
    Arc::new(store)
}

/// An entry is whole when its slot is seen.
fn publish() {
    let write = |store: &Store| store.put(1, 1);
    beside(&filled(0), write, |store| {
        assert!(matches!(store.get(1), None | Some(1)));
    });
}

/// A change shows the old entry or the new one, and the new one from then on.
fn change() {
    let write = |store: &Store| store.put(1, 2);
    beside(&filled(1), write, |store| {
        let first = store.get(1).expect("it was there before");
        let second = store.get(1).expect("it was there before");
        assert!(first <= second && second <= 2);
    });
}

/// Who searches while the table grows misses nothing that was put before.
fn grow() {
    let store = filled(FULL);
    beside(
        &store,
        |store| store.put(FULL + 1, 1),
        |store| {
            assert_eq!(store.get(1), Some(1));
            assert!(matches!(store.get(FULL + 1), None | Some(1)));
        },
    );
    assert!((1..=FULL + 1).all(|key| store.get(key) == Some(1)));
}

/// Of two that write while the table grows, no put is lost; who hears that one has returned sees it.
fn grow_and_point() {
    let (store, told) = (filled(FULL), Arc::new(AtomicU64::new(0)));
    let threads = [(FULL + 1, 1), (1, 2)].map(|(key, version)| {
        let (store, told) = (Arc::clone(&store), Arc::clone(&told));
        thread::spawn(move || {
            store.put(key, version);
            told.fetch_or(1 << key, Ordering::Release);
        })
    });
    let told = told.load(Ordering::Acquire);
    let (new, changed) = (store.get(FULL + 1), store.get(1));
    assert!(new == Some(1) || told & 1 << (FULL + 1) == 0);
    assert!(changed == Some(2) || (changed == Some(1) && told & 2 == 0));
    for thread in threads {
        thread.join().expect("a schedule that fails ends all");
    }
    assert_eq!((store.get(FULL + 1), store.get(1)), (Some(1), Some(2)));
}

/// A chunk is not given back under who reads in it.
fn retire() {
    let store = filled(4);
    let write = |store: &Store| assert!(store.clean());
    beside(&store, write, |store| assert_eq!(store.get(1), Some(1)));
    assert!((1..=4).all(|key| store.get(key) == Some(1)));
}

/// … and its number is not given again.
fn reuse() {
    let write = |store: &Store| {
        store.clean();
        (1..=6).for_each(|_| store.put(2, 2));
    };
    beside(&filled(4), write, |store| assert_eq!(store.get(1), Some(1)));
}

/// Who cleans beside a writer loses no byte of what is garbage.
fn abandon() {
    let store = filled(4);
    let clean = |store: &Store| {
        store.clean();
    };
    beside(&store, clean, |store| store.put(1, 2));
    store.clean();
    assert_eq!(store.live_bytes(), 4 * 3);
    assert_eq!(store.get(1), Some(2));
}

/// One that was counted is seen, and so are those that were counted before one that is seen.
fn count() {
    let set = Arc::new(Counted::new());
    let shared = Arc::clone(&set);
    let thread = thread::spawn(move || {
        shared.count(7, true);
        shared.count(u64::MAX, true);
        shared.contains(7)
    });
    assert_ne!(set.count_of(7), Some(0), "a hash is seen with its count");
    if set.contains(u64::MAX) {
        assert!(set.contains(7));
    }
    assert!(thread.join().expect("a schedule that fails ends all"));
}

/// Who asks while the table grows misses nothing that was counted before.
fn count_grow() {
    let set = Arc::new(Counted::new());
    let hash = |number: u64| number << 60 | 1;
    (1..=6).for_each(|number| set.count(hash(number), true));
    let shared = Arc::clone(&set);
    let thread = thread::spawn(move || shared.count(hash(7), true));
    assert!(set.contains(hash(1)) && set.contains(hash(6)));
    thread.join().expect("a schedule that fails ends all");
    assert!((1..=7).all(|number| set.contains(hash(number))));
}
