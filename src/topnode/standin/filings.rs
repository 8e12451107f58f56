//! Filings at the stand-in: an audit takes an hour, and finds some papers incomplete.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::books::{Incoming, Taken};
use crate::topnode::tables::Table;

/// How long an audit takes.
pub const AUDIT_MS: u64 = 60 * 60 * 1_000;

/// The end of a name by which the stand-in knows that papers are incomplete.
pub const INCOMPLETE: &str = "（材料不全）";

//----------- Filings ----------------------------------------------------------

/// All applications.
#[derive(Debug, Default)]
pub struct Filings {
    /// The receipt, by key.
    keys: HashMap<String, String>,
    /// By prefix: the last.
    applications: BTreeMap<String, Application>,
    count: usize,
    faults: Vec<String>,
}

#[derive(Debug, Clone)]
struct Application {
    receipt: String,
    is_incomplete: bool,
    since_ms: u64,
}

impl Application {
    fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.since_ms + AUDIT_MS
    }
}

impl Filings {
    /// Applications that were made, those that came again under their key once.
    #[must_use]
    pub fn applications(&self) -> usize {
        self.count
    }

    /// What was wrong: a prefix that was applied for while it was in review, or had passed.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    pub(super) fn take(&mut self, incoming: &Incoming, now_ms: u64) -> Taken {
        let Some(row) = incoming.rows.first().filter(|_| incoming.rows.len() == 1) else {
            return Taken::Refused("a filing is one row".to_owned());
        };
        let text = |place: usize| row.get(place).and_then(Value::as_str).unwrap_or_default();
        match incoming.table {
            Table::F1 => self.apply(&incoming.key, text(0), text(1), now_ms),
            _ => self.decision(text(0), text(1), now_ms),
        }
    }

    fn apply(&mut self, key: &str, prefix: &str, name: &str, now_ms: u64) -> Taken {
        if let Some(receipt) = self.keys.get(key) {
            return Taken::Accepted(receipt.clone());
        }
        if prefix.is_empty() || name.is_empty() {
            return Taken::Refused("the prefix or the name is missing".to_owned());
        }
        let known = self.applications.get(prefix);
        if known.is_some_and(|known| !known.is_over(now_ms) || !known.is_incomplete) {
            let what = format!("{prefix} is filed already");
            self.faults.push(what.clone());
            return Taken::Refused(what);
        }
        self.count += 1;
        let receipt = format!("B{}", self.count);
        self.keys.insert(key.to_owned(), receipt.clone());
        let application = Application {
            receipt: receipt.clone(),
            is_incomplete: name.ends_with(INCOMPLETE),
            since_ms: now_ms,
        };
        self.applications.insert(prefix.to_owned(), application);
        Taken::Accepted(receipt)
    }

    fn decision(&self, prefix: &str, receipt: &str, now_ms: u64) -> Taken {
        let known = self.applications.get(prefix);
        match known.filter(|known| known.receipt == receipt) {
            None => Taken::Refused(format!("{prefix} was not filed under {receipt:?}")),
            Some(known) if !known.is_over(now_ms) => Taken::Waiting,
            Some(known) if known.is_incomplete => Taken::Refused("材料不全，请补充".to_owned()),
            Some(known) => Taken::Accepted(known.receipt.clone()),
        }
    }
}
