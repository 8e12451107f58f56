//! The first entry of a ledger.

use crate::{
    change::{Change, Draft, FOLD_RULE, Hash, Kind, LedgerId, Partition, Place},
    ledger::{Append, Head, Ledger, LedgerError},
};

/// Begins a ledger, unless it has begun.
///
/// `entropy` names it; `time_ms` is the clock's.
///
/// # Errors
/// Where the entry could not be appended for certain.
pub async fn genesis(
    ledger: &dyn Ledger,
    entropy: [u8; 16],
    time_ms: u64,
) -> Result<(), LedgerError> {
    let partition = Partition::Control;
    if ledger.head(&partition).await? != Head::default() {
        return Ok(());
    }
    let ledger_id = LedgerId(entropy);
    let mut draft = Draft::new(Place {
        ledger_id,
        partition: partition.clone(),
        seq: 1,
        previous: Hash::default(),
        time_ms,
        control_at: 0,
        kind: Kind::Genesis,
    });
    let change = Change::Genesis {
        ledger_id,
        fold_rule: FOLD_RULE,
    };
    draft.push(&change).expect("one small change fits an entry");
    match ledger.append(Head::default(), &draft.finish()).await? {
        // A conflict means that another start was first.
        Append::Committed(_) | Append::Conflict(_) => Ok(()),
        Append::Unknown => Err(LedgerError::Distrusted(partition)),
    }
}
