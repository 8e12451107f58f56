//! `/api/v1/topnode/tables`: what the national top-level node is told, for administrators to see.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, request::Parts},
};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    Api, Node, Reply,
    listing::number,
    problem::Problem,
    statistics::{Asked, aside},
};

/// Rows of a page unless asked otherwise, and the most: some 400 KiB of enterprises.
const ROWS_DEFAULT: usize = 100;
const ROWS_MAX: usize = 1_000;

//----------- MakeTables -------------------------------------------------------

/// Makes tables for the national node. What they are is not for this layer: the server knows both.
pub trait MakeTables: Send + Sync {
    /// All tables, with their fields.
    fn list(&self) -> Value;

    /// A page of a table.
    ///
    /// # Errors
    /// Where there is no such table, or the ledger cannot be read.
    fn page(&self, asked: &TablePage<'_>) -> Result<Value, TableError>;
}

/// What is asked for of a table.
pub struct TablePage<'a> {
    /// What it is made from.
    pub node: &'a Node,
    /// Its name.
    pub table: &'a str,
    /// The statistics day.
    pub day: Date,
    /// Where the page begins: what the one before said is next.
    pub after: usize,
    /// Subjects of the page: prefixes, enterprises, changes.
    pub limit: usize,
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// No table has that name.
    #[error("there is no table {0}; /api/v1/topnode/tables lists them")]
    Unknown(String),
    /// The ledger cannot be read.
    #[error("{0}")]
    NotRead(String),
}

/// Where nobody makes any.
#[derive(Debug)]
pub struct NoTables;

impl MakeTables for NoTables {
    fn list(&self) -> Value {
        json!({ "tables": [] })
    }

    fn page(&self, asked: &TablePage<'_>) -> Result<Value, TableError> {
        Err(TableError::Unknown(asked.table.to_owned()))
    }
}

//----------- Handlers ---------------------------------------------------------

/// All tables.
pub(super) async fn list(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, |api: &Api, _: &Parts| {
        Ok(super::json(StatusCode::OK, &api.node()?.tables.list()))
    })
    .await
}

/// A page of a table.
pub(super) async fn page(
    State(api): State<Arc<Api>>,
    Path(table): Path<String>,
    request: Request,
) -> Reply {
    aside(api, request, move |api: &Api, parts: &Parts| {
        page_of(api, parts, &table)
    })
    .await
}

fn page_of(api: &Api, parts: &Parts, table: &str) -> Reply {
    let asked = Asked::of(api, parts)?;
    let limit = asked.limit(ROWS_DEFAULT, ROWS_MAX)?;
    let day = asked.day("day")?.unwrap_or(asked.today);
    if day > asked.today {
        let detail = "day is not after today";
        return Err(Problem::bad_request("bad_query", detail));
    }
    let page = TablePage {
        node: asked.node,
        table,
        day,
        after: number(&parts.uri, "after")?.unwrap_or(0),
        limit,
    };
    let found = asked.node.tables.page(&page).map_err(|error| match error {
        TableError::Unknown(_) => {
            Problem::new(StatusCode::NOT_FOUND, "unknown_table", error.to_string())
        }
        TableError::NotRead(_) => Problem::unavailable("not_read", error.to_string()),
    })?;
    let mut body = json!({ "day": day.to_string(), "today": asked.today.to_string() });
    if let (Some(body), Value::Object(found)) = (body.as_object_mut(), found) {
        body.extend(found);
    }
    Ok(super::json(StatusCode::OK, &body))
}
