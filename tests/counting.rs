//! What is counted of what is asked, against a real node: the scans of `docs/counting.md`, and
//! counts that outlive kills.

#[path = "counting/asking.rs"]
mod asking;
#[path = "common/mod.rs"]
mod common;
#[path = "counting/counted.rs"]
mod counted;
#[path = "counting/killed.rs"]
mod killed;
#[path = "counting/timed.rs"]
mod timed;

use std::net::TcpStream;

use asking::{Browser, Peer};
use common::{Node, dns, settled};
use counted::{Counted, counted, of};

/// A product of the sample, and one that nobody registered.
const PRODUCT: &str = "88.118.0002/P03202605270000001";
const NAME: &str = "p03202605270000001.0002.118.88.id.example";

/// One of more octets than go over UDP.
const LARGE: &str = "88.118.0002/LARGE";

/// Peers that are somebody: every address of 127.0.0.0/8 is this machine's.
const PROBE: &str = "127.0.0.9";
const REGISTRANT: &str = "127.0.0.8";
const STRANGER: &str = "127.0.0.7";

/// How often the node is killed, and how long it is asked each time.
const KILLS: u32 = 12;
const KILLS_VARIABLE: &str = "BIAOSHI_COUNTING_KILLS";
const ASKED_FOR_MS: u64 = 120;
const ASKED_FOR_VARIABLE: &str = "BIAOSHI_COUNTING_ASKED_FOR_MS";

/// A number of the environment, for longer runs.
fn setting<T: std::str::FromStr>(variable: &str, otherwise: T) -> T {
    let text = std::env::var(variable).ok();
    let number = text.map(|text| text.parse().ok().expect("it is a number"));
    number.unwrap_or(otherwise)
}

fn node() -> Node {
    node_with("127.0.0.1/32", &[])
}

