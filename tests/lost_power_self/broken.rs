//! SQLite on a disk that is full or fails.

use biaoshi::disk::Disk;
use rusqlite::{Connection, ErrorCode, ffi};

use crate::{
    bench::{Bench, COMMITS, CUTS, append, check_cuts, checkpoint},
    faults::{
        image::Random,
        plan::{Lasting, Unsynced},
    },
};

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}

/// Appends from `seq` up to `last`, noting what was acknowledged; the first that was not.
fn append_up_to(bench: &Bench, db: &Connection, from: u64, last: u64) -> Option<Refused> {
    for seq in from..=last {
        if let Err(error) = append(db, seq) {
            return Some(Refused { seq, error });
        }
        bench.recorder.mark(seq);
    }
    None
}

struct Refused {
    seq: u64,
    error: rusqlite::Error,
}

#[test]
fn a_full_disk_refuses_and_works_again() {
    let mut random = Random::new(1);
    for round in 0..60 {
        let bench = Bench::new();
        bench
            .faults
            .full_after(random.below(if round < 20 { 30_000 } else { 150_000 }));
        let mut seq = 1;
        let opened = bench.open("FULL").and_then(|db| {
            let Refused {
                seq: refused,
                error,
            } = append_up_to(&bench, &db, 1, COMMITS).expect("there is no room for all");
            seq = refused;
            // It stays full, whatever is rolled back.
            assert_eq!(
                code(&append(&db, seq).unwrap_err()),
                Some(ErrorCode::DiskFull)
            );
            bench.faults.lift();
            assert!(
                append_up_to(&bench, &db, seq, seq + 2).is_none(),
                "the same connection"
            );
            seq += 3;
            Err::<(), _>(error)
        });
        let error = opened.expect_err("there was not room for all");
        assert_eq!(code(&error), Some(ErrorCode::DiskFull), "{error}");
        bench.faults.lift();
        let db = bench.open("FULL").expect("there is room again");
        assert!(append_up_to(&bench, &db, seq, seq + 2).is_none());
        check_cuts(&bench, 5).expect("what was acknowledged is there");
    }
}

#[test]
fn a_failed_sync_is_reported_and_what_is_acknowledged_later_survives() {
    for unsynced in [Unsynced::Dirty, Unsynced::Clean] {
        for nth in 1..=10 {
            let bench = Bench::new();
            let db = bench.open("FULL").expect("the disk works");
            bench.faults.fail_sync(nth, Lasting::Once, unsynced);
            let refused = append_up_to(&bench, &db, 1, 20).expect("a sync failed");
            assert_eq!(extended(&refused.error), ffi::SQLITE_IOERR_FSYNC);
            assert_eq!(bench.faults.hits(), 1);
            assert!(append_up_to(&bench, &db, refused.seq, refused.seq + 3).is_none());
            checkpoint(&db, "TRUNCATE").expect("the disk works again");
            check_cuts(&bench, 20).expect("what was acknowledged is there");
        }
    }
}

/// How a process starts on what another left behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Start {
    AsItIs,
    WithCheckpoint,
    /// Also syncs the log that the checkpoint has emptied.
    WithCheckpointAndSync,
}

/// A commit whose sync fails, another process that finds it, and builds on it.
fn build_on_failed_sync(start: Start) -> Result<(), String> {
    let bench = Bench::new();
    let db = bench.open("FULL").expect("the disk works");
    assert!(append_up_to(&bench, &db, 1, 3).is_none());
    bench.faults.fail_sync(1, Lasting::ForEver, Unsynced::Clean);
    assert!(append_up_to(&bench, &db, 4, 4).is_some());
    drop(db);
    bench.faults.lift();
    let db = bench.open("FULL").expect("the disk works again");
    if start >= Start::WithCheckpoint {
        checkpoint(&db, "TRUNCATE").expect("the disk works again");
    }
    if start == Start::WithCheckpointAndSync {
        let log = bench.path("db.sqlite-wal");
        bench.disk.sync_file(&log).expect("the disk works again");
    }
    let next = db.query_row("SELECT max(seq) + 1 FROM entry", [], |row| row.get(0));
    assert_eq!(next, Ok(5), "it believes what it could read");
    bench.recorder.mark(4);
    assert!(append_up_to(&bench, &db, 5, 8).is_none());
    check_cuts(&bench, CUTS)
}

/// What a failed sync left in the page cache, the next process takes for committed. A checkpoint
/// writes it elsewhere, but leaves the truncation of the log unsynced: without it the log is back,
/// shorter than it was read, and hides what the database has.
#[test]
fn a_commit_whose_sync_failed_lasts_once_it_is_written_elsewhere_and_the_log_is_synced() {
    assert!(build_on_failed_sync(Start::AsItIs).is_err());
    assert!(build_on_failed_sync(Start::WithCheckpoint).is_err());
    assert_eq!(build_on_failed_sync(Start::WithCheckpointAndSync), Ok(()));
}

#[test]
fn a_failed_write_and_a_read_only_disk_are_reported() {
    let bench = Bench::new();
    let db = bench.open("FULL").expect("the disk works");
    assert!(append_up_to(&bench, &db, 1, 2).is_none());
    for nth in 1..4 {
        bench.faults.fail_write(nth, Lasting::Once);
        let refused = append(&db, 3).unwrap_err();
        assert_eq!(extended(&refused), ffi::SQLITE_IOERR_WRITE);
    }
    bench.faults.read_only();
    assert_eq!(
        extended(&append(&db, 3).unwrap_err()),
        ffi::SQLITE_IOERR_WRITE
    );
    let other = bench.path("other.sqlite");
    let made = bench.shim.open(&other).map(|_| ());
    assert_eq!(code(&made.unwrap_err()), Some(ErrorCode::CannotOpen));
    assert!(!other.exists());
    bench.faults.lift();
    assert!(append_up_to(&bench, &db, 3, 6).is_none());
    check_cuts(&bench, 20).expect("what was acknowledged is there");
}
