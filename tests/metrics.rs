//! The metrics listener of a real node.

mod common;

use std::collections::BTreeSet;

use common::{Client, Node, data, settled};

#[test]
fn a_scrape_tells_what_the_node_did() {
    let node = Node::start();
    assert_eq!(node.metric("biaoshi_ready"), 1.0);
    assert_eq!(node.metric("biaoshi_identifiers"), 0.0);
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    assert_eq!(node.metric("biaoshi_identifiers"), 2_000.0);
    assert_eq!(node.metric("biaoshi_registrations_total"), 2_000.0);
    let head = node.metric("biaoshi_ledger_head_seq{partition=\"data/1\"}");
    let appends = node.metric("biaoshi_ledger_append_seconds_count{partition=\"data/1\"}");
    assert!(
        head > 0.0 && appends >= head,
        "{head} entries, {appends} appends"
    );
    assert!(node.metric("biaoshi_ledger_append_seconds_sum{partition=\"data/1\"}") > 0.0);
    assert!(node.metric("biaoshi_ledger_free_bytes") > 0.0);
    assert!(node.metric("biaoshi_start_seconds") > 0.0);
    for cause in ["no_space", "clock", "ledger", "state"] {
        assert_eq!(
            node.metric(&format!("biaoshi_read_only{{cause=\"{cause}\"}}")),
            0.0
        );
    }
}

/// The firms of the sample, counted here by hand.
#[test]
fn firms_and_their_prefixes_are_counted() {
    let mut node = Node::start();
    assert_eq!(node.metric("biaoshi_connected_firms"), 0.0);
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    let text = std::fs::read_to_string(data("enterprises.csv")).expect("the sample is there");
    let mut rows = text.trim_start_matches('\u{feff}').lines();
    let columns: Vec<&str> = rows.next().expect("a head").split(',').collect();
    let column = |name: &str| {
        columns
            .iter()
            .position(|one| *one == name)
            .expect("a column")
    };
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    let firms: BTreeSet<&str> = rows.iter().map(|row| row[column("uscc")]).collect();
    let hosted = rows.iter().filter(|row| row[column("hosting")] == "hosted");
    let expected = (rows.len() as f64, firms.len() as f64, hosted.count() as f64);
    assert!(expected.0 > expected.2 && expected.2 > 0.0, "{expected:?}");
    for _ in 0..2 {
        let hosted = r#"biaoshi_enterprises{hosting="hosted",state="active"}"#;
        let found = (
            node.metric("biaoshi_enterprise_nodes"),
            node.metric("biaoshi_connected_firms"),
            node.metric(hosted),
        );
        assert_eq!(found, expected);
        let self_built = node.metric(&hosted.replace("hosted", "self_built"));
        assert_eq!(self_built, expected.0 - expected.2);
        assert_eq!(node.metric(&hosted.replace("active", "withdrawn")), 0.0);
        assert!(node.stop(), "it ends well when it is asked to");
        node.start_again();
    }
}

/// Totals of resolutions are kept in the ledger: they outlive the process, and go with a backup.
#[test]
fn resolutions_are_counted_for_life() {
    let mut node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert!(resolutions(&node).is_empty(), "{:?}", resolutions(&node));
    let asked = "/api/v1/identifiers/88.118.0002/NONE";
    for life in 1..=3 {
        (0..4).for_each(|_| assert_eq!(node.get(asked).0, 404));
        assert_eq!(node.get("/api/handles/0.NA/88.118.0002").0, 200);
        let expected = [
            ("not_found", 4.0 * f64::from(life)),
            ("success", f64::from(life)),
        ];
        let expected = expected.map(|(outcome, total)| (outcome.to_owned(), total));
        let counted = settled(&expected.to_vec(), || resolutions(&node));
        assert_eq!(counted, expected);
        assert!(node.stop(), "it ends well when it is asked to");
        node.start_again();
        assert_eq!(resolutions(&node), counted);
    }
    // Killed before any of it is written: what was counted is there all the same.
    node.get(asked);
    let expected = ("not_found".to_owned(), 13.0);
    let first = settled(&expected, || resolutions(&node).swap_remove(0));
    assert_eq!(first, expected);
    let counted = resolutions(&node);
    node.kill();
    node.start_again();
    assert_eq!(resolutions(&node), counted);
    let partitions = node.verify()["partitions"].clone();
    let found = partitions.as_array().expect("a list").iter();
    let entries = found.filter(|one| one["partition"] == "counters/node-1");
    let entries: Vec<u64> = entries.filter_map(|one| one["entries"].as_u64()).collect();
    // Three stops with what was counted and what was timed; of the kill what was counted.
    assert_eq!(entries, [7]);

    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let (backups, restored) = (node.path("backups"), node.path("restored"));
    for arguments in [
        vec!["backup".to_owned(), "create".to_owned(), text(&backups)],
        vec![
            "restore".to_owned(),
            text(&backups),
            "--to".to_owned(),
            text(&restored),
        ],
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = node.run(&arguments);
        assert!(output.status.success(), "{output:?}");
    }
    let other = Node::start_with(&[("BIAOSHI_NODE_DATA_DIR", &text(&restored))]);
    assert_eq!(resolutions(&other), counted);
}

