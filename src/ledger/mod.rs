//! The ledger: ordered, hash-chained and durable before anyone is told "yes".
//!
//! ```text
//! writer ──▶ Ledger::append(entry at head) ──▶ Committed | Conflict | Unknown
//! reader ──▶ Ledger::read(partition, from) ──▶ entries, verified against the chain
//! ```
//!
//! [`Ledger`] is the contract; an adapter per engine fulfils it and `conformance` asks the same
//! questions of each:
//!
//! - G1 an entry is atomic, G2 sequences are dense and immutable, G3 a position has one winner;
//! - G4 what is `Committed` survives the loss of power;
//! - G5 `Unknown` is a third result, decided by appending a marker at the same position;
//! - G6 a reader stops at the first byte that is not what was written, and says where;
//! - G7 a sealed partition takes no more, G8 a writer reads its own commits;
//! - G9 idempotency keys are data, G10 no space means an error before any effect;
//! - what is trimmed are counters, from their beginning; what stays chains as before.

pub mod conformance;
mod error;
mod executor;
mod memory;
mod sqlite;
mod stored;

use std::{future::Future, pin::Pin, time::Duration};

pub use error::LedgerError;
pub use executor::{Inline, RunBlocking};
pub use memory::MemoryLedger;
pub use sqlite::{
    ClosedSegment, FREE_BYTES_MIN, Hold, SEGMENT_BYTES_MAX, SegmentInfo, SqliteLedger,
    SqliteOptions,
};
pub use stored::{Codec, StoredEntry};

use crate::change::{Entry, Hash, Partition};

//----------- Ledger -----------------------------------------------------------

/// What a ledger call returns: boxed, so that a node chooses its engine when it starts.
pub type LedgerFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// An ordered, durable log per partition.
pub trait Ledger: Send + Sync {
    /// The partitions that hold entries or were sealed, in order.
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>>;

    /// The last sequence and hash of a partition; linearizable.
    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head>;

    /// Appends an entry behind `at`, or says who was first.
    ///
    /// An error means that nothing happened; what is not clear is [`Append::Unknown`].
    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append>;

    /// Reads entries from `from` on: dense, ordered, committed, verified. At least one entry
    /// where there is one, then as many as fit `bytes_max` bytes of payload.
    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: u64,
        bytes_max: usize,
    ) -> LedgerFuture<'a, Vec<Entry>>;

    /// Waits until there may be an entry after `after`, at most `timeout`. A hint: it may lie
    /// and may be late.
    fn wait<'a>(
        &'a self,
        partition: &'a Partition,
        after: u64,
        timeout: Duration,
    ) -> LedgerFuture<'a, ()>;

    /// Ends a partition: it takes no entry from here on, for ever.
    fn seal<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head>;

    /// The head that the first entry of a partition was appended behind: the empty one, but where
    /// counters were trimmed.
    fn begin<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head>;

    /// Lets go of the entries of `counters/<host>` before that one, or of some of them; where the
    /// partition begins then. The last entry stays, and nothing happens while somebody reads all
    /// of it. Other partitions keep every entry: [`LedgerError::Kept`].
    fn trim<'a>(&'a self, partition: &'a Partition, before: u64) -> LedgerFuture<'a, Head>;

    /// Whether an append would be taken now, as far as can be told without one: an error is the
    /// one it would get.
    fn writable<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, ()>;
}

//----------- Head -------------------------------------------------------------

/// The end of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The last sequence; 0 where there is no entry.
    pub seq: u64,
    /// The last entry's hash; zero where there is no entry.
    pub hash: Hash,
}

impl Head {
    /// The head once `entry` is in the ledger.
    #[must_use]
    pub fn after(entry: &Entry) -> Self {
        Self {
            seq: entry.header().seq,
            hash: entry.hash(),
        }
    }
}

//----------- verify_part ------------------------------------------------------

/// Verifies the entries behind `head`, some `bytes_max` bytes of them, and returns the new head.
///
/// # Errors
/// Where they are not what was written, or there is none.
pub async fn verify_part(
    ledger: &dyn Ledger,
    partition: &Partition,
    head: Head,
    bytes_max: usize,
) -> Result<Head, LedgerError> {
    let entries = ledger.read(partition, head.seq + 1, bytes_max).await?;
    let last = entries.last().map(Head::after);
    // A head that says more than can be read is damage too.
    last.ok_or_else(|| LedgerError::Damaged {
        partition: partition.clone(),
        seq: head.seq + 1,
        what: "the entry is missing".to_owned(),
    })
}

//----------- Append -----------------------------------------------------------

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Append {
    /// Durable, with the new head.
    Committed(Head),
    /// Another entry stands there, or the head was another; nothing happened.
    Conflict(Head),
    /// It may have happened: read the head, and decide with a marker at the same position.
    Unknown,
}
