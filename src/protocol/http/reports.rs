//! `/api/v1/topnode/reports`: how it stands with telling the national node, and what a person
//! decides about it.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, request::Parts},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Api, Reply, body, caller,
    problem::Problem,
    statistics::aside,
    tables::{Decided, Decision},
};
use crate::{access::Action, registry::Verdict};

/// What a person decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    decision: Decision,
    note: String,
}

/// All tables.
pub(super) async fn list(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, |api: &Api, _: &Parts| {
        let node = api.node()?;
        Ok(super::json(StatusCode::OK, &node.tables.reports(node)))
    })
    .await
}

/// The periods of a table.
pub(super) async fn periods(
    State(api): State<Arc<Api>>,
    Path(table): Path<String>,
    request: Request,
) -> Reply {
    aside(api, request, move |api: &Api, _: &Parts| {
        let node = api.node()?;
        Ok(super::json(
            StatusCode::OK,
            &node.tables.periods(node, &table)?,
        ))
    })
    .await
}

/// Takes what a person decided about a period; answers when it is durable.
pub(super) async fn decide(
    State(api): State<Arc<Api>>,
    Path((table, period)): Path<(String, String)>,
    request: Request,
) -> Reply {
    let node = api.node()?;
    let (parts, body) = request.into_parts();
    caller::authorise(&api, &parts, Action::Admit)?;
    let bytes = body::read_json(&parts.headers, body, api.body_bytes_max).await?;
    let DecisionBody { decision, note } = body::parse(&bytes)?;
    let decided = Decided {
        table,
        period,
        decision,
        note,
    };
    let change = node.tables.decide(node, &decided)?;
    let receipt = node.registry.downgrade().report(change).await?;
    match receipt.verdicts.into_iter().next() {
        Some(Verdict::Created(position)) => {
            let body = json!({ "position": position.to_string() });
            Ok(super::json(StatusCode::OK, &body))
        }
        Some(Verdict::Refused(refusal)) => Err(Problem::refused(&refusal)),
        _ => Err(Problem::from(crate::registry::RegistryError::Unknown)),
    }
}
