//! What a node notes of itself: starts, stops and crashes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::common::Node;

/// How long a node is down after it was killed.
const DOWN: Duration = Duration::from_secs(3);

/// How far its last sign of life may be back when it is killed, and some more on a busy machine.
const SIGN_MS_MAX: i64 = 15_000;

fn events(node: &Node) -> Value {
    let output = node.run(&["topnode", "events", "--json"]);
    assert_eq!(output.status.code(), Some(0), "nothing goes on");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn at_ms(event: &Value) -> i64 {
    let at: Timestamp = event["at"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    at.as_millisecond()
}

#[test]
fn a_crash_is_found_out_and_a_stop_is_none() {
    let mut node = Node::start();
    assert_eq!(events(&node)["node"], serde_json::json!([]));
    assert!(node.stop());
    node.start_again();
    assert_eq!(
        events(&node)["node"],
        serde_json::json!([]),
        "it was told to"
    );
    node.kill();
    let killed_ms = Timestamp::now().as_millisecond();
    std::thread::sleep(DOWN);
    // Entries that a start writes are no signs of life before it.
    node.start_again_with(&["--accept-clock"]);
    let said = events(&node);
    let [over, fault] = said["node"].as_array().expect("a list").as_slice() else {
        panic!("{said}");
    };
    assert_eq!(
        (&fault["event"], &over["event"]),
        (&"fault".into(), &"recovered".into())
    );
    assert_eq!(over["of"], fault["number"]);
    assert_eq!(fault["class"], "system");
    let seen_ms = killed_ms - at_ms(fault);
    assert!((0..SIGN_MS_MAX).contains(&seen_ms), "{said}");
    let down_ms = at_ms(over) - at_ms(fault);
    assert!(
        down_ms >= i64::try_from(DOWN.as_millis()).expect("a few"),
        "{said}"
    );
    // The report of the month has both: down, and told to stop.
    let month = said["up_since"].as_str().expect("a time");
    let at: Timestamp = month.parse().expect("a time");
    let shanghai = jiff::tz::Offset::constant(8).to_datetime(at);
    let month = shanghai.strftime("%Y-%m").to_string();
    let output = node.run(&["topnode", "monthly", &month, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(report["emergencies"][0]["number"], 1);
    assert_eq!(report["maintenance"].as_array().map(Vec::len), Some(1));
    let service = report["months"][5]["service_percent"].as_f64();
    assert!(service.is_some_and(|percent| percent < 100.0), "{report}");
}

/// A start on a full disk is not in the ledger: a process that nobody counts as up makes the one before
/// it live no longer.
#[test]
fn a_start_that_is_not_noted_is_no_sign_of_life() {
    let mut node = Node::start();
    node.kill();
    let killed_ms = Timestamp::now().as_millisecond();
    std::thread::sleep(DOWN);
    node.set("BIAOSHI_LEDGER_FREE_BYTES_MIN", "1125899906842624");
    node.start_again();
    assert_eq!(events(&node)["node"], serde_json::json!([]), "no space");
    // It looked at its health by then.
    std::thread::sleep(DOWN);
    assert!(node.stop());
    node.set("BIAOSHI_LEDGER_FREE_BYTES_MIN", "0");
    node.start_again();
    let said = events(&node);
    let [over, fault] = said["node"].as_array().expect("a list").as_slice() else {
        panic!("{said}");
    };
    assert!(at_ms(fault) <= killed_ms, "{said}");
    let down_ms = at_ms(over) - at_ms(fault);
    let twice = i64::try_from(2 * DOWN.as_millis()).expect("a few");
    assert!(down_ms >= twice, "{said}");
}
