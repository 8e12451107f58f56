//! A resolution as version 1 says it.

use axum::{http::StatusCode, response::Response};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::{
    Reply,
    problem::Problem,
    value::{ValuesReply, time_ms},
    view,
};
use crate::{
    access::Caller,
    change::Route,
    identifier::{Identifier, dns::to_dns_name},
    resolver::{Found, NotFoundReason, Resolution},
    state::index::Spelling,
};

#[derive(Serialize)]
struct FoundReply<'a> {
    /// The caller's spelling.
    identifier: &'a str,
    #[serde(serialize_with = "spelling")]
    registered_as: Spelling<'a>,
    /// Its name in DNS; none where it has no place there.
    dns_name: Option<String>,
    position: String,
    values: ValuesReply<'a>,
}

/// The reply to a query (`docs/api.md`, "Reading").
pub(super) fn reply(
    zone: &str,
    query: &Identifier,
    caller: Caller,
    resolution: &Resolution<'_>,
) -> Reply {
    let identifier = query.text();
    match resolution {
        Resolution::Found(found) => Ok(found_reply(zone, query, found)),
        Resolution::View(prefix) => Ok(super::json(StatusCode::OK, &view::reply(prefix, caller))),
        Resolution::Referral(Some(route)) => {
            let body = json!({ "identifier": identifier, "sites": sites(route) });
            Ok(super::json(StatusCode::MULTIPLE_CHOICES, &body))
        }
        Resolution::Referral(None) => Err(Problem::no_route(identifier)),
        Resolution::NotFound(NotFoundReason::Unregistered) => {
            let detail = format!("{identifier} is not registered");
            Err(Problem::new(
                StatusCode::NOT_FOUND,
                "not_registered",
                detail,
            ))
        }
        Resolution::NotFound(NotFoundReason::UnassignedPrefix) => {
            let detail = format!("the prefix of {identifier} is assigned to no enterprise");
            Err(Problem::new(
                StatusCode::NOT_FOUND,
                "unassigned_prefix",
                detail,
            ))
        }
        Resolution::Gone { removed_at_ms } => {
            let detail = format!("{identifier} was removed");
            Err(Problem::new(StatusCode::GONE, "removed", detail)
                .with("removed_at", json!(time_ms(*removed_at_ms))))
        }
        Resolution::NotResponsible => {
            let detail = format!("{identifier} is another node's; ask the national node for it");
            Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "foreign_prefix",
                detail,
            ))
        }
        Resolution::Denied => Err(denied(caller)),
    }
}

/// A spelling as JSON, piece by piece.
fn spelling<S: Serializer>(spelling: &Spelling<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(spelling)
}

fn found_reply(zone: &str, query: &Identifier, found: &Found<'_>) -> Response {
    let body = FoundReply {
        identifier: query.text(),
        registered_as: found.spelling,
        dns_name: to_dns_name(query, zone),
        position: found.position.to_string(),
        values: ValuesReply(found),
    };
    super::json(StatusCode::OK, &body)
}

fn denied(caller: Caller) -> Problem {
    let detail = "nothing of this record is public";
    match caller {
        Caller::Anonymous => Problem::denied(detail),
        Caller::Administrator => Problem::new(StatusCode::FORBIDDEN, "denied", detail),
    }
}

/// The sites of a route as JSON.
pub(super) fn sites(route: &Route) -> serde_json::Value {
    let site = |site: &crate::change::Site| json!({ "address": site.address, "protocol": site.protocol.name(), "port": site.port });
    route.sites.iter().map(site).collect()
}
