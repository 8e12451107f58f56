//! Ledgers as they are found: whole, damaged, absent.

use super::*;
use crate::change::{Change, Draft, Entry, FOLD_RULE, Kind, LedgerId, Place};
use crate::identifier::Prefix;
use crate::ledger::Append;

const LEDGER_ID: LedgerId = LedgerId([7; 16]);

fn entry(at: Head, partition: &Partition, kind: Kind, change: &Change) -> Entry {
    let mut draft = Draft::new(Place {
        ledger_id: LEDGER_ID,
        partition: partition.clone(),
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: 1_000,
        control_at: 0,
        kind,
    });
    draft.push(change).unwrap();
    draft.finish()
}

/// A data directory with a genesis and `more` entries in `control`, and as many of a partition
/// that is only chained.
fn data_dir(more: u64) -> (tempfile::TempDir, Vec<Entry>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("ledger");
    let ledger = SqliteLedger::open(&root, SqliteOptions::default(), Arc::new(Inline)).unwrap();
    let genesis = Change::Genesis {
        ledger_id: LEDGER_ID,
        fold_rule: FOLD_RULE,
    };
    let counters = Partition::parse("counters/one").unwrap();
    let mut entries = vec![entry(
        Head::default(),
        &Partition::Control,
        Kind::Genesis,
        &genesis,
    )];
    let mut chained = Vec::new();
    for n in 0..more {
        let change = Change::SecondaryPrefix(Prefix::parse(&format!("88.{}", 200 + n)).unwrap());
        let at = entries.last().map(Head::after).unwrap();
        entries.push(entry(at, &Partition::Control, Kind::Changes, &change));
        let at = chained.last().map(Head::after).unwrap_or_default();
        chained.push(entry(at, &counters, Kind::Changes, &change));
    }
    super::super::block_on(async {
        for partition in [&entries, &chained] {
            let mut at = Head::default();
            for entry in partition {
                let append = ledger.append(at, entry).await.unwrap();
                at = Head::after(entry);
                assert_eq!(append, Append::Committed(at));
            }
        }
    })
    .unwrap();
    (folder, entries)
}

/// Changes a byte of the stored hash of an entry.
fn damage(folder: &Path, name: &str, entry: &Entry) {
    let path = folder.join(format!("ledger/{name}/segment-00000001.sqlite"));
    let mut bytes = std::fs::read(&path).unwrap();
    let hash = entry.hash().0;
    let at = bytes
        .windows(hash.len())
        .position(|window| window == hash)
        .expect("a closed ledger has no log: its hashes are in the file");
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

#[test]
fn a_whole_ledger_is_told_by_partition() {
    let (folder, entries) = data_dir(3);
    let summary = verify(folder.path(), &[]).unwrap();
    let json = summary.to_json();
    assert_eq!(json["ledger_id"], "07".repeat(16));
    assert_eq!(json["totals"]["live"], 0);
    let head = entries[3].hash().to_string();
    assert_eq!(json["partitions"][0]["partition"], "control");
    assert_eq!(json["partitions"][0]["entries"], 4);
    assert_eq!(json["partitions"][0]["head_hash"], head.as_str());
    assert_eq!(json["partitions"][0]["digest"].as_str().unwrap().len(), 64);
    assert_eq!(json["partitions"][1]["partition"], "counters/one");
    assert_eq!(json["partitions"][1]["head_seq"], 3);
    assert!(json["partitions"][1]["digest"].is_null());
    let text = summary.to_string();
    assert!(text.contains(&head) && text.contains("partition counters/one"));
}

#[test]
fn a_node_that_runs_is_not_disturbed() {
    let (folder, entries) = data_dir(1);
    let root = folder.path().join("ledger");
    let running = SqliteLedger::open(&root, SqliteOptions::default(), Arc::new(Inline)).unwrap();
    let at = Head::after(&entries[1]);
    let change = Change::SecondaryPrefix(Prefix::parse("88.300").unwrap());
    let next = entry(at, &Partition::Control, Kind::Changes, &change);
    let append = super::super::block_on(running.append(at, &next)).unwrap();
    assert_eq!(append.unwrap(), Append::Committed(Head::after(&next)));
    let json = verify(folder.path(), &[]).unwrap().to_json();
    assert_eq!(json["partitions"][0]["entries"], 3);
    let at = Head::after(&next);
    let change = Change::SecondaryPrefix(Prefix::parse("88.301").unwrap());
    let last = entry(at, &Partition::Control, Kind::Changes, &change);
    let append = super::super::block_on(running.append(at, &last)).unwrap();
    assert_eq!(append.unwrap(), Append::Committed(Head::after(&last)));
}

#[test]
fn damage_is_told_with_its_place() {
    let (folder, entries) = data_dir(3);
    damage(folder.path(), "control", &entries[2]);
    let failure = verify(folder.path(), &[]).unwrap_err();
    assert_eq!(failure.exit, Exit::Failed);
    assert!(
        failure.error.contains("partition control, sequence 3"),
        "{failure:?}"
    );
    assert!(failure.hint.contains("restore"), "{failure:?}");
}

#[test]
fn damage_of_what_is_only_chained_is_found_too() {
    let (folder, entries) = data_dir(2);
    // The first of it has the same change as the second of `control`, but its own hash.
    let counters = Partition::parse("counters/one").unwrap();
    let change = Change::SecondaryPrefix(Prefix::parse("88.200").unwrap());
    let first = entry(Head::default(), &counters, Kind::Changes, &change);
    assert_ne!(first.hash(), entries[1].hash());
    damage(folder.path(), "counters-one", &first);
    let failure = verify(folder.path(), &[]).unwrap_err();
    assert!(
        failure.error.contains("partition counters/one, sequence 1"),
        "{failure:?}"
    );
}

#[test]
fn what_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let failure = verify(folder.path(), &[]).unwrap_err();
    assert!(failure.error.contains("no ledger"), "{failure:?}");
    assert!(!folder.path().join("ledger").exists());
    std::fs::create_dir(folder.path().join("ledger")).unwrap();
    let failure = verify(folder.path(), &[]).unwrap_err();
    assert!(failure.error.contains("is empty"), "{failure:?}");
    let control = folder.path().join("ledger/control");
    std::fs::create_dir(&control).unwrap();
    let failure = verify(folder.path(), &[]).unwrap_err();
    assert!(failure.error.contains("is empty"), "{failure:?}");
    assert_eq!(std::fs::read_dir(control).unwrap().count(), 0);
}

