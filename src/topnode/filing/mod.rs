//! Filing (备案) of enterprise prefixes with the national node, whose audits take days.
//!
//! ```text
//! (state, event, facts, now) ─▶ (state, action)
//!
//! pending ── F1 ─▶ accepted, with a receipt ─▶ in review ── F2 ─▶ accepted ─▶ passed
//!                  refused ─▶ refused                     │       refused ─▶ refused
//!                                                         └─ not decided: asked again in a while
//! ```
//!
//! How the filing of a prefix stands is in the ledger alone: what is here besides may be lost. An
//! application is sent under the same key until it is answered, so that one which was answered
//! unheard is known there; what was heard is noted only where the filing still is what it was when
//! it was asked for, so that a person who decides meanwhile is not overruled. One thing is under way
//! at a time.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::{
    accounting::figures::day_of,
    change::{Filing, FilingState, Hash, LedgerId, Part, Position, statistics_day},
    identifier::Prefix,
    topnode::{
        outbox::{Answer, Message, rest_ms, tidy},
        tables::Table,
    },
};

/// How soon to ask again about an audit: it takes days, and nobody waits for the minute.
const ASK_AGAIN_MS: u64 = 10 * 60 * 1_000;

/// The longest reason of a filing, in bytes.
const REASON_BYTES_MAX: usize = 255;

/// Bytes of a key, as many as those of reports have.
const KEY_BYTES: usize = 16;

//----------- Facts ------------------------------------------------------------

/// A prefix whose filing is not decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// The prefix.
    pub prefix: Prefix,
    /// Its place in the directory.
    pub ordinal: u32,
    /// How its filing stands: pending or in review.
    pub filing: Filing,
    /// Since which change.
    pub filed_at: Position,
}

/// What the ledger says, as of one moment.
pub struct Facts<'a> {
    /// Whose filings they are.
    pub ledger_id: LedgerId,
    /// Prefixes whose filing is not decided, in the order of the directory.
    pub applicants: &'a [Applicant],
    /// The row of an applicant in a table (F1, F2); none where it is gone.
    pub row: &'a dyn Fn(Table, &Prefix) -> Option<Vec<Value>>,
}

//----------- Event and Action -------------------------------------------------

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Some time passed, or the ledger went on.
    Look,
    /// What was sent was answered, or not.
    Answered(Answer),
    /// A decision is in the ledger, or not.
    Noted(Result<(), String>),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send, and say [`Event::Answered`].
    Send(Message),
    /// Note that the filing of a prefix, where it is still what was expected, became something else,
    /// and say [`Event::Noted`].
    Note {
        /// The prefix.
        prefix: Prefix,
        /// What it was.
        expected: Filing,
        /// What it is now.
        filing: Filing,
    },
}

//----------- FilingDesk -------------------------------------------------------

/// Filings on their way.
#[derive(Debug, Default)]
pub struct FilingDesk {
    phase: Phase,
    /// When to ask again about a prefix, by its place.
    asks_at_ms: BTreeMap<u32, u64>,
    /// Nothing is sent before.
    rests_until_ms: u64,
    failures: u32,
    last_failure: String,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    Sending(Table, Applicant, String),
    Noting,
}

impl FilingDesk {
    /// Failures in a row, and what the last was.
    #[must_use]
    pub fn failures(&self) -> (u32, &str) {
        (self.failures, &self.last_failure)
    }

    /// Takes an event. `entropy` is a number that nobody foresees.
    pub fn on(
        &mut self,
        event: Event,
        facts: &Facts<'_>,
        now_ms: u64,
        entropy: u32,
    ) -> Option<Action> {
        match event {
            Event::Look => {}
            Event::Answered(answer) => {
                if let Some(note) = self.answered(answer, now_ms, entropy) {
                    return Some(note);
                }
            }
            Event::Noted(noted) => {
                self.phase = Phase::Idle;
                if let Err(reason) = noted {
                    self.fail(reason, None, now_ms, entropy);
                }
            }
        }
        self.next(facts, now_ms)
    }

