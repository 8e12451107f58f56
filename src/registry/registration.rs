//! Planning registrations: what an operation on an identifier comes to.

use std::{collections::HashMap, sync::Arc};

use super::{
    Refusal, Verdict,
    writer::{Full, Plan},
};
use crate::{
    access::{Action, Caller},
    change::{Change, Class, Draft, Hosting, Position, PutChange, RemoveChange, RequestOutcome},
    identifier::{Identifier, Key},
    record::{Permissions, Record, RecordRef, Reference, Ttl, Value},
    state::{
        State,
        directory::Belongs,
        index::{Slot, SlotState},
    },
};

/// The most operations of one request: the batch limit of the SNMS interface.
pub const OPERATIONS_MAX: usize = 2_000;

//----------- Operation --------------------------------------------------------

/// One thing to do with an identifier, as asked: nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Registers it; a conflict where it is there with other content, or was removed.
    Create {
        /// The identifier.
        identifier: String,
        /// Its values.
        values: Vec<RequestedValue>,
    },
    /// Registers it or replaces its record; after removal, registers it again.
    Put {
        /// The identifier.
        identifier: String,
        /// Its values.
        values: Vec<RequestedValue>,
        /// A conflict where it is there with other content.
        only_create: bool,
    },
    /// Removes it; the tombstone stays.
    Remove {
        /// The identifier.
        identifier: String,
    },
}

impl Operation {
    pub(super) fn identifier(&self) -> &str {
        match self {
            Self::Create { identifier, .. }
            | Self::Put { identifier, .. }
            | Self::Remove { identifier } => identifier,
        }
    }
}

/// A value as asked for; its timestamp is the entry's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedValue {
    /// From 1.
    pub index: u32,
    /// Its type.
    pub kind: String,
    /// Its data.
    pub data: Vec<u8>,
    /// How long it may be cached.
    pub ttl: Ttl,
    /// Who may read and write it.
    pub permissions: Permissions,
    /// What it refers to.
    pub references: Vec<Reference>,
}

//----------- Registrations ----------------------------------------------------

/// Plans operations against the state and what the entry being built already holds.
#[derive(Debug)]
pub(super) struct Registrations {
    state: Arc<State>,
    overlay: HashMap<Key, Slot>,
}

impl Registrations {
    pub(super) fn new(state: Arc<State>) -> Self {
        Self {
            state,
            overlay: HashMap::new(),
        }
    }

    /// The identifier as it will be once the entry being built is applied.
    fn current(&self, key: &Key) -> Option<Slot> {
        match self.overlay.get(key) {
            Some(slot) => Some(slot.clone()),
            None => self
                .state
                .index()
                .with(key.as_bytes(), |slot| slot.to_slot()),
        }
    }

    /// Checks the name and whose it is; says whether new identifiers may be registered there.
    fn check(&self, text: &str) -> Result<(Identifier, bool), Refusal> {
        let identifier = Identifier::parse_registration(text)
            .map_err(|error| Refusal::new(error.code(), "identifier", error.to_string()))?;
        let directory = self.state.directory();
        let refuse = |code, detail: String| Err(Refusal::new(code, "identifier", detail));
        let authority = identifier.authority();
        match directory.belongs(authority) {
            Belongs::Elsewhere if directory.secondary().is_empty() => refuse(
                "foreign_prefix",
                super::admission::NO_SECONDARY_PREFIX.to_owned(),
            ),
            Belongs::Elsewhere => refuse(
                "foreign_prefix",
                format!("{authority} is not a prefix of this node; register it where it is"),
            ),
            Belongs::Unassigned(_) => refuse(
                "unassigned_prefix",
                format!("{authority} is assigned to no enterprise; admit the enterprise first"),
            ),
            Belongs::Assigned(entry) if matches!(entry.facts.hosting, Hosting::SelfBuilt(_)) => {
                refuse(
                    "self_built",
                    format!("{authority} has its own node; register the identifier there"),
                )
            }
            Belongs::Assigned(entry) if !entry.takes_writes() => refuse(
                "unassigned_prefix",
                format!("{authority} is not in use now; ask the operator of this node"),
            ),
            Belongs::Assigned(entry) => {
                let takes_registrations = entry.takes_registrations();
                Ok((identifier, takes_registrations))
            }
        }
    }

