//! The questions every adapter must answer alike.
//!
//! It is part of the library so that an operator can ask them of an engine we cannot run here.
//! Durability over a loss of power (G4) needs the disk under the engine and is asked elsewhere.

use std::time::Duration;

use super::{Append, Head, Ledger, LedgerError};
use crate::{
    change::{Change, Draft, Entry, Kind, LedgerId, Partition, Place},
    identifier::Prefix,
};

/// Ledger id of all entries here.
const LEDGER_ID: LedgerId = LedgerId(*b"conformance-run.");

/// Racing writers of G3: more than any queue of one process, few enough for a remote engine.
const RACERS: u64 = 16;

/// Asks every question of a fresh ledger from `make`; returns what was answered wrongly.
pub async fn run<L: Ledger>(make: &impl Fn() -> L) -> Vec<String> {
    let mut failures = Vec::new();
    let mut note = |question: &str, answer: Result<(), String>| {
        if let Err(wrong) = answer {
            failures.push(format!("{question}: {wrong}"));
        }
    };
    note("an empty partition", empty(&make()).await);
    note("G2 dense and immutable", dense(&make()).await);
    note("G3 one winner", one_winner(&make()).await);
    note("G5 a marker decides", marker_decides(&make()).await);
    note("G6 entries chain", chained(&make()).await);
    note("G7 sealed is sealed", sealed(&make()).await);
    note("G8 read your own commit", read_own(&make()).await);
    note("partitions are apart", apart(&make()).await);
    note("reads are bounded", bounded(&make()).await);
    note("waiting ends", waiting(&make()).await);
    note("counters are trimmed", trimmed(&make()).await);
    failures
}

//----------- Questions --------------------------------------------------------

type Answer = Result<(), String>;

async fn empty(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    expect("head", ledger.head(&partition).await, &Head::default())?;
    expect(
        "read",
        ledger.read(&partition, 1, usize::MAX).await,
        &Vec::new(),
    )
}

async fn dense(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    let entries = fill(ledger, &partition, 5).await?;
    let head = Head::after(&entries[4]);
    // Behind a head that was, at a sequence that leaves a gap, and over an entry that is.
    for at in [
        Head::default(),
        Head {
            seq: 7,
            hash: head.hash,
        },
        Head::after(&entries[2]),
    ] {
        let stale = entry(&partition, at, 99);
        expect(
            "a stale append",
            ledger.append(at, &stale).await,
            &Append::Conflict(head),
        )?;
    }
    let gap = entry(
        &partition,
        Head {
            seq: 8,
            hash: head.hash,
        },
        99,
    );
    expect(
        "an append with a gap",
        ledger.append(head, &gap).await,
        &Append::Conflict(head),
    )?;
    expect(
        "the entries",
        ledger.read(&partition, 1, usize::MAX).await,
        &entries,
    )
}

async fn one_winner(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    let head = Head::after(&fill(ledger, &partition, 1).await?[0]);
    let racers: Vec<Entry> = (0..RACERS)
        .map(|n| entry(&partition, head, 100 + n))
        .collect();
    let mut pending: Vec<_> = racers
        .iter()
        .map(|racer| ledger.append(head, racer))
        .collect();
    let mut winners = Vec::new();
    // All are started before the first is awaited.
    for (racer, append) in racers.iter().zip(pending.drain(..)) {
        match append.await {
            Ok(Append::Committed(head)) => winners.push((racer.clone(), head)),
            Ok(Append::Conflict(_)) => {}
            other => return Err(format!("a racer got {other:?}")),
        }
    }
    let [(winner, head)] = winners.as_slice() else {
        return Err(format!("{} winners", winners.len()));
    };
    expect("the head", ledger.head(&partition).await, head)?;
    expect(
        "the entry",
        ledger.read(&partition, 2, usize::MAX).await,
        &vec![winner.clone()],
    )
}

async fn marker_decides(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    let head = Head::after(&fill(ledger, &partition, 1).await?[0]);
    let unsure = entry(&partition, head, 7);
    let marker = marker(&partition, head);
    // The first to stand there wins, whichever it is, and the other can never follow.
    let committed = Append::Committed(Head::after(&marker));
    expect("the marker", ledger.append(head, &marker).await, &committed)?;
    let conflict = Append::Conflict(Head::after(&marker));
    expect(
        "the late entry",
        ledger.append(head, &unsure).await,
        &conflict,
    )
}

async fn chained(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    fill(ledger, &partition, 3).await?;
    let forked = Head {
        seq: 3,
        hash: crate::change::Hash::of(&[b"a fork"]),
    };
    let head = ledger
        .head(&partition)
        .await
        .map_err(|error| error.to_string())?;
    let append = ledger.append(forked, &entry(&partition, forked, 4)).await;
    expect("an append to a fork", append, &Append::Conflict(head))
}

async fn sealed(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    let entries = fill(ledger, &partition, 2).await?;
    let head = Head::after(&entries[1]);
    expect("seal", ledger.seal(&partition).await, &head)?;
    expect("seal again", ledger.seal(&partition).await, &head)?;
    let append = ledger.append(head, &entry(&partition, head, 3)).await;
    if append != Err(LedgerError::Sealed(partition.clone())) {
        return Err(format!("an append after the seal got {append:?}"));
    }
    expect(
        "reading",
        ledger.read(&partition, 1, usize::MAX).await,
        &entries,
    )
}

async fn read_own(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Control;
    let mut head = Head::default();
    for n in 1..=20 {
        let next = entry(&partition, head, n);
        let after = Head::after(&next);
        expect(
            "append",
            ledger.append(head, &next).await,
            &Append::Committed(after),
        )?;
        expect("head", ledger.head(&partition).await, &after)?;
        expect("read", ledger.read(&partition, n, 1).await, &vec![next])?;
        head = after;
    }
    Ok(())
}

