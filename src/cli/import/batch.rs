//! Rows on their way: those that wait for the node's verdict, and those between them.

use bytes::Bytes;
use serde_json::json;

use crate::registry::import::{Code, HostingWord, Request};

/// The most items of a batch: the node's limit.
pub(in crate::cli) const ITEMS_MAX: usize = 2_000;

/// The most bytes of a batch: a node takes 4 MiB unless its configuration says less.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Rows that wait for each item of a batch, at most: a file of refused rows must not pile up.
const ROWS_PER_ITEM: usize = 4;

//----------- Pending ------------------------------------------------------------

/// A row that is not in the report yet.
#[derive(Debug)]
pub(super) struct Pending {
    /// Rows of data before it, and itself.
    pub(super) data_row: u64,
    /// The line of the file on which it begins.
    pub(super) sheet_line: u64,
    /// How far it is.
    pub(super) state: State,
}

/// How far a row is.
#[derive(Debug)]
pub(super) enum State {
    /// Its verdict stands.
    Judged {
        /// What became of it.
        code: Code,
        /// The column at fault.
        field: String,
        /// What stands there.
        value: String,
    },
    /// It is an item of the batch.
    Sent {
        /// What it is if the node takes it.
        note: Code,
        /// What was asked.
        request: Request,
    },
}

impl State {
    /// A verdict that is about no column.
    pub(super) fn judged(code: Code) -> Self {
        Self::Judged {
            code,
            field: String::new(),
            value: String::new(),
        }
    }
}

//----------- Batch --------------------------------------------------------------

/// Rows in their order, and the body that asks for those that are sent.
#[derive(Debug)]
pub(super) struct Batch {
    pending: Vec<Pending>,
    body: Vec<u8>,
    items: usize,
    items_max: usize,
    /// The day that filings are said to have passed, as `YYYY-MM-DD`; none: they are pending.
    filed: Option<String>,
}

impl Batch {
    /// An empty batch of at most `items_max` items.
    pub(super) fn new(items_max: usize, filed: Option<String>) -> Self {
        Self {
            pending: Vec::new(),
            body: Vec::new(),
            items: 0,
            items_max: items_max.clamp(1, ITEMS_MAX),
            filed,
        }
    }

    /// Must it be sent before another row comes?
    pub(super) fn is_full(&self) -> bool {
        self.items >= self.items_max
            || self.body.len() >= BYTES_MAX
            || self.pending.len() >= self.items_max * ROWS_PER_ITEM
    }

    /// Adds a row; gives it back where the body would be too long with it.
    #[must_use]
    pub(super) fn add(&mut self, row: Pending) -> Option<Pending> {
        if let State::Sent { request, .. } = &row.state {
            let item = item(request, self.filed.as_deref());
            let is_first = self.items == 0;
            // Two brackets, and a comma before each item but the first.
            if !is_first && self.body.len() + item.len() + 2 > BYTES_MAX {
                return Some(row);
            }
            self.body.push(if is_first { b'[' } else { b',' });
            self.body.extend_from_slice(item.as_bytes());
            self.items += 1;
        }
        self.pending.push(row);
        None
    }

    /// The body and the number of its items; nothing where no row is to be sent.
    pub(super) fn body(&mut self) -> Option<(Bytes, usize)> {
        if self.items == 0 {
            return None;
        }
        let mut body = std::mem::take(&mut self.body);
        body.push(b']');
        Some((body.into(), std::mem::take(&mut self.items)))
    }

    /// The rows, in the order in which they were added.
    pub(super) fn rows(&mut self) -> std::vec::Drain<'_, Pending> {
        self.pending.drain(..)
    }
}

/// A row as the node takes it (`docs/api.md`, "Writing").
pub(in crate::cli) fn item(request: &Request, filed: Option<&str>) -> String {
    let item = match request {
        Request::Product(product) => {
            let values: Vec<_> = product
                .values
                .iter()
                .map(|value| json!({"index": value.index, "type": value.kind, "data": value.data}))
                .collect();
            json!({"identifier": product.identifier, "values": values})
        }
        Request::Enterprise(enterprise) => json!({
            "prefix": enterprise.prefix,
            "org_name": enterprise.org_name,
            "certificate": {"type": "uscc", "number": enterprise.uscc},
            "hosting": hosting(enterprise.hosting),
            "province": enterprise.province,
            "city": enterprise.city,
            "industry": enterprise.industry,
            "website": enterprise.website,
            "filing": match filed {
                Some(day) => json!({"state": "passed", "date": day, "reason": "导入"}),
                None => json!({"state": "pending"}),
            },
        }),
    };
    item.to_string()
}

fn hosting(word: HostingWord) -> &'static str {
    match word {
        HostingWord::Hosted => "hosted",
        HostingWord::SelfBuilt => "self-built",
    }
}

/// What stands in the file in a field that the node names.
pub(super) fn cell<'a>(request: &'a Request, field: &str) -> &'a str {
    match (request, field) {
        (Request::Product(product), "identifier") => &product.identifier,
        (Request::Product(_), _) => "",
        (Request::Enterprise(enterprise), field) => match field {
            "prefix" => &enterprise.prefix,
            "org_name" => &enterprise.org_name,
            "certificate" | "uscc" => &enterprise.uscc,
            "province" => &enterprise.province,
            "city" => &enterprise.city,
            "industry" => &enterprise.industry,
            "website" => &enterprise.website,
            _ => "",
        },
    }
}

/// The field that tells what a row is about.
pub(super) fn subject(request: &Request) -> &'static str {
    match request {
        Request::Product(_) => "identifier",
        Request::Enterprise(_) => "prefix",
    }
}
