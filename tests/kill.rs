//! A node that is killed at random moments, with an oracle that notes what it acknowledged.
//!
//! ```text
//! round     clients work ─▶ kill -9 ─▶ (sometimes: start, kill -9) ─▶ start ─▶ look at all that
//!           was acknowledged ─▶ ask again for what was in flight ─▶ ask again for older requests
//! at last   look at everything ─▶ stop ─▶ ledger verify, its counts ─▶ start ─▶ look at a sample
//!
//! random    numbers from a seed, which is printed
//! asked     names, contents and requests
//! oracle    what was acknowledged, and which answer a request has to get
//! clients   two importers of batches, two that change one identifier at a time
//! check     looking at a node that was started again
//! ```
//!
//! `BIAOSHI_TEST_BINARY` names a release build, `BIAOSHI_KILL_ROUNDS` how often it is killed,
//! `BIAOSHI_KILL_SEED` the choices of an earlier run (moments are never quite the same).

mod common;

#[path = "kill/asked.rs"]
mod asked;
#[path = "kill/check.rs"]
mod check;
#[path = "kill/clients.rs"]
mod clients;
#[path = "kill/oracle.rs"]
mod oracle;
#[path = "kill/random.rs"]
mod random;

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use asked::Asked;
use check::Fates;
use clients::{Door, Worker, locked};
use common::Node;
use oracle::Oracle;
use random::Random;

/// Settings of the node: small limits, so that what happens rarely happens within a run.
const SETTINGS: &[(&str, &str)] = &[
    ("BIAOSHI_LEDGER_SEGMENT_BYTES_MAX", "1048576"),
    ("BIAOSHI_LEDGER_FREE_BYTES_MIN", "0"),
    ("BIAOSHI_SNAPSHOT_INTERVAL_SECONDS", "1"),
];

/// How often a node of the tests' own build is killed: it is slow.
const ROUNDS: usize = 25;

/// How often a named binary is.
const ROUNDS_NAMED: usize = 200;

/// Milliseconds between the first request and the kill.
const WORK_MS: (usize, usize) = (20, 160);

/// In one round of so many they work until a snapshot was taken beside them, and a little longer.
const LONG: usize = 12;

/// Milliseconds of such a round.
const LONG_MS: (usize, usize) = (1_000, 1_500);

/// After one kill of so many the whole ledger is read, and its snapshots compared with it.
const VERIFIES: usize = 20;

/// Milliseconds into a start at which it is killed too: before its listener, while it replays.
const START_MS: (usize, usize) = (0, 40);

/// One round in so many kills the start, too.
const START_KILLS: usize = 4;

/// In one round of so many the importers rest: the others' requests then wait for nobody.
const RESTS: usize = 3;

/// How many older requests are asked again in each round.
const AGAIN: usize = 4;

/// How many identifiers are looked at after the last start.
const SAMPLE: usize = 500;

//----------- Run --------------------------------------------------------------

struct Run {
    node: Node,
    oracle: Mutex<Oracle>,
    workers: Vec<Worker>,
    random: Random,
    starts: Vec<Duration>,
    fates: Fates,
    /// What `ledger verify` counted before the first round.
    before: Value,
}

impl Run {
    fn start(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let node = Node::start_with(SETTINGS);
        let (code, summary) = node.import("enterprises.csv", &[]);
        assert_eq!(code, 0, "{summary}");
        let before = node.verify();
        Self {
            node,
            oracle: Mutex::new(Oracle::new(random.fork())),
            workers: Worker::all(&mut random),
            random,
            starts: Vec::new(),
            fates: Fates::default(),
            before,
        }
    }

    fn door(&self) -> Door {
        Door {
            address: self.node.address().to_owned(),
            token: self.node.token(),
        }
    }

    fn round(&mut self) {
        let in_flight = self.work_until_killed();
        if self.random.once_in(VERIFIES) {
            check_snapshots(&self.node.verify());
        }
        if self.random.once_in(START_KILLS) {
            let after = self.random.milliseconds(START_MS.0, START_MS.1);
            self.node.kill_while_starting(after);
        }
        let start = timed(|| self.node.start_again());
        self.starts.push(start);
        let door = self.door();
        check::check_admitted(&door, &self.oracle);
        check::check_and_settle(&door, &self.oracle, &in_flight, &mut self.fates);
        check::ask_again(&door, &self.oracle, AGAIN);
    }

