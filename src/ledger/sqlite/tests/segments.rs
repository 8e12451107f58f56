//! Segments: filled, closed, moved away, lost, cut off in between.

use std::fs;

use super::*;

/// Some six entries of `entry` to a segment.
const SMALL: u64 = 192 * 1024;

const HERE: Partition = Partition::Data(1);

fn small() -> SqliteOptions {
    SqliteOptions {
        segment_bytes_max: SMALL,
        free_bytes_min: 0,
        ..SqliteOptions::default()
    }
}

fn open_small(root: &Path) -> SqliteLedger {
    SqliteLedger::open(root, small(), Arc::new(Inline)).unwrap()
}

/// An entry that does not compress.
fn large_entry(at: Head, n: u64) -> Entry {
    let mut draft = Draft::new(Place {
        ledger_id: LedgerId([1; 16]),
        partition: HERE,
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: 1,
        control_at: 0,
        kind: Kind::Changes,
    });
    for i in 0..600_u64 {
        let noise = crate::change::Hash::of(&[&n.to_be_bytes(), &i.to_be_bytes()]).0;
        let nonce = noise[..16].try_into().unwrap();
        draft.push(&Change::Marker { nonce }).unwrap();
    }
    draft.finish()
}

async fn fill_large(ledger: &SqliteLedger, mut head: Head, count: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    for n in 1..=count {
        let next = large_entry(head, n);
        let append = ledger.append(head, &next).await.unwrap();
        head = Head::after(&next);
        assert_eq!(append, Append::Committed(head));
        entries.push(next);
    }
    entries
}

fn file(root: &Path, number: u32) -> PathBuf {
    root.join("data-1").join(layout::file_name(number))
}

#[tokio::test]
async fn a_full_segment_is_closed_and_the_chain_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let entries = fill_large(&ledger, Head::default(), 40).await;
    ledger.maintain().unwrap();
    let segments = ledger.segments(&HERE).unwrap();
    assert!(segments.len() > 3, "{segments:?}");
    for (before, after) in segments.iter().zip(&segments[1..]) {
        assert_eq!(before.end, after.begin);
        assert!(before.is_closed && !database::needs_wal(&before.path).unwrap());
        assert!(fs::metadata(&before.path).unwrap().len() <= SMALL);
        assert!(!before.path.with_extension("sqlite-wal").exists());
    }
    for ledger in [ledger, open_small(root.path())] {
        assert_eq!(ledger.read(&HERE, 1, usize::MAX).await.unwrap(), entries);
        // From the middle of a closed one, and bounded.
        let part = ledger.read(&HERE, 5, 30_000).await.unwrap();
        assert_eq!(part, entries[4..4 + part.len()]);
        assert!(part.len() < 10, "{}", part.len());
        assert_eq!(ledger.read(&HERE, 41, usize::MAX).await.unwrap(), []);
    }
}

#[tokio::test]
async fn closed_segments_may_lie_in_an_archive() {
    let root = tempfile::tempdir().unwrap();
    let archive = root.path().join("an archive?#%");
    let home = root.path().join("ledger");
    let ledger = open_small(&home);
    let entries = fill_large(&ledger, Head::default(), 40).await;
    ledger.maintain().unwrap();
    fs::create_dir_all(archive.join("data-1")).unwrap();
    let moved = archive.join("data-1").join(layout::file_name(1));
    fs::rename(file(&home, 1), &moved).unwrap();
    // Beside a running node that has not opened it yet, nothing is lost track of.
    let away = ledger.read(&HERE, 1, 1).await;
    assert!(
        matches!(
            away,
            Err(LedgerError::Open { .. } | LedgerError::SegmentMissing { .. })
        ),
        "{away:?}"
    );
    drop(ledger);
    // Without the archive the rest is there, and what is missing is named.
    let without = open_small(&home);
    let first_here = without.segments(&HERE).unwrap()[0].begin.seq + 1;
    let missing = without.read(&HERE, 1, 1).await;
    assert!(
        matches!(missing, Err(LedgerError::SegmentMissing { seq: 1, .. })),
        "{missing:?}"
    );
    let rest = without.read(&HERE, first_here, usize::MAX).await.unwrap();
    assert_eq!(rest.last(), entries.last());
    drop(without);
    let options = SqliteOptions {
        archive_dirs: vec![archive],
        ..small()
    };
    let with = SqliteLedger::open(&home, options, Arc::new(Inline)).unwrap();
    assert_eq!(with.read(&HERE, 1, usize::MAX).await.unwrap(), entries);
}

