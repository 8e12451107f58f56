//! What was found in a ledger, as it is told.

use std::fmt;

use serde_json::{Value, json};

use super::snapshots::Verdict;
use crate::change::{LedgerId, Partition};
use crate::cli::Exit;
use crate::ledger::{ClosedSegment, Head};
use crate::state::{DataTotals, Digests, DirectoryTotals};

//----------- Summary ------------------------------------------------------------

/// A whole ledger.
#[derive(Debug)]
pub(super) struct Summary {
    /// Whose it is.
    pub(super) ledger_id: LedgerId,
    /// Its partitions, in order.
    pub(super) partitions: Vec<PartitionSummary>,
    /// Counts of identifiers.
    pub(super) data: DataTotals,
    /// Counts of firms.
    pub(super) directory: DirectoryTotals,
    /// What the snapshots beside it are worth.
    pub(super) snapshots: Vec<Verdict>,
}

/// One partition.
#[derive(Debug)]
pub(super) struct PartitionSummary {
    /// Which.
    pub(super) partition: Partition,
    /// The entry before its first: 0, but where counters were trimmed.
    pub(super) begin: Head,
    /// Its last entry; sequences are dense, so the two count them too.
    pub(super) head: Head,
    /// Whether what was trimmed is rolled up.
    pub(super) is_rolled_up: bool,
    /// What it folds to, where this release folds it.
    pub(super) digests: Option<Digests>,
}

impl Summary {
    /// For scripts.
    pub(super) fn to_json(&self) -> Value {
        let partitions: Vec<Value> = self.partitions.iter().map(partition_json).collect();
        json!({
            "ledger_id": self.ledger_id.to_string(),
            "partitions": partitions,
            "totals": {
                "live": self.data.live,
                "registrations": self.data.registrations,
                "removed": self.data.removed,
                "enterprise_nodes": self.directory.enterprise_nodes,
                "connected_firms": self.directory.connected_firms,
            },
            "snapshots": self.snapshots.iter().map(snapshot_json).collect::<Vec<_>>(),
        })
    }

    /// A ledger that is whole is not all of it: a snapshot that is wrong would be started from.
    pub(super) fn exit(&self) -> Exit {
        if self.snapshots.iter().any(|found| found.wrong.is_some()) {
            Exit::Failed
        } else {
            Exit::Done
        }
    }
}

fn snapshot_json(found: &Verdict) -> Value {
    json!({
        "file": found.path.display().to_string(),
        "control_seq": found.cut.map(|(control, _)| control),
        "data_seq": found.cut.map(|(_, data)| data),
        "is_whole": found.wrong.is_none(),
        "wrong": found.wrong,
    })
}

fn partition_json(found: &PartitionSummary) -> Value {
    json!({
        "partition": found.partition.to_string(),
        "entries": found.head.seq - found.begin.seq,
        "trimmed": found.begin.seq,
        "trimmed_is_rolled_up": found.is_rolled_up,
        "head_seq": found.head.seq,
        "head_hash": found.head.hash.to_string(),
        "digest": found.digests.map(|digests| digests.exact.to_string()),
        "content_digest": found.digests.map(|digests| digests.content.to_string()),
    })
}

/// For people.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ledger {} is whole", self.ledger_id)?;
        for found in &self.partitions {
            writeln!(f, "\npartition {}", found.partition)?;
            let entries = found.head.seq - found.begin.seq;
            writeln!(f, "  entries         {entries}")?;
            if found.begin.seq > 0 {
                let where_to = if found.is_rolled_up {
                    "rolled up in control"
                } else {
                    "and rolled up nowhere: control was restored to an earlier time, and lacks \
                     what they counted"
                };
                writeln!(f, "  trimmed         {}, {where_to}", found.begin.seq)?;
            }
            writeln!(f, "  head sequence   {}", found.head.seq)?;
            writeln!(f, "  head hash       {}", found.head.hash)?;
            match found.digests {
                Some(digests) => {
                    writeln!(f, "  digest          {}", digests.exact)?;
                    writeln!(f, "  content digest  {}", digests.content)?;
                }
                None => writeln!(f, "  digest          none: only its chain is checked")?,
            }
        }
        writeln!(f, "\nidentifiers")?;
        writeln!(f, "  live            {}", self.data.live)?;
        writeln!(f, "  registrations   {}", self.data.registrations)?;
        writeln!(f, "  removed         {}", self.data.removed)?;
        writeln!(f, "\nfirms")?;
        writeln!(f, "  enterprise nodes {}", self.directory.enterprise_nodes)?;
        writeln!(f, "  connected firms  {}", self.directory.connected_firms)?;
        if !self.snapshots.is_empty() {
            writeln!(f, "\nsnapshots")?;
        }
        for Verdict { path, wrong, .. } in &self.snapshots {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match wrong {
                None => writeln!(f, "  {name}  is whole")?,
                Some(wrong) => writeln!(
                    f,
                    "  {name}  is of no use: {wrong}; remove it, the ledger knows it all"
                )?,
            }
        }
        Ok(())
    }
}

//----------- SegmentSummary -----------------------------------------------------

/// One closed segment.
#[derive(Debug)]
pub(super) struct SegmentSummary(pub(super) ClosedSegment);

impl SegmentSummary {
    /// For scripts.
    pub(super) fn to_json(&self) -> Value {
        let (begin, end) = (self.0.begin(), self.0.end());
        json!({
            "partition": self.0.partition().to_string(),
            "first_seq": begin.seq + 1,
            "previous_hash": begin.hash.to_string(),
            "last_seq": end.seq,
            "last_hash": end.hash.to_string(),
        })
    }
}

/// For people.
impl fmt::Display for SegmentSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (begin, end) = (self.0.begin(), self.0.end());
        let partition = self.0.partition();
        writeln!(f, "the segment of partition {partition} is whole")?;
        writeln!(f, "  first sequence  {}", begin.seq + 1)?;
        writeln!(f, "  previous hash   {}", begin.hash)?;
        writeln!(f, "  last sequence   {}", end.seq)?;
        writeln!(f, "  last hash       {}", end.hash)
    }
}
