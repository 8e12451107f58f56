//! `/api/v1/identifiers/{identifier}`

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Api, IDENTIFIERS, Node, Reply, body, caller, counted, problem::Problem, resolved,
    value::ValueBody,
};
use crate::{
    access::Action,
    identifier::{Identifier, url as path},
    registry::{Operation, Receipt, Request as Work, RequestedValue, Verdict},
};

//----------- Reading ----------------------------------------------------------

/// What an identifier resolves to.
pub(super) async fn get(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let (parts, _) = request.into_parts();
    resolve(&api, &parts, mounted(&parts))
}

/// Resolves what stands in a path, wherever it is mounted.
pub(super) fn resolve(api: &Api, parts: &Parts, raw: &str) -> Reply {
    let node = node_for(api, parts)?;
    let caller = caller::identify(api, parts)?;
    let query = query(raw)?;
    let (act, reply) = node.resolver.resolve(&query, caller, |resolution, whose| {
        let act = counted::act(parts, &resolution, whose);
        (act, resolved::reply(&api.zone, &query, caller, &resolution))
    });
    Ok(counted::counted(parts, act, reply))
}

/// The node that resolves, or the reply to whoever asks while it starts, which counts too.
pub(super) fn node_for<'a>(api: &'a Api, parts: &Parts) -> Result<&'a Node, Problem> {
    api.node()
        .map_err(|problem| problem.counted(counted::starting(parts)))
}

/// What stands behind the mount of a path.
fn mounted(parts: &Parts) -> &str {
    parts
        .uri
        .path()
        .strip_prefix(IDENTIFIERS)
        .unwrap_or_default()
}

/// The text of an identifier from a path.
pub(super) fn text(raw: &str) -> Result<String, Problem> {
    path::from_path(raw).map_err(|error| Problem::bad_request("bad_path", error.to_string()))
}

/// An identifier that is asked for.
pub(super) fn query(raw: &str) -> Result<Identifier, Problem> {
    Identifier::parse_query(&text(raw)?)
        .map_err(|error| Problem::bad_request(error.code(), error.to_string()))
}

//----------- Writing ----------------------------------------------------------

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with values")]
struct RecordBody {
    values: Vec<ValueBody>,
}

/// Registers an identifier or replaces its record.
pub(super) async fn put(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, body) = request.into_parts();
    let caller = caller::authorise(&api, &parts, Action::WriteIdentifiers)?;
    let raw = mounted(&parts);
    let identifier = text(raw)?;
    let only_create = only_creates(&parts.headers)?;
    let bytes = body::read_json(&parts.headers, body, api.body_bytes_max).await?;
    let values = values(body::parse::<RecordBody>(&bytes)?.values)?;
    let idempotency = caller::idempotency(&parts, caller, &bytes)?;
    let jobs = vec![Operation::Put {
        identifier,
        values,
        only_create,
    }];
    let work = Work {
        caller,
        idempotency,
        jobs,
        dry_run: false,
    };
    let receipt = node.registry.submit(work).await?;
    let location = format!("{IDENTIFIERS}{raw}");
    written(receipt, &location)
}

/// Removes an identifier.
pub(super) async fn delete(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, _) = request.into_parts();
    let caller = caller::authorise(&api, &parts, Action::WriteIdentifiers)?;
    let raw = mounted(&parts);
    let identifier = text(raw)?;
    no_if_match(&parts.headers)?;
    let idempotency = caller::idempotency(&parts, caller, b"")?;
    let jobs = vec![Operation::Remove { identifier }];
    let work = Work {
        caller,
        idempotency,
        jobs,
        dry_run: false,
    };
    written(node.registry.submit(work).await?, "")
}

/// Whether `If-None-Match: *` is set (RFC 9110 §13.1.2); entity tags are not served.
fn only_creates(headers: &HeaderMap) -> Result<bool, Problem> {
    no_if_match(headers)?;
    match headers
        .get(header::IF_NONE_MATCH)
        .map(HeaderValue::as_bytes)
    {
        None => Ok(false),
        Some(b"*") => Ok(true),
        Some(_) => Err(Problem::bad_request(
            "bad_condition",
            "If-None-Match can only be * here",
        )),
    }
}

/// Refuses a condition that must not be passed over (RFC 9110 §13.1.1) and can never hold.
fn no_if_match(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::IF_MATCH) {
        let detail = "records have no entity tags; leave If-Match out";
        let status = StatusCode::PRECONDITION_FAILED;
        return Err(Problem::new(status, "bad_condition", detail));
    }
    Ok(())
}

/// The values of a record, as the registry asks for them.
pub(super) fn requested(values: Vec<ValueBody>) -> Result<Vec<RequestedValue>, String> {
    values.into_iter().map(ValueBody::into_requested).collect()
}

fn values(values: Vec<ValueBody>) -> Result<Vec<RequestedValue>, Problem> {
    requested(values).map_err(|detail| Problem::bad_request("bad_json", detail))
}

/// The reply to a write of one identifier (`docs/api.md`, "Writing").
fn written(receipt: Receipt, location: &str) -> Reply {
    let is_repeated = receipt.is_repeated;
    let verdict = receipt.verdicts.into_iter().next();
    let done = |status, outcome, position: crate::change::Position| {
        let body = json!({ "outcome": outcome, "position": position.to_string() });
        super::json(status, &body)
    };
    let mut response: Response = match verdict {
        Some(Verdict::Created(position)) => done(StatusCode::CREATED, "created", position),
        Some(Verdict::Replaced(position)) => done(StatusCode::OK, "replaced", position),
        Some(Verdict::Unchanged(position)) => done(StatusCode::OK, "unchanged", position),
        Some(Verdict::Removed(position)) => done(StatusCode::OK, "removed", position),
        Some(Verdict::Conflict(detail)) => {
            return Err(Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "conflict",
                detail,
            ));
        }
        Some(Verdict::Refused(refusal)) => return Err(Problem::refused(&refusal)),
        Some(Verdict::Gone) => {
            return Err(Problem::new(
                StatusCode::GONE,
                "removed",
                "it was removed before",
            ));
        }
        Some(Verdict::NotFound) | None => {
            let detail = "there is nothing to remove";
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "not_registered",
                detail,
            ));
        }
    };
    if response.status() == StatusCode::CREATED
        && let Ok(location) = location.parse()
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    caller::mark_replayed(&mut response, is_repeated);
    Ok(response)
}
