//! A request on its way through the writer: judged, noted, settled, answered.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::Ticket;
use crate::{
    change::{Change, Draft, Hash, Partition, Position, RequestChange, RequestOutcome},
    registry::{Idempotency, Receipt, RegistryError, Request, Verdict},
    state::{RememberedRequest, State},
};

//----------- Pending ----------------------------------------------------------

/// A request being served.
pub(super) struct Pending<J> {
    pub(super) request: Request<J>,
    reply: Option<oneshot::Sender<Result<Receipt, RegistryError>>>,
    pub(super) verdicts: Vec<Verdict>,
    /// Verdicts whose entries are in the ledger.
    settled: usize,
    /// Entries noted so far.
    chunks: u32,
    /// Asked once, before the request's own entries are applied.
    known: Option<Option<RememberedRequest>>,
}

impl<J> Pending<J> {
    pub(super) fn new(ticket: Ticket<J>) -> Self {
        Self {
            request: ticket.request,
            reply: Some(ticket.reply),
            verdicts: Vec::new(),
            settled: 0,
            chunks: 0,
            known: None,
        }
    }

    /// Finds out whether the request came before; false where it is answered already.
    pub(super) fn recognise(
        &mut self,
        state: &State,
        partition: &Partition,
        keys: &mut HashMap<Hash, Hash>,
    ) -> bool {
        let Some(Idempotency {
            key_hash,
            body_hash,
        }) = self.request.idempotency
        else {
            return true;
        };
        let in_this_entry = keys.insert(key_hash, body_hash);
        let known = self
            .known
            .get_or_insert_with(|| state.remembered(partition, &key_hash));
        let before = known
            .as_ref()
            .map(|known| known.body_hash)
            .or(in_this_entry);
        if before.is_some_and(|before| before != body_hash) {
            self.fail(&RegistryError::KeyReused);
            return false;
        }
        // A replacement or removal is never done twice: what it came to is remembered.
        let Some(known) = known else { return true };
        let Some(note) = known.parts.first() else {
            return true;
        };
        let done = Position {
            item: note.item.saturating_sub(1),
            ..*note
        };
        let verdict = match known.outcome {
            RequestOutcome::Items => return true,
            RequestOutcome::Created => Verdict::Created(done),
            RequestOutcome::Replaced => Verdict::Replaced(done),
            RequestOutcome::Removed => Verdict::Removed(done),
        };
        self.verdicts = vec![verdict];
        false
    }

    /// What an item was told the first time, where it is there because of this very request.
    pub(super) fn recall(&self, verdict: Verdict) -> Verdict {
        let Some(Some(known)) = &self.known else {
            return verdict;
        };
        match verdict {
            Verdict::Unchanged(position)
                if known.parts.iter().any(|part| part.seq == position.seq) =>
            {
                Verdict::Created(position)
            }
            other => other,
        }
    }

    /// Notes in the entry that a part of this request stands in it.
    pub(super) fn note(&mut self, draft: &mut Draft, outcome: RequestOutcome) {
        let Some(Idempotency {
            key_hash,
            body_hash,
        }) = self.request.idempotency
        else {
            return;
        };
        let chunk = self.chunks;
        let note = RequestChange {
            key_hash,
            body_hash,
            chunk,
            outcome,
        };
        // `push` of each change kept room for this one.
        if draft.push(&Change::Request(note)).is_ok() {
            self.chunks += 1;
        }
    }

    /// What is judged so far is in the ledger.
    pub(super) fn settle(&mut self) {
        self.settled = self.verdicts.len();
    }

    /// What is not in the ledger must be judged again.
    pub(super) fn unsettle(&mut self) {
        self.verdicts.truncate(self.settled);
        if self.settled == 0 {
            self.known = None;
            self.chunks = 0;
        }
    }

    pub(super) fn answer(&mut self) {
        let verdicts = std::mem::take(&mut self.verdicts);
        let is_repeated = matches!(self.known, Some(Some(_)));
        self.send(Ok(Receipt {
            verdicts,
            is_repeated,
        }));
    }

    pub(super) fn fail(&mut self, error: &RegistryError) {
        self.send(Err(error.clone()));
    }

    pub(super) fn send(&mut self, answer: Result<Receipt, RegistryError>) {
        if let Some(reply) = self.reply.take() {
            // A client that has gone finds out when it asks again.
            let _ = reply.send(answer);
        }
    }
}
