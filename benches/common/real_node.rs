//! The real node as a process of its own, on a ledger that was made for it.

// Each bench uses a part of this.
#![allow(dead_code, reason = "shared by benches that use different parts of it")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use biaoshi::{
    change::Entry,
    ledger::{Append, Head, Inline, Ledger, SqliteLedger, SqliteOptions},
};
use tempfile::TempDir;

use crate::common;

/// Registrations of an entry: what an import sends at a time.
pub(crate) const BATCH: usize = 2_000;

//----------- A ledger ---------------------------------------------------------

/// A folder that goes again, on the disk of the build: a temporary directory may be memory.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made there")
}

/// Registers `count` products in the ledger of a node that starts in `folder`.
pub(crate) fn build_ledger(folder: &Path, count: usize) {
    let options = SqliteOptions {
        sync_commits: false,
        ..SqliteOptions::default()
    };
    let root = folder.join("data/ledger");
    let ledger = SqliteLedger::open(&root, options, Arc::new(Inline)).expect("it is new");
    let head = append(&ledger, Head::default(), &common::genesis());
    append(&ledger, head, &common::directory(head));
    let mut head = Head::default();
    for first in (0..count).step_by(BATCH) {
        let entry = common::registrations(head, first, BATCH.min(count - first));
        head = append(&ledger, head, &entry);
    }
}

/// Appends an entry behind `head`.
pub(crate) fn append(ledger: &SqliteLedger, head: Head, entry: &Entry) -> Head {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime of one thread");
    let appended = runtime.block_on(ledger.append(head, entry));
    assert_eq!(appended, Ok(Append::Committed(Head::after(entry))));
    Head::after(entry)
}

//----------- The node ---------------------------------------------------------

/// A node that answers.
pub(crate) struct Node {
    child: Child,
    /// `127.0.0.1:<port>` of each listener.
    pub(crate) http: String,
    pub(crate) handle: String,
    pub(crate) dns: String,
    pub(crate) metrics: String,
    /// From its start until it answered.
    pub(crate) took: Duration,
}

impl Node {
    /// Starts it in `folder`, behind the words of `launcher` (none, or such as `taskset -c 0`).
    pub(crate) fn start(folder: &Path, snapshot_seconds: &str, launcher: &[&str]) -> Self {
        let began = Instant::now();
        let binary = env!("CARGO_BIN_EXE_biaoshi");
        let words: Vec<&str> = launcher.iter().copied().chain([binary, "serve"]).collect();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .current_dir(folder)
            .env("BIAOSHI_NODE_DATA_DIR", folder.join("data"))
            .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_METRICS_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_HANDLE_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_DNS_LISTEN", "127.0.0.1:0")
            .env("BIAOSHI_NODE_ZONE", "id.example")
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
        let address = |before: &str| {
            let rest = welcome.split_once(before).expect("it says so").1;
            let end = rest.find([';', ',', '/', '\n']).unwrap_or(rest.len());
            rest[..end].to_owned()
        };
        let http = address("listening on http://");
        while !get(&http, "/readyz").starts_with("HTTP/1.1 200") {
            thread::sleep(Duration::from_millis(2));
        }
        Self {
            child,
            http,
            handle: address("Handle on "),
            dns: address("DNS on "),
            metrics: address("metrics at http://"),
            took: began.elapsed(),
        }
    }

    /// What its start took.
    pub(crate) fn said(&mut self) -> String {
        let (seconds, memory) = (self.took.as_secs_f64(), self.memory("VmRSS"));
        let cpu = self.cpu_seconds();
        format!("{seconds:.2} s until it answers, {cpu:.2} CPU-seconds, {memory} MiB")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// User and system time of all its threads so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.pid())
    }

    /// A row of its status, in MiB.
    pub(crate) fn memory(&self, row: &str) -> u32 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("it runs");
        let found = status.lines().find_map(|line| line.strip_prefix(row));
        let kib = found.and_then(|rest| rest.split_whitespace().nth(1));
        kib.and_then(|kib| kib.parse::<u32>().ok())
            .unwrap_or_default()
            / 1_024
    }

    /// The value of the metric whose line begins like that; 0 where there is none.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = get(&self.metrics, "/metrics");
        let found = text.lines().find_map(|line| line.strip_prefix(name));
        found
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or_default()
    }

    pub(crate) fn wait_for_snapshot(&self) {
        while self.metric("biaoshi_snapshot_timestamp_seconds") == 0.0 {
            thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

/// User and system time of all threads of a process so far, in seconds; the kernel counts
/// hundredths.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = behind_name.split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap_or_default();
    (ticks(12) + ticks(13)) / 100.0
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
