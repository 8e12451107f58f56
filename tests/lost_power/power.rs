//! Power cuts at every moment, during a start after one as well.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use tempfile::TempDir;

use crate::{
    check::{Acknowledged, Beyond, Chain, check},
    faults::{
        image::{cut, materialize},
        plan::Faults,
        trace::{Event, Recorder},
    },
    node::{Node, Storage, block_on, text},
    work::{Clients, Upkeep, When, work},
};

/// Power cuts, over all histories.
const CUTS: u64 = 2_000;

/// Histories that are cut.
const HISTORIES: u64 = 8;

/// Of so many cuts one is followed by a start and another cut.
const CUT_AGAIN: u64 = 10;

//----------- History ----------------------------------------------------------

/// What happened to a disk while a node worked on it, and the chain it wrote.
#[derive(Clone)]
struct History {
    root: PathBuf,
    events: Vec<Event>,
    chain: Chain,
}

impl History {
    /// A node's life: a start, work, a stop, another start, more work.
    fn of(seed: u64, sync_commits: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let recorder = Recorder::new();
        let storage = Storage {
            sync_commits,
            ..Storage::watched(folder.path(), &recorder, &Faults::new())
        };
        let when = if seed.is_multiple_of(2) {
            When::Between
        } else {
            When::Beside
        };
        let mut clients = Clients::new(seed, &recorder);
        let lived = block_on(async {
            let node = Node::start(&storage).await?;
            clients.begin(&node.registry).await.map_err(text)?;
            live(node, &mut clients, &recorder, seed, when, 50).await?;
            let node = Node::start(&storage).await?;
            live(node, &mut clients, &recorder, !seed, when, 25).await?;
            Chain::of(&*Storage::plain(folder.path()).ledger()?).await
        });
        Self {
            chain: lived.expect("the disk works"),
            root: folder.path().canonicalize().expect("it is there"),
            events: recorder.events(),
        }
    }

    /// Cuts the power once.
    fn cut(&self, seed: u64) -> Result<(), String> {
        let events = cut(&self.events, seed);
        let acknowledged = Acknowledged::of(events);
        let image = image_of(events, &self.root, seed);
        if seed.is_multiple_of(CUT_AGAIN) {
            return cut_again(&image, &self.chain, acknowledged, seed);
        }
        block_on(check(
            image.path(),
            &self.chain,
            acknowledged,
            Beyond::AsWritten,
        ))
    }
}

async fn live(
    node: Node,
    clients: &mut Clients,
    recorder: &Recorder,
    seed: u64,
    when: When,
    rounds: u64,
) -> Result<(), String> {
    let upkeep = Upkeep::new(&node, recorder, seed);
    work(&node, clients, upkeep, rounds, when).await?;
    node.stop().await;
    Ok(())
}

fn image_of(events: &[Event], root: &Path, seed: u64) -> TempDir {
    let image = tempfile::tempdir().expect("a folder can be made");
    materialize(events, root, image.path(), seed);
    image
}

/// Starts a node on what a cut left, and cuts its power too: while it starts, or works.
fn cut_again(
    image: &TempDir,
    chain: &Chain,
    acknowledged: Acknowledged,
    seed: u64,
) -> Result<(), String> {
    let recorder = Recorder::new();
    recorder.adopt(image.path());
    let found = recorder.len();
    let storage = Storage::watched(image.path(), &recorder, &Faults::new());
    let mut clients = Clients::new(!seed, &recorder);
    let (before, after) = block_on(async {
        let node = Node::start(&storage).await?;
        let before = Chain::of(&node.ledger).await?;
        clients.begin(&node.registry).await.map_err(text)?;
        live(node, &mut clients, &recorder, seed, When::Between, 3).await?;
        let after = Chain::of(&*Storage::plain(image.path()).ledger()?).await?;
        Ok::<_, String>((before, after))
    })?;
    chain.check_goes_on_from(&before)?;
    after.check_goes_on_from(&before)?;
    let events = recorder.events();
    for again in 0..4 {
        let end = found + cut(&events[found..], seed ^ again).len();
        let events = &events[..end];
        let acknowledged = acknowledged.and(Acknowledged::of(events));
        let image = image_of(events, image.path(), seed ^ again);
        block_on(check(image.path(), &after, acknowledged, Beyond::AsWritten))
            .map_err(|what| format!("cut again at {end} of {}: {what}", events.len()))?;
    }
    Ok(())
}

//----------- Cuts -------------------------------------------------------------

/// What was wrong after each of many cuts, on all cores.
fn wrong_after(history: &History, seeds: impl Iterator<Item = u64> + Send) -> Vec<String> {
    let (seeds, wrong) = (Mutex::new(seeds), Mutex::new(Vec::new()));
    let threads = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = seeds.lock().expect("nobody panicked").next();
                    let Some(seed) = seed else { return };
                    if let Err(what) = history.cut(seed) {
                        let what = format!("cut {seed}: {what}");
                        wrong.lock().expect("nobody panicked").push(what);
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("nobody panicked")
}

#[test]
fn nothing_acknowledged_is_lost() {
    let mut wrong = Vec::new();
    for number in 0..HISTORIES {
        let history = History::of(number, true);
        let cuts = CUTS / HISTORIES;
        let found = wrong_after(&history, number * cuts..(number + 1) * cuts);
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("history {number}, {what}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The same cuts, and commits that are not synced.
#[test]
fn without_syncs_something_acknowledged_is_lost() {
    let history = History::of(0, false);
    let wrong = wrong_after(&history, 0..100);
    let is_lost = |what: &&String| what.contains("acknowledged");
    assert!(wrong.iter().filter(is_lost).count() > 0, "{wrong:?}");
}

/// The cuts are harsh enough to tell when the syncs of one kind of file, or of folders, are missing.
#[test]
fn each_kind_of_sync_is_missed() {
    let history = History::of(2, true);
    for suffix in [".sqlite", "-wal", ".partial"] {
        let files: Vec<_> = history
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Create { path, file } if path.to_string_lossy().ends_with(suffix) => {
                    Some(*file)
                }
                _ => None,
            })
            .collect();
        assert!(!files.is_empty(), "{suffix}");
        let is_kept =
            |event: &Event| !matches!(event, Event::Sync { file } if files.contains(file));
        assert!(!without(&history, is_kept).is_empty(), "{suffix}");
    }
    let is_kept = |event: &Event| !matches!(event, Event::SyncFolder { .. });
    assert!(!without(&history, is_kept).is_empty(), "folders");
}

fn without(history: &History, is_kept: impl Fn(&Event) -> bool) -> Vec<String> {
    let events = history.events.iter().filter(|event| is_kept(event));
    let less = History {
        events: events.cloned().collect(),
        ..history.clone()
    };
    wrong_after(&less, 1..100)
}
