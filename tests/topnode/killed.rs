//! A node that is killed over and over while it reports most of a year, to a stand-in with faults.

use std::{collections::BTreeMap, time::Duration};

use biaoshi::{
    server::rehearsal::StandinListener,
    topnode::{
        standin::{Fault, Received},
        tables::{Interval, Table},
        wire::Secrets,
    },
};
use serde_json::Value;

use super::{
    common::Node,
    history::{self, DAYS, FIRMS, FROM, day, requests},
    random::Random,
};

/// Kills, unless the variable says otherwise.
const KILLS: u32 = 50;
const KILLS_VARIABLE: &str = "BIAOSHI_TEST_REPORT_KILLS";
const SEED_VARIABLE: &str = "BIAOSHI_TEST_SEED";

const SECRET: &str = "between node and stand-in";

/// How long the rest may take when nobody kills it any more.
const TRIES_MAX: u32 = 1_200;
const PAUSE: Duration = Duration::from_millis(100);

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    let said = std::env::var(name).ok().and_then(|said| said.parse().ok());
    said.unwrap_or(default)
}

/// A node with the history that reports to an address, and stands still.
async fn node(listener: &StandinListener) -> Node {
    let url = format!("http://{}", listener.address());
    let mut node = Node::start_with(&[]);
    assert!(node.stop());
    let data_dir = node.data_dir();
    for left in ["ledger", "snapshots", "counters"] {
        // It has begun a ledger of its own.
        let _ = std::fs::remove_dir_all(data_dir.join(left));
    }
    history::write(&data_dir).await;
    let secret = node.path("secret");
    std::fs::write(&secret, SECRET).expect("it can be written");
    let secret = secret.display().to_string();
    for (name, value) in [
        ("BIAOSHI_REPORT_BY", "https"),
        ("BIAOSHI_REPORT_URL", url.as_str()),
        ("BIAOSHI_REPORT_SECRET_FILE", secret.as_str()),
        ("BIAOSHI_REPORT_FROM", FROM),
        ("BIAOSHI_NODE_SECONDARY_PREFIXES", "88.118"),
    ] {
        node.set(name, value);
    }
    node
}

fn reports(node: &Node) -> Value {
    let output = node.run(&["topnode", "reports", "--json"]);
    let told = || String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}; {}", told(), node.log()))
}

