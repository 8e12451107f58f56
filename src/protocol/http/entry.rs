//! `/{identifier}` and `/id/{identifier}`: where a scanned code leads.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    Api, Reply, caller, counted,
    identifiers::{self, node_for},
    problem::Problem,
    resolved,
};
use crate::{
    record::{Ttl, ValueRef},
    resolver::Resolution,
    state::directory::Belongs,
};

/// Primary keys of GS1 Digital Link (URI Syntax 1.4 §4.3): with one of them such a path begins.
const DIGITAL_LINK_KEYS: [&str; 19] = [
    "00", "01", "253", "254", "255", "401", "402", "414", "415", "417", "8003", "8004", "8006",
    "8010", "8011", "8013", "8017", "8018", "8019",
];

/// Where to look, for whoever opens the address without a path.
pub(super) async fn index() -> Response {
    let body = json!({
        "name": "biaoshi",
        "what": "a secondary node (二级节点) of China's industrial-internet identifier system",
        "version": env!("CARGO_PKG_VERSION"),
        "resolve": ["/{identifier}", "/api/v1/identifiers/{identifier}", "/api/handles/{identifier}"],
        "health": ["/healthz", "/readyz"],
    });
    super::json(StatusCode::OK, &body)
}

/// `/id/{identifier}`: any identifier.
pub(super) async fn by_id(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let (parts, _) = request.into_parts();
    lead(
        &api,
        &parts,
        parts.uri.path().strip_prefix("/id/").unwrap_or_default(),
    )
}

/// `/{identifier}`: only if it begins with a prefix of this node, or asks for one.
pub(super) async fn by_root(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let (parts, _) = request.into_parts();
    let raw = parts.uri.path().strip_prefix('/').unwrap_or_default();
    let text = identifiers::text(raw)?;
    let authority = text.split('/').next().unwrap_or_default();
    let is_digital_link = DIGITAL_LINK_KEYS.contains(&authority) && text.contains('/');
    if is_digital_link || text.starts_with("(01)") {
        let detail = "GS1 Digital Link is not served by this release";
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_served", detail));
    }
    let is_ours = authority.eq_ignore_ascii_case("0.NA") || {
        let directory = api.node()?.state.directory();
        !matches!(directory.belongs(authority), Belongs::Elsewhere)
    };
    if !is_ours {
        let detail = "there is nothing here; see docs/api.md for what there is";
        return Err(Problem::new(StatusCode::NOT_FOUND, "no_such_page", detail));
    }
    if !matches!(parts.method.as_str(), "GET" | "HEAD") {
        let detail = "only GET and HEAD are possible here; write to /api/v1/identifiers/";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let problem = Problem::new(status, "method_not_allowed", detail);
        return Err(problem.header(header::ALLOW, "GET,HEAD"));
    }
    lead(&api, &parts, raw)
}

/// Sends a browser on, and answers everybody else.
fn lead(api: &Api, parts: &Parts, raw: &str) -> Reply {
    let node = node_for(api, parts)?;
    let caller = caller::identify(api, parts)?;
    let query = identifiers::query(raw)?;
    let is_led = !wants_data(&parts.uri, &parts.headers);
    let (act, reply) = node.resolver.resolve(&query, caller, |resolution, whose| {
        let act = counted::act(parts, &resolution, whose);
        let target = match &resolution {
            Resolution::Found(found) if is_led => found
                .values_of(|_, kind| kind.eq_ignore_ascii_case("URL"))
                .find_map(target),
            _ => None,
        };
        let reply = match target {
            Some(target) => Ok(target),
            None => resolved::reply(&api.zone, &query, caller, &resolution),
        };
        (act, reply)
    });
    let mut response = counted::counted(parts, act, reply);
    // Whichever it was: a cache must not give it to the other kind of client.
    let accept = HeaderValue::from_static("Accept");
    response.headers_mut().insert(header::VARY, accept);
    Ok(response)
}

/// A redirect to a value of type `URL` that is public.
fn target(value: ValueRef<'_>) -> Option<Response> {
    if !value.permissions.public_read() {
        return None;
    }
    // Written anew, so that what is not ASCII or not legal in a header is encoded.
    let url = url::Url::parse(&value.data.text()?.to_cow()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let cache = match value.ttl {
        Ttl::Relative(seconds) => format!("public, max-age={seconds}"),
        Ttl::Absolute(_) => "no-cache".to_owned(),
    };
    let headers = [
        (header::LOCATION, url.to_string()),
        (header::CACHE_CONTROL, cache),
    ];
    Some((StatusCode::FOUND, headers).into_response())
}

/// Whether a program asks, not a browser: `?noredirect`, or JSON wanted and no page.
fn wants_data(uri: &Uri, headers: &HeaderMap) -> bool {
    let query = uri.query().unwrap_or_default();
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let accept = accept.unwrap_or_default().to_ascii_lowercase();
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "noredirect")
        || (accept.contains("json") && !accept.contains("text/html"))
}
