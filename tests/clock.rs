//! A node whose clock is set, while it runs and across restarts.
//!
//! libfaketime stands between the node and the system: the wall clock is moved by a file that the
//! test writes, the boot clock goes on as it is. `tools/deps.sh` installs it.

mod common;
#[path = "clock/trimmed.rs"]
mod trimmed;

use std::{fs, path::PathBuf, sync::Arc, thread, time::Duration};

use biaoshi::{
    change::Partition,
    ledger::{Inline, Ledger, SqliteLedger, SqliteOptions},
    state::DATA,
};
use common::{Client, Node};
use serde_json::Value;

/// Where Debian and its kin put it.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// How often something is asked that is to become so: writers look at the clock each second.
const TRIES_MAX: u32 = 300;

/// A little more than the jump that is allowed for.
const HOUR: i64 = 3_600 + 60;
const YEAR: i64 = 365 * 24 * 3_600;

//----------- A node with a clock ----------------------------------------------

/// A node and the file that says how far its clock is off.
struct Clocked {
    node: Node,
    offset: PathBuf,
    registered: u32,
}

fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib")
        .expect("there is one")
        .filter_map(Result::ok);
    let in_folders = folders.map(|folder| folder.path().join(LIBRARY));
    let found = in_folders.into_iter().find(|path| path.exists());
    found.expect("faketime is not installed: run tools/deps.sh")
}

impl Clocked {
    /// A node with firms and one product.
    fn start() -> Self {
        let mut clocked = Self::start_empty();
        assert_eq!(clocked.node.import("enterprises.csv", &[]).0, 0);
        assert_eq!(clocked.register(), 201);
        clocked
    }

    /// A node to which nobody has written.
    fn start_empty() -> Self {
        let offset = tempfile::NamedTempFile::new().expect("a file can be made");
        let (_, offset) = offset.keep().expect("it can be kept");
        fs::write(&offset, "+0").expect("it can be written");
        let settings = [
            ("LD_PRELOAD", library().to_str().expect("text").to_owned()),
            (
                "FAKETIME_TIMESTAMP_FILE",
                offset.to_str().expect("text").to_owned(),
            ),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Timers and the boot clock are nobody's to set.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        let settings = settings
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let node = Node::start_with(&settings);
        Self {
            node,
            offset,
            registered: 0,
        }
    }

    /// Admits one more firm; the status.
    fn admit(&self, prefix: &str) -> u16 {
        let authorization = format!("Authorization: Bearer {}", self.node.token());
        let headers = [authorization.as_str(), "Content-Type: application/json"];
        let body = format!(
            r#"{{"prefix":"{prefix}","org_name":"x","hosting":"hosted",
                "certificate":{{"type":"other","number":"{prefix}"}},
                "province":"420000","city":"420300","industry":"C35",
                "filing":{{"state":"passed","date":"2026-11-23"}}}}"#
        );
        let mut client = Client::connect(self.node.address());
        client
            .request("POST", "/api/v1/enterprises", &headers, body.as_bytes())
            .0
    }

    /// Sets the node's clock, in seconds from the right time.
    fn set(&self, seconds: i64) {
        // Whole or not at all: the node reads it at any moment.
        let new = self.offset.with_extension("new");
        fs::write(&new, format!("{seconds:+}")).expect("it can be written");
        fs::rename(&new, &self.offset).expect("it can be renamed");
    }

    /// Registers one more identifier; the status.
    fn register(&mut self) -> u16 {
        let authorization = format!("Authorization: Bearer {}", self.node.token());
        let headers = [authorization.as_str(), "Content-Type: application/json"];
        let path = format!("/api/v1/identifiers/88.118.0002/CLOCK-{}", self.registered);
        let body = br#"{"values":[{"index":1,"type":"NAME","data":"x"}]}"#;
        let mut client = Client::connect(self.node.address());
        let (status, _) = client.request("PUT", &path, &headers, body);
        self.registered += u32::from(status == 201);
        status
    }

    /// Everything that was acknowledged is answered.
    fn check_resolves(&self) {
        for number in 0..self.registered {
            let path = format!("/api/v1/identifiers/88.118.0002/CLOCK-{number}");
            assert_eq!(self.node.get(&path).0, 200, "{path}");
        }
    }

    fn writes(&self) -> (u16, String) {
        let (status, body) = self.node.get("/readyz?writes");
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    fn is_refused(&self) -> bool {
        self.node.metric("biaoshi_read_only{cause=\"clock\"}") > 0.0
    }

    /// Waits until the node refuses writes because of its clock, and says so everywhere.
    fn wait_refused(&mut self) {
        wait(|| self.is_refused() && self.writes().0 == 503);
        let (_, body) = self.writes();
        assert!(body.contains("\"clock\""), "{body}");
        assert_eq!(self.register(), 503);
        assert_eq!(self.node.get("/readyz").0, 200, "resolution goes on");
        self.check_resolves();
    }

    /// Waits until it takes them again.
    fn wait_taken(&mut self) {
        wait(|| !self.is_refused() && self.writes().0 == 200);
        assert_eq!(self.register(), 201);
        self.check_resolves();
    }

    fn restart(&mut self) {
        assert!(self.node.stop(), "it ends well when it is asked to");
        self.node.start_again();
    }

    /// Stops it and reads its ledger: whole, and time never goes back in it.
    fn finish(mut self) {
        assert!(self.node.stop(), "it ends well when it is asked to");
        let verified: Value = self.node.verify();
        assert_eq!(verified["totals"]["live"], self.registered);
        for partition in [Partition::Control, DATA] {
            let times = entry_times(&self.node, &partition);
            assert!(times.is_sorted(), "{partition}: {times:?}");
        }
        fs::remove_file(&self.offset).expect("it is there");
    }
}

