//! A flipped bit and a cut in every kind of file: found, named, never served.
//!
//! ```text
//! a node's folder ─▶ a copy ─▶ one bit flipped, or cut short ─▶ a start ─▶ refused, or the same state
//! ```
//!
//! A start that succeeds has to come to the state that was: the bit may be one that means nothing.

#[path = "lost_power/check.rs"]
#[allow(dead_code, reason = "shared with the test that cuts the power")]
mod check;
mod faults;
#[path = "lost_power/node.rs"]
#[allow(dead_code, reason = "shared with the test that cuts the power")]
mod node;
#[path = "lost_power/work.rs"]
#[allow(dead_code, reason = "shared with the test that cuts the power")]
mod work;

use std::{
    fs,
    path::{Path, PathBuf},
};

use biaoshi::{
    change::Partition,
    state::{DATA, Digests, State},
};
use tempfile::TempDir;

use faults::{image::Random, trace::Recorder};
use node::{Node, Storage, block_on, take_snapshot, text};
use work::{Clients, Upkeep, When, work};

/// Bits flipped, and cuts, in each kind of file.
const HITS: u64 = 150;

/// What names damage of the entries that came last: where it is, or what they are missed by.
const LAST_NAMES: &[&str] = &[
    "partition data/1",
    "partition control",
    "segment-0",
    "LedgerEndsBefore",
    "rests on control",
];

//----------- Original ---------------------------------------------------------

/// A node's folder as it was while the node ran: nothing was put in order at an end.
struct Original {
    folder: TempDir,
    digests: [Digests; 2],
    /// Before the last entry of each partition.
    before: [Digests; 2],
}

impl Original {
    fn new() -> Self {
        let (life, image) = (folder(), folder());
        let recorder = Recorder::new();
        let storage = Storage::plain(life.path());
        let mut clients = Clients::new(1, &recorder);
        let lived = block_on(async {
            let node = Node::start(&storage).await?;
            clients.begin(&node.registry).await.map_err(text)?;
            let upkeep = Upkeep::new(&node, &recorder, 1);
            work(&node, &mut clients, upkeep, 50, When::Between).await?;
            // These stay in the WAL, and the last snapshot knows them.
            let mut before = digests(&node.state);
            for _ in 0..4 {
                let last = digests(&node.state);
                clients.round(&node.registry).await.map_err(text)?;
                let now = digests(&node.state);
                for partition in [0, 1] {
                    if now[partition] != last[partition] {
                        before[partition] = last[partition];
                    }
                }
            }
            take_snapshot(&node.state, &node.snapshots)?;
            copy(life.path(), image.path());
            let digests = digests(&node.state);
            node.stop().await;
            Ok::<_, String>((digests, before))
        });
        let (digests, before) = lived.expect("the disk works");
        Self {
            folder: image,
            digests,
            before,
        }
    }

