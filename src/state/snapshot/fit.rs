//! Whether a snapshot belongs to a ledger.

use super::SnapshotLoader;
use crate::{
    change::Partition,
    ledger::{Head, Ledger, LedgerError},
    state::DATA,
};

//----------- Fit --------------------------------------------------------------

/// How a snapshot relates to a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It is a cut of it.
    Fits,
    /// It is of another ledger, or of another past of this one.
    Foreign(String),
    /// It is of this ledger, which lacks entries that were in it: acknowledged ones are missing.
    LedgerEndsBefore {
        /// The partition.
        partition: Partition,
        /// The last entry that the snapshot knows.
        seq: u64,
        /// The last entry that the ledger has.
        ledger_seq: u64,
    },
}

impl SnapshotLoader {
    /// Asks the ledger for the two entries at which the snapshot was cut.
    ///
    /// # Errors
    /// Where the ledger cannot be read there.
    pub async fn fit(&self, ledger: &dyn Ledger) -> Result<Fit, LedgerError> {
        let genesis = ledger.read(&Partition::Control, 1, 1).await?;
        let ledger_id = genesis.first().map(|entry| entry.header().ledger_id);
        if ledger_id != Some(self.ledger_id()) {
            return Ok(Fit::Foreign("it is of another ledger".to_owned()));
        }
        for partition in [Partition::Control, DATA] {
            let Head { seq, hash } = self.at(&partition).head;
            if seq == 0 {
                continue;
            }
            let ledger_seq = ledger.head(&partition).await?.seq;
            if ledger_seq < seq {
                return Ok(Fit::LedgerEndsBefore {
                    partition,
                    seq,
                    ledger_seq,
                });
            }
            let standing = ledger.read(&partition, seq, 1).await?;
            if standing.first().map(crate::change::Entry::hash) != Some(hash) {
                let what = format!("the ledger has another entry at {partition}, sequence {seq}");
                return Ok(Fit::Foreign(what));
            }
        }
        Ok(Fit::Fits)
    }
}
