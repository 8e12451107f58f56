//! Counters are trimmed and the power goes: what stays is a chain, and all that was acknowledged.

use std::path::PathBuf;

use biaoshi::{
    change::{Change, Draft, Entry, Kind, LedgerId, Partition, Place},
    ledger::{Append, Head, Ledger, SqliteLedger},
};

use crate::{
    faults::{
        image::{cut, materialize},
        plan::Faults,
        trace::{Event, Recorder, marks},
    },
    node::{Storage, block_on, text},
};

/// Power cuts.
const CUTS: u64 = 300;

/// Entries that are appended, and how many stay when the others are trimmed.
const ENTRIES: u64 = 160;
const KEPT: u64 = 30;

/// Every so many entries.
const TRIMMED_EVERY: u64 = 12;

/// What a mark adds to the first entry that is there once a trim has come back.
const TRIMMED: u64 = 1 << 32;

fn counters() -> Partition {
    Partition::Counters("node-1".into())
}

/// An entry of some kilobytes that do not compress: a segment has some forty.
fn entry(at: Head) -> Entry {
    let mut draft = Draft::new(Place {
        ledger_id: LedgerId([7; 16]),
        partition: counters(),
        seq: at.seq + 1,
        previous: at.hash,
        time_ms: at.seq,
        control_at: 0,
        kind: Kind::Changes,
    });
    for n in 0..50_u64 {
        let hash = biaoshi::change::Hash::of(&[&at.hash.0, &n.to_be_bytes()]);
        let nonce = hash.0[..16].try_into().expect("a hash is longer");
        draft.push(&Change::Marker { nonce }).expect("it fits");
    }
    draft.finish()
}

/// What happened to a disk, and the chain that was written to it.
fn history(sync_commits: bool) -> (PathBuf, Vec<Event>, Vec<Head>) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let recorder = Recorder::new();
    let storage = Storage {
        sync_commits,
        ..Storage::watched(folder.path(), &recorder, &Faults::new())
    };
    let lived = block_on(async {
        let mut ledger = storage.ledger()?;
        let mut heads = vec![Head::default()];
        for seq in 1..=ENTRIES {
            let at = heads[heads.len() - 1];
            let next = entry(at);
            let append = ledger.append(at, &next).await.map_err(text)?;
            assert_eq!(append, Append::Committed(Head::after(&next)));
            heads.push(Head::after(&next));
            recorder.mark(seq);
            if seq % TRIMMED_EVERY == 0 && seq > KEPT {
                let trimmed = ledger.trim(&counters(), seq - KEPT).await;
                recorder.mark(TRIMMED + trimmed.map_err(text)?.seq);
                ledger.maintain().map_err(text)?;
            }
            if seq == ENTRIES / 2 {
                drop(ledger);
                ledger = storage.ledger()?;
            }
        }
        Ok::<_, String>(heads)
    });
    let root = folder.path().canonicalize().expect("it is there");
    (root, recorder.events(), lived.expect("the disk works"))
}

/// What is wrong with what a cut left.
fn check(
    root: &std::path::Path,
    events: &[Event],
    heads: &[Head],
    seed: u64,
) -> Result<(), String> {
    let events = cut(events, seed);
    let image = tempfile::tempdir().expect("a folder can be made");
    materialize(events, root, image.path(), seed);
    let (trims, appends): (Vec<u64>, Vec<u64>) =
        marks(events).into_iter().partition(|mark| *mark >= TRIMMED);
    let appended = appends.into_iter().max().unwrap_or(0);
    let trimmed = trims.into_iter().max().map_or(0, |mark| mark - TRIMMED);
    block_on(async {
        let ledger: std::sync::Arc<SqliteLedger> = Storage::plain(image.path()).ledger()?;
        let begin = ledger.begin(&counters()).await.map_err(text)?;
        let head = ledger.head(&counters()).await.map_err(text)?;
        let at = |head: Head| heads.get(usize::try_from(head.seq).unwrap_or(usize::MAX));
        if at(begin) != Some(&begin) || at(head) != Some(&head) {
            return Err(format!("{begin:?} and {head:?} were never written"));
        }
        let is_too_much = begin.seq > 0 && begin.seq + KEPT > head.seq;
        if head.seq < appended || begin.seq < trimmed || is_too_much {
            let found = (begin.seq, head.seq);
            return Err(format!(
                "{found:?} after {appended} entries, {trimmed} trimmed"
            ));
        }
        let from = begin.seq + 1;
        let entries = ledger.read(&counters(), from, usize::MAX).await;
        let last = entries.map_err(text)?.last().map(Head::after);
        // The files are used on: they take the next one.
        let next = entry(head);
        let append = ledger.append(head, &next).await.map_err(text)?;
        let is_whole =
            last.unwrap_or(begin) == head && append == Append::Committed(Head::after(&next));
        is_whole
            .then_some(())
            .ok_or_else(|| format!("it ends at {last:?}"))
    })
}

fn wrong((root, events, heads): &(PathBuf, Vec<Event>, Vec<Head>)) -> Vec<String> {
    let checked = (0..CUTS).map(|seed| check(root, events, heads, seed));
    checked.filter_map(Result::err).collect()
}

#[test]
fn trimmed_counters_are_whole_after_every_cut() {
    assert_eq!(wrong(&history(true)), Vec::<String>::new());
    // The cuts bite: commits that are not synced do not last.
    assert!(!wrong(&history(false)).is_empty());
}
