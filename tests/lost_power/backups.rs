//! Backups lose power: what is there as a finished one is whole.

use biaoshi::backup::{self, Repository, Tell};
use jiff::Timestamp;

use crate::{
    faults::{
        disk::FaultyDisk,
        image::{cut, materialize},
        plan::Faults,
        trace::{Event, Recorder, marks},
    },
    node::{Node, Storage, block_on, text},
    work::{Clients, Upkeep, When, work},
};

/// Power cuts.
const CUTS: u64 = 150;

/// Backups that are taken, of which the newest are kept.
const BACKUPS: u64 = 6;

/// How many are kept.
const KEPT: usize = 3;

/// A tell that nobody listens to.
fn silent() -> Box<Tell<'static>> {
    Box::new(|_, _| {})
}

/// Takes backups while a node grows; what happened to their disk.
fn history() -> (std::path::PathBuf, Vec<Event>) {
    let (node_folder, folder) = (tempfile::tempdir(), tempfile::tempdir());
    let node_folder = node_folder.expect("a folder can be made");
    let folder = folder.expect("a folder can be made");
    let recorder = Recorder::new();
    let disk = FaultyDisk::new(&recorder, &Faults::new());
    let root = folder.path().canonicalize().expect("it is there");
    let repository = Repository::new(root.join("backups"), std::sync::Arc::new(disk));
    // Only the disk of the backups is watched.
    let elsewhere = Recorder::new();
    let taken = block_on(async {
        let storage = Storage::plain(node_folder.path());
        let mut clients = Clients::new(7, &elsewhere);
        let node = Node::start(&storage).await?;
        clients.begin(&node.registry).await.map_err(text)?;
        for number in 1..=BACKUPS {
            let upkeep = Upkeep::new(&node, &elsewhere, number);
            work(&node, &mut clients, upkeep, 12, When::Between).await?;
            let taken_at = Timestamp::from_second(1_800_000_000 + number.cast_signed());
            let how = (taken_at.map_err(text)?, Some(KEPT), false);
            let mut tell = silent();
            let created = backup::create(&node.ledger, &repository, how, &mut *tell);
            created.await.map_err(text)?;
            recorder.mark(number);
        }
        node.stop().await;
        Ok::<_, String>(())
    });
    taken.expect("the disk works");
    (root, recorder.events())
}

/// What is wrong with the backups that a cut left.
fn check(root: &std::path::Path, events: &[Event], seed: u64) -> Result<(), String> {
    let events = cut(events, seed);
    let image = tempfile::tempdir().expect("a folder can be made");
    materialize(events, root, image.path(), seed);
    let disk = std::sync::Arc::new(biaoshi::disk::RealDisk);
    let repository = Repository::new(image.path().join("backups"), disk);
    let finished = repository.backups().map_err(text)?;
    for backup in &finished {
        let verified = backup::verify(backup, &mut *silent());
        verified.map_err(|what| format!("{}: {what}", backup.path.display()))?;
    }
    let acknowledged = marks(events).into_iter().max().unwrap_or(0);
    let newest = finished.last().map(|backup| backup.taken_at().to_owned());
    let taken_at = Timestamp::from_second(1_800_000_000 + acknowledged.cast_signed());
    let taken_at = taken_at.map_err(text)?.to_string();
    match newest {
        _ if acknowledged == 0 => Ok(()),
        Some(newest) if newest >= taken_at => Ok(()),
        newest => Err(format!("{taken_at} was finished, the newest is {newest:?}")),
    }
}

fn wrong(root: &std::path::Path, events: &[Event]) -> Vec<String> {
    let checked = (0..CUTS).map(|seed| check(root, events, seed));
    checked.filter_map(Result::err).collect()
}

#[test]
fn a_finished_backup_is_whole_after_every_cut() {
    let (root, events) = history();
    assert_eq!(wrong(&root, &events), Vec::<String>::new());
    // The cuts bite: neither files nor folders may go without their syncs.
    let mut less = events.clone();
    less.retain(|event| !matches!(event, Event::Sync { .. }));
    assert!(!wrong(&root, &less).is_empty(), "files");
    let mut less = events;
    less.retain(|event| !matches!(event, Event::SyncFolder { .. }));
    assert!(!wrong(&root, &less).is_empty(), "folders");
}