fn node_with(internal: &str, more: &[(&'static str, &str)]) -> Node {
    let settings = [
        ("BIAOSHI_ACCOUNTING_INTERNAL_NETWORKS", internal),
        ("BIAOSHI_ACCOUNTING_PROBE_NETWORKS", PROBE),
        (
            "BIAOSHI_ACCOUNTING_SELF_NETWORKS",
            "88.118.0002 127.0.0.8/32",
        ),
        // Below the segments that hold some minutes of counters: nothing of these tests needs more.
        ("BIAOSHI_LEDGER_FREE_BYTES_MIN", "0"),
    ];
    let node = Node::start_with(&[&settings[..], more].concat());
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    node
}

/// Asserts what was counted, of all that is not 0.
#[track_caller]
fn check(node: &Node, expected: &[(&str, u64)]) {
    let expected = of(expected);
    assert_eq!(settled(&expected, || counted(node)), expected);
}

//----------- One scan ---------------------------------------------------------

#[test]
fn a_page_and_what_belongs_to_it_are_one_success() {
    let node = node();
    let browser = Browser::at(&node, STRANGER);
    assert_eq!(browser.get(PRODUCT, &[]), 302);
    for asset in ["favicon.ico", "apple-touch-icon.png", "robots.txt"] {
        assert_eq!(browser.get(asset, &[]), 404);
    }
    check(&node, &[("external success http", 1)]);
}

#[test]
fn who_shows_a_link_counts_as_a_preview() {
    let node = node();
    let browser = Browser::at(&node, STRANGER);
    let agents = [
        "User-Agent: facebookexternalhit/1.1",
        "User-Agent: Mozilla/5.0 (compatible; DingTalkBot/1.0)",
        "Sec-Purpose: prefetch;prerender",
    ];
    for agent in agents {
        assert_eq!(browser.head(PRODUCT, &[agent]), 302);
    }
    // A program that only wants to know whether it is there has an answer.
    assert_eq!(browser.head(PRODUCT, &["User-Agent: curl/8.5.0"]), 302);
    // What is not found is not found, whoever shows it.
    assert_eq!(browser.head("88.118.0002/NONE", &agents[..1]), 404);
    check(
        &node,
        &[
            ("external preview http", 3),
            ("external success http", 1),
            ("external not_found http", 1),
        ],
    );
}

#[test]
fn a_resolver_that_asks_around_finds_once() {
    let node = node();
    let peer = Peer::at(STRANGER, node.dns_address());
    assert!(peer.dns(1, NAME, dns::NAPTR));
    peer.dns(2, NAME, dns::A);
    peer.dns(3, NAME, dns::NS);
    let mut above = NAME;
    for id in 4..9 {
        above = above.split_once('.').expect("it has a name above").1;
        peer.dns(id, above, dns::A);
    }
    check(
        &node,
        &[("external success dns", 1), ("external auxiliary dns", 7)],
    );
}

#[test]
fn an_answer_that_is_cut_and_fetched_is_one_success() {
    let node = node();
    asking::put_large(&node, LARGE);
    let name = dns::name_of(LARGE).expect("it has a name");
    // Without EDNS 512 octets are all that go over UDP.
    let cut = Peer::at(STRANGER, node.dns_address()).dns_is_cut(1, &name, dns::TXT);
    assert!(cut, "three values of 250 octets are longer");
    let mut stream = TcpStream::connect(node.dns_address()).expect("it listens");
    let answer = dns::ask_over(&mut stream, 2, &name, dns::TXT);
    assert!(!answer.answers.is_empty());
    // Over the connection it came from this machine itself.
    check(
        &node,
        &[("external truncated dns", 1), ("internal success dns", 1)],
    );
}

#[test]
fn a_datagram_that_comes_thrice_is_one_question() {
    let node = node();
    let (over_dns, over_handle) = (
        Peer::at(STRANGER, node.dns_address()),
        Peer::at(STRANGER, node.handle_address()),
    );
    for _ in 0..3 {
        assert!(over_dns.dns(7, NAME, dns::NAPTR));
        assert!(over_handle.handle(7, PRODUCT));
    }
    // Another number, another port and another name are other questions.
    assert!(over_dns.dns(8, NAME, dns::NAPTR));
    assert!(Peer::at(STRANGER, node.dns_address()).dns(7, NAME, dns::NAPTR));
    assert!(!over_handle.handle(7, "88.118.0002/NONE"));
    check(
        &node,
        &[
            ("external success dns", 3),
            ("external retransmitted dns", 2),
            ("external success handle", 1),
            ("external not_found handle", 1),
            ("external retransmitted handle", 2),
        ],
    );
}

#[test]
fn each_question_has_one_origin() {
    let node = node_with(
        "127.0.0.0/8",
        &[("BIAOSHI_ACCOUNTING_TEST_PREFIXES", "88.101")],
    );
    let another = "88.118.0001/X";
    let sandbox = "88.101.0042/X";
    for (address, handles) in [
        (PROBE, [PRODUCT, another, sandbox]),
        (REGISTRANT, [PRODUCT, another, sandbox]),
        (STRANGER, [PRODUCT, another, sandbox]),
    ] {
        let peer = Peer::at(address, node.handle_address());
        for (id, handle) in (1..).zip(handles) {
            peer.handle(id, handle);
        }
    }
    let browser = Browser::at(&node, STRANGER);
    // For whom a proxy asks is not known; who only says so is who it is.
    browser.get(PRODUCT, &["X-Forwarded-For: 127.0.0.9"]);
    check(
        &node,
        &[
            ("probe success handle", 1),
            ("probe not_found handle", 1),
            ("self success handle", 1),
            ("internal success handle", 1),
            ("internal not_found handle", 2),
            ("test not_found handle", 3),
            ("external success http", 1),
        ],
    );
}

/// A referral, a prefix and what is another node's, each under what it is.
#[test]
fn routes_and_prefixes_are_told_apart() {
    let mut node = node();
    let peer = Peer::at(STRANGER, node.handle_address());
    let asked = [
        "0.NA/88.118.0002",
        PRODUCT,
        "88.118.0002/NONE",
        "88.118.9999/NONE",
        "0.NA/88.118",
        "99.1.1/NONE",
    ];
    for (id, handle) in (1..).zip(asked) {
        peer.handle(id, handle);
    }
    assert!(node.stop(), "it ends well when it is asked to");
    let cells = counted::cells(&node.data_dir());
    let one = |prefix: &str, subject: u8, outcome: u8| Counted {
        prefix: prefix.to_owned(),
        subject,
        protocol: 2,
        outcome,
        origin: 1,
    };
    let (route, identifier, success, not_found, not_responsible) = (1, 2, 1, 2, 4);
    let expected = [
        one("", identifier, not_responsible),
        one("88.118", route, success),
        one("88.118", identifier, not_found),
        one("88.118.0002", route, success),
        one("88.118.0002", identifier, success),
        one("88.118.0002", identifier, not_found),
    ];
    assert_eq!(
        cells.into_iter().collect::<Vec<_>>(),
        expected.map(|cell| (cell, 1))
    );
}

//----------- Statistics -------------------------------------------------------

#[test]
fn statistics_show_what_was_registered_and_asked() {
    let mut node = node();
    let peer = Peer::at(STRANGER, node.handle_address());
    for id in 1..=3 {
        assert!(peer.handle(id, PRODUCT));
    }
    assert!(!peer.handle(4, "88.118.0002/NONE"));
    assert!(peer.handle(5, "0.NA/88.118.0002"));
    check(
        &node,
        &[
            ("external success handle", 4),
            ("external not_found handle", 1),
        ],
    );
    let look = |node: &Node, what: &str| {
        let (status, body) = asking::get_as_administrator(node, what);
        assert_eq!(status, 200, "{what}: {body}");
        body
    };
    let check_now = |node: &Node| {
        let now = look(node, "");
        let figures = &now["figures"];
        assert_eq!(now["definitions"], 2);
        assert_eq!(figures["connected_firms"], 60, "{now}");
        assert_eq!(figures["identifiers"], 2_000);
        assert_eq!(figures["cumulative"]["registrations"]["new"], 2_000);
        assert_eq!(figures["today"]["registrations"]["registered"], 2_000);
        let resolved = serde_json::json!({ "requests": 4, "successes": 3 });
        assert_eq!(figures["today"]["resolutions"], resolved);
        assert_eq!(figures["cumulative"]["resolutions"], resolved);
        let routes = serde_json::json!({ "requests": 1, "successes": 1 });
        assert_eq!(figures["this_year"]["route_resolutions"], routes);
        let days = look(node, "/days?limit=3");
        let rows = days["days"].as_array().expect("a list");
        assert_eq!((rows.len(), &rows[2]["day"]), (3, &now["today"]));
        assert_eq!(rows[2]["resolutions"], resolved);
        assert_eq!(rows[1]["registrations"]["new"], 0);
        let months = look(node, "/months?limit=1");
        assert_eq!(months["months"][0]["registrations"]["new"], 2_000);
        assert_eq!(months["months"][0]["daily_average"]["total"], 3);
        let firm = look(node, "/days?limit=1&prefix=88.118.0002");
        let registered = firm["days"][0]["registrations"]["new"].as_u64();
        let page = look(node, "/prefixes?limit=7&prefix=88.118");
        let rows = page["prefixes"].as_array().expect("a list");
        let own = rows.iter().find(|row| row["prefix"] == "88.118.0002");
        let own = own.expect("it is among the first");
        assert_eq!(own["registrations"]["new"].as_u64(), registered);
        assert_eq!(own["identifiers"].as_u64(), registered);
        assert_eq!(own["resolutions"], resolved);
    };
    check_now(&node);
    // All of it is the ledger's, or in the file: a kill and a start later it is the same.
    node.kill();
    node.start_again();
    check_now(&node);

    let output = node.run(&["statistics", "prefixes", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = said["prefixes"].as_array().expect("a list");
    assert!(rows.len() == 60 && said.get("next").is_none(), "all pages");
    let output = node.run(&["statistics", "--lang", "zh"]);
    let shown = String::from_utf8(output.stdout).expect("it is text");
    assert!(
        shown.contains("接入企业数") && shown.contains("2000"),
        "{shown}"
    );
}

#[test]
fn statistics_are_for_administrators_and_say_what_is_wrong() {
    let node = node();
    assert_eq!(node.get("/api/v1/statistics").0, 401);
    for (what, status, code) in [
        ("?prefix=88.118.9999", 404, "unassigned_prefix"),
        ("/days?limit=367", 400, "bad_query"),
        ("/days?from=yesterday", 400, "bad_query"),
        ("/months?from=2999-01-01", 400, "bad_query"),
        ("/prefixes?after=x", 400, "bad_query"),
    ] {
        let (found, body) = asking::get_as_administrator(&node, what);
        assert_eq!((found, &body["code"]), (status, &code.into()), "{what}");
    }
    let output = node.run(&["statistics", "--prefix", "99.1"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("hint: check the prefix"),
        "{said}"
    );
}
