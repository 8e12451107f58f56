//! What only the embedded adapter can be asked: files, reopening, damage.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;

mod segments;
mod trimming;

use super::*;
use crate::{
    change::{Change, Draft, Kind, LedgerId, Place},
    identifier::Prefix,
    ledger::{Inline, conformance},
};

fn open(root: &Path) -> SqliteLedger {
    SqliteLedger::open(root, SqliteOptions::default(), Arc::new(Inline)).unwrap()
}

fn entry(partition: &Partition, at: Head, n: u64) -> Entry {
    let mut draft = Draft::new(Place {
        ledger_id: LedgerId([1; 16]),
        partition: partition.clone(),
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: 1,
        control_at: 0,
        kind: Kind::Changes,
    });
    for i in 0..40 {
        let prefix = Prefix::parse(&format!("88.{n}.{i}")).unwrap();
        draft.push(&Change::SecondaryPrefix(prefix)).unwrap();
    }
    draft.finish()
}

async fn fill(ledger: &SqliteLedger, partition: &Partition, count: u64) -> Vec<Entry> {
    let (mut head, mut entries) = (Head::default(), Vec::new());
    for n in 1..=count {
        let next = entry(partition, head, n);
        let append = ledger.append(head, &next).await.unwrap();
        head = Head::after(&next);
        assert_eq!(append, Append::Committed(head));
        entries.push(next);
    }
    entries
}

/// Opens the partition's file behind the ledger's back.
fn behind(root: &Path) -> Connection {
    Connection::open(root.join("data-1/segment-00000001.sqlite")).unwrap()
}

#[tokio::test]
async fn conforms() {
    let root = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    let make = || {
        number.set(number.get() + 1);
        open(&root.path().join(number.get().to_string()))
    };
    assert_eq!(conformance::run(&make).await, Vec::<String>::new());
}

#[tokio::test]
async fn everything_is_there_when_opened_again() {
    let root = tempfile::tempdir().unwrap();
    let partition = Partition::Data(1);
    let entries = fill(&open(root.path()), &partition, 8).await;
    let again = open(root.path());
    assert_eq!(again.partitions().await.unwrap(), vec![partition.clone()]);
    assert_eq!(
        again.head(&partition).await.unwrap(),
        Head::after(&entries[7])
    );
    assert_eq!(
        again.read(&partition, 1, usize::MAX).await.unwrap(),
        entries
    );
}

#[tokio::test]
async fn a_seal_survives() {
    let root = tempfile::tempdir().unwrap();
    let partition = Partition::Data(1);
    let ledger = open(root.path());
    let head = Head::after(&fill(&ledger, &partition, 1).await[0]);
    ledger.seal(&partition).await.unwrap();
    drop(ledger);
    let append = open(root.path())
        .append(head, &entry(&partition, head, 2))
        .await;
    assert_eq!(append, Err(LedgerError::Sealed(partition)));
}

#[tokio::test]
async fn every_damaged_column_is_found_and_named() {
    let damages = [
        "UPDATE entry SET payload = zeroblob(length(payload)) WHERE seq = 3",
        "UPDATE entry SET payload = CAST(substr(payload, 1, 20) AS BLOB) WHERE seq = 3",
        "UPDATE entry SET header = CAST(header || x'00' AS BLOB) WHERE seq = 3",
        "UPDATE entry SET header = (SELECT header FROM entry WHERE seq = 2) WHERE seq = 3",
        "UPDATE entry SET hash = (SELECT hash FROM entry WHERE seq = 2) WHERE seq = 3",
        "UPDATE entry SET hash = x'00' WHERE seq = 3",
        "UPDATE entry SET codec = 0 WHERE seq = 3",
        "UPDATE entry SET codec = 9 WHERE seq = 3",
        "DELETE FROM entry WHERE seq = 3",
    ];
    for damage in damages {
        let root = tempfile::tempdir().unwrap();
        let partition = Partition::Data(1);
        fill(&open(root.path()), &partition, 5).await;
        assert_eq!(behind(root.path()).execute(damage, []).unwrap(), 1);
        let read = open(root.path()).read(&partition, 1, usize::MAX).await;
        let Err(LedgerError::Damaged {
            partition: named,
            seq,
            what,
        }) = read
        else {
            panic!("{damage}: {read:?}");
        };
        assert_eq!((named, seq), (partition, 3), "{damage}");
        assert_eq!(
            what.contains("missing"),
            damage.starts_with("DELETE"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_flipped_bit_in_any_page_is_never_served() {
    let root = tempfile::tempdir().unwrap();
    let partition = Partition::Data(1);
    let entries = fill(&open(root.path()), &partition, 30).await;
    let path = root.path().join("data-1/segment-00000001.sqlite");
    let _ = open(root.path()).head(&partition).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let mut noticed = 0;
    for offset in (0..whole.len()).step_by(997) {
        let mut flipped = whole.clone();
        flipped[offset] ^= 0x10;
        std::fs::write(&path, flipped).unwrap();
        let Ok(ledger) =
            SqliteLedger::open(root.path(), SqliteOptions::default(), Arc::new(Inline))
        else {
            continue;
        };
        match ledger.read(&partition, 1, usize::MAX).await {
            // Unused bytes of a page may flip unseen; what is served is what was written.
            Ok(read) => assert_eq!(read, entries[..read.len()], "offset {offset}"),
            Err(_) => noticed += 1,
        }
    }
    assert!(noticed > 0);
}

#[tokio::test]
async fn other_files_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let partition = Partition::Data(1);
    fill(&open(root.path()), &partition, 1).await;
    // Another partition's file in this one's place.
    std::fs::rename(root.path().join("data-1"), root.path().join("data-2")).unwrap();
    let head = open(root.path()).head(&Partition::Data(2)).await;
    assert!(matches!(head, Err(LedgerError::Open { .. })), "{head:?}");
    // Another program's database.
    std::fs::create_dir(root.path().join("data-1")).unwrap();
    behind(root.path())
        .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
        .unwrap();
    let head = open(root.path()).head(&partition).await;
    assert!(matches!(head, Err(LedgerError::Open { .. })), "{head:?}");
}

#[tokio::test]
async fn a_reader_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let partition = Partition::Data(1);
    let writer = open(root.path());
    let entries = fill(&writer, &partition, 3).await;
    let options = SqliteOptions::to_read();
    let reader = SqliteLedger::open(root.path(), options.clone(), Arc::new(Inline)).unwrap();
    assert_eq!(
        reader.read(&partition, 1, usize::MAX).await.unwrap(),
        entries
    );
    let head = Head::after(&entries[2]);
    assert!(
        reader
            .append(head, &entry(&partition, head, 4))
            .await
            .is_err()
    );
    assert_eq!(writer.head(&partition).await.unwrap(), head);
    let nowhere = SqliteLedger::open(&root.path().join("none"), options, Arc::new(Inline));
    assert!(nowhere.is_err());
}
