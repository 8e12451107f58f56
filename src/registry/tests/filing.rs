//! Filings that are decided later.

use super::*;

async fn filed(node: &Node, state: FilingState, date: u32, reason: &str) -> Verdict {
    let filing = Filing {
        state,
        date,
        reason: reason.into(),
    };
    decided(node, FilingStep::Filed(filing)).await
}

async fn decided(node: &Node, step: FilingStep) -> Verdict {
    let decision = FilingDecision {
        prefix: Prefix::parse("88.118.9").unwrap(),
        step,
        expected: None,
    };
    let request = Request {
        caller: Caller::Administrator,
        idempotency: None,
        jobs: vec![decision],
        dry_run: false,
    };
    let receipt = node.registry.file(request).await.unwrap();
    receipt.verdicts.into_iter().next().unwrap()
}

fn pending() -> Admission {
    Admission {
        filing: Filing {
            state: FilingState::Pending,
            date: 0,
            reason: "".into(),
        },
        ..admission("88.118.9", "B", Hosting::Hosted)
    }
}

#[tokio::test]
async fn a_filing_is_refused_filed_again_and_passes() {
    use FilingState::{Passed, Pending, Refused};
    let node = node().await;
    assert_eq!(
        filed(&node, Passed, 20_261_124, "").await,
        Verdict::NotFound
    );
    node.admit(vec![pending()]).await;
    let nodes = || node.state.directory_totals().enterprise_nodes;
    assert_eq!(nodes(), 1);
    for (state, date, reason, field) in [
        (Passed, 0, "", "date"),
        (Refused, 0, "照片不清", "date"),
        (Refused, 20_261_124, " ", "reason"),
    ] {
        let verdict = filed(&node, state, date, reason).await;
        let Verdict::Refused(refusal) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(
            (refusal.code, refusal.field.as_str()),
            ("missing_field", field)
        );
    }
    let replaced = |verdict: &Verdict| matches!(verdict, Verdict::Replaced(_));
    assert!(replaced(
        &filed(&node, Refused, 20_261_124, "照片不清").await
    ));
    let again = filed(&node, Refused, 20_261_124, "照片不清").await;
    assert!(matches!(again, Verdict::Unchanged(_)), "{again:?}");
    assert!(replaced(&filed(&node, Pending, 0, "已补照片").await));
    assert_eq!(nodes(), 1);
    assert!(replaced(&filed(&node, Passed, 20_261_125, "回执 7").await));
    assert_eq!(nodes(), 2);
    // What has passed is counted, and not taken back by a slip.
    for state in [Pending, Refused] {
        let back = filed(&node, state, 20_261_126, "误").await;
        assert!(matches!(back, Verdict::Conflict(_)), "{back:?}");
    }
    assert_eq!(nodes(), 2);
    let directory = node.state.directory();
    let entry = directory.prefix("88.118.9").unwrap();
    assert_eq!(&*entry.facts.filing.reason, "回执 7");
    assert!(entry.facts.prev.is_some());
    node.check_replay().await;
}

/// New identifiers wait for the filing, or for an operator's word; what is there may be changed.
#[tokio::test]
async fn a_prefix_takes_registrations_once_it_is_filed_or_waived() {
    use FilingState::{InReview, Passed, Refused};
    let node = node().await;
    node.admit(vec![pending()]).await;
    let refused = |verdict: Verdict| match verdict {
        Verdict::Refused(refusal) => refusal.code,
        other => panic!("{other:?}"),
    };
    let waived = |reason: Option<&str>| FilingStep::Waived(reason.map(Into::into));
    let one = |text: &str| create(text, "1");
    assert_eq!(refused(node.one(one("88.118.9/A")).await), "not_filed");
    filed(&node, InReview, 20_261_124, "申请 7").await;
    assert_eq!(refused(node.one(one("88.118.9/A")).await), "not_filed");
    assert_eq!(
        refused(decided(&node, waived(Some(" "))).await),
        "missing_field"
    );
    let nodes = || node.state.directory_totals().enterprise_nodes;
    let before = nodes();
    let is_replaced = |verdict: &Verdict| matches!(verdict, Verdict::Replaced(_));
    assert!(is_replaced(&decided(&node, waived(Some("试点"))).await));
    let again = decided(&node, waived(Some("试点"))).await;
    assert!(matches!(again, Verdict::Unchanged(_)), "{again:?}");
    assert!(matches!(
        node.one(one("88.118.9/A")).await,
        Verdict::Created(_)
    ));
    assert!(matches!(
        node.one(one("88.118.9/B")).await,
        Verdict::Created(_)
    ));
    assert_eq!(nodes(), before, "it counts nowhere before it is filed");
    // A refusal does not take the waiver back; a person does.
    filed(&node, Refused, 20_261_125, "照片不清").await;
    assert!(matches!(
        node.one(one("88.118.9/C")).await,
        Verdict::Created(_)
    ));
    assert!(is_replaced(&decided(&node, waived(None)).await));
    assert_eq!(refused(node.one(one("88.118.9/D")).await), "not_filed");
    assert!(is_replaced(&node.one(put("88.118.9/A", "2")).await));
    let removal = Operation::Remove {
        identifier: "88.118.9/B".to_owned(),
    };
    assert!(matches!(node.one(removal).await, Verdict::Removed(_)));
    assert_eq!(refused(node.one(put("88.118.9/B", "1")).await), "not_filed");
    filed(&node, Passed, 20_261_126, "回执 8").await;
    assert!(matches!(
        node.one(put("88.118.9/B", "1")).await,
        Verdict::Created(_)
    ));
    node.check_replay().await;
}

/// What was heard late does not overrule what was decided meanwhile.
#[tokio::test]
async fn a_decision_is_of_the_filing_that_it_was_asked_for() {
    let node = node().await;
    node.admit(vec![pending()]).await;
    let filing = |state, date| Filing {
        state,
        date,
        reason: "回执".into(),
    };
    let late = |expected: Filing| FilingDecision {
        prefix: Prefix::parse("88.118.9").unwrap(),
        step: FilingStep::Filed(filing(FilingState::InReview, 20_261_124)),
        expected: Some(expected),
    };
    let say = async |decision| {
        let receipt = node.registry.downgrade().file(decision).await.unwrap();
        receipt.verdicts.into_iter().next().unwrap()
    };
    let other = say(late(filing(FilingState::Refused, 20_261_124))).await;
    assert!(matches!(other, Verdict::Conflict(_)), "{other:?}");
    let as_it_is = say(late(pending().filing)).await;
    assert!(matches!(as_it_is, Verdict::Replaced(_)), "{as_it_is:?}");
    let directory = node.state.directory();
    let entry = directory.prefix("88.118.9").unwrap();
    assert_eq!(entry.filed_at, entry.position);
    let since = entry.filed_at;
    // A waiver is no step of the filing.
    decided(&node, FilingStep::Waived(Some("试点".into()))).await;
    let directory = node.state.directory();
    let entry = directory.prefix("88.118.9").unwrap();
    assert!(entry.filed_at == since && entry.position != since);
}