#[tokio::test]
async fn a_segment_that_was_exchanged_is_refused() {
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (root, count) in [(&root, 40), (&other, 41)] {
        let ledger = open_small(root.path());
        let first = fill_large(&ledger, Head::default(), 1).await;
        // From the second entry on they are different ledgers.
        let second = large_entry(Head::after(&first[0]), count);
        ledger
            .append(Head::after(&first[0]), &second)
            .await
            .unwrap();
        fill_large(&ledger, Head::after(&second), 38).await;
        ledger.maintain().unwrap();
    }
    fs::remove_file(file(root.path(), 2)).unwrap();
    fs::copy(file(other.path(), 2), file(root.path(), 2)).unwrap();
    let refused = open_small(root.path()).head(&HERE).await;
    assert!(
        matches!(refused, Err(LedgerError::Damaged { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_start_goes_on_where_filling_a_segment_was_cut_off() {
    let root = tempfile::tempdir().unwrap();
    let entries = fill_large(&open_small(root.path()), Head::default(), 3).await;
    // `last` is written, its successor is not made.
    let last = database::encode_head(Head::after(&entries[2]));
    behind(root.path())
        .execute("INSERT INTO meta (name, value) VALUES ('last', ?1)", [last])
        .unwrap();
    // Who only reads, reads it.
    let reader =
        SqliteLedger::open(root.path(), SqliteOptions::to_read(), Arc::new(Inline)).unwrap();
    assert_eq!(reader.read(&HERE, 1, usize::MAX).await.unwrap(), entries);
    assert!(!file(root.path(), 2).exists());
    drop(reader);
    // Its successor is made, and cut off before it has tables.
    for _ in 0..2 {
        let ledger = open_small(root.path());
        assert_eq!(ledger.head(&HERE).await.unwrap(), Head::after(&entries[2]));
        assert_eq!(ledger.segments(&HERE).unwrap().len(), 2);
        drop(ledger);
        fs::write(file(root.path(), 2), "").unwrap();
    }
    let ledger = open_small(root.path());
    fill_large(&ledger, Head::after(&entries[2]), 1).await;
    assert_eq!(ledger.read(&HERE, 1, usize::MAX).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_seal_holds_even_where_the_segment_is_full() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let mut head = Head::default();
    // Until the next append would begin another segment.
    while ledger.segments(&HERE).unwrap().len() == 1 {
        let next = large_entry(head, head.seq);
        ledger.append(head, &next).await.unwrap();
        head = Head::after(&next);
    }
    ledger.seal(&HERE).await.unwrap();
    for n in 0..12 {
        let refused = ledger.append(head, &large_entry(head, n)).await;
        assert_eq!(refused, Err(LedgerError::Sealed(HERE)));
    }
}

#[tokio::test]
async fn writes_stop_below_the_free_space_and_resume_by_themselves() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let first = fill_large(&ledger, Head::default(), 1).await;
    let head = Head::after(&first[0]);
    ledger.keep_free(u64::MAX - 1);
    let refused = ledger.append(head, &large_entry(head, 2)).await;
    assert!(
        matches!(refused, Err(LedgerError::NoSpace { .. })),
        "{refused:?}"
    );
    let writable = ledger.writable(&HERE).await;
    // What is free is another number each time.
    assert!(
        matches!(writable, Err(LedgerError::NoSpace { .. })),
        "{writable:?}"
    );
    assert_eq!(ledger.read(&HERE, 1, usize::MAX).await.unwrap(), first);
    ledger.keep_free(0);
    assert_eq!(ledger.writable(&HERE).await, Ok(()));
    fill_large(&ledger, head, 1).await;
}

#[tokio::test]
async fn a_quiet_partition_is_checkpointed_and_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let entries = fill_large(&ledger, Head::default(), 3).await;
    let alone = root.path().join("alone.sqlite");
    let in_the_file_alone = || {
        fs::copy(file(root.path(), 1), &alone).unwrap();
        let count: rusqlite::Result<i64> =
            Connection::open(&alone)
                .unwrap()
                .query_row("SELECT count(*) FROM entry", [], |row| row.get(0));
        count.unwrap_or(0)
    };
    // Busy at the first look, quiet at the second.
    ledger.maintain().unwrap();
    assert_eq!(in_the_file_alone(), 0);
    ledger.maintain().unwrap();
    assert_eq!(in_the_file_alone(), 3);
    fill_large(&ledger, Head::after(&entries[2]), 2).await;
    assert_eq!(ledger.read(&HERE, 1, usize::MAX).await.unwrap().len(), 5);
}

/// A segment that is written to does not say which entry is its last: its pages have to.
#[tokio::test]
async fn an_entry_that_a_damaged_page_hides_is_missed() {
    let root = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(root.path(), SqliteOptions::default(), Arc::new(Inline));
    let ledger = ledger.unwrap();
    let entries = fill(&ledger, &HERE, 60).await;
    drop(ledger);
    const PAGE: usize = 16 * 1024;
    let mut bytes = fs::read(file(root.path(), 1)).unwrap();
    let hash = entries[59].hash().0;
    let at = bytes.windows(32).position(|window| window == hash).unwrap();
    let page = at / PAGE * PAGE;
    assert_eq!(bytes[page], 0x0d, "a leaf of a table");
    // How many rows it has: the last entry is one of them.
    let rows = u16::from_be_bytes([bytes[page + 3], bytes[page + 4]]) - 1;
    bytes[page + 3..page + 5].copy_from_slice(&rows.to_be_bytes());
    fs::write(file(root.path(), 1), bytes).unwrap();
    let options = SqliteOptions::default();
    let ledger = SqliteLedger::open(root.path(), options, Arc::new(Inline)).unwrap();
    let error = ledger.head(&HERE).await.unwrap_err().to_string();
    assert!(
        error.contains("damaged") && error.contains("segment-00000001"),
        "{error}"
    );
}

#[tokio::test]
async fn a_closed_segment_is_verified_alone() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let entries = fill_large(&ledger, Head::default(), 20).await;
    ledger.maintain().unwrap();
    let segments = ledger.segments(&HERE).unwrap();
    let verified = ClosedSegment::open(&segments[1].path).unwrap();
    verified.verify().unwrap();
    assert_eq!(*verified.partition(), HERE);
    assert_eq!(verified.begin(), segments[1].begin);
    assert_eq!(verified.end(), segments[1].end);
    assert!(segments[1].is_one_file);
    let copy = root.path().join("a copy");
    let mut bytes = fs::read(&segments[1].path).unwrap();
    let second = verified.begin().seq + 2;
    let is_second = |entry: &&Entry| entry.header().seq == second;
    let hash = entries.iter().find(is_second).unwrap().hash().0;
    let at = bytes.windows(32).position(|window| window == hash).unwrap();
    bytes[at] ^= 1;
    fs::write(&copy, bytes).unwrap();
    let error = ClosedSegment::open(&copy)
        .and_then(|copy| copy.verify())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("sequence {}", verified.begin().seq + 2)),
        "{error}"
    );
    let active = segments.last().unwrap();
    let error = ClosedSegment::open(&active.path).unwrap_err().to_string();
    assert!(error.contains("not a closed segment"), "{error}");
    let error = ClosedSegment::open(&root.path().join("nothing")).unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
}
