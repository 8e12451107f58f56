//! What the stand-in has, and what it finds wrong with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::ToSpan;
use serde_json::Value;

use crate::{
    change::Hash,
    topnode::{
        outbox::day_of_period,
        tables::{Interval, Table},
    },
};

/// Where a row of an event has its number, and that of the fault it ends.
const EVENT_NUMBER: usize = 2;
const EVENT_OF: usize = 3;

//----------- Books ------------------------------------------------------------

/// All that was taken.
#[derive(Debug, Default)]
pub struct Books {
    reports: BTreeMap<(Table, u32), Received>,
    /// The receipt and what is in it, by key.
    keys: HashMap<String, (String, Hash)>,
    /// Periods in the order in which they were begun.
    begun: BTreeMap<Table, Vec<u32>>,
    /// Numbers of events.
    events: HashSet<String>,
    faults: Vec<String>,
    repeated: u64,
    last_ms: BTreeMap<Table, u64>,
}

/// A report, as far as it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// Its revision.
    pub revision: u32,
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
    /// Its messages.
    pub parts: u32,
    /// Whether all of it is there.
    pub is_whole: bool,
}

/// A message.
#[derive(Debug, Clone)]
pub(super) struct Incoming {
    pub(super) table: Table,
    pub(super) period: u32,
    pub(super) revision: u32,
    pub(super) part: u32,
    pub(super) is_last: bool,
    pub(super) key: String,
    pub(super) rows: Vec<Vec<Value>>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It is there, with a receipt: the same whenever it comes.
    Accepted(String),
    /// It is not wanted.
    Refused(String),
    /// It is not decided.
    Waiting,
}

impl Books {
    /// The reports that are there, by table and period.
    pub fn reports(&self) -> impl Iterator<Item = (Table, u32, &Received)> {
        let reports = self.reports.iter();
        reports.map(|((table, period), received)| (*table, *period, received))
    }

    /// A report.
    #[must_use]
    pub fn report(&self, table: Table, period: u32) -> Option<&Received> {
        self.reports.get(&(table, period))
    }

    /// What was wrong: something twice, out of order, or with a gap.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Messages that came again under their key.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// When a table was last told, in milliseconds since the epoch.
    #[must_use]
    pub fn last_ms(&self, table: Table) -> Option<u64> {
        self.last_ms.get(&table).copied()
    }

    /// Takes a key for something else.
    #[cfg(test)]
    pub(in crate::topnode) fn spoil(&mut self, key: &str) {
        let other = ("none".to_owned(), Hash::of(&[b"other"]));
        self.keys.insert(key.to_owned(), other);
    }

    pub(super) fn take(&mut self, incoming: Incoming, now_ms: u64) -> Taken {
        let content = serde_json::to_vec(&incoming.rows).unwrap_or_default();
        let content = Hash::of(&[&content]);
        if let Some((receipt, known)) = self.keys.get(&incoming.key) {
            if *known != content {
                let what = format!("key {} came with other content", incoming.key);
                self.faults.push(what.clone());
                return Taken::Refused(what);
            }
            self.repeated += 1;
            return Taken::Accepted(receipt.clone());
        }
        if let Some(what) = wrong_row(&incoming) {
            return Taken::Refused(what);
        }
        let wrong = self.out_of_order(&incoming);
        if let Some(what) = wrong.or_else(|| self.wrong_event(&incoming)) {
            self.faults.push(what.clone());
            return Taken::Refused(what);
        }
        let receipt = format!("R{}", self.keys.len() + 1);
        self.keys
            .insert(incoming.key.clone(), (receipt.clone(), content));
        self.last_ms.insert(incoming.table, now_ms);
        let received = self.reports.entry((incoming.table, incoming.period));
        let received = received.or_default();
        if incoming.part == 1 {
            *received = Received::default();
            self.begun
                .entry(incoming.table)
                .or_default()
                .push(incoming.period);
        }
        received.revision = incoming.revision;
        received.parts = incoming.part;
        received.is_whole = incoming.is_last;
        received.rows.extend(incoming.rows);
        Taken::Accepted(receipt)
    }

    /// What is wrong with an event among the others: a number is of one, and a recovery is of a fault
    /// that was told.
    fn wrong_event(&mut self, incoming: &Incoming) -> Option<String> {
        if !incoming.table.is_of_events() {
            return None;
        }
        let text = |row: &Vec<Value>, place: usize| Some(row.get(place)?.as_str()?.to_owned());
        for row in &incoming.rows {
            let Some(number) = text(row, EVENT_NUMBER) else {
                return Some("an event without a number".to_owned());
            };
            if let Some(of) = text(row, EVENT_OF)
                && !self.events.contains(&of)
            {
                return Some(format!("{number} is of {of}, which was not told"));
            }
            if !self.events.insert(number.clone()) && incoming.revision == 1 {
                return Some(format!("{number} is there already"));
            }
        }
        None
    }

    /// What is wrong with the place of a message among the others.
    fn out_of_order(&self, incoming: &Incoming) -> Option<String> {
        let Incoming {
            table,
            period,
            revision,
            part,
            ..
        } = *incoming;
        let name = format!(
            "{} {period}, revision {revision}, part {part}",
            table.name()
        );
        let known = self.reports.get(&(table, period));
        if part > 1 {
            let is_next = known.is_some_and(|known| {
                known.revision == revision && known.parts + 1 == part && !known.is_whole
            });
            return (!is_next).then(|| format!("{name} does not follow the part before"));
        }
        if let Some(known) = known {
            let is_later = revision > known.revision;
            return (!is_later).then(|| format!("{name} is there already"));
        }
        let begun = self.begun.get(&table);
        let last = begun.and_then(|begun| begun.iter().max()).copied()?;
        let is_next = match day_of_period(table, last) {
            Some(day) => day_of_period(table, period) == Some(day.saturating_add(1.day())),
            None if table.interval() == Interval::RealTime => period == last + 1,
            None => period > last,
        };
        (!is_next).then(|| format!("{name} does not follow {last}"))
    }
}

/// What is wrong with the rows of a message.
fn wrong_row(incoming: &Incoming) -> Option<String> {
    let fields = incoming.table.fields();
    for (number, row) in (1..).zip(&incoming.rows) {
        for (field, value) in fields.iter().zip(row) {
            let wrong = |what: &str| Some(format!("row {number}, {}: {what}", field.zh));
            if value.is_array() || value.is_object() || value.is_boolean() {
                return wrong("neither a number nor a text");
            }
            if field.zh.ends_with('量') && value.as_u64().is_none() && !value.is_null() {
                return wrong("no count");
            }
            let is_key = matches!(field.zh, "标识前缀" | "标识编码");
            if is_key
                && value.as_str().is_none_or(str::is_empty)
                && !matches!(incoming.table, Table::M1 | Table::E1)
            {
                return wrong("missing");
            }
        }
    }
    None
}
