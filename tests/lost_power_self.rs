//! The disk that loses power, tried on what is known to survive it and on what is known not to.

mod faults;

use faults::{plan::Faults, trace::Recorder, vfs::Shim};

#[test]
fn smoke() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::new();
    let faults = Faults::new();
    let shim = Shim::register(&recorder, &faults);
    let db = shim.open(&folder.path().join("a.sqlite")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch("create table t(x)").unwrap();
    for i in 0..3 {
        db.execute("insert into t values (?1)", [i]).unwrap();
    }
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(db);
    for e in recorder.events() {
        let mut s = format!("{e:?}");
        s.truncate(100);
        println!("{s}");
    }
}
