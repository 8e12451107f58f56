//! Filings that are decided later.

use super::*;

async fn filed(node: &Node, state: FilingState, date: u32, reason: &str) -> Verdict {
    let decision = FilingDecision {
        prefix: Prefix::parse("88.118.9").unwrap(),
        filing: Filing {
            state,
            date,
            reason: reason.into(),
        },
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

#[tokio::test]
async fn a_filing_is_refused_filed_again_and_passes() {
    use FilingState::{Passed, Pending, Refused};
    let node = node().await;
    assert_eq!(
        filed(&node, Passed, 20_261_124, "").await,
        Verdict::NotFound
    );
    let mut pending = admission("88.118.9", "B", Hosting::Hosted);
    pending.filing = Filing {
        state: Pending,
        date: 0,
        reason: "".into(),
    };
    node.admit(vec![pending]).await;
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
