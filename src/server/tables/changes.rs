//! What happened to identifiers on a statistics day, from the ledger: T9.

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    accounting::figures::{begins_ms, day_of},
    change::{Change, Class, Entry, Position, statistics_day},
    identifier::Identifier,
    ledger::{Ledger, LedgerError},
    record::RecordRef,
    state::DATA,
    topnode::tables::{Master, Operation, Page, master_row},
};

/// Payload bytes read at a time.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Bits of a cursor that say which change of an entry: an entry has at most 4,096.
const ITEM_BITS: u32 = 12;

/// Changes of an identifier that are gone back over for when it was first registered.
const HISTORY_MAX: usize = 32;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

//----------- master_data ------------------------------------------------------

/// At most `limit` changes of a day, from a cursor on; 0 is where the day begins.
pub(super) async fn master_data(
    ledger: &dyn Ledger,
    is_told: &(dyn Fn(&Identifier) -> bool + Sync),
    day: Date,
    cursor: usize,
    limit: usize,
) -> Result<Page, LedgerError> {
    let began_ms = begins_ms(day);
    let cursor = u64::try_from(cursor).unwrap_or_default();
    let (mut seq, mut item) = (cursor >> ITEM_BITS, cursor & ((1 << ITEM_BITS) - 1));
    if cursor == 0 {
        (seq, item) = (first_at(ledger, began_ms).await?, 0);
    }
    let mut history = History { ledger, last: None };
    let mut rows = Vec::new();
    loop {
        let entries = ledger.read(&DATA, seq, READ_BYTES).await?;
        if entries.is_empty() {
            return Ok(Page { rows, next: None });
        }
        for entry in &entries {
            seq = entry.header().seq;
            if entry.header().time_ms >= began_ms + DAY_MS {
                return Ok(Page { rows, next: None });
            }
            for (at, change) in (0..).zip(entry.changes()) {
                if at < item {
                    continue;
                }
                if rows.len() == limit {
                    let next = usize::try_from(seq << ITEM_BITS | at).ok();
                    return Ok(Page { rows, next });
                }
                let change = change.map_err(|error| LedgerError::damaged(&DATA, seq, &error))?;
                rows.extend(row(&mut history, is_told, entry, &change).await?);
            }
            item = 0;
        }
        seq += 1;
    }
}

/// The first entry of a time or later: entries stand in the order of their times.
async fn first_at(ledger: &dyn Ledger, time_ms: u64) -> Result<u64, LedgerError> {
    let (mut before, mut behind) = (0, ledger.head(&DATA).await?.seq + 1);
    while before + 1 < behind {
        let middle = before + (behind - before) / 2;
        let entry = ledger.read(&DATA, middle, 1).await?;
        let is_early = entry
            .first()
            .is_some_and(|entry| entry.header().time_ms < time_ms);
        if is_early {
            before = middle;
        } else {
            behind = middle;
        }
    }
    Ok(behind)
}

/// The row of a change, if it is of an identifier that is told of.
async fn row(
    history: &mut History<'_>,
    is_told: &(dyn Fn(&Identifier) -> bool + Sync),
    entry: &Entry,
    change: &Change,
) -> Result<Option<Vec<Value>>, LedgerError> {
    let (identifier, prev, record) = match change {
        Change::Put(put) if put.class != Class::Test => (
            &put.identifier,
            put.prev,
            Some(RecordRef::trusted(&put.record)),
        ),
        Change::Remove(removed) => (&removed.identifier, Some(removed.prev), None),
        _ => return Ok(None),
    };
    if !is_told(identifier) {
        return Ok(None);
    }
    let before = match prev {
        None => Before {
            was_removed: true,
            created: day_at(entry),
        },
        Some(prev) => history.before(prev).await?,
    };
    let operation = match (record.is_some(), before.was_removed) {
        (false, _) => Operation::Removed,
        (true, true) => Operation::Added,
        (true, false) => Operation::Changed,
    };
    Ok(Some(master_row(&Master {
        identifier: identifier.text(),
        created: before.created,
        operation,
        record,
    })))
}

