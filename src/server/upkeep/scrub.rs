//! Reading the ledger over again behind a start from a snapshot, which looked at its tail only.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    change::Partition,
    ledger::{self, Head, Ledger, LedgerError, SqliteLedger, SqliteOptions},
    registry::WeakRegistry,
    server::executor::BlockingPool,
};

/// Payload bytes verified at a time.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Rests between the parts, as a multiple of the work: a quarter of one core, and of its disk.
const REST: u32 = 3;

//----------- Scrub ------------------------------------------------------------

/// Verifies what a snapshot stood for.
pub(in crate::server) struct Scrub {
    /// A reader of its own: writers do not wait for it.
    ledger: SqliteLedger,
    /// How far each partition was taken from the snapshot.
    until: Vec<(Partition, Head)>,
}

impl Scrub {
    /// Verifies each partition up to where the snapshot was cut.
    ///
    /// # Errors
    /// Where the ledger cannot be opened a second time.
    pub(in crate::server) fn new(
        root: &Path,
        options: SqliteOptions,
        until: Vec<(Partition, Head)>,
    ) -> Result<Self, LedgerError> {
        let options = SqliteOptions {
            read_only: true,
            ..options
        };
        let ledger = SqliteLedger::open(root, options, Arc::new(BlockingPool))?;
        Ok(Self { ledger, until })
    }

    /// Reads everything once; damage closes the node to writes, and is told.
    pub(super) async fn run(self, registry: WeakRegistry, stopped: watch::Receiver<bool>) {
        for (partition, until) in &self.until {
            match self.verify(partition, *until, &stopped).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::error!(%partition, %error, "the ledger is not what was written");
                    if let Some(registry) = registry.upgrade() {
                        registry.close(partition, error.to_string());
                    }
                    return;
                }
            }
        }
        let was_asked = self.until.iter().any(|(_, until)| until.seq > 0);
        if was_asked && !*stopped.borrow() {
            tracing::info!("the ledger behind the snapshot is verified");
        }
    }

    #[expect(clippy::disallowed_methods, reason = "it rests as long as it worked")]
    async fn verify(
        &self,
        partition: &Partition,
        until: Head,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), LedgerError> {
        let ledger: &dyn Ledger = &self.ledger;
        let mut head = Head::default();
        while head.seq < until.seq && !*stopped.borrow() {
            let began = Instant::now();
            match ledger::verify_part(ledger, partition, head, READ_BYTES).await {
                Ok(verified) => head = verified,
                Err(LedgerError::SegmentMissing { seq, .. }) => {
                    head = self.behind_the_gap(partition, seq)?.unwrap_or(until);
                    let next = head.seq + 1;
                    tracing::info!(%partition, from = seq, next, "archived entries were not verified");
                }
                Err(error) => return Err(error),
            }
            let rest = (began.elapsed() * REST).min(Duration::from_secs(5));
            tokio::time::sleep(rest).await;
        }
        Ok(())
    }

    /// Where the next segment begins that is at hand.
    fn behind_the_gap(&self, partition: &Partition, seq: u64) -> Result<Option<Head>, LedgerError> {
        let segments = self.ledger.segments(partition)?;
        let behind = segments.iter().find(|segment| segment.begin.seq >= seq);
        Ok(behind.map(|segment| segment.begin))
    }
}
