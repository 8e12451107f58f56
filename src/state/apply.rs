//! `State::apply`: doing what an entry says.

use std::sync::{Arc, atomic::Ordering};

use super::{
    ApplyError, At, ControlFold, DataFold, State, digest,
    directory::Directory,
    index::{Slot, SlotState},
    pin::Pin,
    registrations::OfEntry,
};
use crate::{
    change::{
        Change, Class, Entry, FOLD_RULE, Partition, Position, PutChange, RemoveChange,
        statistics_day,
    },
    identifier::Key,
    ledger::Head,
};

impl State {
    /// Applies the next entry of its partition.
    ///
    /// # Errors
    /// Where the entry is not the next one, or holds what this release does not know; then nothing
    /// of it is applied.
    pub fn apply(&self, entry: &Entry) -> Result<(), ApplyError> {
        let header = entry.header();
        let (partition, seq) = (&header.partition, header.seq);
        let changes = entry
            .changes()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| ApplyError::Unreadable {
                partition: partition.clone(),
                seq,
                error,
            })?;
        match partition {
            Partition::Control => self.apply_control(entry, changes),
            Partition::Data(1) => self.apply_data(entry, changes),
            other => Err(ApplyError::UnknownPartition(other.clone())),
        }
    }

    fn apply_control(&self, entry: &Entry, changes: Vec<Change>) -> Result<(), ApplyError> {
        let mut fold = self.control_fold();
        fold.at.check_next(entry)?;
        let header = entry.header();
        if let Some(Change::Genesis {
            ledger_id,
            fold_rule,
        }) = changes.first()
        {
            if *fold_rule != FOLD_RULE {
                return Err(ApplyError::UnknownFoldRule(*fold_rule));
            }
            fold.ledger_id = Some(*ledger_id);
        }
        check_ledger(entry, fold.ledger_id)?;
        let mut directory = Arc::unwrap_or_clone(std::mem::take(&mut fold.directory));
        for (item, change) in (0_u32..).zip(changes) {
            let position = Position {
                partition: 0,
                seq: header.seq,
                item,
            };
            fold.apply_change(&mut directory, change, position, header.time_ms);
        }
        fold.directory = Arc::new(directory);
        fold.at = At::after(entry);
        self.directory.store(Arc::clone(&fold.directory));
        self.applied.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn apply_data(&self, entry: &Entry, changes: Vec<Change>) -> Result<(), ApplyError> {
        let ledger_id = self.ledger_id();
        let mut fold = self.data_fold();
        fold.at.check_next(entry)?;
        check_ledger(entry, ledger_id)?;
        let header = entry.header();
        let partition = header.partition.number().unwrap_or_default();
        let directory = self.directory();
        let mut counted = OfEntry::new(&directory, statistics_day(header.time_ms));
        for (item, change) in (0_u32..).zip(changes) {
            let position = Position {
                partition,
                seq: header.seq,
                item,
            };
            match change {
                Change::Put(put) => self.apply_put(&mut fold, &mut counted, *put, position),
                Change::Remove(remove) => {
                    self.apply_remove(&mut fold, &mut counted, &remove, position, header.time_ms);
                }
                Change::Request(request) => {
                    fold.window.remember(&request, position, header.time_ms);
                }
                // Gates speak to writers, who read them from the ledger; markers only take a place.
                _ => {}
            }
        }
        counted.finish(&mut fold.registrations);
        fold.at = At::after(entry);
        self.applied.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn apply_put(
        &self,
        fold: &mut DataFold,
        counted: &mut OfEntry<'_>,
        put: PutChange,
        position: Position,
    ) {
        let class = put.class;
        let slot = Slot {
            spelling: put.identifier.text().into(),
            class,
            position,
            // The index gives it.
            ordinal: 0,
            state: SlotState::Live(put.record),
        };
        let DataFold {
            totals,
            registrations,
            digests,
            pins,
            ..
        } = fold;
        digest::add_identifier(digests, &slot);
        let key = put.identifier.key();
        let shard = self.shard_of_pinned(pins, &key);
        let old = self.index.replace(&key, &slot, |old| {
            pins.iter().for_each(|pin| pin.keep(shard, old));
        });
        if let Some(old) = &old {
            digest::remove_identifier(digests, old);
        }
        let was_there = match old.map(|old| old.state) {
            None => {
                totals.live += 1;
                totals.registrations += u64::from(class == Class::New);
                false
            }
            Some(SlotState::Removed { .. }) => {
                totals.live += 1;
                totals.removed -= 1;
                true
            }
            Some(SlotState::Live(_)) => return,
        };
        counted.registered(registrations, key.authority(), class, was_there);
    }

    fn apply_remove(
        &self,
        fold: &mut DataFold,
        counted: &mut OfEntry<'_>,
        remove: &RemoveChange,
        position: Position,
        time_ms: u64,
    ) {
        let DataFold {
            totals,
            registrations,
            digests,
            pins,
            ..
        } = fold;
        let key = remove.identifier.key();
        let shard = self.shard_of_pinned(pins, &key);
        self.index.update(&key, |slot| {
            pins.iter().for_each(|pin| pin.keep(shard, slot));
            digest::remove_identifier(digests, slot);
            if matches!(slot.state, SlotState::Live(_)) {
                totals.live -= 1;
                totals.removed += 1;
                counted.removed(registrations, key.authority(), slot.class);
            }
            slot.position = position;
            slot.state = SlotState::Removed { at_ms: time_ms };
            digest::add_identifier(digests, slot);
        });
    }
}

impl State {
    /// The shard of a key, where somebody asks for it: finding it hashes the key once more.
    fn shard_of_pinned(&self, pins: &[Arc<Pin>], key: &Key) -> usize {
        if pins.is_empty() {
            0
        } else {
            self.index().shard_of(key)
        }
    }
}

impl ControlFold {
    fn apply_change(
        &mut self,
        directory: &mut Directory,
        change: Change,
        position: Position,
        time_ms: u64,
    ) {
        let digests = &mut self.digests;
        match change {
            Change::SecondaryPrefix(prefix) => {
                if let Some(new) = directory.add_secondary(prefix) {
                    digest::add_secondary(digests, new);
                }
            }
            Change::Enterprise(change) => {
                let number = change.enterprise;
                if let Some(old) = directory.put_enterprise(*change, position) {
                    digest::remove_enterprise(digests, &old);
                }
                if let Some(enterprise) = directory.enterprise(number) {
                    digest::add_enterprise(digests, enterprise);
                }
            }
            Change::Prefix(change) => {
                let prefix = change.prefix.clone();
                // The certificate is part of a prefix's content, and an enterprise may change it.
                if let Some(old) = directory.prefix(prefix.as_str()) {
                    digest::remove_prefix(digests, directory, old);
                }
                directory.put_prefix(*change, position);
                if let Some(new) = directory.prefix(prefix.as_str()) {
                    digest::add_prefix(digests, directory, new);
                }
            }
            Change::Request(request) => self.window.remember(&request, position, time_ms),
            Change::RollUp(rolled_up) => {
                Arc::make_mut(&mut self.rolled_up).take(directory, &rolled_up);
                Arc::make_mut(&mut self.reports).correct(rolled_up.day, position.seq);
            }
            Change::Report(change) => {
                Arc::make_mut(&mut self.reports).take(&change, position.seq, time_ms)
            }
            Change::Event(change) => Arc::make_mut(&mut self.events).take(&change),
            // Genesis was read above; the rest changes nothing that is asked for here.
            _ => {}
        }
    }
}

impl At {
    fn check_next(&self, entry: &Entry) -> Result<(), ApplyError> {
        let header = entry.header();
        if header.seq == self.head.seq + 1 {
            return Ok(());
        }
        Err(ApplyError::OutOfOrder {
            partition: header.partition.clone(),
            seq: header.seq,
            applied: self.head.seq,
        })
    }

    fn after(entry: &Entry) -> Self {
        Self {
            head: Head::after(entry),
            time_ms: entry.header().time_ms,
        }
    }
}

fn check_ledger(
    entry: &Entry,
    ledger_id: Option<crate::change::LedgerId>,
) -> Result<(), ApplyError> {
    let header = entry.header();
    match ledger_id {
        Some(expected) if expected != header.ledger_id => Err(ApplyError::Foreign {
            partition: header.partition.clone(),
            seq: header.seq,
            found: header.ledger_id,
            expected,
        }),
        _ => Ok(()),
    }
}
