//! Rows of events (annex 2, 13–18): faults and recoveries, told when they happen.

use jiff::{Timestamp, tz::Offset};
use serde_json::{Value, json};

use super::Table;
use crate::{
    change::{EventChange, LedgerId},
    identifier::Prefix,
    state::{EventLog, Events},
};

/// Digits of the ledger's id in an event's number (事件编号): unique over the ledgers of an operator.
const LEDGER_DIGITS: usize = 8;

impl Table {
    /// Whether it tells of events, one by one: its periods are their numbers.
    #[must_use]
    pub fn is_of_events(self) -> bool {
        matches!(self, Self::E1 | Self::E2)
    }
}

/// The log that a table of events tells of.
#[must_use]
pub fn event_log(table: Table, events: &Events) -> Option<&EventLog> {
    match table {
        Table::E1 => Some(events.node()),
        Table::E2 => Some(events.enterprises()),
        _ => None,
    }
}

/// 上报事件编号: the number of an event, as the national node is told.
#[must_use]
pub fn event_name(ledger_id: LedgerId, table: Table, number: u32) -> String {
    let id = ledger_id.to_string();
    let id = id.get(..LEDGER_DIGITS).unwrap_or(&id);
    format!("{id}-{}-{number}", table.name())
}

/// The row of an event.
#[must_use]
pub fn event_row(ledger_id: LedgerId, table: Table, change: &EventChange) -> Option<Vec<Value>> {
    let event = change.numbered()?;
    let name = |number| json!(event_name(ledger_id, table, number));
    let (status, of, class) = match change {
        EventChange::Recovered { of, .. } => ("恢复正常", name(*of), Value::Null),
        EventChange::Fault { class, .. } => ("异常", Value::Null, json!(*class as u8)),
        EventChange::Started { .. } | EventChange::Stopped { .. } => return None,
    };
    let note = &*event.note;
    Some(vec![
        json!(event.prefix.as_ref().map_or("", Prefix::as_str)),
        json!(status),
        name(event.number),
        of,
        json!(second(event.at_ms)),
        json!((!note.is_empty()).then_some(note)),
        class,
    ])
}

/// A moment to the second, in Shanghai.
fn second(at_ms: u64) -> Option<String> {
    let second = i64::try_from(at_ms / 1_000).ok()?;
    let moment = Timestamp::from_second(second).ok()?;
    Some(moment.display_with_offset(Offset::constant(8)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{FaultClass, NumberedEvent};

    fn event(number: u32, prefix: Option<&str>, note: &str) -> NumberedEvent {
        NumberedEvent {
            number,
            prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
            at_ms: 1_795_492_800_999,
            note: note.into(),
        }
    }

    #[test]
    fn a_recovery_names_its_fault() {
        let id = LedgerId([0xab; 16]);
        let fault = EventChange::Fault {
            event: event(3, None, "盘满"),
            class: FaultClass::System,
        };
        let at = "2026-11-24T12:00:00+08:00";
        let row = json!(["", "异常", "abababab-E1-3", null, at, "盘满", 2]);
        assert_eq!(json!(event_row(id, Table::E1, &fault)), row);
        let over = EventChange::Recovered {
            event: event(4, Some("88.118.8"), ""),
            of: 3,
        };
        let row = json!([
            "88.118.8",
            "恢复正常",
            "abababab-E2-4",
            "abababab-E2-3",
            at,
            null,
            null
        ]);
        assert_eq!(json!(event_row(id, Table::E2, &over)), row);
        let started = EventChange::Stopped { at_ms: 1 };
        assert_eq!(event_row(id, Table::E1, &started), None);
    }
}
