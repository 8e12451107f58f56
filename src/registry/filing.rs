//! Planning filings: what the national node decided about an enterprise prefix, and what an operator
//! lets it do before.
//!
//! ```text
//! pending ─▶ in review ─▶ passed       it counts, and takes registrations
//!    │ ▲         │          ▲
//!    │ └─────────┤          │
//!    ▼  again    ▼          │
//!    └──────▶ refused ──────┘
//! ```
//!
//! A review may be left out, where a person says what was decided. What has passed is not taken back
//! here: the prefix is suspended or withdrawn instead, so that no count goes down by a slip. A waiver is
//! beside it: with one a prefix takes registrations whatever became of its filing, and counts nowhere
//! before that has passed.

use super::{
    Refusal, Verdict,
    admission::{Admissions, check_text},
    writer::{Full, push},
};
use crate::{
    change::{Change, Draft, Filing, FilingState, PrefixChange},
    identifier::Prefix,
};

//----------- FilingDecision ---------------------------------------------------

/// What is decided about a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingDecision {
    /// The enterprise prefix.
    pub prefix: Prefix,
    /// What of it changes.
    pub step: FilingStep,
    /// Only where its filing is still this.
    pub expected: Option<Filing>,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilingStep {
    /// How its filing stands from now on.
    Filed(Filing),
    /// Why it takes registrations before that has passed; none: no longer.
    Waived(Option<Box<str>>),
}

impl Admissions {
    pub(super) fn plan_filing(
        &mut self,
        decision: &FilingDecision,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        let FilingDecision {
            prefix,
            step,
            expected,
        } = decision;
        let directory = self.state.directory();
        let Some((assigned, position)) = self.assigned(&directory, prefix) else {
            return Ok(Verdict::NotFound);
        };
        if expected
            .as_ref()
            .is_some_and(|expected| *expected != assigned.filing)
        {
            let what = "its filing is something else by now";
            return Ok(Verdict::Conflict(format!("{prefix}: {what}")));
        }
        let after = match changed(&assigned, step) {
            Ok(after) if after == assigned => return Ok(Verdict::Unchanged(position)),
            Ok(after) => after,
            Err(verdict) => return Ok(verdict),
        };
        let change = PrefixChange {
            prev: Some(position),
            ..after
        };
        let position = push(draft, &Change::Prefix(Box::new(change.clone())))?;
        self.note_prefix(prefix, change, position);
        Ok(Verdict::Replaced(position))
    }
}

/// The prefix as it is after a step.
fn changed(before: &PrefixChange, step: &FilingStep) -> Result<PrefixChange, Verdict> {
    let mut after = before.clone();
    match step {
        FilingStep::Filed(filing) => {
            check(filing).map_err(Verdict::Refused)?;
            if before.filing.state == FilingState::Passed && before.filing != *filing {
                let what =
                    "the filing has passed, and is not taken back: suspend the prefix instead";
                return Err(Verdict::Conflict(format!("{}: {what}", before.prefix)));
            }
            after.filing = filing.clone();
        }
        FilingStep::Waived(Some(reason)) if reason.trim().is_empty() => {
            let detail = "a waiver has its reason";
            let refusal = Refusal::new("missing_field", "reason", detail);
            return Err(Verdict::Refused(refusal));
        }
        FilingStep::Waived(reason) => {
            let reason = reason.clone().unwrap_or_default();
            check_text("filing", &reason).map_err(Verdict::Refused)?;
            after.waiver = reason;
        }
    }
    Ok(after)
}

fn check(filing: &Filing) -> Result<(), Refusal> {
    let missing = |field, detail: &str| Err(Refusal::new("missing_field", field, detail));
    if filing.state != FilingState::Pending && filing.date == 0 {
        return missing("date", "what was decided has the date on which it was");
    }
    if filing.state == FilingState::Refused && filing.reason.trim().is_empty() {
        return missing("reason", "a filing that was refused has the reason");
    }
    check_text("filing", &filing.reason)
}
