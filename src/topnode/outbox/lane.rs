//! The reports of one table, on their way.

use super::{
    Action, Answer, Ask, Facts, Made, Message, TableStatus,
    backoff::{WAITING_MS, rest_ms},
    due::{Due, days_due, due, ended_ms, events_due, hour_of},
    status::Doing,
};
use crate::{
    change::{NOTE_BYTES_MAX, ReportStep},
    state::{OpenReport, Outcome, TableReports},
    topnode::tables::{Interval, Table},
};

//----------- Lane -------------------------------------------------------------

/// A table's reports.
#[derive(Debug)]
pub(super) struct Lane {
    table: Table,
    phase: Phase,
    /// Failures since something went well.
    failures: u32,
    last_failure: String,
    /// Where it was last found that there is nothing new to tell.
    nothing_new: Option<Seen>,
    /// Whether it is known since the start whether there was something new.
    has_looked: bool,
}

/// What is being done.
#[derive(Debug)]
enum Phase {
    Idle,
    Making(Ask),
    /// It goes to the ledger before it is sent.
    Noting(Message),
    Sending(Message),
    /// What became of it goes to the ledger.
    Ending,
    /// Until a time; then the message is sent again, or all is looked at anew.
    Resting {
        message: Option<Message>,
        until_ms: u64,
        is_waiting: bool,
    },
}

/// When something was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// In an hour.
    Hour(u32),
    /// At a `control` entry.
    Control(u64),
}

/// The clock and the dice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) ms: u64,
    pub(super) entropy: u32,
}