/// What was before a change.
struct Before {
    /// Nothing, or a tombstone.
    was_removed: bool,
    /// When it was first registered, if that was not too many changes ago.
    created: Option<Date>,
}

/// Goes back over the changes of identifiers.
struct History<'a> {
    ledger: &'a dyn Ledger,
    /// The entry that was read last: what was registered together is often changed together.
    last: Option<Entry>,
}

impl History<'_> {
    async fn before(&mut self, prev: Position) -> Result<Before, LedgerError> {
        let mut was_removed = None;
        let mut at = prev;
        for _ in 0..HISTORY_MAX {
            let Some(entry) = self.entry(at.seq).await? else {
                break;
            };
            let place = usize::try_from(at.item).unwrap_or(usize::MAX);
            let encoded = entry.encoded_changes().nth(place).transpose();
            let change = encoded.and_then(|change| change.map(Change::decode).transpose());
            let change = change.map_err(|error| LedgerError::damaged(&DATA, at.seq, &error))?;
            let (is_removal, before) = match change {
                Some(Change::Put(put)) => (false, put.prev),
                Some(Change::Remove(removed)) => (true, Some(removed.prev)),
                _ => break,
            };
            let was_removed = *was_removed.get_or_insert(is_removal);
            let Some(before) = before else {
                let created = day_at(entry);
                return Ok(Before {
                    was_removed,
                    created,
                });
            };
            at = before;
        }
        Ok(Before {
            was_removed: was_removed.unwrap_or_default(),
            created: None,
        })
    }

    async fn entry(&mut self, seq: u64) -> Result<Option<&Entry>, LedgerError> {
        let is_last = |entry: &Entry| entry.header().seq == seq;
        if !self.last.as_ref().is_some_and(is_last) {
            let mut read = self.ledger.read(&DATA, seq, 1).await?;
            self.last = (!read.is_empty()).then(|| read.swap_remove(0));
        }
        Ok(self.last.as_ref())
    }
}

