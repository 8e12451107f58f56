//! `/api/v1/topnode/events`: faults and recoveries, of this node and of enterprises' nodes.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, request::Parts},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Api, Reply, body, caller, problem::Problem, statistics::aside};
use crate::{
    access::Action,
    change::{EventChange, FaultClass},
    identifier::Prefix,
    registry::{Fault, Happened, Verdict},
    state::{EventLog, Events},
};

/// Events of a log that are listed: the last of them.
const LISTED_MAX: usize = 200;

/// What a person says happened.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
enum EventBody {
    Fault {
        class: ClassBody,
        #[serde(default)]
        prefix: Option<String>,
        #[serde(default)]
        at: Option<String>,
        note: String,
    },
    Recovered {
        of: u32,
        #[serde(default)]
        prefix: Option<String>,
        #[serde(default)]
        at: Option<String>,
        #[serde(default)]
        note: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClassBody {
    Network,
    System,
    Attack,
    Other,
}

/// The last events, latest first, and how long the node is up.
pub(super) async fn list(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, |api: &Api, _: &Parts| {
        let events = api.node()?.state.events();
        Ok(super::json(StatusCode::OK, &listed(&events)))
    })
    .await
}

fn listed(events: &Events) -> Value {
    let running = events.running();
    json!({
        "first_ready": running.first_ms().and_then(time),
        "up_since": running.up_since_ms().and_then(time),
        "node": log(events.node()),
        "enterprises": log(events.enterprises()),
    })
}

fn log(log: &EventLog) -> Vec<Value> {
    let before = log
        .last()
        .saturating_sub(u32::try_from(LISTED_MAX).unwrap_or(u32::MAX));
    let mut listed: Vec<Value> = log
        .after(before)
        .filter_map(|(_, one)| event(log, one))
        .collect();
    listed.reverse();
    listed
}

fn event(log: &EventLog, change: &EventChange) -> Option<Value> {
    let event = change.numbered()?;
    let (kind, of, class) = match change {
        EventChange::Recovered { of, .. } => ("recovered", Some(*of), None),
        EventChange::Fault { class, .. } => ("fault", None, Some(class.name())),
        EventChange::Started { .. } | EventChange::Stopped { .. } => return None,
    };
    Some(json!({
        "number": event.number,
        "event": kind,
        "of": of,
        "is_open": log.is_open(event.number),
        "prefix": event.prefix.as_ref().map(Prefix::as_str),
        "class": class,
        "at": time(event.at_ms),
        "note": event.note,
    }))
}

/// Takes what a person says happened; answers when it is durable.
pub(super) async fn say(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, body) = request.into_parts();
    caller::authorise(&api, &parts, Action::Admit)?;
    let bytes = body::read_json(&parts.headers, body, api.body_bytes_max).await?;
    let happened = happened(body::parse(&bytes)?)?;
    let receipt = node.registry.downgrade().happened(vec![happened]).await?;
    match receipt.verdicts.into_iter().next() {
        Some(Verdict::Created(position)) => {
            let body = json!({ "position": position.to_string() });
            Ok(super::json(StatusCode::CREATED, &body))
        }
        Some(Verdict::NotFound) => Err(unassigned("that prefix")),
        Some(Verdict::Conflict(detail)) => {
            Err(Problem::new(StatusCode::CONFLICT, "conflict", detail))
        }
        Some(Verdict::Refused(refusal)) => Err(Problem::refused(&refusal)),
        _ => Err(Problem::from(crate::registry::RegistryError::Unknown)),
    }
}

fn happened(body: EventBody) -> Result<Happened, Problem> {
    Ok(match body {
        EventBody::Fault {
            class,
            prefix: of_firm,
            at,
            note,
        } => Happened::Fault(Fault {
            prefix: prefix(of_firm)?,
            class: match class {
                ClassBody::Network => FaultClass::Network,
                ClassBody::System => FaultClass::System,
                ClassBody::Attack => FaultClass::Attack,
                ClassBody::Other => FaultClass::Other,
            },
            at_ms: milliseconds(at)?,
            note,
        }),
        EventBody::Recovered {
            of,
            prefix: of_firm,
            at,
            note,
        } => Happened::Recovered {
            prefix: prefix(of_firm)?,
            of,
            at_ms: milliseconds(at)?,
            note,
        },
    })
}

fn prefix(text: Option<String>) -> Result<Option<Prefix>, Problem> {
    let parsed = text.map(|text| Prefix::parse(&text).map_err(|_| unassigned(&text)));
    parsed.transpose()
}

fn unassigned(prefix: &str) -> Problem {
    let detail = format!("{prefix} is no enterprise prefix of this node");
    Problem::new(StatusCode::NOT_FOUND, "unassigned_prefix", detail)
}

/// When it was; 0 where nobody says.
fn milliseconds(at: Option<String>) -> Result<u64, Problem> {
    let Some(text) = at else {
        return Ok(0);
    };
    let at = text.parse::<Timestamp>().ok();
    let ms = at.and_then(|at| u64::try_from(at.as_millisecond()).ok());
    ms.ok_or_else(|| {
        let detail = format!("{text:?} is no time such as 2026-11-25T14:00:00+08:00");
        Problem::bad_request("bad_time", detail)
    })
}

fn time(ms: u64) -> Option<String> {
    let time = Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
    Some(time.to_string())
}
