//! How long a start takes, what a snapshot costs beside it, and the longest a commit waits.
//!
//! ```sh
//! cargo bench --bench startup                        # 100,000 identifiers, a short stall
//! cargo bench --bench startup -- starts 10000000     # the real node, from the ledger, from a snapshot
//! cargo bench --bench startup -- stall 60            # seconds of appends under checkpoints and snapshots
//! ```
//!
//! Both write below the folder of the build, and remove it again.

#![expect(
    clippy::disallowed_methods,
    reason = "it measures time, and is the server of its node"
)]

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use biaoshi::{
    disk::RealDisk,
    ledger::{Head, Inline, SqliteLedger, SqliteOptions},
    state::{
        DATA, State,
        snapshot::{SnapshotFolder, SnapshotWriter},
    },
};

mod common;
#[path = "common/real_node.rs"]
mod real_node;

use real_node::{BATCH, Node, append, build_ledger, folder};

/// Starts from a snapshot, of which the median is told.
const STARTS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: usize| {
        let given = arguments.get(at).and_then(|text| text.parse().ok());
        given.unwrap_or(otherwise)
    };
    match arguments.first().map(String::as_str) {
        Some("starts") => starts(number(1, 1_000_000)),
        Some("stall") => stall(number(1, 30)),
        _ => {
            starts(100_000);
            stall(5);
        }
    }
}

//----------- Starts -----------------------------------------------------------

/// Builds a ledger of `count` identifiers and starts the real node on it.
fn starts(count: usize) {
    let folder = folder();
    build_ledger(folder.path(), count);
    let root = folder.path().join("data/ledger");
    println!("{count} identifiers, ledger {} MiB", bytes_of(&root) >> 20);

    let never = "86400";
    let mut node = Node::start(folder.path(), never, &[]);
    println!("from the ledger alone: {}", node.said());
    node.kill();
    let mut node = Node::start(folder.path(), "1", &[]);
    let before = node.memory("VmRSS");
    // What is counted from here on is the snapshot's.
    fs::write(format!("/proc/{}/clear_refs", node.pid()), "5").expect("it is ours");
    node.wait_for_snapshot();
    let peak = node.memory("VmHWM");
    println!(
        "snapshot: {:.2} s, {:.0} MiB, memory {before} MiB before and {peak} MiB at its peak ({:+.1} %)",
        node.metric("biaoshi_snapshot_seconds"),
        node.metric("biaoshi_snapshot_bytes") / 1_048_576.0,
        100.0 * (f64::from(peak) / f64::from(before) - 1.0),
    );
    node.kill();
    let mut all: Vec<(Duration, String)> = (0..STARTS)
        .map(|_| {
            let mut node = Node::start(folder.path(), never, &[]);
            let said = (node.took, node.said());
            node.kill();
            said
        })
        .collect();
    all.sort();
    println!(
        "from a snapshot (median of {STARTS}): {}",
        all[STARTS / 2].1
    );
}

fn bytes_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("it can be listed");
    let bytes = entries.filter_map(Result::ok).map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            bytes_of(&path)
        } else {
            fs::metadata(path).map_or(0, |metadata| metadata.len())
        }
    });
    bytes.sum()
}

//----------- Stall ------------------------------------------------------------

/// Appends as fast as it goes: alone, with checkpoints beside it, and with snapshots too.
fn stall(seconds: usize) {
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    for (what, checkpoints, snapshots) in [
        ("SQLite's own checkpoints", false, false),
        ("checkpoints beside it", true, false),
        ("checkpoints and snapshots beside it", true, true),
    ] {
        let mut taken = stalled(Duration::from_secs(seconds), checkpoints, snapshots);
        taken.sort();
        let at = |part: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in a list"
            )]
            let place = ((taken.len() - 1) as f64 * part) as usize;
            taken[place].as_secs_f64() * 1_000.0
        };
        println!(
            "{what}: {} appends of {BATCH}; ms: median {:.2}, p99 {:.2}, p99.9 {:.2}, longest {:.1}",
            taken.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
}

/// How long each append took.
fn stalled(long: Duration, checkpoints: bool, snapshots: bool) -> Vec<Duration> {
    let folder = folder();
    let root = folder.path().join("ledger");
    let ledger = SqliteLedger::open(&root, SqliteOptions::default(), Arc::new(Inline));
    let ledger = ledger.expect("it is new");
    let state = Arc::new(State::new());
    let genesis = common::genesis();
    append(&ledger, Head::default(), &genesis);
    state.apply(&genesis).expect("it is the first");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        if checkpoints {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    ledger.maintain().expect("the disk works");
                    thread::sleep(Duration::from_millis(500));
                }
            });
        }
        if snapshots {
            scope.spawn(|| {
                let folder = folder.path().join("snapshots");
                let folder = SnapshotFolder::new(folder, Arc::new(RealDisk));
                while !is_over.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_secs(2));
                    // A cut may be lost to the writer; the next is taken anyway.
                    if let Ok(writer) = SnapshotWriter::begin(&state, &folder) {
                        writer.work();
                        let _ = writer.finish();
                    }
                }
            });
        }
        let (began, mut taken, mut first) = (Instant::now(), Vec::new(), 0);
        while began.elapsed() < long {
            let head = state.at(&DATA).head;
            let entry = common::registrations(head, first, BATCH);
            let appending = Instant::now();
            append(&ledger, head, &entry);
            taken.push(appending.elapsed());
            state.apply(&entry).expect("it is the next");
            first += BATCH;
        }
        is_over.store(true, Ordering::Relaxed);
        taken
    })
}