fn wait(is_so: impl Fn() -> bool) {
    for _ in 0..TRIES_MAX {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("it did not become so in time");
}

/// The time of each entry of a partition.
fn entry_times(node: &Node, partition: &Partition) -> Vec<u64> {
    let root = node.data_dir().join("ledger");
    let ledger = SqliteLedger::open(&root, SqliteOptions::to_read(), Arc::new(Inline));
    let ledger = ledger.expect("it can be read");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let read = async { ledger.read(partition, 1, usize::MAX).await };
    let entries = runtime.expect("it can be built").block_on(read);
    let entries = entries.expect("it can be read");
    entries.iter().map(|entry| entry.header().time_ms).collect()
}

//----------- While it runs ----------------------------------------------------

#[test]
fn set_back_while_it_runs_entries_keep_the_last_time() {
    let mut clocked = Clocked::start();
    for seconds in [-2, -HOUR, -YEAR / 12] {
        clocked.set(seconds);
        for _ in 0..3 {
            assert_eq!(clocked.register(), 201, "{seconds} s");
        }
        assert!(!clocked.is_refused());
    }
    clocked.set(0);
    assert_eq!(clocked.register(), 201);
    clocked.check_resolves();
    clocked.finish();
}

#[test]
fn an_hour_ahead_while_it_runs_is_refused_until_it_is_set_right() {
    let mut clocked = Clocked::start();
    clocked.set(HOUR);
    clocked.wait_refused();
    clocked.set(0);
    clocked.wait_taken();
    clocked.finish();
}

#[test]
fn a_year_ahead_while_it_runs_is_refused_until_it_is_set_right() {
    let mut clocked = Clocked::start();
    clocked.set(YEAR);
    clocked.wait_refused();
    clocked.set(0);
    clocked.wait_taken();
    clocked.finish();
}

/// Whoever wrote last: a jump is one for firms and for products, and before the first of either.
#[test]
fn a_jump_is_one_for_a_partition_too_that_has_not_written() {
    let mut clocked = Clocked::start_empty();
    assert_eq!(clocked.node.import("enterprises.csv", &[]).0, 0);
    clocked.set(YEAR);
    clocked.wait_refused();
    clocked.set(0);
    clocked.wait_taken();
    clocked.restart();
    clocked.set(2 * HOUR);
    clocked.wait_refused();
    assert_eq!(clocked.admit("88.118.77"), 503);
    clocked.set(0);
    clocked.wait_taken();
    assert_eq!(clocked.admit("88.118.77"), 201);
    clocked.restart();
    assert_eq!(clocked.register(), 201);
    clocked.set(2 * HOUR);
    clocked.wait_refused();
    assert_eq!(clocked.admit("88.118.78"), 503);
    clocked.set(0);
    clocked.wait_taken();
    clocked.finish();
}

//----------- Across a restart -------------------------------------------------

#[test]
fn back_across_a_restart_entries_keep_the_last_time() {
    let mut clocked = Clocked::start();
    clocked.set(-2 * HOUR);
    clocked.restart();
    assert!(!clocked.is_refused());
    assert_eq!(clocked.register(), 201);
    clocked.check_resolves();
    clocked.set(0);
    assert_eq!(clocked.register(), 201);
    clocked.finish();
}

/// An hour is how long a node may be off: nobody can tell, and nothing is refused.
#[test]
fn an_hour_ahead_across_a_restart_is_a_node_that_was_off() {
    let mut clocked = Clocked::start();
    clocked.set(HOUR);
    clocked.restart();
    assert_eq!(clocked.register(), 201);
    // Set right, it is behind its own entries for an hour, and goes on.
    clocked.set(0);
    for _ in 0..3 {
        assert_eq!(clocked.register(), 201);
    }
    clocked.check_resolves();
    clocked.finish();
}

#[test]
fn a_year_ahead_across_a_restart_is_refused_until_somebody_looks() {
    let mut clocked = Clocked::start();
    clocked.set(YEAR);
    clocked.restart();
    clocked.wait_refused();
    // It was the clock: set right, nothing is left of it.
    clocked.set(0);
    clocked.wait_taken();
    // It was not: the operator says so, once.
    clocked.set(YEAR);
    assert!(clocked.node.stop(), "it ends well when it is asked to");
    clocked.node.start_again_with(&["--accept-clock"]);
    clocked.wait_taken();
    clocked.restart();
    assert!(!clocked.is_refused(), "from then on it is the time");
    assert_eq!(clocked.register(), 201);
    clocked.finish();
}

#[test]
fn a_clock_from_before_the_release_is_refused() {
    let mut clocked = Clocked::start();
    clocked.set(-20 * YEAR);
    clocked.restart();
    clocked.wait_refused();
    clocked.set(0);
    clocked.wait_taken();
    clocked.finish();
}

//----------- Days -------------------------------------------------------------

/// Seconds from now to so many before the next midnight in Shanghai.
fn to_midnight(before: i64) -> i64 {
    let now = jiff::Timestamp::now().as_second() + 8 * 3_600;
    86_400 - now % 86_400 - before
}

/// What is asked before midnight is counted before it, and then rolled up in `control`.
#[test]
fn a_day_ends_at_midnight_in_shanghai() {
    let mut clocked = Clocked::start();
    clocked.set(to_midnight(4));
    clocked.restart();
    let ask = |clocked: &Clocked, times| {
        for _ in 0..times {
            assert_eq!(
                clocked.node.get("/api/v1/identifiers/88.118.0002/NONE").0,
                404
            );
        }
    };
    let requests = |clocked: &Clocked| {
        let output = clocked.node.run(&["statistics", "days", "--json"]);
        let said: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let days = said["days"].as_array().expect("a list").iter();
        let last: Vec<u64> = days
            .filter_map(|day| day["resolutions"]["requests"].as_u64())
            .collect();
        (
            said["today"].clone(),
            last[last.len() - 2],
            last[last.len() - 1],
        )
    };
    ask(&clocked, 3);
    let (before, _, _) = requests(&clocked);
    wait(|| requests(&clocked).0 != before);
    ask(&clocked, 2);
    wait(|| requests(&clocked).2 == 2);
    let (after, yesterday, today) = requests(&clocked);
    assert_ne!(before, after);
    assert_eq!((yesterday, today), (3, 2));
    // Seconds after midnight `control` has the day.
    let heads = |clocked: &Clocked| {
        clocked
            .node
            .metric("biaoshi_ledger_head_seq{partition=\"control\"}")
    };
    let head = heads(&clocked);
    wait(|| heads(&clocked) > head);
    clocked.restart();
    assert_eq!(requests(&clocked), (after.clone(), 3, 2));
    clocked.node.kill();
    clocked.node.start_again();
    assert_eq!(requests(&clocked), (after, 3, 2));
    clocked.finish();
}
