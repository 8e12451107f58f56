//! Committing an entry, and deciding what is unknown.

use super::{Plan, ReadOnly, ReadOnlyCause, Writer, push};
use crate::{
    change::{Change, Draft, Entry, Kind, Partition},
    ledger::{Append, Head, LedgerError},
    registry::RegistryError,
    state::ApplyError,
};

/// How often the fate of one entry is asked for before the writer gives up and goes read-only.
const DECISIONS_MAX: u32 = 3;

/// Payload bytes read at a time when catching up.
const READ_BYTES: usize = 8 * 1024 * 1024;

impl<P: Plan> Writer<P> {
    /// Appends and applies an entry; `false` where another was first and all must be judged again.
    pub(super) async fn commit(&mut self, draft: Draft) -> Result<bool, RegistryError> {
        let at = Head {
            seq: draft.place().seq - 1,
            hash: draft.place().previous,
        };
        let entry = self.close_entry(draft);
        match self.ledger.append(at, &entry).await {
            Ok(Append::Committed(_)) => self.committed(&entry),
            Ok(Append::Conflict(_)) => self.catch_up().await,
            Ok(Append::Unknown) => self.decide(at, &entry).await,
            Err(error @ LedgerError::NoSpace { .. }) => {
                self.writes
                    .close(&self.partition, ReadOnly::of_ledger(&error));
                Err(RegistryError::NoSpace)
            }
            Err(error @ LedgerError::Storage { .. }) => {
                // Nothing happened: the next request may fare better.
                tracing::error!(%error, "a write was refused by the ledger");
                Err(RegistryError::ReadOnly {
                    reason: error.to_string(),
                })
            }
            Err(error) => Err(self.close(&error)),
        }
    }

    /// Finds out what became of an entry, by taking its place if it is not there (G5).
    async fn decide(&mut self, at: Head, entry: &Entry) -> Result<bool, RegistryError> {
        let partition = self.partition.clone();
        tracing::warn!(%partition, seq = entry.header().seq, "the fate of an append is unknown");
        for _ in 0..DECISIONS_MAX {
            let head = match self.ledger.head(&partition).await {
                Ok(head) => head,
                Err(error) => return Err(self.lose(&error)),
            };
            if head.seq > at.seq {
                return self.who_won(entry).await;
            }
            let marker = self.marker()?;
            match self.ledger.append(at, &marker).await {
                Ok(Append::Committed(_)) => {
                    self.committed(&marker)?;
                    return Ok(false);
                }
                Ok(Append::Conflict(_)) => return self.who_won(entry).await,
                Ok(Append::Unknown) => {}
                Err(error) => return Err(self.lose(&error)),
            }
        }
        Err(self.lose(&LedgerError::Distrusted(partition)))
    }

    /// Whether the entry that stands at its place is ours.
    async fn who_won(&mut self, entry: &Entry) -> Result<bool, RegistryError> {
        let standing = self
            .ledger
            .read(&self.partition, entry.header().seq, 1)
            .await;
        match standing {
            Ok(standing) if standing.first().map(Entry::hash) == Some(entry.hash()) => {
                self.committed(entry)
            }
            Ok(_) => self.catch_up().await,
            Err(error) => Err(self.lose(&error)),
        }
    }

    fn marker(&self) -> Result<Entry, RegistryError> {
        let mut draft = self.draft(Kind::Marker)?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| RegistryError::Unknown)?;
        push(&mut draft, &Change::Marker { nonce }).map_err(|_| RegistryError::Unknown)?;
        Ok(self.close_entry(draft))
    }

    /// Closes an entry, with the `control` sequence that it was planned against or a later one.
    fn close_entry(&self, mut draft: Draft) -> Entry {
        if self.partition != Partition::Control {
            draft.validated_against(self.state.at(&Partition::Control).head.seq);
        }
        draft.finish()
    }

    /// Applies an entry that is in the ledger.
    fn committed(&mut self, entry: &Entry) -> Result<bool, RegistryError> {
        self.state
            .apply(entry)
            .map_err(|error| self.out_of_step(&error))?;
        self.clock
            .given(entry.header().time_ms, self.read_clock.read());
        self.writes.resume(&self.partition);
        Ok(true)
    }

    /// Applies what others wrote; all that was judged before must be judged again.
    async fn catch_up(&mut self) -> Result<bool, RegistryError> {
        loop {
            let from = self.state.at(&self.partition).head.seq + 1;
            let missed = match self.ledger.read(&self.partition, from, READ_BYTES).await {
                Ok(missed) => missed,
                Err(error) => return Err(self.close(&error)),
            };
            if missed.is_empty() {
                return Ok(false);
            }
            for entry in &missed {
                self.committed(entry)?;
            }
        }
    }

    //--- Going read-only

    /// Takes no more writes: the ledger said why, and nothing happened. Those that a full disk
    /// stopped resume by themselves: whoever takes the entry's place decides what became of it.
    fn close(&self, error: &LedgerError) -> RegistryError {
        self.writes
            .close(&self.partition, ReadOnly::of_ledger(error));
        RegistryError::ReadOnly {
            reason: error.to_string(),
        }
    }

    /// Takes no more writes, and what was asked for last may have happened.
    fn lose(&self, error: &LedgerError) -> RegistryError {
        self.close(error);
        RegistryError::Unknown
    }

    /// The state does not follow the ledger: going on would serve what nobody wrote.
    fn out_of_step(&self, error: &ApplyError) -> RegistryError {
        let reason = format!("{error}; restart the node to replay its ledger");
        let cause = ReadOnlyCause::State;
        self.writes
            .close(&self.partition, ReadOnly { cause, reason });
        RegistryError::Unknown
    }
}
