//! Events that are numbered, and those that cannot be.

use super::*;
use crate::change::{EventChange, FaultClass};

fn fault(prefix: Option<&str>, at_ms: u64, note: &str) -> Fault {
    Fault {
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        class: FaultClass::System,
        at_ms,
        note: note.to_owned(),
    }
}

fn recovered(prefix: Option<&str>, of: u32, at_ms: u64) -> Happened {
    Happened::Recovered {
        prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
        of,
        at_ms,
        note: String::new(),
    }
}

async fn happened(node: &Node, what: Vec<Happened>) -> Vec<Verdict> {
    let receipt = node.registry.downgrade().happened(what).await;
    receipt.unwrap().verdicts
}

/// Numbers of a log, with the fault that each recovery is of.
fn numbers(node: &Node, is_firm: bool) -> Vec<(u32, Option<u32>)> {
    let events = node.state.events();
    let log = if is_firm {
        events.enterprises()
    } else {
        events.node()
    };
    let of = |event: &EventChange| match event {
        EventChange::Recovered { of, .. } => Some(*of),
        _ => None,
    };
    log.after(0)
        .map(|(number, event)| (number, of(event)))
        .collect()
}

#[tokio::test]
async fn events_are_numbered_and_a_recovery_names_its_fault() {
    let node = node().await;
    node.admit(vec![admission("88.118.9", "B", Hosting::Hosted)])
        .await;
    let over = Happened::Over {
        fault: fault(None, 5, "进程异常终止"),
        until_ms: 9,
    };
    let verdicts = happened(
        &node,
        vec![
            Happened::Started {
                at_ms: 10,
                alive_until_ms: 5,
            },
            over,
            Happened::Fault(fault(None, 20, "盘满")),
            Happened::Fault(fault(Some("88.118.9"), 20, "断网")),
        ],
    )
    .await;
    let is_created = |verdict: &Verdict| matches!(verdict, Verdict::Created(_));
    assert!(verdicts.iter().all(is_created), "{verdicts:?}");
    assert_eq!(numbers(&node, false), [(1, None), (2, Some(1)), (3, None)]);
    assert_eq!(numbers(&node, true), [(1, None)]);
    // Said twice in one request, it is over once.
    let twice = vec![recovered(None, 3, 30), recovered(None, 3, 30)];
    let verdicts = happened(&node, twice).await;
    assert!(is_created(&verdicts[0]));
    assert!(matches!(verdicts[1], Verdict::Conflict(_)), "{verdicts:?}");
    let verdicts = happened(&node, vec![recovered(Some("88.118.9"), 1, 30)]).await;
    assert!(is_created(&verdicts[0]));
    assert_eq!(numbers(&node, true), [(1, None), (2, Some(1))]);
    assert_eq!(node.state.events().node().open().len(), 0);
    node.check_replay().await;
}

#[tokio::test]
async fn what_did_not_happen_is_not_written() {
    let node = node().await;
    node.admit(vec![admission("88.118.9", "B", Hosting::Hosted)])
        .await;
    happened(&node, vec![Happened::Fault(fault(None, 20, "盘满"))]).await;
    let far_ms = u64::MAX / 2;
    let long = "长".repeat(1_000);
    let refused = [
        (Happened::Fault(fault(None, far_ms, "x")), "bad_time"),
        (Happened::Fault(fault(None, 1, &long)), "value_too_long"),
        (Happened::Fault(fault(None, 1, "a\nb")), "control_character"),
        (recovered(None, 1, 19), "bad_time"),
    ];
    for (what, expected) in refused {
        let verdicts = happened(&node, vec![what]).await;
        assert_eq!(code(&verdicts[0]), expected);
    }
    let unknown = vec![Happened::Fault(fault(Some("88.118.77"), 1, "x"))];
    assert_eq!(happened(&node, unknown).await, [Verdict::NotFound]);
    for what in [recovered(None, 2, 30), recovered(Some("88.118.9"), 1, 30)] {
        let verdicts = happened(&node, vec![what]).await;
        assert!(matches!(verdicts[0], Verdict::Conflict(_)), "{verdicts:?}");
    }
    assert_eq!(numbers(&node, false), [(1, None)]);
    // Where no time is said it is now.
    let verdicts = happened(&node, vec![recovered(None, 1, 0)]).await;
    assert!(matches!(verdicts[0], Verdict::Created(_)), "{verdicts:?}");
    let events = node.state.events();
    let at_ms = events.node().get(2).unwrap().numbered().unwrap().at_ms;
    assert_eq!(at_ms, node.state.at(&Partition::Control).time_ms);
    node.check_replay().await;
}