impl Lane {
    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            phase: Phase::Idle,
            failures: 0,
            last_failure: String::new(),
            nothing_new: None,
            has_looked: false,
        }
    }

    pub(super) fn table(&self) -> Table {
        self.table
    }

    /// Looks whether there is something to go on with, or to begin if it may.
    pub(super) fn look(&mut self, may_begin: bool, facts: &Facts<'_>, now: Now) -> Option<Action> {
        if let Phase::Resting { until_ms, .. } = &self.phase
            && *until_ms <= now.ms
            && let Phase::Resting { message, .. } = std::mem::replace(&mut self.phase, Phase::Idle)
            && let Some(message) = message
            && self.is_open(&message, facts)
        {
            self.phase = Phase::Sending(message.clone());
            return Some(Action::Send(message));
        }
        if !matches!(self.phase, Phase::Idle) {
            return None;
        }
        let open = facts.reports.table(self.table.number());
        if let Some(open) = open.and_then(TableReports::open) {
            return Some(self.make(self.going_on(open)));
        }
        let due = due(self.table, facts, now.ms).filter(|_| may_begin)?;
        if !due.is_asked_for
            && self.nothing_new == Some(self.seen(facts.control_seq, hour_of(now.ms)))
        {
            return None;
        }
        Some(self.make(self.beginning(due, facts)))
    }

    /// Rows are there.
    pub(super) fn made(
        &mut self,
        made: Result<Made, String>,
        facts: &Facts<'_>,
        now: Now,
    ) -> Option<Action> {
        let Phase::Making(ask) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return None;
        };
        let made = match made {
            Ok(made) => made,
            Err(reason) => {
                self.fail(None, reason, None, now);
                return None;
            }
        };
        let message = Message::new(facts.ledger_id, &ask, made);
        match &ask.known {
            // It may be there already, under this key: it goes out as it did.
            Some(known) if *known == message.part => {
                self.phase = Phase::Sending(message.clone());
                Some(Action::Send(message))
            }
            Some(_) => {
                let again = Ask {
                    // Begun when it was, whatever is in it now: what it may lack is told later.
                    revision: ask.revision.saturating_add(1),
                    number: 1,
                    from: 0,
                    known: None,
                    ..ask
                };
                Some(self.make(again))
            }
            None if self.is_nothing_new(&ask, &message, facts) => {
                self.nothing_new = Some(self.seen(ask.at, ask.period));
                self.has_looked = true;
                None
            }
            None => {
                let fact = message.fact(ReportStep::InFlight, "");
                self.has_looked = true;
                self.phase = Phase::Noting(message);
                Some(Action::Note(self.table, fact))
            }
        }
    }

    /// The ledger has what it was told, or perhaps not: then it is asked.
    pub(super) fn noted(&mut self, noted: Result<(), String>, now: Now) -> Option<Action> {
        let before = std::mem::replace(&mut self.phase, Phase::Idle);
        match (before, noted) {
            (Phase::Noting(message), Ok(())) => {
                self.phase = Phase::Sending(message.clone());
                Some(Action::Send(message))
            }
            (Phase::Noting(_) | Phase::Ending, Err(reason)) => {
                self.fail(None, reason, None, now);
                None
            }
            (Phase::Ending, Ok(())) => None,
            (other, _) => {
                self.phase = other;
                None
            }
        }
    }

    /// A message was answered.
    pub(super) fn answered(&mut self, answer: Answer, now: Now) -> Option<Action> {
        let Phase::Sending(message) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return None;
        };
        let (step, note) = match answer {
            Answer::Accepted { key, receipt } if key == message.key => {
                (ReportStep::Acknowledged, receipt)
            }
            Answer::Refused { key, reason } if key == message.key => (ReportStep::Refused, reason),
            Answer::Accepted { key, .. } | Answer::Refused { key, .. } => {
                let reason = format!("the answer is of another message, {key}");
                self.fail(Some(message), reason, None, now);
                return None;
            }
            Answer::Waiting => {
                self.failures = 0;
                self.phase = Phase::Resting {
                    message: Some(message),
                    until_ms: now.ms + WAITING_MS,
                    is_waiting: true,
                };
                return None;
            }
            Answer::Failed {
                reason,
                retry_after_ms,
            } => {
                self.fail(Some(message), reason, retry_after_ms, now);
                return None;
            }
        };
        self.failures = 0;
        self.last_failure.clear();
        self.phase = Phase::Ending;
        Some(Action::Note(
            self.table,
            message.fact(step, &tidy(&note, NOTE_BYTES_MAX)),
        ))
    }

    /// Until when it rests, if it does.
    pub(super) fn rests_until_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::Resting { until_ms, .. } => Some(*until_ms),
            _ => None,
        }
    }

    /// Whether what there was to tell at the start is told.
    pub(super) fn has_told(&self, facts: &Facts<'_>) -> bool {
        let reports = facts.reports.table(self.table.number());
        let has_ended = reports.is_some_and(|reports| reports.last().is_some());
        has_ended || self.nothing_new.is_some()
    }

    /// Whether all that was new at a look since the start is told or refused.
    pub(super) fn is_settled(&self, facts: &Facts<'_>) -> bool {
        let reports = facts.reports.table(self.table.number());
        let is_open = reports.is_some_and(|reports| reports.open().is_some());
        let is_at_rest = matches!(self.phase, Phase::Idle | Phase::Making(_));
        self.has_looked && is_at_rest && !is_open
    }

    /// How it stands.
    pub(super) fn status(&self, facts: &Facts<'_>, now_ms: u64) -> TableStatus {
        let nothing = TableReports::default();
        let reports = facts.reports.table(self.table.number()).unwrap_or(&nothing);
        // When each of what is due was there to be told.
        let due_ms: Vec<u64> = match self.table.interval() {
            Interval::Daily => days_due(reports, facts).map(ended_ms).collect(),
            _ => events_due(self.table, reports, facts)
                .map(|(_, at_ms)| at_ms)
                .collect(),
        };
        let open = reports.open();
        let open_ms = open.map(|open| open.began_ms);
        let waits_since_ms = due_ms.iter().copied().chain(open_ms).min();
        let refused = |(_, reported): &(u32, &crate::state::Reported)| {
            reported.outcome == Some(Outcome::Refused)
        };
        TableStatus {
            table: self.table,
            told_until: reports.last_told().map(|(period, _)| period),
            due: due_ms.len(),
            lag_ms: waits_since_ms.map_or(0, |since_ms| now_ms.saturating_sub(since_ms)),
            in_flight: open.cloned(),
            refused: reports.periods().filter(refused).count(),
            doing: self.doing(),
            failures: self.failures,
            last_failure: self.last_failure.clone(),
        }
    }
}

