//! Snapshots of states that were made through the fold, written and loaded, whole and damaged.

use std::{fs, path::Path, sync::Arc};

use super::*;
use crate::{
    change::Partition,
    disk::RealDisk,
    state::{DATA, PinError, REQUESTS_MAX, State, tests as fold},
};

pub(in crate::state) fn folder(path: &Path) -> SnapshotFolder {
    SnapshotFolder::new(path.join("snapshots"), Arc::new(RealDisk))
}

pub(in crate::state) fn written(state: &Arc<State>, folder: &SnapshotFolder) -> SnapshotInfo {
    let writer = SnapshotWriter::begin(state, folder).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| writer.work());
        }
    });
    writer.finish().unwrap()
}

pub(in crate::state) fn loaded(path: &Path) -> Result<State, SnapshotError> {
    let loader = SnapshotLoader::open(path)?;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| loader.work());
        }
    });
    loader.finish()
}

/// What can be compared of a state.
fn shown(state: &State) -> impl PartialEq + std::fmt::Debug + use<> {
    let directory = state.directory();
    let enterprises: Vec<_> = directory.enterprises().cloned().collect();
    let prefixes: Vec<_> = directory.prefixes().cloned().collect();
    (
        [&Partition::Control, &DATA].map(|partition| {
            let requests = requests(state, partition);
            (state.at(partition), state.digests(partition), requests)
        }),
        state.recomputed_digests(),
        (
            state.data_totals(),
            state.registrations(),
            state.rolled_up(),
            state.reports(),
            state.events(),
        ),
        state.directory_totals(),
        (directory.secondary().to_vec(), enterprises, prefixes),
        state.ledger_id(),
    )
}

fn requests(state: &State, partition: &Partition) -> Vec<crate::state::Remembered> {
    let read = |window: &crate::state::Window| window.remembered(0, REQUESTS_MAX, u64::MAX).0;
    match partition {
        Partition::Control => read(&state.control_fold().window),
        _ => read(&state.data_fold().window),
    }
}

#[test]
fn what_is_loaded_is_what_was_written() {
    let root = tempfile::tempdir().unwrap();
    let state = Arc::new(fold::rich_state(3_000));
    let info = written(&state, &folder(root.path()));
    assert_eq!(info.bytes, fs::metadata(&info.path).unwrap().len());
    let again = loaded(&info.path).unwrap();
    assert_eq!(shown(&again), shown(&state));
    assert_eq!(again.digests(&DATA), again.recomputed_digests());
    assert!(!requests(&again, &DATA).is_empty());
    // And goes on from there as the other does.
    for state in [&again, &state] {
        fold::put_more(state, 5);
    }
    assert_eq!(shown(&again), shown(&state));
}

#[test]
fn an_empty_state_has_no_snapshot_and_a_new_one_has() {
    let root = tempfile::tempdir().unwrap();
    let nothing = SnapshotWriter::begin(&Arc::new(State::new()), &folder(root.path()));
    assert!(matches!(nothing, Err(SnapshotError::Pin(PinError::Empty))));
    let state = Arc::new(fold::begun());
    let info = written(&state, &folder(root.path()));
    assert_eq!(shown(&loaded(&info.path).unwrap()), shown(&state));
}

#[test]
fn every_flipped_bit_and_every_truncation_is_found() {
    let root = tempfile::tempdir().unwrap();
    let state = Arc::new(fold::rich_state(40));
    let info = written(&state, &folder(root.path()));
    let whole = fs::read(&info.path).unwrap();
    let damaged = root.path().join("damaged");
    let is_found = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        loaded(&damaged).is_err()
    };
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(is_found(&bytes), "byte {at} of {}", whole.len());
    }
    for length in (0..whole.len()).step_by(7) {
        assert!(is_found(&whole[..length]), "cut to {length}");
    }
    assert!(is_found(&[whole.as_slice(), b"x"].concat()));
    assert!(!is_found(&whole));
}

#[test]
fn the_last_two_are_kept_and_leftovers_go() {
    let root = tempfile::tempdir().unwrap();
    let folder = folder(root.path());
    assert!(folder.list().unwrap().is_empty());
    let state = Arc::new(fold::rich_state(10));
    let mut paths = Vec::new();
    for _ in 0..4 {
        paths.push(written(&state, &folder).path);
        fold::put_more(&state, 1);
    }
    assert_eq!(folder.list().unwrap(), [paths[3].clone(), paths[2].clone()]);
    // One that is given up leaves nothing, and one that was cut off is cleaned away.
    let given_up = SnapshotWriter::begin(&state, &folder).unwrap();
    given_up.stop();
    given_up.work();
    assert!(matches!(given_up.finish(), Err(SnapshotError::Stopped)));
    fs::write(
        root.path().join("snapshots/snapshot-9-9.bsnap.partial"),
        "x",
    )
    .unwrap();
    folder.clean().unwrap();
    for path in &paths[2..] {
        folder.set_aside(path).unwrap();
    }
    assert!(folder.list().unwrap().is_empty());
    assert_eq!(
        fs::read_dir(root.path().join("snapshots")).unwrap().count(),
        2
    );
}