/// What was counted over HTTP from this machine, by outcome; what is none is left out.
fn resolutions(node: &Node) -> Vec<(String, f64)> {
    let text = node.metrics();
    let counted = text.lines().filter_map(|line| {
        let labels =
            line.strip_prefix(r#"biaoshi_resolutions_total{origin="internal",outcome=""#)?;
        let (outcome, rest) = labels.split_once('"')?;
        let total: f64 = rest.rsplit_once(' ')?.1.parse().ok()?;
        (total > 0.0).then(|| (outcome.to_owned(), total))
    });
    counted.collect()
}

#[test]
fn the_system_tells_of_the_process() {
    let node = Node::start();
    assert!(node.metric("process_resident_memory_bytes") > 1e6);
    assert!(node.metric("process_open_fds") > 10.0);
    assert!(node.metric("process_cpu_seconds_total") >= 0.0);
    assert_eq!(
        node.metric("biaoshi_ledger_segments{partition=\"control\"}"),
        1.0
    );
}

/// Prometheus' own rules for its text format.
#[test]
fn the_text_is_what_collectors_read() {
    let node = Node::start();
    let mut typed = Vec::new();
    for line in node.metrics().lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            assert!(["gauge", "counter", "histogram"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            typed.push(name.to_owned());
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').expect("a series and a value");
            assert!(value == "+Inf" || value.parse::<f64>().is_ok(), "{line}");
            let name = series.split('{').next().expect("a series has a name");
            let family = typed.last().expect("a type comes first");
            assert!(name.starts_with(family.as_str()), "{line} under {family}");
        }
    }
    assert!(typed.is_sorted() && typed.len() > 10, "{typed:?}");
}

#[test]
fn writes_that_are_refused_are_seen() {
    let mut node = Node::start();
    assert!(node.stop(), "it ends well when it is asked to");
    node.set("BIAOSHI_LEDGER_FREE_BYTES_MIN", "1125899906842624");
    node.start_again();
    let file = data("enterprises.csv");
    let output = node.run(&["import", file.to_str().expect("text")]);
    assert!(!output.status.success());
    assert_eq!(node.metric("biaoshi_read_only{cause=\"no_space\"}"), 1.0);
    assert_eq!(node.metric("biaoshi_read_only{cause=\"ledger\"}"), 0.0);
    let (status, body) = node.get("/readyz?writes");
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(
        status == 503 && body.contains("no_space"),
        "{status}: {body}"
    );
    assert_eq!(node.get("/readyz").0, 200, "it resolves all the same");
}

#[test]
fn nothing_else_is_there() {
    let node = Node::start();
    let mut client = Client::connect(node.metrics_address());
    assert_eq!(client.request("GET", "/", &[], b"").0, 404);
    assert_eq!(
        client.request("GET", "/api/v1/enterprises", &[], b"").0,
        404
    );
    assert_eq!(client.request("POST", "/metrics", &[], b"").0, 405);
    assert_eq!(
        node.get("/metrics").0,
        404,
        "nor is it where everybody asks"
    );
    let taken = node.metrics_address().to_owned();
    let other = tempfile::tempdir().expect("a folder can be made");
    let output = node
        .command()
        .arg("serve")
        .env("BIAOSHI_NODE_DATA_DIR", other.path())
        .env("BIAOSHI_HTTP_LISTEN", "127.0.0.1:0")
        .env("BIAOSHI_METRICS_LISTEN", &taken)
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains(&taken) && told.contains("BIAOSHI_METRICS_LISTEN"),
        "{told}"
    );
}
