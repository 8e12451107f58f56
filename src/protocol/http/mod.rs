//! HTTP: what is said to browsers, integrators and the command line.
//!
//! ```text
//! Request ─▶ router ─▶ caller of it ─▶ resolver | registry ─▶ Response | Problem
//! ```
//!
//! `docs/api.md` is the interface, written first. No sockets, clocks or tasks here: the server
//! hands requests in, with who sent them.

mod api;
mod batch;
mod body;
mod caller;
mod counted;
mod enterprise_body;
mod enterprises;
mod entry;
mod events;
mod handles;
mod health;
mod identifiers;
mod listing;
mod problem;
mod reports;
mod resolved;
mod statistics;
mod tables;
#[cfg(test)]
mod tests;
mod value;
mod view;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub use api::{Accounting, Api, Node, Peer};
pub use counted::Counted;
pub use health::Startup;
use problem::Problem;
pub use tables::{Decided, Decision, MakeTables, NoTables, TableError, TablePage};

/// What a handler returns.
type Reply = Result<Response, Problem>;

/// Where identifiers of version 1 are mounted.
const IDENTIFIERS: &str = "/api/v1/identifiers/";

//----------- router -----------------------------------------------------------

/// The routes of a node.
pub fn router(api: Arc<Api>) -> Router {
    let identifier = get(identifiers::get)
        .put(identifiers::put)
        .delete(identifiers::delete);
    let enterprises = get(enterprises::list).post(enterprises::admit);
    Router::new()
        .route("/api/v1/identifiers", get(listing::list))
        .route("/api/v1/identifiers/batch", post(batch::register))
        .route("/api/v1/identifiers/{*identifier}", identifier)
        .route("/api/v1/enterprises", enterprises)
        .route(
            "/api/v1/enterprises/{prefix}/filing",
            post(enterprises::file),
        )
        .route(
            "/api/v1/enterprises/{prefix}/waiver",
            post(enterprises::waive),
        )
        .route("/api/v1/statistics", get(statistics::now))
        .route("/api/v1/statistics/days", get(statistics::days))
        .route("/api/v1/statistics/months", get(statistics::months))
        .route("/api/v1/statistics/prefixes", get(statistics::prefixes))
        .route("/api/v1/topnode/tables", get(tables::list))
        .route("/api/v1/topnode/tables/{table}", get(tables::page))
        .route("/api/v1/topnode/monthly", get(tables::monthly))
        .route(
            "/api/v1/topnode/events",
            get(events::list).post(events::say),
        )
        .route("/api/v1/topnode/reports", get(reports::list))
        .route("/api/v1/topnode/reports/{table}", get(reports::periods))
        .route(
            "/api/v1/topnode/reports/{table}/{period}",
            post(reports::decide),
        )
        .route(
            "/api/handles",
            get(listing::handles).options(handles::preflight),
        )
        .route(
            "/api/handles/{*handle}",
            get(handles::get).options(handles::preflight),
        )
        .route("/id/{*identifier}", get(entry::by_id))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/", get(entry::index))
        .fallback(entry::by_root)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api)
}

async fn method_not_allowed(request: Request) -> Problem {
    let detail = format!(
        "{} is not possible here; see the Allow header",
        request.method()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

//----------- json -------------------------------------------------------------

/// A JSON reply.
fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let bytes = serde_json::to_vec(body).expect("replies are made of strings and numbers");
    (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}
