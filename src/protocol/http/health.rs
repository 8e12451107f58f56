//! Is it alive, does it resolve, does it register?

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use serde_json::json;

use super::{Api, Reply, problem::Problem};

//----------- Startup ----------------------------------------------------------

/// How far the replay of the ledger is.
#[derive(Debug, Default)]
pub struct Startup {
    entries: AtomicU64,
    entries_total: AtomicU64,
}

impl Startup {
    /// Notes progress.
    pub fn set(&self, entries: u64, entries_total: u64) {
        self.entries.store(entries, Ordering::Relaxed);
        self.entries_total.store(entries_total, Ordering::Relaxed);
    }

    /// Entries replayed, and entries there are.
    #[must_use]
    pub fn get(&self) -> (u64, u64) {
        let load = |entries: &AtomicU64| entries.load(Ordering::Relaxed);
        (load(&self.entries), load(&self.entries_total))
    }
}

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.load(Ordering::Relaxed);
        let total = self.entries_total.load(Ordering::Relaxed);
        write!(f, "{entries} of {total} ledger entries are replayed")
    }
}

//----------- Handlers ---------------------------------------------------------

/// 200 as long as the process answers.
pub(super) async fn live() -> Response {
    super::json(StatusCode::OK, &json!({ "status": "alive" }))
}

/// 200 when the node resolves; with `?writes`, when it registers too.
pub(super) async fn ready(State(api): State<Arc<Api>>, uri: Uri) -> Reply {
    let node = api.node()?;
    let query = uri.query().unwrap_or_default();
    let asks_for_writes =
        url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "writes");
    if asks_for_writes && let Some(read_only) = node.registry.read_only() {
        return Err(Problem::not_writing(&read_only));
    }
    Ok(super::json(StatusCode::OK, &json!({ "status": "ready" })))
}
