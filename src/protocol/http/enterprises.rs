//! `/api/v1/enterprises`

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
};
use serde_json::json;

use super::{
    Api, Reply,
    batch::{self, Named},
    body::{self, Kind},
    caller,
    enterprise_body::{EnterpriseBody, FilingBody, WaiverBody, filing},
    listing::number,
    problem::Problem,
    view,
};
use crate::{
    access::Action,
    identifier::Prefix,
    registry::{FilingDecision, FilingStep, Receipt, Request as Work, Verdict},
};

/// The most prefixes of a page: a few hundred KiB of reply.
const PAGE_MAX: usize = 1_000;

/// Prefixes of a page unless asked otherwise.
const PAGE_DEFAULT: usize = 100;

//----------- admit ------------------------------------------------------------

/// Admits an enterprise, or up to 2,000 of them.
pub(super) async fn admit(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, body) = request.into_parts();
    let caller = caller::authorise(&api, &parts, Action::Admit)?;
    let dry_run = batch::is_dry_run(&parts.uri)?;
    let kind = body::kind(&parts.headers)?;
    let bytes = body::read(&parts.headers, body, api.body_bytes_max).await?;
    let idempotency = caller::idempotency(&parts, caller, &bytes)?;
    if kind == Kind::Json && bytes.trim_ascii_start().first() == Some(&b'{') {
        let (_, admission) = body::parse::<EnterpriseBody>(&bytes)?
            .into_admission()
            .map_err(|detail| Problem::bad_request("bad_json", detail))?;
        let work = Work {
            caller,
            idempotency,
            jobs: vec![admission],
            dry_run,
        };
        return admitted(node.registry.admit(work).await?, dry_run);
    }
    let (items, jobs) = batch::read(batch::split(&bytes, kind)?, |raw| {
        let body: EnterpriseBody = serde_json::from_slice(raw).map_err(|e| e.to_string())?;
        body.into_admission()
    });
    let work = Work {
        caller,
        idempotency,
        jobs,
        dry_run,
    };
    Ok(batch::reply(
        items,
        node.registry.admit(work).await?,
        Named::Prefix,
        dry_run,
    ))
}

/// The reply to one admission; a dry run has made nothing, so it says no position.
fn admitted(receipt: Receipt, dry_run: bool) -> Reply {
    let is_repeated = receipt.is_repeated;
    let done = |status, outcome, position: crate::change::Position| {
        let mut response = if dry_run {
            super::json(StatusCode::OK, &json!({ "outcome": outcome }))
        } else {
            let body = json!({ "outcome": outcome, "position": position.to_string() });
            super::json(status, &body)
        };
        caller::mark_replayed(&mut response, is_repeated);
        Ok(response)
    };
    match receipt.verdicts.into_iter().next() {
        Some(Verdict::Created(position)) => done(StatusCode::CREATED, "created", position),
        Some(Verdict::Unchanged(position)) => done(StatusCode::OK, "unchanged", position),
        Some(Verdict::Refused(refusal)) => Err(Problem::refused(&refusal)),
        Some(Verdict::Conflict(detail)) => {
            Err(Problem::new(StatusCode::CONFLICT, "conflict", detail))
        }
        other => {
            tracing::error!(
                ?other,
                "an admission came to a verdict that it cannot come to"
            );
            Err(Problem::from(crate::registry::RegistryError::Unknown))
        }
    }
}

//----------- file -------------------------------------------------------------

/// Takes what became of the filing of a prefix.
pub(super) async fn file(
    State(api): State<Arc<Api>>,
    Path(prefix): Path<String>,
    request: Request,
) -> Reply {
    decide(&api, &prefix, request, |bytes| {
        let filed = filing(Some(body::parse::<FilingBody>(bytes)?));
        let filed = filed.map_err(|detail| Problem::bad_request("bad_json", detail))?;
        Ok(FilingStep::Filed(filed))
    })
    .await
}

/// Takes why a prefix takes registrations before it is filed, or that it no longer does.
pub(super) async fn waive(
    State(api): State<Arc<Api>>,
    Path(prefix): Path<String>,
    request: Request,
) -> Reply {
    decide(&api, &prefix, request, |bytes| {
        let WaiverBody { reason } = body::parse(bytes)?;
        Ok(FilingStep::Waived(reason.map(Into::into)))
    })
    .await
}

async fn decide(
    api: &Api,
    prefix: &str,
    request: Request,
    step: impl FnOnce(&[u8]) -> Result<FilingStep, Problem>,
) -> Reply {
    let node = api.node()?;
    let (parts, body) = request.into_parts();
    let caller = caller::authorise(api, &parts, Action::Admit)?;
    let dry_run = batch::is_dry_run(&parts.uri)?;
    let bytes = body::read_json(&parts.headers, body, api.body_bytes_max).await?;
    let unassigned = || {
        let detail = format!("{prefix} is no enterprise prefix of this node");
        Problem::new(StatusCode::NOT_FOUND, "unassigned_prefix", detail)
    };
    let step = step(&bytes)?;
    let done = match &step {
        FilingStep::Filed(_) => "filed",
        FilingStep::Waived(Some(_)) => "waived",
        FilingStep::Waived(None) => "no longer waived",
    };
    let decision = FilingDecision {
        prefix: Prefix::parse(prefix).map_err(|_| unassigned())?,
        step,
        expected: None,
    };
    let work = Work {
        caller,
        idempotency: caller::idempotency(&parts, caller, &bytes)?,
        jobs: vec![decision],
        dry_run,
    };
    let receipt = node.registry.file(work).await?;
    let said = |outcome: &str| Ok(super::json(StatusCode::OK, &json!({ "outcome": outcome })));
    match receipt.verdicts.into_iter().next() {
        // Created: the same request came again, and is told what it was told before.
        Some(Verdict::Replaced(_) | Verdict::Created(_)) => said(done),
        Some(Verdict::Unchanged(_)) => said("unchanged"),
        Some(Verdict::NotFound) => Err(unassigned()),
        Some(Verdict::Refused(refusal)) => Err(Problem::refused(&refusal)),
        Some(Verdict::Conflict(detail)) => {
            Err(Problem::new(StatusCode::CONFLICT, "conflict", detail))
        }
        _ => Err(Problem::from(crate::registry::RegistryError::Unknown)),
    }
}

//----------- list -------------------------------------------------------------

/// Lists prefixes in the order they were assigned.
pub(super) async fn list(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, _) = request.into_parts();
    let caller = caller::authorise(&api, &parts, Action::Admit)?;
    let after = number(&parts.uri, "after")?.unwrap_or(0);
    let limit = number(&parts.uri, "limit")?.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        let detail = format!("limit is 1 to {PAGE_MAX}");
        return Err(Problem::bad_request("bad_query", detail));
    }
    let directory = node.state.directory();
    let total = directory.prefixes().len();
    let page = directory
        .prefixes()
        .skip(after)
        .take(limit)
        .map(|entry| view::prefix(entry, directory.enterprise(entry.facts.enterprise), caller));
    let page: Vec<_> = page.collect();
    let last = after.saturating_add(page.len());
    let next = (last < total).then_some(last);
    let body = json!({ "enterprises": page, "total": total, "next": next });
    Ok(super::json(StatusCode::OK, &body))
}
