//! SQLite loses power.

use rusqlite::Connection;

use crate::{
    bench::{Bench, after_cuts, append, run_workload},
    faults::{trace::Event, vfs::Shim},
};

#[test]
fn what_was_synced_survives_every_power_cut() {
    let bench = run_workload("FULL");
    let wrong = after_cuts(&bench, &bench.recorder.events());
    assert_eq!(wrong.all(), Vec::<&str>::new());
}

#[test]
fn without_syncs_something_acknowledged_is_lost() {
    let bench = run_workload("OFF");
    let wrong = after_cuts(&bench, &bench.recorder.events());
    let is_lost = |what: &&String| what.contains("acknowledged") || what.contains("no such table");
    let lost = wrong.database.iter().filter(is_lost).count();
    assert!(lost > 0 && wrong.database.len() > lost, "lost and torn");
    assert!(wrong.head.is_empty(), "the file beside it is synced");
}

/// In WAL mode NORMAL syncs at checkpoints only: the last commits may go, the order stays.
#[test]
fn syncs_at_checkpoints_keep_the_database_whole_but_not_the_last_commits() {
    let bench = run_workload("NORMAL");
    let wrong = after_cuts(&bench, &bench.recorder.events());
    assert!(!wrong.database.is_empty());
    let is_lost =
        |what: &String| what.contains("acknowledged") || what.contains("no such table: entry");
    let torn = wrong.database.iter().find(|what| !is_lost(what));
    assert_eq!(torn, None);
}

/// The images are harsh enough to tell when one sync of several is missing.
#[test]
fn each_sync_is_missed() {
    let bench = run_workload("FULL");
    let events = bench.recorder.events();
    let id = |suffix: &str| {
        let made = events.iter().find_map(|event| match event {
            Event::Create { path, file } if path.to_string_lossy().ends_with(suffix) => Some(*file),
            _ => None,
        });
        made.expect("the workload makes it")
    };
    for file in [id("db.sqlite"), id("db.sqlite-wal"), id("head.new")] {
        let mut less = events.clone();
        less.retain(|event| *event != Event::Sync { file });
        assert!(!after_cuts(&bench, &less).all().is_empty(), "file {file}");
    }
    let mut less = events;
    less.retain(|event| !matches!(event, Event::SyncFolder { .. }));
    let wrong = after_cuts(&bench, &less);
    assert!(!wrong.database.is_empty() && !wrong.head.is_empty());
}

/// Whoever opens a database without naming a layer is watched as well, if the test wants it.
#[test]
fn a_shim_can_be_the_default() {
    let bench = Bench::new();
    bench.shim.make_default();
    let db = Connection::open(bench.path("db.sqlite"));
    Shim::restore_default();
    let db = db.expect("the disk works");
    let sql = "CREATE TABLE entry (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)";
    db.execute_batch(sql).expect("the disk works");
    append(&db, 1).expect("the disk works");
    let events = bench.recorder.events();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Sync { .. }))
    );
}
