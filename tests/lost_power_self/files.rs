//! Files beside the database, and their names.

use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Write},
};

use biaoshi::disk::{Disk, write_whole};

use crate::{
    bench::{Bench, CUTS},
    faults::plan::{Lasting, Unsynced},
};

/// What is seen of some files after many power cuts right now: each outcome once.
fn outcomes(bench: &Bench, names: &[&str]) -> BTreeSet<Vec<Option<String>>> {
    let events = bench.recorder.events();
    let seen = (0..CUTS).map(|seed| {
        let image = bench.image(&events, seed);
        let read = |name: &&str| fs::read_to_string(image.path().join(name)).ok();
        names.iter().map(read).collect()
    });
    seen.collect()
}

fn is(contents: &[&str]) -> Vec<Option<String>> {
    let content = |content: &&str| (*content != "-").then(|| (*content).to_owned());
    contents.iter().map(content).collect()
}

/// Writes a file as one should not, or as one should.
fn write_file(bench: &Bench, name: &str, content: &[u8], synced: bool) {
    let mut file = bench
        .disk
        .create(&bench.path(name))
        .expect("it is not there");
    file.write_all(content).expect("the disk works");
    if synced {
        file.sync().expect("the disk works");
    }
}

fn rename(bench: &Bench, from: &str, to: &str) {
    let renamed = bench.disk.rename(&bench.path(from), &bench.path(to));
    renamed.expect("it is there");
}

fn sync_folder(bench: &Bench, name: &str) {
    let folder = bench.path(name);
    bench.disk.sync_folder(&folder).expect("the disk works");
}

#[test]
fn a_file_renamed_without_a_sync_is_torn_in_some() {
    let long = "x".repeat(20_000);
    let seen = |synced: bool| {
        let bench = Bench::new();
        write_whole(&bench.disk, &bench.path("file"), b"old").expect("the disk works");
        write_file(&bench, "file.new", long.as_bytes(), synced);
        rename(&bench, "file.new", "file");
        sync_folder(&bench, "");
        outcomes(&bench, &["file"])
    };
    assert_eq!(seen(true), BTreeSet::from([is(&[&long])]));
    let torn = seen(false);
    assert!(torn.contains(&is(&[""])), "nothing of it");
    assert!(torn.contains(&is(&[&long])), "all of it");
    assert!(torn.len() > 10, "and much between");
}

#[test]
fn a_name_is_old_or_new_until_its_folder_is_synced() {
    let bench = Bench::new();
    write_file(&bench, "a", b"old", true);
    write_file(&bench, "b", b"new", true);
    let both = [
        is(&["-", "-"]),
        is(&["old", "-"]),
        is(&["-", "new"]),
        is(&["old", "new"]),
    ];
    assert_eq!(outcomes(&bench, &["a", "b"]), BTreeSet::from(both));
    sync_folder(&bench, "");
    rename(&bench, "b", "a");
    let renamed = [is(&["old", "new"]), is(&["new", "-"])];
    assert_eq!(outcomes(&bench, &["a", "b"]), BTreeSet::from(renamed));
    write_file(&bench, "b", b"newer", true);
    let made = [
        is(&["old", "new"]),
        is(&["new", "-"]),
        is(&["new", "newer"]),
    ];
    assert_eq!(outcomes(&bench, &["a", "b"]), BTreeSet::from(made));
    sync_folder(&bench, "");
    bench.disk.remove(&bench.path("a")).expect("it is there");
    let removed = [is(&["new", "newer"]), is(&["-", "newer"])];
    assert_eq!(outcomes(&bench, &["a", "b"]), BTreeSet::from(removed));
}