    /// Lets the clients work, kills the node under them, and returns what was in flight.
    fn work_until_killed(&mut self) -> Vec<Asked> {
        let milliseconds = if self.random.once_in(LONG) {
            LONG_MS
        } else {
            WORK_MS
        };
        let after = self.random.milliseconds(milliseconds.0, milliseconds.1);
        let door = self.door();
        let importers_rest = self.random.once_in(RESTS);
        let (node, oracle, door) = (&mut self.node, &self.oracle, &door);
        std::thread::scope(|scope| {
            let workers = self
                .workers
                .iter_mut()
                .filter(|worker| !(importers_rest && worker.is_importer()));
            let workers: Vec<_> = workers
                .map(|worker| scope.spawn(move || worker.work(door, oracle)))
                .collect();
            std::thread::sleep(after);
            node.kill();
            let in_flight = workers
                .into_iter()
                .filter_map(|worker| worker.join().expect("the client got the right answers"));
            in_flight.collect()
        })
    }

    /// Looks at everything once, and at what is on disk.
    fn finish(&mut self) {
        let names = locked(&self.oracle).names().to_vec();
        check::check(&self.door(), &self.oracle, &names);
        assert!(self.node.stop(), "it ends well when it is asked to");
        let verified = self.node.verify();
        let last = check_snapshots(&verified);
        assert_eq!(
            Some(last),
            verified["partitions"][1]["head_seq"].as_u64(),
            "what the node held when it stopped is what a replay comes to"
        );
        let totals = &verified["totals"];
        let (oracle, before) = (locked(&self.oracle), &self.before["totals"]);
        let [live, registrations, removed] = oracle.totals();
        let admitted = oracle.admitted().count();
        let firms = |name: &str| before[name].as_u64().map(|firms| firms + admitted as u64);
        let expected = json!({
            "live": live, "registrations": registrations, "removed": removed,
            "enterprise_nodes": firms("enterprise_nodes"),
            "connected_firms": firms("connected_firms"),
        });
        assert_eq!(totals, &expected, "the ledger counts what was acknowledged");
        drop(oracle);
        self.node.start_again();
        let sample: Vec<_> = (0..SAMPLE)
            .map(|_| names[self.random.between(0, names.len())])
            .collect();
        check::check(&self.door(), &self.oracle, &sample);
    }

    fn report(&mut self) {
        self.starts.sort();
        let last = self.starts.len() - 1;
        let [min, median, p99, max] =
            [0, last / 2, last * 99 / 100, last].map(|place| self.starts[place].as_millis());
        let oracle = locked(&self.oracle);
        let Fates { done, partly, lost } = self.fates;
        eprintln!(
            "{} rounds; {} identifiers, {} of them removed, {} admitted, {} changes acknowledged",
            self.starts.len(),
            oracle.names().len(),
            oracle.totals()[2],
            oracle.admitted().count(),
            oracle.acknowledged(),
        );
        eprintln!("in flight: {done} done, {partly} partly, {lost} not");
        eprintln!("start in ms: min {min}, median {median}, p99 {p99}, max {max}");
    }
}

/// All snapshots come to what a replay comes to; the last entry of `data/1` in the newest.
fn check_snapshots(verified: &Value) -> u64 {
    let snapshots = verified["snapshots"].as_array().expect("it lists them");
    let whole = snapshots.iter().filter(|found| found["is_whole"] == true);
    assert_eq!(whole.count(), snapshots.len(), "{verified}");
    let cuts = snapshots
        .iter()
        .filter_map(|found| found["data_seq"].as_u64());
    cuts.max().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "how long a start takes is told")]
fn timed(work: impl FnOnce()) -> Duration {
    let from = Instant::now();
    work();
    from.elapsed()
}

/// A number of the environment.
fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

#[test]
fn what_was_acknowledged_is_there_whenever_the_node_is_killed() {
    let seed = variable("BIAOSHI_KILL_SEED").unwrap_or_else(Random::any_seed);
    let rounds = match variable("BIAOSHI_KILL_ROUNDS") {
        Some(rounds) => usize::try_from(rounds).expect("a small number"),
        None if common::is_named_binary() => ROUNDS_NAMED,
        None => ROUNDS,
    };
    eprintln!("BIAOSHI_KILL_SEED={seed}");
    let mut run = Run::start(seed);
    for round in 1..=rounds {
        run.round();
        if round % 25 == 0 {
            let names = locked(&run.oracle).names().len();
            eprintln!("round {round}: {names} identifiers");
        }
    }
    run.finish();
    run.report();
}
