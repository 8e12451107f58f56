//! The fold against a model, and replay against ledgers that lie.

mod built;
mod made;
mod pins;
mod registered;
mod steps;

use std::collections::BTreeMap;

pub(crate) use built::Built;
pub(super) use made::{put_more, rich_state};

use proptest::prelude::*;

use super::*;
use crate::{
    change::{
        Change, Class, Draft, Entry, FOLD_RULE, Hash, Kind, Place, Position, PutChange,
        RemoveChange,
    },
    identifier::{Identifier, Prefix},
    ledger::{Append, Ledger, LedgerError, MemoryLedger},
    record::{Permissions, Record, Ttl, Value},
};

fn identifier(text: &str) -> Identifier {
    Identifier::parse_registration(text).unwrap()
}

fn record(data: u8, timestamp_ms: u64) -> Record {
    Record::new(vec![Value {
        index: 2000,
        kind: "NAME".into(),
        data: vec![b'a' + data].into(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::default(),
        timestamp_ms,
        references: Vec::new(),
    }])
    .unwrap()
}

fn entry(head: Head, partition: Partition, kind: Kind, changes: &[Change]) -> Entry {
    entry_of(LedgerId([1; 16]), head, partition, kind, changes)
}

fn entry_of(
    ledger_id: LedgerId,
    head: Head,
    partition: Partition,
    kind: Kind,
    changes: &[Change],
) -> Entry {
    let control_at = if partition == Partition::Control {
        0
    } else {
        2
    };
    let mut draft = Draft::new(Place {
        ledger_id,
        partition,
        seq: head.seq + 1,
        previous: head.hash,
        time_ms: 1_000 + head.seq,
        control_at,
        kind,
    });
    changes
        .iter()
        .for_each(|change| draft.push(change).unwrap());
    draft.finish()
}

fn genesis() -> Entry {
    let change = Change::Genesis {
        ledger_id: LedgerId([1; 16]),
        fold_rule: FOLD_RULE,
    };
    entry(
        Head::default(),
        Partition::Control,
        Kind::Genesis,
        &[change],
    )
}

fn secondary(head: Head) -> Entry {
    let change = Change::SecondaryPrefix(Prefix::parse("88.118").unwrap());
    entry(head, Partition::Control, Kind::Changes, &[change])
}

pub(super) fn begun() -> State {
    let state = State::new();
    state.apply(&genesis()).unwrap();
    state.apply(&secondary(Head::after(&genesis()))).unwrap();
    state
}

//----------- The fold against a model -----------------------------------------

#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8),
    Remove(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_u8..6, 0_u8..3).prop_map(|(which, data)| Step::Put(which, data)),
        1 => (0_u8..6).prop_map(Step::Remove),
    ];
    proptest::collection::vec(step, 0..60)
}

/// What is expected of an identifier: its data if live, and its position.
type Model = BTreeMap<u8, (Option<u8>, Position)>;

/// Applies steps, a few per entry, to a state and a model.
fn run(steps: &[Step], per_entry: usize, time_ms: u64) -> (State, Model) {
    let (state, mut model) = (begun(), Model::new());
    for (n, chunk) in (1_u64..).zip(steps.chunks(per_entry)) {
        let mut changes = Vec::new();
        for step in chunk {
            let item = u32::try_from(changes.len()).unwrap();
            let position = Position {
                partition: 1,
                seq: n,
                item,
            };
            match step {
                Step::Put(which, data) => {
                    let prev = model.get(which).map(|(_, position)| *position);
                    let name = identifier(&format!("88.118.8/{which}"));
                    let record = record(*data, time_ms + n);
                    let change = PutChange::new(name, Class::New, prev, &record);
                    changes.push(Change::Put(Box::new(change)));
                    model.insert(*which, (Some(*data), position));
                }
                Step::Remove(which) => {
                    let Some((Some(_), prev)) = model.get(which).copied() else {
                        continue;
                    };
                    let name = identifier(&format!("88.118.8/{which}"));
                    let change = RemoveChange {
                        identifier: name,
                        prev,
                    };
                    changes.push(Change::Remove(Box::new(change)));
                    model.insert(*which, (None, position));
                }
            }
        }
        let head = state.at(&DATA).head;
        state
            .apply(&entry(head, DATA, Kind::Changes, &changes))
            .unwrap();
    }
    (state, model)
}

proptest! {
    #[test]
    fn the_fold_is_its_model(steps in steps(), per_entry in 1_usize..7) {
        let (state, model) = run(&steps, per_entry, 0);
        let live = model.values().filter(|(data, _)| data.is_some()).count();
        let totals = state.data_totals();
        prop_assert_eq!(totals.live, u64::try_from(live).unwrap());
        prop_assert_eq!(totals.removed, u64::try_from(model.len() - live).unwrap());
        prop_assert_eq!(totals.registrations, u64::try_from(model.len()).unwrap());
        for (which, (data, position)) in model {
            let key = identifier(&format!("88.118.8/{which}")).key();
            let held = state.index().with(key.as_bytes(), |slot| slot.to_slot()).unwrap();
            prop_assert_eq!(held.position, position);
            let held = held.record().map(|record| record.values().next().unwrap().data.to_vec()[0] - b'a');
            prop_assert_eq!(held, data);
        }
    }

    #[test]
    fn the_content_digest_sees_content_only(
        steps in steps(), one in 1_usize..7, other in 1_usize..7,
    ) {
        // Other entries, other times, the same content.
        let (first, _) = run(&steps, one, 0);
        let (second, _) = run(&steps, other, 77);
        let (first, second) = (first.digests(&DATA), second.digests(&DATA));
        prop_assert_eq!(first.content, second.content);
        let (more, _) = run(&[steps, vec![Step::Put(99, 0)]].concat(), one, 0);
        prop_assert_ne!(more.digests(&DATA).content, first.content);
        prop_assert_ne!(more.digests(&DATA).exact, first.exact);
    }
}

