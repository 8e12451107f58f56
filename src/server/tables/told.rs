//! How it stands with telling the national node, for those who ask, and what they may decide.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Tables;
use crate::{
    change::{FilingState, NOTE_BYTES_MAX, Part, ReportChange, ReportStep, statistics_day},
    protocol::http::{Decided, Decision, Node, TableError},
    registry::ReadClock as _,
    server::clock::SystemClock,
    state::{Outcome, Reported, TableReports},
    topnode::{
        outbox::{TableStatus, hour_of, period_of},
        tables::{Interval, Table, event_log},
    },
};

impl Tables {
    pub(super) fn told(&self, node: &Node) -> Value {
        let reports = node.state.reports();
        let status = self.reporting.status(&node.state);
        let tables = status.iter().map(|status| {
            let known = reports.table(status.table.number());
            table_json(status, known)
        });
        let desk = self.reporting.desk();
        let (failures, last_failure) = desk.failures();
        json!({
            "by": self.reporting.by.name(),
            "tables": tables.collect::<Vec<_>>(),
            "filings": {
                "states": filing_states(node),
                "failures": failures,
                "last_failure": last_failure,
            },
        })
    }

    pub(super) fn periods_told(node: &Node, table: Table) -> Value {
        let reports = node.state.reports();
        let known = reports.table(table.number()).into_iter();
        let periods = known.flat_map(|known| known.periods().rev());
        let periods = periods.map(|(period, reported)| period_json(period, reported));
        json!({ "table": table.name(), "periods": periods.collect::<Vec<_>>() })
    }

    /// What of a decision goes to the ledger.
    pub(super) fn decided(
        node: &Node,
        table: Table,
        decided: &Decided,
    ) -> Result<ReportChange, TableError> {
        let undecided = |what: &str| TableError::Undecided(what.to_owned());
        if !table.is_told() {
            return Err(undecided("nothing of that table is registered here yet"));
        }
        if decided.note.trim().is_empty() || decided.note.len() > NOTE_BYTES_MAX {
            return Err(undecided("say why, or the receipt, in 1 to 2,000 bytes"));
        }
        let period = period_of(table, &decided.period).ok_or_else(|| {
            undecided(
                "a period is a day such as 2026-11-25, or a number as `topnode reports` shows it",
            )
        })?;
        let reports = node.state.reports();
        let known = reports.table(table.number());
        let now_ms = SystemClock.read().wall_ms;
        let is_over = match table.interval() {
            Interval::Daily => period < statistics_day(now_ms),
            Interval::Hourly => period <= hour_of(now_ms),
            Interval::RealTime if table.is_of_events() => {
                let events = node.state.events();
                event_log(table, &events).is_some_and(|log| log.get(period).is_some())
            }
            // A count: there is none behind the last that was begun.
            Interval::RealTime => known.is_some_and(|known| period <= known.begun()),
            Interval::Monthly => false,
        };
        if !is_over {
            return Err(undecided("that period is not over yet"));
        }
        if known.is_some_and(|known| period <= known.floor()) {
            return Err(undecided("that period is older than those that are kept"));
        }
        let reported = known.and_then(|known| known.period(period));
        let revision = reported.map_or(0, |reported| reported.revision);
        let step = match decided.decision {
            Decision::Resend => ReportStep::Requested,
            Decision::Settle => ReportStep::Settled,
        };
        let is_again = decided.decision == Decision::Resend;
        Ok(ReportChange {
            table: table.number(),
            period,
            revision: revision.saturating_add(u16::from(is_again)).max(1),
            step,
            part: Part::default(),
            note: decided.note.as_str().into(),
        })
    }
}

/// How many prefixes there are, by how their filing stands.
fn filing_states(node: &Node) -> Value {
    let directory = node.state.directory();
    let mut counts = [0_u64; FilingState::ALL.len()];
    for entry in directory.prefixes() {
        counts[entry.facts.filing.state as usize] += 1;
    }
    let named = FilingState::ALL.into_iter().zip(counts);
    let named = named.map(|(state, count)| (state.name().to_owned(), json!(count)));
    Value::Object(named.collect())
}

fn table_json(status: &TableStatus, known: Option<&TableReports>) -> Value {
    let waiting = known.into_iter().flat_map(TableReports::periods);
    let waiting = waiting.filter(|(_, reported)| {
        reported.outcome == Some(Outcome::Refused) || reported.requested.is_some()
    });
    let in_flight = status.in_flight.as_ref().map(|open| {
        json!({
            "period": open.period,
            "revision": open.revision,
            "part": open.part.number,
            "since": time(open.began_ms),
        })
    });
    json!({
        "table": status.table.name(),
        "title": status.table.title(),
        "interval": status.table.interval().name(),
        "told_until": status.told_until,
        "due": status.due,
        "lag_seconds": status.lag_ms / 1_000,
        "doing": status.doing.name(),
        "failures": status.failures,
        "last_failure": status.last_failure,
        "in_flight": in_flight,
        "waiting": waiting.map(|(period, one)| period_json(period, one)).collect::<Vec<_>>(),
    })
}

fn period_json(period: u32, reported: &Reported) -> Value {
    let outcome = reported.outcome.map(|outcome| match outcome {
        Outcome::Done => "done",
        Outcome::Refused => "refused",
        Outcome::Settled => "settled",
    });
    json!({
        "period": period,
        "outcome": outcome,
        "revision": reported.revision,
        "parts": reported.parts,
        "rows": reported.rows,
        "ended": outcome.map(|_| time(reported.time_ms)),
        "note": reported.note,
        "requested": reported.requested.as_ref().map(|again| &again.reason),
    })
}

fn time(ms: u64) -> Option<String> {
    let ms = i64::try_from(ms).ok()?;
    let time = Timestamp::from_millisecond(ms).ok()?;
    Some(time.to_string())
}
