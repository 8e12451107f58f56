//! The tables of the national node, for those who look at them over HTTP.

mod changes;

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::options::Options;
use crate::{
    accounting::figures::{Figures, ScopeTimings},
    identifier::Identifier,
    ledger::{Inline, LedgerError, SqliteLedger, SqliteOptions},
    protocol::http::{MakeTables, TableError, TablePage},
    topnode::{
        TopnodeOptions,
        tables::{Material, Page, Table, is_told, rows},
    },
};
use changes::master_data;

//----------- Tables -----------------------------------------------------------

/// Makes them from a node's state, its counters and its ledger.
#[derive(Debug)]
pub(super) struct Tables {
    /// The ledger's folder: T9 is read from there, and no writer waits for it.
    root: PathBuf,
    archive_dirs: Vec<PathBuf>,
    options: TopnodeOptions,
}

impl Tables {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            root: options.node.data_dir.join("ledger"),
            archive_dirs: options.ledger.archive_dirs.clone(),
            options: options.topnode.clone(),
        }
    }

    /// What happened to identifiers on a day; on a thread that may block.
    fn t9(&self, asked: &TablePage<'_>, figures: &Figures<'_>) -> Result<Page, LedgerError> {
        let options = SqliteOptions {
            archive_dirs: self.archive_dirs.clone(),
            ..SqliteOptions::to_read()
        };
        let ledger = SqliteLedger::open(&self.root, options, Arc::new(Inline))?;
        let directory = asked.node.state.directory();
        let is_of_told = |identifier: &Identifier| {
            let entry = directory.prefix(identifier.authority());
            entry.is_some_and(|entry| is_told(figures, entry))
        };
        let reading = master_data(&ledger, &is_of_told, asked.day, asked.after, asked.limit);
        Handle::current().block_on(reading)
    }
}

impl MakeTables for Tables {
    fn list(&self) -> Value {
        let tables = Table::ALL.map(|table| {
            let mut said = described(table);
            let fields = table.fields().iter().map(|field| {
                json!({
                    "name": field.zh,
                    "meaning": field.en,
                    "source": field.source,
                    "example": field.source.map(|_| field.example),
                })
            });
            said["fields"] = fields.collect();
            said
        });
        json!({ "tables": tables })
    }

    fn page(&self, asked: &TablePage<'_>) -> Result<Value, TableError> {
        let table = Table::parse(asked.table);
        let table = table.ok_or_else(|| TableError::Unknown(asked.table.to_owned()))?;
        let (state, accounting) = (&asked.node.state, &asked.node.accounting);
        let directory = state.directory();
        let counters = &accounting.counters;
        let resolutions = counters.resolutions(state);
        let figures = Figures::new(state, &directory, resolutions, &accounting.tests);
        let material = Material {
            directory: &directory,
            figures: &figures,
            timings: &|scope| ScopeTimings::of(state, counters.timings(), scope),
            day: asked.day,
            options: &self.options,
        };
        let page = match table {
            Table::T9 => self.t9(asked, &figures),
            _ => Ok(rows(table, &material, asked.after, asked.limit)),
        };
        let page = page.map_err(|error| TableError::NotRead(error.to_string()))?;
        let mut said = described(table);
        said["fields"] = table.fields().iter().map(|field| field.zh).collect();
        let unknown = table.fields().iter().filter(|field| field.source.is_none());
        said["not_known_here"] = unknown.map(|field| field.zh).collect();
        said["rows"] = json!(page.rows);
        said["next"] = json!(page.next);
        Ok(said)
    }
}

fn described(table: Table) -> Value {
    json!({
        "table": table.name(),
        "title": table.title(),
        "interval": table.interval().name(),
    })
}