#[test]
fn nothing_left_is_no_digest() {
    let (state, _) = run(&[], 1, 0);
    assert_eq!(state.digests(&DATA), Digests::default());
    let (once, _) = run(&[Step::Put(1, 1)], 1, 0);
    let (twice, _) = run(&[Step::Put(1, 2), Step::Put(1, 1)], 2, 0);
    assert_eq!(once.digests(&DATA).content, twice.digests(&DATA).content);
    assert_ne!(once.digests(&DATA).exact, twice.digests(&DATA).exact);
}

//----------- Entries that do not belong ---------------------------------------

#[test]
fn what_does_not_follow_is_not_applied() {
    let state = begun();
    let first = entry(Head::default(), DATA, Kind::Changes, &[]);
    let late = entry(
        Head {
            seq: 1,
            hash: Hash::default(),
        },
        DATA,
        Kind::Changes,
        &[],
    );
    assert!(matches!(
        state.apply(&late),
        Err(ApplyError::OutOfOrder { .. })
    ));
    state.apply(&first).unwrap();
    assert!(matches!(
        state.apply(&first),
        Err(ApplyError::OutOfOrder { .. })
    ));
    let head = state.at(&DATA).head;
    let foreign = entry_of(LedgerId([2; 16]), head, DATA, Kind::Changes, &[]);
    assert!(matches!(
        state.apply(&foreign),
        Err(ApplyError::Foreign { .. })
    ));
    let elsewhere = entry(Head::default(), Partition::Data(2), Kind::Changes, &[]);
    assert!(matches!(
        state.apply(&elsewhere),
        Err(ApplyError::UnknownPartition(_))
    ));
    assert_eq!(state.at(&DATA).head, head);
}

#[test]
fn another_fold_rule_is_refused() {
    let change = Change::Genesis {
        ledger_id: LedgerId([1; 16]),
        fold_rule: FOLD_RULE + 1,
    };
    let entry = entry(
        Head::default(),
        Partition::Control,
        Kind::Genesis,
        &[change],
    );
    let refused = State::new().apply(&entry);
    assert_eq!(refused, Err(ApplyError::UnknownFoldRule(FOLD_RULE + 1)));
}

//----------- Replay -----------------------------------------------------------

async fn append(ledger: &MemoryLedger, entry: &Entry) {
    let head = ledger.head(&entry.header().partition).await.unwrap();
    let append = ledger.append(head, entry).await.unwrap();
    assert!(matches!(append, Append::Committed(_)));
}

async fn ledger(with_control: bool) -> MemoryLedger {
    let ledger = MemoryLedger::new();
    if with_control {
        append(&ledger, &genesis()).await;
        append(&ledger, &secondary(Head::after(&genesis()))).await;
    }
    let mut head = Head::default();
    for n in 0..5_u8 {
        let name = identifier(&format!("88.118.8/{n}"));
        let change = PutChange::new(name, Class::New, None, &record(n, 0));
        let next = entry(head, DATA, Kind::Changes, &[Change::Put(Box::new(change))]);
        append(&ledger, &next).await;
        head = Head::after(&next);
    }
    ledger
}

#[tokio::test]
async fn a_replay_tells_how_far_it_is() {
    let mut told = Vec::new();
    let state = replay(&ledger(true).await, |progress| told.push(*progress))
        .await
        .unwrap();
    assert_eq!(state.data_totals().live, 5);
    let last = Progress {
        entries: 7,
        entries_total: 7,
        changes: 7,
    };
    assert_eq!(told.last(), Some(&last));
}

#[tokio::test]
async fn a_replay_stops_at_what_is_missing() {
    let missing = replay(&ledger(false).await, |_| {}).await;
    assert!(
        matches!(missing, Err(ReplayError::NoGenesis(_))),
        "{missing:?}"
    );
    let cut = MemoryLedger::new();
    append(&cut, &genesis()).await;
    append(&cut, &entry(Head::default(), DATA, Kind::Changes, &[])).await;
    let missing = replay(&cut, |_| {}).await;
    assert!(
        matches!(missing, Err(ReplayError::ControlMissing { wanted: 2, .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn a_replay_stops_at_damage_and_names_it() {
    let ledger = ledger(true).await;
    ledger.damage(&DATA, 3, |entry| entry.payload[7] ^= 1);
    let Err(ReplayError::Ledger(error)) = replay(&ledger, |_| {}).await else {
        panic!("a damaged ledger was replayed");
    };
    assert!(
        matches!(
            &error,
            LedgerError::Damaged {
                partition: DATA,
                seq: 3,
                ..
            }
        ),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("data/1") && text.contains("sequence 3") && text.contains("backup"));
}
