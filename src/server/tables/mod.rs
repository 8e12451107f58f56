//! The tables of the national node, for those who look at them over HTTP.

mod changes;
mod told;

use std::{path::PathBuf, sync::Arc};

use jiff::civil::Date;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{clock::SystemClock, options::Options, reporting::Reporting};
use crate::{
    accounting::{
        Counters, Resolutions,
        figures::{Figures, Scope, ScopeTimings},
    },
    change::{LedgerId, ReportChange},
    identifier::{Identifier, Prefix},
    ledger::{Inline, LedgerError, SqliteLedger, SqliteOptions},
    protocol::http::{Decided, MakeTables, Node, TableError, TablePage},
    registry::ReadClock as _,
    state::{State, directory::Directory},
    topnode::{
        TopnodeOptions,
        monthly::Monthly,
        tables::{Material, Only, Page, Table, is_told, rows},
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
    /// How it stands with telling of them.
    pub(super) reporting: Arc<Reporting>,
}

impl Tables {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            root: options.node.data_dir.join("ledger"),
            archive_dirs: options.ledger.archive_dirs.clone(),
            options: options.topnode.clone(),
            reporting: Arc::new(Reporting::new(
                options.reporting.from.or(options.docking_date),
                options.reporting.by,
            )),
        }
    }

    /// Some rows of a table as of a day, from `from` on; on a thread that may block.
    pub(super) fn make(
        &self,
        (state, counters, tests): (&State, &Counters, &[Prefix]),
        (table, day): (Table, Date),
        (from, limit): (usize, usize),
        only: Only,
    ) -> Result<Page, LedgerError> {
        let directory = state.directory();
        // T1 and T2 are looked at after each entry: only what is summed is copied.
        let resolutions = match table {
            Table::T3 | Table::T8 => counters.resolutions(state),
            _ => Resolutions::default(),
        };
        let figures = Figures::new(state, &directory, resolutions, tests);
        let material = Material {
            directory: &directory,
            figures: &figures,
            timings: &|scope| ScopeTimings::of(state, counters.timings(), scope),
            day,
            options: &self.options,
            events: &state.events(),
            ledger_id: state.ledger_id().unwrap_or(LedgerId([0; 16])),
            only,
        };
        if table == Table::T9 {
            return self.t9(&directory, &figures, day, (from, limit));
        }
        Ok(rows(table, &material, from, limit))
    }

    /// What happened to identifiers on a day; on a thread that may block.
    fn t9(
        &self,
        directory: &Directory,
        figures: &Figures<'_>,
        day: Date,
        (from, limit): (usize, usize),
    ) -> Result<Page, LedgerError> {
        let options = SqliteOptions {
            archive_dirs: self.archive_dirs.clone(),
            ..SqliteOptions::to_read()
        };
        let ledger = SqliteLedger::open(&self.root, options, Arc::new(Inline))?;
        let is_of_told = |identifier: &Identifier| {
            let entry = directory.prefix(identifier.authority());
            entry.is_some_and(|entry| is_told(figures, entry))
        };
        let reading = master_data(&ledger, &is_of_told, day, from, limit);
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
        let table = named(asked.table)?;
        let (state, accounting) = (&asked.node.state, &asked.node.accounting);
        let page = self.make(
            (state, &accounting.counters, &accounting.tests),
            (table, asked.day),
            (asked.after, asked.limit),
            Only::default(),
        );
        let page = page.map_err(|error| TableError::NotRead(error.to_string()))?;
        let mut said = described(table);
        said["fields"] = table.fields().iter().map(|field| field.zh).collect();
        let unknown = table.fields().iter().filter(|field| field.source.is_none());
        said["not_known_here"] = unknown.map(|field| field.zh).collect();
        said["rows"] = json!(page.rows);
        said["next"] = json!(page.next);
        Ok(said)
    }

    fn monthly(&self, node: &Node, day: Date) -> Value {
        let timings = node.accounting.counters.timings();
        let timings = ScopeTimings::of(&node.state, timings, &Scope::Node);
        let mut operator = self.options.operator.iter();
        let unit = operator.find_map(|(place, said)| (*place == 0).then_some(said.as_str()));
        let now_ms = SystemClock.read().wall_ms;
        json!(Monthly::of(
            (&node.state.events(), &timings),
            unit,
            day,
            now_ms
        ))
    }

    fn reports(&self, node: &Node) -> Value {
        self.told(node)
    }

    fn periods(&self, node: &Node, table: &str) -> Result<Value, TableError> {
        Ok(Self::periods_told(node, named(table)?))
    }

    fn decide(&self, node: &Node, decided: &Decided) -> Result<ReportChange, TableError> {
        Self::decided(node, named(&decided.table)?, decided)
    }
}

fn named(table: &str) -> Result<Table, TableError> {
    Table::parse(table).ok_or_else(|| TableError::Unknown(table.to_owned()))
}

fn described(table: Table) -> Value {
    json!({
        "table": table.name(),
        "title": table.title(),
        "interval": table.interval().name(),
    })
}