/// Waits until all is told.
fn finish(node: &Node) {
    for _ in 0..TRIES_MAX {
        let said = reports(node);
        let tables = said["tables"].as_array().expect("a list");
        let is_told = |table: &Value| table["due"] == 0 && table["in_flight"].is_null();
        if tables.iter().all(is_told) {
            assert!(tables.iter().all(|table| table["lag_seconds"] == 0));
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("not all was told: {}; {}", reports(node), node.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_told_twice_by_kills() {
    let secrets = Secrets {
        token: String::new(),
        secret: SECRET.as_bytes().to_vec(),
    };
    let listener = StandinListener::begin(secrets).await;
    let listener = listener.expect("a port is free");
    let mut node = node(&listener).await;
    let seed = setting(SEED_VARIABLE, Random::any_seed());
    let mut random = Random::new(seed);
    let (kills, mut has_told) = (setting(KILLS_VARIABLE, KILLS), 0);
    // Each life is as long as lets the last of them still have something to tell.
    let life_ms_max = usize::try_from(7_500 / kills.max(1))
        .expect("a few")
        .clamp(8, 150);
    for kill in 0..kills {
        let fault = random.between(0, Fault::ALL.len() + 1);
        listener.standin().set_fault(Fault::ALL.get(fault).copied());
        let asked = listener.standin().asked();
        node.start_again_with(&["--accept-clock"]);
        std::thread::sleep(random.milliseconds(1, life_ms_max));
        node.kill();
        has_told += u32::from(listener.standin().asked() > asked);
        if kill == kills / 2 {
            let whole = whole(&listener, Table::T8).len();
            assert!(whole < history_days(), "all was told after {kill} kills");
        }
    }
    assert!(
        has_told > kills / 2,
        "{has_told} of {kills} lives told something, seed {seed}"
    );
    listener.standin().set_fault(None);
    node.start_again_with(&["--accept-clock"]);
    finish(&node);
    // One lock at a time.
    let asked = listener.standin().asked();
    let repeated = listener.standin().books.repeated();
    println!(
        "{kills} kills, {has_told} while it told; {asked} messages, {repeated} again under their key, seed {seed}"
    );
    check(&listener, &node);
    check_events(&listener, &node, kills);
    // The chain holds, and a restart tells nothing anew.
    let asked = listener.standin().asked();
    assert!(node.stop());
    node.verify();
    node.start_again_with(&["--accept-clock"]);
    std::thread::sleep(PAUSE * 10);
    assert_eq!(listener.standin().asked(), asked, "seed {seed}");
}

fn history_days() -> usize {
    usize::try_from(DAYS).expect("a few hundred")
}

fn whole(listener: &StandinListener, table: Table) -> BTreeMap<u32, Received> {
    let standin = listener.standin();
    let reports = standin.books.reports();
    let whole = reports.filter(|(of, _, received)| *of == table && received.is_whole);
    whole
        .map(|(_, period, received)| (period, received.clone()))
        .collect()
}

/// What the stand-in has is what the ledger says, day by day.
fn check(listener: &StandinListener, node: &Node) {
    let faults = listener.standin().books.faults().to_vec();
    assert!(faults.is_empty(), "{faults:?}");
    for table in Table::ALL {
        if table.is_told() && table.interval() == Interval::Daily {
            let days: Vec<u32> = whole(listener, table).into_keys().collect();
            let expected: Vec<u32> = (0..DAYS).map(day).collect();
            assert_eq!(days, expected, "{table:?}");
        }
    }
    let counted = counted(node);
    assert_eq!(counted.len(), history_days());
    let t8 = whole(listener, Table::T8);
    let t9 = whole(listener, Table::T9);
    for number in 0..DAYS {
        let rows = &t8[&day(number)].rows;
        let firms = usize::try_from(FIRMS).expect("a dozen");
        assert_eq!(rows.len(), firms);
        let sum = |place: usize| -> u64 { rows.iter().filter_map(|row| row[place].as_u64()).sum() };
        let asked: u64 = (0..FIRMS).map(|firm| requests(number, firm)).sum();
        assert_eq!(
            (sum(1), sum(2)),
            (1, number + 1),
            "registered on {}",
            day(number)
        );
        assert_eq!((sum(3), sum(4)), (asked, asked), "asked on {}", day(number));
        let told = [sum(1), sum(3), sum(4)];
        assert_eq!(counted[&day(number).to_string()], told);
        assert_eq!(t9[&day(number)].rows.len(), 1);
    }
}

/// Each kill is a fault and a recovery, told once and in order, as the ledger has them.
fn check_events(listener: &StandinListener, node: &Node, kills: u32) {
    let output = node.run(&["topnode", "preview", "E1", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let told = whole(listener, Table::E1);
    let rows: Vec<&Vec<Value>> = told.values().flat_map(|one| &one.rows).collect();
    assert_eq!(serde_json::json!(rows), said["rows"]);
    let numbers: Vec<u32> = told.into_keys().collect();
    assert_eq!(numbers, (1..=2 * kills).collect::<Vec<_>>());
}

/// What the node's own statistics say of each day: registered, requests, successes.
fn counted(node: &Node) -> BTreeMap<String, [u64; 3]> {
    let output = node.run(&[
        "statistics",
        "days",
        "--from",
        FROM,
        "--to",
        history::TO,
        "--json",
    ]);
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let days = said["days"].as_array().expect("a list").iter();
    days.map(|day| {
        let number = |of: &str, what: &str| day[of][what].as_u64().expect("a number");
        let name = day["day"].as_str().expect("a day").replace('-', "");
        let registered = number("registrations", "registered");
        let [requests, successes] =
            ["requests", "successes"].map(|what| number("resolutions", what));
        (name, [registered, requests, successes])
    })
    .collect()
}