#[test]
fn a_file_is_lost_with_its_folder() {
    let bench = Bench::new();
    bench
        .disk
        .create_folder(&bench.path("one/two"))
        .expect("the disk works");
    bench.recorder.hold().create_folder(&bench.path("three"));
    fs::create_dir(bench.path("three")).expect("the disk works");
    for folder in ["one/two", "three"] {
        write_file(&bench, &format!("{folder}/file"), b"x", true);
        sync_folder(&bench, folder);
    }
    let seen = outcomes(&bench, &["one/two/file", "three/file"]);
    assert_eq!(seen, BTreeSet::from([is(&["x", "x"]), is(&["x", "-"])]));
}

#[test]
fn a_truncation_happened_or_did_not() {
    let bench = Bench::new();
    write_file(&bench, "file", b"12345678", true);
    sync_folder(&bench, "");
    let mut trace = bench.recorder.hold();
    let file = trace.file_at(&bench.path("file")).expect("it is recorded");
    trace.truncate(file, 4);
    trace.write(file, 4, b"x");
    drop(trace);
    let all = ["12345678", "1234", "1234x", "1234x678", "1234\0"].map(|content| is(&[content]));
    assert_eq!(outcomes(&bench, &["file"]), BTreeSet::from(all));
    bench
        .disk
        .sync_file(&bench.path("file"))
        .expect("the disk works");
    assert_eq!(
        outcomes(&bench, &["file"]),
        BTreeSet::from([is(&["1234x"])])
    );
}

#[test]
fn after_a_failed_sync_a_later_one_helps_only_what_is_still_dirty() {
    for (unsynced, outcomes_seen) in [(Unsynced::Dirty, 1), (Unsynced::Clean, 3)] {
        let bench = Bench::new();
        let mut file = bench
            .disk
            .create(&bench.path("file"))
            .expect("it is not there");
        sync_folder(&bench, "");
        file.write_all(b"one").expect("the disk works");
        bench.faults.fail_sync(1, Lasting::Once, unsynced);
        assert!(file.sync().is_err());
        file.sync().expect("the disk works");
        let seen = outcomes(&bench, &["file"]);
        assert_eq!(
            seen.len(),
            outcomes_seen,
            "whole, empty, or zeros: {seen:?}"
        );
        // The same sector again: now the kernel writes it.
        file.write_all(b"two").expect("the disk works");
        file.sync().expect("the disk works");
        assert_eq!(
            outcomes(&bench, &["file"]),
            BTreeSet::from([is(&["onetwo"])])
        );
    }
}

#[test]
fn what_was_there_before_is_adopted() {
    let bench = Bench::new();
    fs::create_dir(bench.path("folder")).expect("the disk works");
    fs::write(bench.path("folder/file"), "old").expect("the disk works");
    bench.recorder.adopt(bench.folder.path());
    rename(&bench, "folder/file", "folder/other");
    let seen = outcomes(&bench, &["folder/file", "folder/other"]);
    assert_eq!(seen, BTreeSet::from([is(&["old", "-"]), is(&["-", "old"])]));
}

#[test]
fn a_full_or_read_only_disk_leaves_the_file_that_was_there() {
    let bench = Bench::new();
    let path = bench.path("file");
    write_whole(&bench.disk, &path, b"old").expect("the disk works");
    bench.faults.full_after(3);
    let full = write_whole(&bench.disk, &path, b"newer").unwrap_err();
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    assert_eq!(
        fs::read(bench.path("file.new")).unwrap(),
        b"new",
        "what there was room for"
    );
    bench.faults.read_only();
    let refused = write_whole(&bench.disk, &path, b"newer").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(outcomes(&bench, &["file"]), BTreeSet::from([is(&["old"])]));
    bench.faults.lift();
    write_whole(&bench.disk, &path, b"newer").expect("the disk works again");
    assert_eq!(
        outcomes(&bench, &["file"]),
        BTreeSet::from([is(&["newer"])])
    );
    assert!(bench.disk.free_bytes(&path).unwrap() > 7);
    bench.disk.set_free_bytes(Some(7));
    assert_eq!(bench.disk.free_bytes(&path).unwrap(), 7);
}
