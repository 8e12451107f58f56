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
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use biaoshi::{
    disk::RealDisk,
    ledger::{Append, Head, Inline, Ledger, SqliteLedger, SqliteOptions},
    state::{
        DATA, State,
        snapshot::{SnapshotFolder, SnapshotWriter},
    },
};
use tempfile::TempDir;

mod common;

/// Registrations of an entry: what an import sends at a time.
const BATCH: usize = 2_000;

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

fn folder() -> TempDir {
    // On the disk of the build: a temporary directory may be memory.
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made there")
}

fn append(ledger: &SqliteLedger, head: Head, entry: &biaoshi::change::Entry) -> Head {
    let appended = wait(ledger.append(head, entry));
    assert_eq!(appended, Ok(Append::Committed(Head::after(entry))));
    Head::after(entry)
}

fn wait<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime of one thread").block_on(task)
}

//----------- Starts -----------------------------------------------------------

/// Builds a ledger of `count` identifiers and starts the real node on it.
fn starts(count: usize) {
    let folder = folder();
    let root = folder.path().join("data/ledger");
    let options = SqliteOptions {
        sync_commits: false,
        ..SqliteOptions::default()
    };
    let ledger = SqliteLedger::open(&root, options, Arc::new(Inline)).expect("it is new");
    append(&ledger, Head::default(), &common::genesis());
    let mut head = Head::default();
    for first in (0..count).step_by(BATCH) {
        let entry = common::registrations(head, first, BATCH.min(count - first));
        head = append(&ledger, head, &entry);
    }
    drop(ledger);
    println!("{count} identifiers, ledger {} MiB", bytes_of(&root) >> 20);

    let never = "86400";
    let mut node = Node::start(folder.path(), never);
    println!("from the ledger alone: {}", node.said());
    node.kill();
    let mut node = Node::start(folder.path(), "1");
    let before = node.memory("VmRSS");
    // What is counted from here on is the snapshot's.
    fs::write(format!("/proc/{}/clear_refs", node.child.id()), "5").expect("it is ours");
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
            let mut node = Node::start(folder.path(), never);
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

/// The real node.
struct Node {
    child: Child,
    metrics: String,
    took: Duration,
}

impl Node {
    fn start(folder: &Path, snapshot_seconds: &str) -> Self {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_biaoshi"))
            .arg("serve")
            .current_dir(folder)
            .env("BIAOSHI_NODE_DATA_DIR", folder.join("data"))
            .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_METRICS_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_HANDLE_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_DNS_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_SNAPSHOT_INTERVAL_SECONDS", snapshot_seconds)
            .env("BIAOSHI_NODE_SECONDARY_PREFIXES", "88.118")
            // Entries of the bench have a time of their own.
            .arg("--accept-clock")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut welcome = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        let read = BufReader::new(stdout).read_line(&mut welcome);
        read.expect("it says where it listens");
        let address = |before: &str, end: char| {
            let rest = welcome.split_once(before).expect("it says so").1;
            rest.split(end).next().unwrap_or_default().to_owned()
        };
        let (http, metrics) = (address("http://", ';'), address("metrics at http://", '/'));
        while !get(&http, "/readyz").starts_with("HTTP/1.1 200") {
            thread::sleep(Duration::from_millis(2));
        }
        Self {
            child,
            metrics,
            took: began.elapsed(),
        }
    }

    fn said(&mut self) -> String {
        let (seconds, memory) = (self.took.as_secs_f64(), self.memory("VmRSS"));
        let cpu = self.cpu_seconds();
        format!("{seconds:.2} s until it answers, {cpu:.2} CPU-seconds, {memory} MiB")
    }

    /// User and system time so far, in seconds; the kernel counts hundredths.
    fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.expect("it runs");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        let ticks = |at: usize| fields[at].parse::<f64>().unwrap_or_default();
        (ticks(12) + ticks(13)) / 100.0
    }

    /// A row of its status, in MiB.
    fn memory(&self, row: &str) -> u32 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let found = status.lines().find_map(|line| line.strip_prefix(row));
        let kib = found.and_then(|rest| rest.split_whitespace().nth(1));
        kib.and_then(|kib| kib.parse::<u32>().ok())
            .unwrap_or_default()
            / 1_024
    }

    fn metric(&self, name: &str) -> f64 {
        let text = get(&self.metrics, "/metrics");
        let found = text.lines().find_map(|line| line.strip_prefix(name));
        found
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or_default()
    }

    fn wait_for_snapshot(&self) {
        while self.metric("biaoshi_snapshot_timestamp_seconds") == 0.0 {
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

fn get(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return String::new();
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    let _ = stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_to_string(&mut answer).map(drop));
    answer
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