    fn answered(&mut self, answer: Answer, now_ms: u64, entropy: u32) -> Option<Action> {
        let Phase::Sending(table, applicant, key) = std::mem::take(&mut self.phase) else {
            return None;
        };
        let (state, said) = match answer {
            Answer::Accepted { key: of, receipt } if of == key => match table {
                Table::F1 => (FilingState::InReview, receipt),
                _ => (FilingState::Passed, receipt),
            },
            Answer::Refused { key: of, reason } if of == key => (FilingState::Refused, reason),
            Answer::Accepted { key, .. } | Answer::Refused { key, .. } => {
                let reason = format!("the answer is of another message, {key}");
                self.fail(reason, None, now_ms, entropy);
                return None;
            }
            Answer::Waiting => {
                self.well();
                self.asks_at_ms
                    .insert(applicant.ordinal, now_ms + ASK_AGAIN_MS);
                return None;
            }
            Answer::Failed {
                reason,
                retry_after_ms,
            } => {
                self.fail(reason, retry_after_ms, now_ms, entropy);
                return None;
            }
        };
        self.well();
        self.asks_at_ms.remove(&applicant.ordinal);
        self.phase = Phase::Noting;
        Some(Action::Note {
            filing: decided(state, &said, &applicant.filing, now_ms),
            prefix: applicant.prefix,
            expected: applicant.filing,
        })
    }

    fn next(&mut self, facts: &Facts<'_>, now_ms: u64) -> Option<Action> {
        if !matches!(self.phase, Phase::Idle) || now_ms < self.rests_until_ms {
            return None;
        }
        let at_ms = |applicant: &Applicant| {
            let at_ms = self.asks_at_ms.get(&applicant.ordinal);
            at_ms.copied().unwrap_or_default()
        };
        // Who was asked about longest ago: one that always fails keeps no other waiting.
        let due = facts.applicants.iter().min_by_key(|one| at_ms(one))?;
        if at_ms(due) > now_ms {
            return None;
        }
        let applicant = due.clone();
        let table = match applicant.filing.state {
            FilingState::InReview => Table::F2,
            _ => Table::F1,
        };
        self.asks_at_ms.insert(applicant.ordinal, now_ms);
        let row = (facts.row)(table, &applicant.prefix)?;
        let message = message(facts.ledger_id, table, &applicant, row);
        self.phase = Phase::Sending(table, applicant, message.key.clone());
        Some(Action::Send(message))
    }

    fn well(&mut self) {
        self.failures = 0;
        self.last_failure.clear();
        self.rests_until_ms = 0;
    }

    /// Whoever does not answer about one does not about the others.
    fn fail(&mut self, reason: String, asked_ms: Option<u64>, now_ms: u64, entropy: u32) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = reason;
        self.rests_until_ms = now_ms + rest_ms(self.failures, asked_ms, entropy);
    }
}

/// What a filing became. The national node says no day: it is that on which it was heard.
fn decided(state: FilingState, said: &str, before: &Filing, now_ms: u64) -> Filing {
    let said = tidy(said, REASON_BYTES_MAX);
    let reason = match (state, said.trim()) {
        // A receipt is kept where the decision has none.
        (FilingState::Passed, "") => before.reason.clone(),
        (FilingState::Refused, "") => "未说明原因".into(),
        (_, said) => said.into(),
    };
    let date = statistics_day(now_ms);
    Filing {
        state,
        date: day_of(date).map_or(0, |_| date),
        reason,
    }
}

fn message(ledger_id: LedgerId, table: Table, applicant: &Applicant, row: Vec<Value>) -> Message {
    let bytes = serde_json::to_vec(&row).unwrap_or_default();
    Message {
        table,
        period: applicant.ordinal.saturating_add(1),
        revision: 1,
        part: Part {
            number: 1,
            is_last: true,
            rows: 1,
            digest: Hash::of(&[&bytes]),
            ..Part::default()
        },
        key: key_of(ledger_id, table, applicant),
        rows: Arc::new(vec![row]),
    }
}

/// The key of an application, or of a question about it: of no other, and the same each time.
fn key_of(ledger_id: LedgerId, table: Table, applicant: &Applicant) -> String {
    let Position {
        partition,
        seq,
        item,
    } = applicant.filed_at;
    let Hash(hash) = Hash::of(&[
        b"filing",
        &ledger_id.0,
        &[table.number()],
        applicant.prefix.as_str().as_bytes(),
        &[0],
        &partition.to_be_bytes(),
        &seq.to_be_bytes(),
        &item.to_be_bytes(),
    ]);
    HEXLOWER.encode(&hash[..KEY_BYTES])
}