    /// The files whose names end so, in order.
    fn files(&self, ends: &[&str]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.folder.path(), &mut |path| {
            let name = path.to_string_lossy();
            if ends.iter().any(|end| name.ends_with(end)) {
                let below = path.strip_prefix(self.folder.path());
                found.push(below.expect("it is below").to_owned());
            }
        });
        found.sort();
        found
    }

    /// Closed segments of `data/1`, or the two that are written to.
    fn segments(&self, is_closed: bool) -> Vec<PathBuf> {
        let mut closed = self.files(&[".sqlite"]);
        closed.retain(|path| {
            let wal = self.folder.path().join(path).with_extension("sqlite-wal");
            wal.exists() != is_closed
        });
        closed
    }

    /// What a start on a copy comes to where one file of it was changed.
    fn start(
        &self,
        file: &Path,
        change: impl FnOnce(&mut Vec<u8>),
        has_snapshots: bool,
    ) -> Result<[Digests; 2], String> {
        let folder = folder();
        copy(self.folder.path(), folder.path());
        if !has_snapshots {
            fs::remove_dir_all(folder.path().join("snapshots")).expect("it is there");
        }
        let path = folder.path().join(file);
        let mut bytes = fs::read(&path).expect("it is there");
        change(&mut bytes);
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, bytes).expect("it can be written");
        block_on(async {
            let node = Node::start(&Storage::plain(folder.path())).await?;
            let digests = digests(&node.state);
            node.stop().await;
            Ok(digests)
        })
    }

    /// Whether the last commit of a log is missing: as if a loss of power had cut off its sync. The
    /// log alone cannot tell.
    fn is_cut_off(&self, file: &Path, found: [Digests; 2]) -> bool {
        let is_log = file.to_string_lossy().ends_with("-wal");
        let is_one_of = |partition: usize| {
            [self.digests[partition], self.before[partition]].contains(&found[partition])
        };
        is_log && is_one_of(0) && is_one_of(1)
    }

    /// Hits files in many places; how often it was told, with what was said.
    fn hit(
        &self,
        files: &[PathBuf],
        has_snapshots: bool,
        change: impl Fn(&mut Vec<u8>, &mut Random),
    ) -> Vec<String> {
        assert!(!files.is_empty());
        let mut told = Vec::new();
        for seed in 0..HITS {
            let mut random = Random::new(seed);
            let file = &files[usize::try_from(seed).expect("small") % files.len()];
            match self.start(file, |bytes| change(bytes, &mut random), has_snapshots) {
                Ok(digests) => {
                    let is_cut_off = !has_snapshots && self.is_cut_off(file, digests);
                    let file = file.display();
                    assert!(
                        is_cut_off || digests == self.digests,
                        "{file}, seed {seed}: another state"
                    );
                }
                Err(what) => told.push(what),
            }
        }
        told
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

fn digests(state: &State) -> [Digests; 2] {
    [Partition::Control, DATA].map(|partition| state.digests(&partition))
}

fn walk(folder: &Path, found: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found(&path);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    walk(from, &mut |path| {
        // Shared memory is worth nothing to whoever comes next.
        if !path.to_string_lossy().ends_with("-shm") {
            let to = to.join(path.strip_prefix(from).expect("it is below"));
            fs::create_dir_all(to.parent().expect("it is below")).expect("it can be made");
            fs::copy(path, to).expect("it can be copied");
        }
    });
}

//----------- Changes ----------------------------------------------------------

#[expect(clippy::ptr_arg, reason = "the other change cuts it")]
fn flip(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = usize::try_from(random.below(bytes.len() as u64)).expect("it is an index");
    bytes[at] ^= 1 << random.below(8);
}

fn cut_short(bytes: &mut Vec<u8>, random: &mut Random) {
    let len = usize::try_from(random.below(bytes.len() as u64)).expect("it is a length");
    bytes.truncate(len);
}

/// Everything that was told names where.
fn assert_named(told: &[String], names: &[&str]) {
    assert!(!told.is_empty(), "nothing was told");
    for what in told {
        assert!(names.iter().any(|name| what.contains(name)), "{what}");
    }
}

//----------- Tests ------------------------------------------------------------

#[test]
fn the_copy_comes_to_the_same() {
    let original = Original::new();
    let file = &original.files(&[".sqlite"])[0];
    assert!(original.segments(true).len() > 3, "some are closed");
    assert!(original.segments(false).len() >= 2, "some are not");
    for has_snapshots in [true, false] {
        let started = original.start(file, |_| {}, has_snapshots);
        assert_eq!(started, Ok(original.digests));
    }
}

#[test]
fn closed_segments() {
    let original = Original::new();
    let segments = original.segments(true);
    let names = ["partition data/1", "partition control", "segment-0"];
    let told = original.hit(&segments, false, flip);
    assert_named(&told, &names);
    let told = original.hit(&segments, false, cut_short);
    assert_eq!(told.len() as u64, HITS);
    assert_named(&told, &names);
    // From a snapshot the node serves what is right, whatever lies behind it.
    original.hit(&segments, true, flip);
}

#[test]
fn segments_that_are_written_to() {
    let original = Original::new();
    let segments = original.segments(false);
    for has_snapshots in [true, false] {
        let told = original.hit(&segments, has_snapshots, flip);
        assert_named(&told, LAST_NAMES);
    }
    let told = original.hit(&segments, true, cut_short);
    assert_named(&told, LAST_NAMES);
}

#[test]
fn write_ahead_logs() {
    let original = Original::new();
    let logs = original.files(&["-wal"]);
    for has_snapshots in [true, false] {
        let told = original.hit(&logs, has_snapshots, flip);
        assert_named(&told, LAST_NAMES);
    }
    // Nobody but a snapshot knows how long it was.
    let told = original.hit(&logs, true, cut_short);
    assert_named(&told, LAST_NAMES);
}

#[test]
fn snapshots() {
    let original = Original::new();
    let snapshots = original.files(&[".bsnap"]);
    assert_eq!(snapshots.len(), 2);
    for change in [flip, cut_short] {
        let told = original.hit(&snapshots, true, change);
        assert_eq!(told, Vec::<String>::new(), "a start never depends on one");
    }
}