    fn plan_record(
        &mut self,
        (identifier, takes_registrations): (Identifier, bool),
        values: &[RequestedValue],
        mode: Mode,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        let record = match record_of(values, draft.place().time_ms) {
            Ok(record) => record,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let key = identifier.key();
        let current = self.current(&key);
        let Some(current) = current else {
            if !takes_registrations {
                return Ok(Verdict::Refused(not_filed(&identifier)));
            }
            let change = PutChange::new(identifier, Class::New, None, &record);
            return self.put(key, change, draft).map(Verdict::Created);
        };
        let prev = Some(current.position);
        // Every later change spells the identifier as it was first registered.
        let spelled = Identifier::parse_query(&current.spelling).unwrap_or(identifier);
        let Some(old) = current.record() else {
            if mode == Mode::Create {
                let what = format!(
                    "{} was removed; restore it with PUT if that is meant",
                    spelled.text()
                );
                return Ok(Verdict::Conflict(what));
            }
            if !takes_registrations {
                return Ok(Verdict::Refused(not_filed(&spelled)));
            }
            let change = PutChange::new(spelled, Class::Restored, prev, &record);
            return self.put(key, change, draft).map(Verdict::Created);
        };
        if old.same_content(&RecordRef::trusted(&record.encode())) {
            return Ok(Verdict::Unchanged(current.position));
        }
        if mode != Mode::Replace {
            let what = format!("{} is registered with other content", spelled.text());
            return Ok(Verdict::Conflict(what));
        }
        let record = keep_timestamps(record, &old);
        let change = PutChange::new(spelled, current.class, prev, &record);
        self.put(key, change, draft).map(Verdict::Replaced)
    }

    fn plan_remove(&mut self, identifier: &Identifier, draft: &mut Draft) -> Result<Verdict, Full> {
        let key = identifier.key();
        let Some(mut current) = self.current(&key) else {
            return Ok(Verdict::NotFound);
        };
        if current.record().is_none() {
            return Ok(Verdict::Gone);
        }
        let spelled =
            Identifier::parse_query(&current.spelling).unwrap_or_else(|_| identifier.clone());
        let change = RemoveChange {
            identifier: spelled,
            prev: current.position,
        };
        let position = push(draft, &Change::Remove(Box::new(change)))?;
        current.position = position;
        current.state = SlotState::Removed {
            at_ms: draft.place().time_ms,
        };
        self.overlay.insert(key, current);
        Ok(Verdict::Removed(position))
    }

    fn put(&mut self, key: Key, change: PutChange, draft: &mut Draft) -> Result<Position, Full> {
        let mut slot = Slot {
            spelling: change.identifier.text().into(),
            class: change.class,
            position: Position {
                partition: 0,
                seq: 0,
                item: 0,
            },
            ordinal: 0,
            state: SlotState::Live(change.record.clone()),
        };
        slot.position = push(draft, &Change::Put(Box::new(change)))?;
        let position = slot.position;
        self.overlay.insert(key, slot);
        Ok(position)
    }
}

/// What to do with an identifier that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing, even after removal.
    Create,
    /// Nothing, but register it again after removal.
    CreateOrRestore,
    /// Replace its record.
    Replace,
}

//--- Plan

impl Plan for Registrations {
    type Job = Operation;

    fn plan(
        &mut self,
        job: &Operation,
        caller: Caller,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        if !caller.may(Action::WriteIdentifiers) {
            let detail = "writing needs the token of an administrator of this node";
            return Ok(Verdict::Refused(Refusal::new(
                "denied",
                "authorization",
                detail,
            )));
        }
        let checked = match self.check(job.identifier()) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        match job {
            Operation::Create { values, .. } => {
                self.plan_record(checked, values, Mode::Create, draft)
            }
            Operation::Put {
                values,
                only_create: true,
                ..
            } => self.plan_record(checked, values, Mode::CreateOrRestore, draft),
            Operation::Put { values, .. } => {
                self.plan_record(checked, values, Mode::Replace, draft)
            }
            Operation::Remove { .. } => self.plan_remove(&checked.0, draft),
        }
    }

    fn forget(&mut self) {
        self.overlay.clear();
    }

    fn outcome(&self, job: &Operation, verdict: &Verdict) -> RequestOutcome {
        match (job, verdict) {
            // Creating again what was created is harmless: each item is judged anew.
            (Operation::Create { .. }, _) => RequestOutcome::Items,
            (_, Verdict::Created(_)) => RequestOutcome::Created,
            (_, Verdict::Replaced(_)) => RequestOutcome::Replaced,
            (_, Verdict::Removed(_)) => RequestOutcome::Removed,
            _ => RequestOutcome::Items,
        }
    }
}

//----------- Helper functions -------------------------------------------------

/// Adds a change and says where it will stand.
fn push(draft: &mut Draft, change: &Change) -> Result<Position, Full> {
    super::writer::push(draft, change)
}

/// What is registered already stays, and may be changed: only what is new waits for the filing.
fn not_filed(identifier: &Identifier) -> Refusal {
    let prefix = identifier.authority();
    let detail = format!(
        "the filing (备案) of {prefix} has not passed, and nobody has waived it: biaoshi topnode file \
         {prefix} passed, or biaoshi topnode waive {prefix}"
    );
    Refusal::new("not_filed", "identifier", detail)
}

fn record_of(values: &[RequestedValue], time_ms: u64) -> Result<Record, Refusal> {
    if values.is_empty() {
        let detail = "an identifier needs at least one value";
        return Err(Refusal::new("missing_field", "values", detail));
    }
    let values = values.iter().map(|value| Value {
        index: value.index,
        kind: value.kind.as_str().into(),
        data: value.data.as_slice().into(),
        ttl: value.ttl,
        permissions: value.permissions,
        timestamp_ms: time_ms,
        references: value.references.clone(),
    });
    Record::new(values.collect())
        .map_err(|error| Refusal::new(error.code(), "values", error.to_string()))
}

/// A value that did not change keeps the time it was last changed.
fn keep_timestamps(record: Record, old: &RecordRef<'_>) -> Record {
    let encoded = record.encode();
    let values = RecordRef::trusted(&encoded).values().map(|new| {
        let mut value = new.to_value();
        let before = old.values().find(|before| before.same_content(&new));
        value.timestamp_ms = before.map_or(new.timestamp_ms, |before| before.timestamp_ms);
        value
    });
    // Only times differ from a record that was in order.
    Record::new(values.collect()).unwrap_or(record)
}
