//! Events in a snapshot (`docs/format/snapshot-v4.md`, section 8).

use super::{Events, MonthRunning, Running, Stop};
use crate::change::{Change, Cursor, DecodeError, EventChange, put_bytes32};

/// The item of how long the node was up.
const RUNNING: u8 = 0;

/// The item of a fault or a recovery.
const EVENT: u8 = 1;

impl Events {
    /// Its items, in order.
    pub(in crate::state) fn items(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut running = vec![RUNNING];
        self.running.encode(&mut running);
        let logs = [&self.node, &self.enterprises].into_iter();
        let events = logs.flat_map(|log| log.events.values());
        std::iter::once(running).chain(events.map(|event| {
            let mut item = vec![EVENT];
            put_bytes32(&mut item, &Change::Event(Box::new(event.clone())).encode());
            item
        }))
    }

    /// Takes an item.
    pub(in crate::state) fn restore(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let field = "event";
        match cursor.u8()? {
            RUNNING => self.running = Running::decode(cursor)?,
            EVENT => {
                let change = Change::decode(cursor.bytes32()?)?;
                let Change::Event(event) = change else {
                    return Err(DecodeError::IllegalField { field });
                };
                self.restore_event(&event);
            }
            value => return Err(DecodeError::UnknownValue { field, value }),
        }
        Ok(())
    }

    fn restore_event(&mut self, event: &EventChange) {
        let is_of_firm = event.numbered().is_some_and(|event| event.prefix.is_some());
        let log = if is_of_firm {
            &mut self.enterprises
        } else {
            &mut self.node
        };
        log.take(event);
    }
}

impl Running {
    fn encode(&self, out: &mut Vec<u8>) {
        for ms in [self.up_since_ms, self.first_ms] {
            out.extend_from_slice(&ms.to_be_bytes());
        }
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
        out.extend_from_slice(&count(self.months.len()));
        for (month, running) in &self.months {
            out.extend_from_slice(&month.to_be_bytes());
            out.extend_from_slice(&running.up_ms.to_be_bytes());
            out.extend_from_slice(&running.faulty_ms.to_be_bytes());
        }
        out.extend_from_slice(&count(self.stops.len()));
        for stop in &self.stops {
            out.extend_from_slice(&stop.stopped_ms.to_be_bytes());
            out.extend_from_slice(&stop.started_ms.to_be_bytes());
            out.push(u8::from(stop.was_told));
        }
        out.extend_from_slice(&count(self.faulty.len()));
        for (from_ms, until_ms) in self.faulty.iter() {
            out.extend_from_slice(&from_ms.to_be_bytes());
            out.extend_from_slice(&until_ms.to_be_bytes());
        }
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut running = Self {
            up_since_ms: cursor.u64()?,
            first_ms: cursor.u64()?,
            ..Self::default()
        };
        for _ in 0..cursor.u32()? {
            let month = cursor.u32()?;
            let (up_ms, faulty_ms) = (cursor.u64()?, cursor.u64()?);
            running
                .months
                .insert(month, MonthRunning { up_ms, faulty_ms });
        }
        for _ in 0..cursor.u32()? {
            running.stops.push_back(Stop {
                stopped_ms: cursor.u64()?,
                started_ms: cursor.u64()?,
                was_told: cursor.flag()?,
            });
        }
        for _ in 0..cursor.u32()? {
            let (from_ms, until_ms) = (cursor.u64()?, cursor.u64()?);
            running.faulty.add(from_ms, until_ms);
        }
        Ok(running)
    }
}
