//! `/api/v1/topnode/tables`: what the national top-level node is told, for administrators to see.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, request::Parts},
};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Api, Node, Reply,
    listing::number,
    problem::Problem,
    statistics::{Asked, aside},
};
use crate::change::ReportChange;

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

    /// The figures of the monthly report, of the month of a day.
    fn monthly(&self, node: &Node, day: Date) -> Value;

    /// How it stands with telling the national node.
    fn reports(&self, node: &Node) -> Value;

    /// The periods of a table that were told.
    ///
    /// # Errors
    /// Where there is no such table.
    fn periods(&self, node: &Node, table: &str) -> Result<Value, TableError>;

    /// What a person decided about a period, as the ledger is to have it.
    ///
    /// # Errors
    /// Where there is no such table or period, or nothing to decide.
    fn decide(&self, node: &Node, decided: &Decided) -> Result<ReportChange, TableError>;
}

/// What a person decided about a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The table.
    pub table: String,
    /// The period, as a number or as a day.
    pub period: String,
    /// What is to be.
    pub decision: Decision,
    /// Why, or the receipt.
    pub note: String,
}

/// What may be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is sent again.
    Resend,
    /// The national node has it.
    Settle,
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
    /// It cannot be decided so.
    #[error("{0}")]
    Undecided(String),
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

    fn monthly(&self, _node: &Node, _day: Date) -> Value {
        Value::Null
    }

    fn reports(&self, _node: &Node) -> Value {
        json!({ "tables": [] })
    }

    fn periods(&self, _node: &Node, table: &str) -> Result<Value, TableError> {
        Err(TableError::Unknown(table.to_owned()))
    }

    fn decide(&self, _node: &Node, decided: &Decided) -> Result<ReportChange, TableError> {
        Err(TableError::Unknown(decided.table.clone()))
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

/// The figures of the monthly report.
pub(super) async fn monthly(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, |api: &Api, parts: &Parts| {
        let asked = Asked::of(api, parts)?;
        let day = asked.month("month")?.unwrap_or(asked.today);
        if day > asked.today {
            let detail = "month is not after this month";
            return Err(Problem::bad_request("bad_query", detail));
        }
        let said = asked.node.tables.monthly(asked.node, day);
        Ok(super::json(StatusCode::OK, &said))
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
    let found = asked.node.tables.page(&page)?;
    let mut body = json!({ "day": day.to_string(), "today": asked.today.to_string() });
    if let (Some(body), Value::Object(found)) = (body.as_object_mut(), found) {
        body.extend(found);
    }
    Ok(super::json(StatusCode::OK, &body))
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        let detail = error.to_string();
        match error {
            TableError::Unknown(_) => Self::new(StatusCode::NOT_FOUND, "unknown_table", detail),
            TableError::Undecided(_) => Self::new(StatusCode::CONFLICT, "undecided", detail),
            TableError::NotRead(_) => Self::unavailable("not_read", detail),
        }
    }
}
