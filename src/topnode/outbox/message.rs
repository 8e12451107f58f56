//! A message: some rows of a report, under a key that is its own.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::{
    change::{Hash, LedgerId, Part, ReportChange, ReportStep},
    topnode::tables::Table,
};

/// Bytes of a key: as many as a UUID has.
const KEY_BYTES: usize = 16;

//----------- Ask --------------------------------------------------------------

/// Which rows are to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The table.
    pub table: Table,
    /// Its period.
    pub period: u32,
    /// The report's revision.
    pub revision: u16,
    /// The part's number, from 1.
    pub number: u32,
    /// The last `control` entry when the report was begun.
    pub at: u64,
    /// Changes up to this `control` entry were reported before; 0: all are to be told.
    pub since: u64,
    /// Where the rows begin.
    pub from: u64,
    /// What they were when they were made before, where that is known.
    pub known: Option<Part>,
}

/// Rows that were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The rows: a value for each field of the table.
    pub rows: Vec<Vec<Value>>,
    /// Where the next rows begin; none where these are the last.
    pub next: Option<u64>,
}

//----------- Message ----------------------------------------------------------

/// Some rows of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The table.
    pub table: Table,
    /// Its period.
    pub period: u32,
    /// The report's revision.
    pub revision: u16,
    /// Which part of the report it is, and what is in it.
    pub part: Part,
    /// By which it is known when it comes again.
    pub key: String,
    /// Its rows.
    pub rows: Arc<Vec<Vec<Value>>>,
}

impl Message {
    pub(super) fn new(ledger_id: LedgerId, ask: &Ask, made: Made) -> Self {
        let part = Part {
            number: ask.number,
            is_last: made.next.is_none(),
            at: ask.at,
            since: ask.since,
            from: ask.from,
            until: made.next.unwrap_or_default(),
            rows: u32::try_from(made.rows.len()).unwrap_or(u32::MAX),
            digest: digest_of(&made.rows),
        };
        let (table, period, revision) = (ask.table, ask.period, ask.revision);
        Self {
            table,
            period,
            revision,
            part,
            key: key_of(ledger_id, table, period, revision, part.number),
            rows: Arc::new(made.rows),
        }
    }

    /// A fact about it.
    pub(super) fn fact(&self, step: ReportStep, note: &str) -> ReportChange {
        ReportChange {
            table: self.table.number(),
            period: self.period,
            revision: self.revision,
            step,
            part: self.part,
            note: note.into(),
        }
    }
}

/// The key of a message: the same whoever computes it, and of no other message of any node.
#[must_use]
pub fn key_of(ledger_id: LedgerId, table: Table, period: u32, revision: u16, part: u32) -> String {
    let Hash(hash) = Hash::of(&[
        &ledger_id.0,
        &[table.number()],
        &period.to_be_bytes(),
        &revision.to_be_bytes(),
        &part.to_be_bytes(),
    ]);
    HEXLOWER.encode(&hash[..KEY_BYTES])
}

/// SHA-256 of rows as JSON.
fn digest_of(rows: &[Vec<Value>]) -> Hash {
    let bytes = serde_json::to_vec(rows).unwrap_or_default();
    Hash::of(&[&bytes])
}
