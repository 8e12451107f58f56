//! An exact cut of a ledger that goes on growing.

use std::sync::Arc;

use super::BackupError;
use crate::{
    change::{LedgerId, Partition},
    ledger::{Head, Hold, Ledger, SegmentInfo, SqliteLedger},
};

//----------- Cut --------------------------------------------------------------

/// What a ledger held at one moment: entries never change, so its heads say it all.
#[derive(Debug, Clone)]
pub struct Cut {
    /// Whose it is.
    pub ledger_id: LedgerId,
    /// `control` last: what the others rest on is in it.
    pub(super) partitions: Vec<PartitionCut>,
}

/// One partition of a cut.
#[derive(Debug, Clone)]
pub(super) struct PartitionCut {
    pub(super) partition: Partition,
    /// Where it begins: counters may have been trimmed.
    pub(super) begin: Head,
    pub(super) head: Head,
    /// The segments that are copied as they are; entries follow.
    pub(super) segments: Vec<SegmentInfo>,
    /// Nothing is trimmed until all of it is read.
    _hold: Option<Arc<Hold>>,
}

impl Cut {
    /// Reads the heads of a ledger that a node may be writing to.
    ///
    /// # Errors
    /// Where it cannot be read, or has not begun.
    pub async fn take(ledger: &SqliteLedger) -> Result<Self, BackupError> {
        let mut names = ledger.partitions().await?;
        names.retain(|partition| *partition != Partition::Control);
        names.push(Partition::Control);
        let mut partitions = Vec::new();
        for partition in names {
            let is_trimmed = matches!(partition, Partition::Counters(_));
            let hold = is_trimmed.then(|| ledger.hold(&partition)).transpose()?;
            let begin = ledger.begin(&partition).await?;
            let head = ledger.head(&partition).await?;
            let mut segments = ledger.segments(&partition)?;
            // Where one is missing, reading its entries says which, and where it was looked for.
            let mut end = begin;
            let follows = |segment: &&SegmentInfo| {
                let follows = segment.is_one_file && segment.begin == end;
                end = segment.end;
                follows
            };
            let whole = segments.iter().take_while(follows).count();
            segments.truncate(whole);
            partitions.push(PartitionCut {
                partition,
                begin,
                head,
                segments,
                _hold: hold.map(Arc::new),
            });
        }
        let genesis = ledger.read(&Partition::Control, 1, 1).await?;
        let genesis = genesis.first().ok_or(BackupError::Empty)?;
        Ok(Self {
            ledger_id: genesis.header().ledger_id,
            partitions,
        })
    }

    /// Entries in it.
    #[must_use]
    pub fn entries(&self) -> u64 {
        let entries = |one: &PartitionCut| one.head.seq - one.begin.seq;
        self.partitions.iter().map(entries).sum()
    }

    /// The last entry of each partition.
    pub fn heads(&self) -> impl Iterator<Item = (&Partition, Head)> {
        self.partitions.iter().map(|one| (&one.partition, one.head))
    }
}

impl PartitionCut {
    /// Where the entries behind the segments begin.
    pub(super) fn entries_begin(&self) -> Head {
        self.segments.last().map_or(self.begin, |last| last.end)
    }
}
