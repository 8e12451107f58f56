//! Up to where a ledger is restored.

use super::BackupError;
use crate::{
    change::{Entry, Partition},
    ledger::Head,
    state::DATA,
};

//----------- Until ------------------------------------------------------------

/// Up to where a ledger is restored; all of it where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Until {
    /// The last entry of `data/1`.
    pub data_seq: Option<u64>,
    /// The last entry of `control`; more of it is kept where `data/1` rests on more.
    pub control_seq: Option<u64>,
    /// Entries of this time and later are left out, in milliseconds since the epoch.
    pub before_ms: Option<u64>,
}

impl Until {
    /// Whether it leaves nothing out.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses a place that a backup does not reach.
    pub(super) fn check(&self, partition: &Partition, head: Head) -> Result<(), BackupError> {
        match self.seq_of(partition) {
            Some(seq) if seq > head.seq => Err(BackupError::Beyond {
                partition: partition.clone(),
                seq,
                head_seq: head.seq,
            }),
            _ => Ok(()),
        }
    }

    /// Whether an entry is kept; `rests_on` is how much of `control` others need.
    pub(super) fn keeps(&self, entry: &Entry, rests_on: u64) -> bool {
        let header = entry.header();
        let is_needed = header.partition == Partition::Control && header.seq <= rests_on;
        let is_in_time = self
            .before_ms
            .is_none_or(|before_ms| header.time_ms < before_ms);
        let seq = self.seq_of(&header.partition);
        is_needed || (is_in_time && seq.is_none_or(|seq| header.seq <= seq))
    }

    fn seq_of(&self, partition: &Partition) -> Option<u64> {
        match partition {
            Partition::Control => self.control_seq,
            &DATA => self.data_seq,
            _ => None,
        }
    }
}