async fn apart(ledger: &impl Ledger) -> Answer {
    let partitions = [
        Partition::Control,
        Partition::Data(1),
        Partition::Counters("a".into()),
    ];
    for partition in &partitions {
        fill(ledger, partition, 2).await?;
    }
    expect(
        "partitions",
        ledger.partitions().await,
        &partitions.to_vec(),
    )?;
    for partition in &partitions {
        let entries = ledger.read(partition, 1, usize::MAX).await;
        let entries = entries.map_err(|error| error.to_string())?;
        if entries.len() != 2
            || entries
                .iter()
                .any(|entry| entry.header().partition != *partition)
        {
            return Err(format!("{partition} holds entries of others"));
        }
    }
    Ok(())
}

async fn bounded(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    let entries = fill(ledger, &partition, 10).await?;
    // Always at least one, so that a reader with a small buffer still gets on.
    expect(
        "one",
        ledger.read(&partition, 4, 1).await,
        &vec![entries[3].clone()],
    )?;
    expect(
        "past the end",
        ledger.read(&partition, 11, usize::MAX).await,
        &Vec::new(),
    )?;
    expect(
        "far past the end",
        ledger.read(&partition, u64::MAX, usize::MAX).await,
        &Vec::new(),
    )
}

async fn waiting(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Data(1);
    fill(ledger, &partition, 1).await?;
    let long = Duration::from_secs(60);
    expect(
        "waiting for what is there",
        ledger.wait(&partition, 0, long).await,
        &(),
    )?;
    let short = Duration::from_millis(10);
    expect(
        "waiting for what never comes",
        ledger.wait(&partition, 1, short).await,
        &(),
    )
}

async fn trimmed(ledger: &impl Ledger) -> Answer {
    let partition = Partition::Counters("a".into());
    let entries = fill(ledger, &partition, 300).await?;
    let at = |seq: usize| Head::after(&entries[seq - 1]);
    expect("begin", ledger.begin(&partition).await, &Head::default())?;
    for (before, begin) in [
        (0, Head::default()),
        (1, Head::default()),
        (2, at(1)),
        (200, at(199)),
        (100, at(199)),
    ] {
        expect("trim", ledger.trim(&partition, before).await, &begin)?;
        expect("begin", ledger.begin(&partition).await, &begin)?;
        expect("head", ledger.head(&partition).await, &at(300))?;
        let from = begin.seq + 1;
        let rest = entries[usize::try_from(begin.seq).unwrap_or_default()..].to_vec();
        expect(
            "the rest",
            ledger.read(&partition, from, usize::MAX).await,
            &rest,
        )?;
    }
    let gone = ledger.read(&partition, 199, usize::MAX).await;
    if !matches!(
        gone,
        Err(LedgerError::Trimmed {
            seq: 199,
            first: 200,
            ..
        })
    ) {
        return Err(format!("a trimmed entry gave {gone:?}"));
    }
    // The last entry stays, and what is appended chains to it.
    expect("trim", ledger.trim(&partition, u64::MAX).await, &at(299))?;
    let next = entry(&partition, at(300), 301);
    let committed = Append::Committed(Head::after(&next));
    expect("append", ledger.append(at(300), &next).await, &committed)?;
    let both = vec![entries[299].clone(), next];
    expect(
        "both",
        ledger.read(&partition, 300, usize::MAX).await,
        &both,
    )?;
    let kept = Partition::Data(1);
    fill(ledger, &kept, 3).await?;
    expect("begin", ledger.begin(&kept).await, &Head::default())?;
    let refused = ledger.trim(&kept, 2).await;
    if refused != Err(LedgerError::Kept(kept.clone())) {
        return Err(format!("trimming data gave {refused:?}"));
    }
    expect("begin", ledger.begin(&kept).await, &Head::default())
}

//----------- Helper functions -------------------------------------------------

fn expect<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: Result<T, LedgerError>,
    want: &T,
) -> Answer {
    match got {
        Ok(got) if got == *want => Ok(()),
        other => Err(format!("{what} gave {other:?}, not {want:?}")),
    }
}

/// Appends `count` entries to a fresh partition.
async fn fill(
    ledger: &impl Ledger,
    partition: &Partition,
    count: u64,
) -> Result<Vec<Entry>, String> {
    let (mut head, mut entries) = (Head::default(), Vec::new());
    for n in 1..=count {
        let next = entry(partition, head, n);
        let committed = Append::Committed(Head::after(&next));
        expect("append", ledger.append(head, &next).await, &committed)?;
        head = Head::after(&next);
        entries.push(next);
    }
    Ok(entries)
}

/// An entry behind `at` that differs by `n`.
fn entry(partition: &Partition, at: Head, n: u64) -> Entry {
    let mut draft = Draft::new(place(partition, at, Kind::Changes));
    let prefix = Prefix::parse(&format!("88.{n}")).expect("digits and a dot are a prefix");
    draft
        .push(&Change::SecondaryPrefix(prefix))
        .expect("one small change fits an entry");
    draft.finish()
}

fn marker(partition: &Partition, at: Head) -> Entry {
    let mut draft = Draft::new(place(partition, at, Kind::Marker));
    draft
        .push(&Change::Marker { nonce: [7; 16] })
        .expect("one small change fits an entry");
    draft.finish()
}

fn place(partition: &Partition, at: Head, kind: Kind) -> Place {
    Place {
        ledger_id: LEDGER_ID,
        partition: partition.clone(),
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: 1_700_000_000_000 + at.seq,
        control_at: 0,
        kind,
    }
}
