//! Filing prefixes with the national node: the desk's actions, done.

use std::sync::Arc;

use tokio::time::Duration;

use super::{Reporter, entropy, no_ledger};
use crate::{
    accounting::{Resolutions, figures::Figures},
    change::{Filing, FilingState, Partition},
    identifier::Prefix,
    registry::{FilingDecision, FilingStep, ReadClock as _, Verdict},
    server::clock::SystemClock,
    topnode::{
        filing::{Action, Applicant, Event, Facts},
        tables::{Table, filing_row, is_filing},
    },
};

/// How often to look: a filing is pending because somebody said so, and audits take days.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Whose filing is not decided, as of an entry of `control`.
#[derive(Debug, Default)]
struct Known {
    seq: u64,
    applicants: Vec<Applicant>,
}

impl Reporter {
    /// Files what is to be filed, and asks about what is in review, until it is aborted: how each
    /// filing stands is in the ledger.
    pub(super) async fn file_prefixes(self: Arc<Self>) {
        let mut known = Known::default();
        loop {
            let mut event = Event::Look;
            while let Some(action) = self.on_filing(event, &mut known) {
                event = self.act_on_filing(action).await;
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    fn on_filing(&self, event: Event, known: &mut Known) -> Option<Action> {
        self.look_again(known);
        let directory = self.state.directory();
        let row = |table: Table, prefix: &Prefix| {
            let entry = directory.prefix(prefix.as_str())?;
            Some(filing_row(table, &directory, entry))
        };
        let facts = Facts {
            ledger_id: self.state.ledger_id().unwrap_or_else(no_ledger),
            applicants: &known.applicants,
            row: &row,
        };
        let now_ms = SystemClock.read().wall_ms;
        let mut desk = self.reporting.desk();
        let before = desk.failures().0;
        let action = desk.on(event, &facts, now_ms, entropy());
        let (failures, why) = desk.failures();
        if failures > before && before == 0 {
            tracing::warn!(why, "a filing did not get through; it is tried again");
        }
        action
    }

    /// Prefixes change rarely, and are looked through when they may have.
    fn look_again(&self, known: &mut Known) {
        let seq = self.state.at(&Partition::Control).head.seq;
        if seq == known.seq {
            return;
        }
        let directory = self.state.directory();
        let figures = Figures::new(&self.state, &directory, Resolutions::default(), &self.tests);
        let applies = directory.prefixes().filter(|entry| {
            let tables = [Table::F1, Table::F2];
            tables
                .iter()
                .any(|table| is_filing(*table, &figures, entry))
        });
        known.applicants = applies
            .map(|entry| Applicant {
                prefix: entry.facts.prefix.clone(),
                ordinal: entry.ordinal,
                filing: entry.facts.filing.clone(),
                filed_at: entry.filed_at,
            })
            .collect();
        known.seq = seq;
    }

    async fn act_on_filing(&self, action: Action) -> Event {
        match action {
            Action::Send(message) => {
                let now_ms = SystemClock.read().wall_ms;
                Event::Answered(self.transport.send(message, now_ms).await)
            }
            Action::Note {
                prefix,
                expected,
                filing,
            } => Event::Noted(self.note_filing(prefix, expected, filing).await),
        }
    }

    async fn note_filing(
        &self,
        prefix: Prefix,
        expected: Filing,
        filing: Filing,
    ) -> Result<(), String> {
        let (state, reason) = (filing.state, filing.reason.clone());
        let decision = FilingDecision {
            prefix: prefix.clone(),
            step: FilingStep::Filed(filing),
            expected: Some(expected),
        };
        let receipt = self.registry.file(decision).await;
        let receipt = receipt.map_err(|error| error.to_string())?;
        match receipt.verdicts.into_iter().next() {
            Some(Verdict::Refused(refusal)) => return Err(refusal.detail),
            // A person decided meanwhile, and is right.
            Some(Verdict::Conflict(_) | Verdict::NotFound) => return Ok(()),
            _ => {}
        }
        let (prefix, reason) = (prefix.as_str(), &*reason);
        match state {
            FilingState::Refused => {
                tracing::warn!(prefix, reason, "the national node refuses a filing");
            }
            _ => tracing::info!(prefix, ?state, reason, "a filing went on"),
        }
        Ok(())
    }
}