//--- Snapshots

/// A snapshot of what the ledger in `from` comes to, in the data directory `to`.
fn take_snapshot(from: &Path, to: &Path) -> PathBuf {
    use crate::state::snapshot::{SnapshotFolder, SnapshotWriter};
    let ledger = SqliteLedger::open(
        &from.join("ledger"),
        SqliteOptions::to_read(),
        Arc::new(Inline),
    );
    let state = super::super::block_on(state::replay(&ledger.unwrap(), |_| {})).unwrap();
    let disk = Arc::new(crate::disk::RealDisk);
    let folder = SnapshotFolder::new(to.join("snapshots"), disk);
    let writer = SnapshotWriter::begin(&Arc::new(state.unwrap()), &folder).unwrap();
    writer.work();
    writer.finish().unwrap().path
}

#[test]
fn a_snapshot_that_comes_to_the_same_is_whole() {
    let (folder, _) = data_dir(2);
    take_snapshot(folder.path(), folder.path());
    let summary = verify(folder.path(), &[]).unwrap();
    assert_eq!(summary.exit(), Exit::Done);
    let json = summary.to_json();
    assert_eq!(json["snapshots"][0]["is_whole"], true, "{json}");
    assert_eq!(json["snapshots"][0]["control_seq"], 3);
    assert!(summary.to_string().contains("is whole\n"));
}

#[test]
fn a_damaged_snapshot_is_told_beside_a_whole_ledger() {
    let (folder, _) = data_dir(2);
    let path = take_snapshot(folder.path(), folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let summary = verify(folder.path(), &[]).unwrap();
    assert_eq!(summary.exit(), Exit::Failed);
    let wrong = summary.to_json()["snapshots"][0]["wrong"].clone();
    assert!(wrong.as_str().unwrap().contains("damaged"), "{wrong}");
    assert!(summary.to_string().contains("of no use"), "{summary}");
}

#[test]
fn a_snapshot_of_another_past_is_told() {
    let (folder, _) = data_dir(2);
    // The same ledger, but it went on in another way.
    let (other, entries) = data_dir(1);
    let ledger = other.path().join("ledger");
    let options = SqliteOptions::default();
    let ledger = SqliteLedger::open(&ledger, options, Arc::new(Inline)).unwrap();
    let at = Head::after(&entries[1]);
    let change = Change::SecondaryPrefix(Prefix::parse("88.999").unwrap());
    let next = entry(at, &Partition::Control, Kind::Changes, &change);
    super::super::block_on(ledger.append(at, &next))
        .unwrap()
        .unwrap();
    take_snapshot(other.path(), folder.path());
    let summary = verify(folder.path(), &[]).unwrap();
    let wrong = summary.to_json()["snapshots"][0]["wrong"].clone();
    assert!(
        wrong.as_str().unwrap().contains("control, sequence 3"),
        "{wrong}"
    );
}
