//! A partition of counters: its chain, and that what it lacks is rolled up.

use std::collections::BTreeMap;

use super::READ_BYTES;
use crate::change::{Hash, Partition};
use crate::ledger::{self, Head, Ledger, LedgerError, SqliteLedger};
use crate::state::{HostDays, State};

/// What was found.
pub(super) struct Counters {
    /// Where its entries begin: those before were trimmed.
    pub(super) begin: Head,
    /// Its last entry.
    pub(super) head: Head,
    /// Whether control has the days of what was trimmed.
    pub(super) is_rolled_up: bool,
}

/// Reads all there is of it; nothing is trimmed meanwhile.
///
/// # Errors
/// Where an entry is not what was written, or is not the one that a day was rolled up from.
pub(super) async fn verify(
    ledger: &SqliteLedger,
    partition: &Partition,
    state: &State,
) -> Result<Counters, LedgerError> {
    let hold = ledger.hold(partition)?;
    let (begin, last) = (
        ledger.begin(partition).await?,
        ledger.head(partition).await?,
    );
    let rolled_up = state.rolled_up();
    let own = match partition {
        Partition::Counters(host) => rolled_up.host(host),
        _ => None,
    };
    let days = own.map(HostDays::heads).into_iter().flatten();
    let days: BTreeMap<u64, (u32, Hash)> =
        days.map(|(day, seq, hash)| (seq, (day, hash))).collect();
    let mut head = begin;
    check(partition, &days, head)?;
    while head.seq < last.seq {
        // One by one where a day was rolled up from one of them: few are.
        let next = days.range(head.seq + 1..).next();
        let entries = ledger.read(partition, head.seq + 1, READ_BYTES).await?;
        let stop = next.map_or(u64::MAX, |(seq, _)| *seq);
        let upto = entries
            .iter()
            .take_while(|entry| entry.header().seq <= stop);
        match upto.last() {
            Some(entry) => head = Head::after(entry),
            None => head = ledger::verify_part(ledger, partition, head, READ_BYTES).await?,
        }
        check(partition, &days, head)?;
    }
    drop(hold);
    Ok(Counters {
        begin,
        head,
        is_rolled_up: begin.seq < own.map_or(1, HostDays::read_from),
    })
}

/// Whether an entry is the one that a day was rolled up from, if one was from there.
fn check(
    partition: &Partition,
    days: &BTreeMap<u64, (u32, Hash)>,
    head: Head,
) -> Result<(), LedgerError> {
    match days.get(&head.seq) {
        Some((day, hash)) if *hash != head.hash => Err(LedgerError::Damaged {
            partition: partition.clone(),
            seq: head.seq,
            what: format!("day {day} was rolled up in control from another entry"),
        }),
        _ => Ok(()),
    }
}
