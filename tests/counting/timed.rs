//! How long it took and how much came in a second, over each transport.

use std::net::TcpStream;

use serde_json::Value;

use super::{
    NAME, PRODUCT, STRANGER,
    asking::{self, Browser, Peer},
    common::{Node, dns, settled},
    node_with,
};

/// Asks ten requests over all transports, nine of them for a firm, and some things that are none.
fn ask(node: &Node) {
    let peer = Peer::at(STRANGER, node.dns_address());
    for id in 1..=5 {
        assert!(peer.dns(id, NAME, dns::NAPTR));
    }
    // Neither what is repeated nor what is no request, nor a test.
    assert!(peer.dns(5, NAME, dns::NAPTR));
    peer.dns(6, NAME, dns::A);
    let peer = Peer::at(STRANGER, node.handle_address());
    assert!(peer.handle(1, PRODUCT) && !peer.handle(2, "88.118.0002/NONE"));
    peer.handle(3, "88.101.0042/X");
    let mut stream = TcpStream::connect(node.dns_address()).expect("it listens");
    dns::ask_over(&mut stream, 2, NAME, dns::NAPTR);
    let browser = Browser::at(node, STRANGER);
    assert_eq!(browser.get(PRODUCT, &[]), 302);
    // Of one more prefix, so that the secondary one's is another than the firm's.
    assert_eq!(browser.get("88.118.0008/NONE", &[]), 404);
}

fn today(node: &Node, prefix: &str) -> Value {
    let (status, mut now) = asking::get_as_administrator(node, &format!("?prefix={prefix}"));
    assert_eq!(status, 200, "{now}");
    now["timings_today"].take()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("it is a number")
}

/// That the figures of nine requests hold together.
fn check(resolution: &Value) {
    let nine = Value::from(9);
    assert_eq!(
        (&resolution["requests"], &resolution["timed"]),
        (&nine, &nine)
    );
    let of = |of: &str| number(&resolution[format!("latency_ms_{of}")]);
    let [mean, min, max] = ["average", "min", "max"].map(of);
    assert!(
        0.0 < min && min <= mean && mean <= max && max < 60_000.0,
        "{resolution}"
    );
    let most = number(&resolution["per_second_max"]);
    assert!((1.0..=9.0).contains(&most), "{resolution}");
    for at in [
        "latency_ms_min_at",
        "latency_ms_max_at",
        "per_second_max_at",
    ] {
        let at = resolution[at].as_str().expect("it is a time");
        let at: jiff::Timestamp = at.parse().expect("it is a moment");
        let ago = jiff::Timestamp::now().duration_since(at);
        assert!((0..600).contains(&ago.as_secs()), "{resolution}");
    }
}

/// What was imported, and no test prefix.
fn check_registration(node: &Node) {
    let (_, now) = asking::get_as_administrator(node, "");
    let registration = &now["timings_today"]["registration"];
    let registered = &now["figures"]["today"]["registrations"]["registered"];
    assert_eq!(&registration["requests"], registered, "{now}");
    assert!(number(&registration["latency_ms_min"]) > 0.0);
    let shown = node.metrics();
    for metric in [
        "biaoshi_latency_today_seconds{activity=\"resolution\",of=\"mean\"}",
        "biaoshi_latency_today_seconds{activity=\"registration\",of=\"max\"}",
        "biaoshi_per_second_max_today{activity=\"registration\"}",
    ] {
        assert!(shown.contains(metric), "{metric}");
    }
}

/// A stop and a start later it is the same, and after a kill too once the ledger has it.
#[test]
fn latency_and_rate_are_measured_over_every_transport() {
    let tests = ("BIAOSHI_ACCOUNTING_TEST_PREFIXES", "88.101");
    let mut node = node_with("127.0.0.0/8", &[tests]);
    ask(&node);
    let requests = || today(&node, "88.118")["resolution"]["requests"].clone();
    assert_eq!(settled(&10.into(), requests), 10);
    check(&today(&node, "88.118.0002")["resolution"]);
    check_registration(&node);

    let all = |node: &Node| ["88.118", "88.118.0002", "88.118.0008"].map(|one| today(node, one));
    let before = all(&node);
    assert!(node.stop(), "it ends well when it is asked to");
    node.start_again();
    assert_eq!(all(&node), before);
    node.kill();
    node.start_again();
    assert_eq!(all(&node), before);
    let asked = [
        "statistics",
        "timings",
        "--prefix",
        "88.118",
        "--lang",
        "zh",
    ];
    let output = node.run(&asked);
    let said = String::from_utf8(output.stdout).expect("it is text");
    assert!(said.contains("最大 QPS"), "{said}");
}
