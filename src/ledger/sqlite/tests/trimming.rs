//! Counters that are let go of: in files and out of them, across starts, and not while they are read.

use std::fs;

use super::*;

fn counters() -> Partition {
    Partition::Counters("node-1".into())
}

/// Some six entries to a segment.
fn open_small(root: &Path) -> SqliteLedger {
    let options = SqliteOptions {
        segment_bytes_max: 192 * 1024,
        free_bytes_min: 0,
        ..SqliteOptions::default()
    };
    SqliteLedger::open(root, options, Arc::new(Inline)).unwrap()
}

/// An entry of `noise` changes that do not compress.
fn counted(at: Head, noise: u64) -> Entry {
    let mut draft = Draft::new(Place {
        ledger_id: LedgerId([1; 16]),
        partition: counters(),
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: 1,
        control_at: 0,
        kind: Kind::Changes,
    });
    for i in 0..noise {
        let hash = crate::change::Hash::of(&[&at.hash.0, &i.to_be_bytes()]).0;
        let nonce = hash[..16].try_into().unwrap();
        draft.push(&Change::Marker { nonce }).unwrap();
    }
    draft.finish()
}

async fn fill(ledger: &SqliteLedger, mut head: Head, count: u64, noise: u64) -> Vec<Head> {
    let mut heads = Vec::new();
    for _ in 0..count {
        let next = counted(head, noise);
        head = Head::after(&next);
        let append = ledger.append(heads.last().copied().unwrap_or_default(), &next);
        assert_eq!(append.await.unwrap(), Append::Committed(head));
        heads.push(head);
    }
    heads
}

fn files(root: &Path) -> usize {
    let folder = root.join("counters-node-1");
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".sqlite")).count()
}

/// Reads all there is, checked from where it begins.
async fn read_all(ledger: &SqliteLedger) -> Vec<u64> {
    let begin = ledger.begin(&counters()).await.unwrap();
    let entries = ledger.read(&counters(), begin.seq + 1, usize::MAX).await;
    let seqs = entries.unwrap().into_iter();
    seqs.map(|entry| entry.header().seq).collect()
}

#[tokio::test]
async fn rows_that_were_trimmed_are_gone_after_a_start_and_their_room_is_used_again() {
    let root = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(
        root.path(),
        SqliteOptions {
            free_bytes_min: 0,
            ..SqliteOptions::default()
        },
        Arc::new(Inline),
    )
    .unwrap();
    let mut heads = fill(&ledger, Head::default(), 400, 100).await;
    // Checkpointed once nobody has written for a moment.
    ledger.maintain().unwrap();
    ledger.maintain().unwrap();
    let path = ledger.segments(&counters()).unwrap()[0].path.clone();
    let full_bytes = fs::metadata(&path).unwrap().len();
    for _ in 0..5 {
        let last = *heads.last().unwrap();
        let begin = ledger.trim(&counters(), last.seq - 99).await.unwrap();
        assert_eq!(begin.seq, last.seq - 100);
        let mut head = last;
        for _ in 0..300 {
            let next = counted(head, 100);
            ledger.append(head, &next).await.unwrap();
            head = Head::after(&next);
            heads.push(head);
        }
        ledger.maintain().unwrap();
        ledger.maintain().unwrap();
    }
    let bytes = fs::metadata(&path).unwrap().len();
    assert!(
        bytes < full_bytes * 5 / 4,
        "{bytes} bytes, {full_bytes} before"
    );
    drop(ledger);
    let ledger = open_small(root.path());
    let expected: Vec<u64> = (1_501..=1_900).collect();
    assert_eq!(read_all(&ledger).await, expected);
    assert_eq!(ledger.begin(&counters()).await.unwrap(), heads[1_499]);
    let segment = &ledger.segments(&counters()).unwrap()[0];
    assert_eq!((segment.begin, segment.end), (heads[1_499], heads[1_899]));
}

#[tokio::test]
async fn closed_segments_go_whole() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let heads = fill(&ledger, Head::default(), 40, 600).await;
    ledger.maintain().unwrap();
    let segments = ledger.segments(&counters()).unwrap();
    assert!(segments.len() > 3 && files(root.path()) == segments.len());
    // The first entry of the third: two can go.
    let third = segments[2].begin;
    let begin = ledger.trim(&counters(), third.seq + 1).await.unwrap();
    assert_eq!((begin, files(root.path())), (third, segments.len() - 2));
    // The last but one of it: it stays as it is.
    let begin = ledger.trim(&counters(), segments[2].end.seq).await.unwrap();
    assert_eq!(begin, third);
    drop(ledger);
    let ledger = open_small(root.path());
    let expected: Vec<u64> = (third.seq + 1..=40).collect();
    assert_eq!(read_all(&ledger).await, expected);
    // All that is closed, and of the one that is written to all but the last.
    let begin = ledger.trim(&counters(), u64::MAX).await.unwrap();
    assert_eq!((begin, files(root.path())), (heads[38], 1));
    drop(ledger);
    let ledger = open_small(root.path());
    assert_eq!(read_all(&ledger).await, [40]);
    let next = counted(heads[39], 1);
    let append = ledger.append(heads[39], &next).await.unwrap();
    assert_eq!(append, Append::Committed(Head::after(&next)));
}

#[tokio::test]
async fn nothing_is_trimmed_while_somebody_reads_all() {
    let root = tempfile::tempdir().unwrap();
    let ledger = open_small(root.path());
    let heads = fill(&ledger, Head::default(), 5, 1).await;
    // Opened before anything was trimmed, as a backup that waits may be.
    let reader = SqliteLedger::open(root.path(), SqliteOptions::to_read(), Arc::new(Inline));
    let reader = reader.unwrap();
    assert_eq!(read_all(&reader).await.len(), 5);
    assert_eq!(ledger.trim(&counters(), 3).await.unwrap(), heads[1]);
    let hold = reader.hold(&counters()).unwrap();
    assert_eq!(read_all(&reader).await, [3, 4, 5]);
    assert_eq!(ledger.trim(&counters(), 5).await.unwrap(), heads[1]);
    assert_eq!(read_all(&reader).await, [3, 4, 5]);
    drop(hold);
    assert_eq!(ledger.trim(&counters(), 5).await.unwrap(), heads[3]);
}
