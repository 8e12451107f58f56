//! Files that are gone or old, ledgers that refuse, and what another release has written.

use std::fs;

use super::*;

/// The larger of file and ledger holds, whichever it is.
#[tokio::test]
async fn neither_an_old_file_nor_none_takes_or_adds_anything() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, Some("88.118.8"), 3);
    process.counters.sync().unwrap();
    let old = host.folder.path().join("old");
    fs::copy(host.path(), &old).unwrap();
    host.answer(&process, Some("88.118.8"), 2);
    process.totals.flush().await.unwrap();
    drop(process);
    // Power was lost: the disk has what was synced, the ledger more.
    fs::copy(&old, host.path()).unwrap();
    assert_eq!(host.start().await.shown(), 5);
    fs::remove_file(host.path()).unwrap();
    assert_eq!(host.start().await.shown(), 5);
    // Nothing of it, or of something else.
    for bytes in [
        &b""[..],
        &[0; 9_000],
        b"BSCOUNTR and then nothing of the kind",
    ] {
        fs::write(host.path(), bytes).unwrap();
        assert_eq!(host.start().await.shown(), 5);
        assert!(host.path().with_extension("map.set-aside").exists());
    }
}

/// A cell whose slot did not reach the disk is dropped, and nothing is counted under its name.
#[tokio::test]
async fn damaged_cells_are_dropped() {
    let host = Host::new();
    let process = host.start().await;
    host.answer(&process, Some("88.118.8"), 3);
    host.answer(&process, Some("88.118.9"), 4);
    drop(process);
    let mut bytes = fs::read(host.path()).unwrap();
    let slot = bytes
        .windows(8)
        .position(|part| part == b"88.118.8")
        .unwrap();
    bytes[slot + 7] = b'9';
    fs::write(host.path(), &bytes).unwrap();
    let process = host.start().await;
    assert_eq!(process.shown(), 4);
    assert_eq!(host.told(TODAY, Some("88.118.9")).await, 4);
}

/// Without a file it counts all the same, as far as the ledger goes.
#[tokio::test]
async fn a_disk_that_takes_no_file_stops_nobody() {
    let host = Host::new();
    fs::write(host.folder.path().join("counters"), "in the way").unwrap();
    let mut process = host.try_start(None).await.unwrap();
    host.answer(&process, None, 3);
    process.totals.flush().await.unwrap();
    host.answer(&process, None, 1);
    assert!(!process.counters.is_kept());
    assert_eq!(host.try_start(None).await.unwrap().shown(), 3);
}

/// While the ledger refuses, days go by; then it is told all of them.
#[tokio::test]
async fn what_the_ledger_refuses_is_kept_for_it() {
    let host = Host::new();
    let mut process = host.start().await;
    host.ledger.refuses.store(true, Ordering::Relaxed);
    for day in 1..=4 {
        host.answer(&process, None, day);
        assert!(process.totals.flush().await.is_err());
        host.clock.pass(DAY_MS);
        assert!(process.open_day());
    }
    assert_eq!(process.shown(), 10);
    host.ledger.refuses.store(false, Ordering::Relaxed);
    process.totals.flush().await.unwrap();
    for (day, total) in (TODAY..).zip([1, 2, 3, 4, 0]) {
        assert_eq!(host.told(day, None).await, total, "{day}");
    }
    assert!(process.totals.pending.is_empty());
    assert_eq!(process.shown(), 10);
    // The same where it refuses at the start.
    host.answer(&process, None, 5);
    drop(process);
    host.ledger.refuses.store(true, Ordering::Relaxed);
    let mut process = host.start().await;
    assert_eq!(process.shown(), 15);
    host.ledger.refuses.store(false, Ordering::Relaxed);
    host.answer(&process, None, 1);
    assert!(process.totals.flush().await.unwrap());
    assert_eq!(host.told(TODAY + 4, None).await, 6);
}

#[tokio::test]
async fn who_was_overtaken_writes_again() {
    let host = Host::new();
    let mut first = host.try_start(None).await.unwrap();
    let mut second = host.try_start(None).await.unwrap();
    host.answer(&second, None, 1);
    assert!(second.totals.flush().await.unwrap());
    host.answer(&first, None, 2);
    assert!(matches!(
        first.totals.flush().await,
        Err(TotalsError::NotWritten(_))
    ));
    assert!(
        first.totals.flush().await.unwrap(),
        "behind what stands there"
    );
    assert_eq!(host.told(TODAY, None).await, 2, "the larger one");
}

/// Totals that tell nothing apart, as releases before this one wrote them, still count.
#[tokio::test]
async fn undated_totals_go_on_counting_and_unknown_ones_stop_it() {
    let host = Host::new();
    let undated = CounterCell {
        day: 0,
        prefix: None,
        subject: 0,
        protocol: 1,
        outcome: 1,
        origin: 1,
        total: 40,
    };
    append(&host, vec![undated.clone()]).await;
    let mut process = host.start().await;
    assert_eq!(process.shown(), 40);
    host.answer(&process, None, 2);
    process.totals.flush().await.unwrap();
    let kept = host.start().await;
    let each = kept.counters.each();
    let first = each.first().unwrap();
    assert_eq!(
        *first,
        (Protocol::Dns, Outcome::Success, Origin::External, 42)
    );
    for unknown in [
        CounterCell {
            outcome: 200,
            ..undated.clone()
        },
        CounterCell {
            day: TODAY,
            subject: 9,
            ..undated
        },
    ] {
        append(&host, vec![unknown]).await;
        let opened = host.try_start(Some(host.path())).await;
        assert!(matches!(opened.err(), Some(TotalsError::Decode(_))));
    }
}

pub(super) async fn append(host: &Host, cells: Vec<CounterCell>) {
    let at = host.ledger.head(&partition()).await.unwrap();
    let mut draft = Draft::new(Place {
        ledger_id: host.state.ledger_id().unwrap(),
        partition: partition(),
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: NOW,
        control_at: 0,
        kind: EntryKind::Changes,
    });
    let change = Change::CounterTotals(CounterTotals { cells });
    draft.push(&change).unwrap();
    host.ledger.append(at, &draft.finish()).await.unwrap();
}