/// The statistics day of an entry.
fn day_at(entry: &Entry) -> Option<Date> {
    day_of(statistics_day(entry.header().time_ms))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        change::{Draft, Kind, LedgerId, Place, PutChange, RemoveChange},
        ledger::{Head, MemoryLedger},
        record::Record,
    };

    /// 2026-11-24T12:00:00 in Shanghai.
    const NOON_MS: u64 = 1_795_492_800_000;

    const TODAY: Date = jiff::civil::date(2026, 11, 24);

    /// A ledger of `data/1`, written entry by entry.
    #[derive(Default)]
    struct Written {
        ledger: MemoryLedger,
        head: Head,
    }

    impl Written {
        async fn entry(&mut self, time_ms: u64, changes: &[Change]) {
            let mut draft = Draft::new(Place {
                ledger_id: LedgerId([1; 16]),
                partition: DATA,
                seq: self.head.seq + 1,
                previous: self.head.hash,
                time_ms,
                control_at: 1,
                kind: Kind::Changes,
            });
            changes
                .iter()
                .for_each(|change| draft.push(change).unwrap());
            let entry = draft.finish();
            self.ledger.append(self.head, &entry).await.unwrap();
            self.head = Head::after(&entry);
        }

        async fn page(&self, day: Date, after: usize, limit: usize) -> Page {
            let is_told = |identifier: &Identifier| identifier.authority() != "88.118.9";
            master_data(&self.ledger, &is_told, day, after, limit)
                .await
                .unwrap()
        }

        /// Identifier, day of creation and operation of each row.
        async fn told(&self, day: Date) -> Vec<[Value; 3]> {
            let rows = self.page(day, 0, 100).await.rows.into_iter();
            rows.map(|row| [row[0].clone(), row[1].clone(), row[3].clone()])
                .collect()
        }
    }

    fn put(text: &str, class: Class, prev: Option<(u64, u32)>) -> Change {
        let identifier = Identifier::parse_registration(text).unwrap();
        let record = Record::new(Vec::new()).unwrap();
        let change = PutChange::new(identifier, class, prev.map(position), &record);
        Change::Put(Box::new(change))
    }

    fn remove(text: &str, prev: (u64, u32)) -> Change {
        Change::Remove(Box::new(RemoveChange {
            identifier: Identifier::parse_registration(text).unwrap(),
            prev: position(prev),
        }))
    }

    fn position((seq, item): (u64, u32)) -> Position {
        Position {
            partition: 1,
            seq,
            item,
        }
    }

    /// Two days and a half of changes, and an entry in the last minute of the first.
    async fn written() -> Written {
        let mut written = Written::default();
        let [a, b, c] = ["88.118.8/A", "88.118.8/B", "88.118.8/C"];
        let first = [
            put(a, Class::New, None),
            put("88.118.9/X", Class::New, None),
            put(b, Class::New, None),
        ];
        written.entry(NOON_MS, &first).await;
        let test = put("88.118.8/T", Class::Test, None);
        let last_ms = NOON_MS + DAY_MS / 2 - 1;
        written
            .entry(last_ms, &[put(a, Class::New, Some((1, 0))), test])
            .await;
        let next = [remove(b, (1, 2)), put(c, Class::Adopted, None)];
        written.entry(last_ms + 1, &next).await;
        let again = put(b, Class::Restored, Some((3, 0)));
        written.entry(NOON_MS + DAY_MS, &[again]).await;
        let replaced = put(b, Class::Restored, Some((4, 0)));
        written.entry(NOON_MS + 2 * DAY_MS, &[replaced]).await;
        written
    }

    #[tokio::test]
    async fn each_day_has_its_changes_with_what_was_before() {
        let written = written().await;
        let row = |identifier: &str, day: &str, operation: u8| {
            [json!(identifier), json!(day), json!(operation)]
        };
        let (first, second) = ("2026-11-24", "2026-11-25");
        let expected = [
            row("88.118.8/A", first, 1),
            row("88.118.8/B", first, 1),
            row("88.118.8/A", first, 3),
        ];
        assert_eq!(written.told(TODAY).await, expected);
        let expected = [
            row("88.118.8/B", first, 2),
            row("88.118.8/C", second, 1),
            row("88.118.8/B", first, 1),
        ];
        assert_eq!(written.told(TODAY.tomorrow().unwrap()).await, expected);
        let third = TODAY.tomorrow().unwrap().tomorrow().unwrap();
        assert_eq!(written.told(third).await, [row("88.118.8/B", first, 3)]);
        assert!(written.told(TODAY.yesterday().unwrap()).await.is_empty());
        assert!(written.told(third.tomorrow().unwrap()).await.is_empty());
        assert!(Written::default().told(TODAY).await.is_empty());
    }

    #[tokio::test]
    async fn pages_follow_each_other_and_miss_nothing() {
        let written = written().await;
        for limit in 1..5 {
            let (mut rows, mut after) = (Vec::new(), Some(0));
            while let Some(at) = after {
                let page = written.page(TODAY, at, limit).await;
                assert!(page.rows.len() <= limit);
                rows.extend(page.rows);
                after = page.next;
            }
            assert_eq!(rows, written.page(TODAY, 0, 100).await.rows, "{limit}");
        }
    }

    /// Registered so long ago that nobody goes back that far: the day is not known, and not guessed.
    #[tokio::test]
    async fn a_long_history_is_not_gone_back_over() {
        let mut written = Written::default();
        for seq in 0..=HISTORY_MAX as u64 + 1 {
            let prev = (seq > 0).then_some((seq, 0));
            let change = put("88.118.8/A", Class::New, prev);
            written.entry(NOON_MS + seq, &[change]).await;
        }
        let told = written.told(TODAY).await;
        assert_eq!(told[HISTORY_MAX][1], json!("2026-11-24"));
        assert_eq!(told[HISTORY_MAX + 1][1..], [Value::Null, json!(3)]);
    }
}