impl Lane {
    fn doing(&self) -> Doing {
        match &self.phase {
            Phase::Idle => Doing::Idle,
            Phase::Making(_) => Doing::Making,
            Phase::Noting(_) | Phase::Ending => Doing::Noting,
            Phase::Sending(_) => Doing::Sending,
            Phase::Resting { is_waiting, .. } if *is_waiting => Doing::Waiting,
            Phase::Resting { .. } => Doing::Resting,
        }
    }

    fn make(&mut self, ask: Ask) -> Action {
        self.phase = Phase::Making(ask.clone());
        Action::Make(ask)
    }

    /// The next message of a report that is under way, or the one that was not answered.
    fn going_on(&self, open: &OpenReport) -> Ask {
        let part = open.part;
        let (number, from, known) = if open.is_acknowledged {
            (part.number.saturating_add(1), part.until, None)
        } else {
            (part.number, part.from, Some(part))
        };
        Ask {
            table: self.table,
            period: open.period,
            revision: open.revision,
            number,
            at: part.at,
            since: part.since,
            from,
            known,
        }
    }

    fn beginning(&self, due: Due, facts: &Facts<'_>) -> Ask {
        Ask {
            table: self.table,
            period: due.period,
            revision: due.revision,
            number: 1,
            at: facts.control_seq,
            since: due.since,
            from: 0,
            known: None,
        }
    }

    /// Whether a message of what is told only when it is new says nothing that is.
    fn is_nothing_new(&self, ask: &Ask, message: &Message, facts: &Facts<'_>) -> bool {
        let reports = facts.reports.table(self.table.number());
        let is_first = ask.number == 1 && ask.revision == 1 && message.part.is_last;
        let last = reports.and_then(TableReports::last);
        is_first
            && match self.table.interval() {
                Interval::Hourly => message.rows.is_empty(),
                Interval::RealTime => {
                    last.is_some_and(|(_, last)| last.digest == message.part.digest)
                }
                Interval::Daily | Interval::Monthly => false,
            }
    }

    fn seen(&self, control_seq: u64, hour: u32) -> Seen {
        match self.table.interval() {
            Interval::RealTime => Seen::Control(control_seq),
            _ => Seen::Hour(hour),
        }
    }

    /// Whether a message is still to be sent: a person may have settled its report.
    fn is_open(&self, message: &Message, facts: &Facts<'_>) -> bool {
        let reports = facts.reports.table(self.table.number());
        let open = reports.and_then(TableReports::open);
        open.is_some_and(|open| {
            (open.period, open.revision) == (message.period, message.revision)
                && open.part == message.part
                && !open.is_acknowledged
        })
    }

    fn fail(&mut self, message: Option<Message>, reason: String, asked_ms: Option<u64>, now: Now) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = tidy(&reason, NOTE_BYTES_MAX);
        let rest_ms = rest_ms(self.failures, asked_ms, now.entropy);
        self.phase = Phase::Resting {
            message,
            until_ms: now.ms.saturating_add(rest_ms),
            is_waiting: false,
        };
    }
}

/// As much of a note as the ledger keeps. It came from the network and is shown on terminals.
pub(in crate::topnode) fn tidy(note: &str, bytes_max: usize) -> String {
    let mut end = note.len().min(bytes_max);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    note[..end].replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_cut_and_command_no_terminal() {
        assert_eq!(tidy("R-1\u{1b}[2J\n", NOTE_BYTES_MAX), "R-1 [2J ");
        let long = "回".repeat(1_000);
        assert_eq!(tidy(&long, NOTE_BYTES_MAX).len(), 1_998);
    }
}
