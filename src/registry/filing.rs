//! Planning filings: what the national node decided about an enterprise prefix.
//!
//! ```text
//! pending ─▶ passed          it counts from its date on
//!    │ ▲
//!    ▼ │ filed again
//! refused ─▶ passed
//! ```
//!
//! What has passed is not taken back here: the prefix is suspended or withdrawn instead, so that no
//! count goes down by a slip.

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

/// What became of a filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingDecision {
    /// The enterprise prefix.
    pub prefix: Prefix,
    /// How it stands from now on.
    pub filing: Filing,
}

impl Admissions {
    pub(super) fn plan_filing(
        &mut self,
        decision: &FilingDecision,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        let FilingDecision { prefix, filing } = decision;
        let directory = self.state.directory();
        let Some((assigned, position)) = self.assigned(&directory, prefix) else {
            return Ok(Verdict::NotFound);
        };
        if let Err(refusal) = check(filing) {
            return Ok(Verdict::Refused(refusal));
        }
        let before = &assigned.filing;
        if before == filing {
            return Ok(Verdict::Unchanged(position));
        }
        if before.state == FilingState::Passed {
            let what = "the filing has passed, and is not taken back: suspend the prefix instead";
            return Ok(Verdict::Conflict(format!("{prefix}: {what}")));
        }
        let change = PrefixChange {
            prev: Some(position),
            filing: filing.clone(),
            ..assigned
        };
        let position = push(draft, &Change::Prefix(Box::new(change.clone())))?;
        self.note_prefix(prefix, change, position);
        Ok(Verdict::Replaced(position))
    }
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
