//! The tables of the national node, for those who look at them over HTTP.

use serde_json::{Value, json};

use crate::{
    accounting::figures::{Figures, ScopeTimings},
    protocol::http::{MakeTables, TableError, TablePage},
    topnode::tables::{Material, Table, rows},
};

//----------- Tables -----------------------------------------------------------

/// Makes them from a node's state and counters.
#[derive(Debug)]
pub(super) struct Tables;

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
        };
        let page = rows(table, &material, asked.after, asked.limit);
        let page = page.map_err(|error| TableError::NotMade(error.to_string()))?;
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
        "is_made": table.is_made(),
    })
}
