//! The write side: admitting enterprises, registering identifiers.
//!
//! ```text
//! Submission ─▶ queue ─▶ writer ─▶ plan (validate, authorise) ─▶ ledger.append ─▶ state.apply ─▶ Receipt
//!                          ▲                                          │
//!                          └── Conflict: apply what was missed, plan again
//! ```
//!
//! One writer per partition takes what has queued up, plans it against the state and the entry
//! being built, appends once and answers everyone: a registration is acknowledged when it is
//! durable and not before. What is refused has no effect.

mod admission;
mod clock;
mod events;
mod filing;
pub mod import;
mod observe;
mod registration;
#[cfg(test)]
mod tests;
mod writer;

pub use admission::{Admission, EnterpriseFacts, FIELD_CHARACTERS_MAX};
pub use clock::{ClockFault, ClockReading, EntryClock, RELEASE_DATE_MS, ReadClock};
pub use events::{Fault, Happened};
pub use filing::{FilingDecision, FilingStep};
pub use observe::Observe;
pub use registration::{OPERATIONS_MAX, Operation, RequestedValue};
pub use writer::{QUEUE_MAX, ReadOnly, ReadOnlyCause, WriterOptions, WriterTask, genesis};

use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, oneshot};

use crate::{
    access::Caller,
    change::{Hash, Partition, Position, ReportChange, RollUp},
    identifier::Prefix,
};
use admission::ControlJob;
use writer::{Ticket, Writes};

//----------- Registry ---------------------------------------------------------

/// A handle to the writers, cheap to clone.
#[derive(Debug, Clone)]
pub struct Registry {
    control: Desk<ControlJob>,
    data: Desk<Operation>,
    observer: Option<Arc<dyn Observe>>,
}

/// Where work for one writer is handed in.
#[derive(Debug, Clone)]
struct Desk<J> {
    queue: mpsc::Sender<Ticket<J>>,
    writes: Arc<Writes>,
}

impl Registry {
    /// Registers, replaces and removes identifiers; answers when all of it is durable.
    ///
    /// # Errors
    /// Where the whole request is refused or its fate is not known; then see
    /// [`RegistryError::may_have_happened`].
    pub async fn submit(&self, work: Request<Operation>) -> Result<Receipt, RegistryError> {
        let watched = self.watch(&work);
        let receipt = self.data.hand_in(work).await?;
        if let Some(watched) = watched {
            watched.tell(&receipt);
        }
        Ok(receipt)
    }

    /// Admits enterprises and assigns prefixes; answers when all of it is durable.
    ///
    /// # Errors
    /// As [`Registry::submit`].
    pub async fn admit(&self, work: Request<Admission>) -> Result<Receipt, RegistryError> {
        let Request {
            caller,
            idempotency,
            jobs,
            dry_run,
        } = work;
        let jobs = jobs
            .into_iter()
            .map(|job| ControlJob::Admit(Box::new(job)))
            .collect();
        self.control
            .hand_in(Request {
                caller,
                idempotency,
                jobs,
                dry_run,
            })
            .await
    }

    /// Says what became of filings; answers when all of it is durable.
    ///
    /// # Errors
    /// As [`Registry::submit`].
    pub async fn file(&self, work: Request<FilingDecision>) -> Result<Receipt, RegistryError> {
        let jobs = work.jobs.into_iter().map(Box::new).map(ControlJob::File);
        self.control
            .hand_in(Request {
                caller: work.caller,
                idempotency: work.idempotency,
                jobs: jobs.collect(),
                dry_run: work.dry_run,
            })
            .await
    }

    /// Takes secondary prefixes into the directory, where they are not there yet.
    ///
    /// # Errors
    /// As [`Registry::submit`].
    pub async fn ensure_secondary_prefixes(
        &self,
        prefixes: &[Prefix],
    ) -> Result<Receipt, RegistryError> {
        let jobs = prefixes
            .iter()
            .cloned()
            .map(ControlJob::Secondary)
            .collect();
        self.control.hand_in(operator(jobs)).await
    }

    /// Notes in the ledger that an operator accepted the clock at this start.
    ///
    /// # Errors
    /// As [`Registry::submit`].
    pub async fn accept_clock(&self) -> Result<Receipt, RegistryError> {
        self.control
            .hand_in(operator(vec![ControlJob::AcceptClock]))
            .await
    }

    /// Whether the node takes writes, and if not, why.
    #[must_use]
    pub fn read_only(&self) -> Option<ReadOnly> {
        let closed = [&self.control.writes, &self.data.writes].map(|writes| writes.closed());
        // The worst of them: where a restart is needed, waiting does not help.
        let worst = |closed: &ReadOnly| closed.cause;
        closed.into_iter().flatten().max_by_key(worst)
    }

    /// A handle that does not keep the writers going.
    #[must_use]
    pub fn downgrade(&self) -> WeakRegistry {
        WeakRegistry {
            queue: self.control.queue.downgrade(),
            control: Arc::downgrade(&self.control.writes),
            data: Arc::downgrade(&self.data.writes),
        }
    }
}

/// A request of whoever runs the node.
fn operator(jobs: Vec<ControlJob>) -> Request<ControlJob> {
    Request {
        caller: Caller::Administrator,
        idempotency: None,
        jobs,
        dry_run: false,
    }
}

/// A handle that does not keep the writers going: for those who only tell them something.
#[derive(Debug, Clone)]
pub struct WeakRegistry {
    queue: mpsc::WeakSender<Ticket<ControlJob>>,
    control: Weak<Writes>,
    data: Weak<Writes>,
}

/// What [`WeakRegistry::upgrade`] gives while there are writers.
#[derive(Debug)]
pub struct WritesHandle {
    writes: [Arc<Writes>; 2],
}

impl WeakRegistry {
    /// Says in `control` what parts of a day have come to; answers when all of it is durable.
    ///
    /// # Errors
    /// As [`Registry::submit`]; while the node stops, that it does.
    pub async fn roll_up(&self, parts: Vec<RollUp>) -> Result<Receipt, RegistryError> {
        let jobs = parts.into_iter().map(Box::new).map(ControlJob::RollUp);
        self.hand_in(jobs.collect()).await
    }

    /// Says in `control` what became of a report; answers when it is durable.
    ///
    /// # Errors
    /// As [`Registry::submit`]; while the node stops, that it does.
    pub async fn report(&self, change: ReportChange) -> Result<Receipt, RegistryError> {
        self.hand_in(vec![ControlJob::Report(Box::new(change))])
            .await
    }

    /// Says in `control` what the national node decided about a filing; answers when it is durable.
    ///
    /// # Errors
    /// As [`Registry::submit`]; while the node stops, that it does.
    pub async fn file(&self, decision: FilingDecision) -> Result<Receipt, RegistryError> {
        self.hand_in(vec![ControlJob::File(Box::new(decision))])
            .await
    }

    /// Says in `control` what happened to the node; answers when all of it is durable.
    ///
    /// # Errors
    /// As [`Registry::submit`]; while the node stops, that it does.
    pub async fn happened(&self, what: Vec<Happened>) -> Result<Receipt, RegistryError> {
        let jobs = what.into_iter().map(Box::new).map(ControlJob::Event);
        self.hand_in(jobs.collect()).await
    }

    async fn hand_in(&self, jobs: Vec<ControlJob>) -> Result<Receipt, RegistryError> {
        let desk = self.queue.upgrade().zip(self.control.upgrade());
        let (queue, writes) = desk.ok_or(RegistryError::ShuttingDown)?;
        Desk { queue, writes }.hand_in(operator(jobs)).await
    }

    /// For what causes writes are refused now.
    #[must_use]
    pub fn read_only_causes(&self) -> Vec<ReadOnlyCause> {
        let writes = [self.control.upgrade(), self.data.upgrade()];
        let closed = writes.iter().flatten().filter_map(|writes| writes.closed());
        closed.map(|closed| closed.cause).collect()
    }

    /// The writers' states, while there are writers.
    #[must_use]
    pub fn upgrade(&self) -> Option<WritesHandle> {
        let writes = [self.control.upgrade()?, self.data.upgrade()?];
        Some(WritesHandle { writes })
    }
}

impl WritesHandle {
    /// Takes no more writes until a restart: somebody found damage that no append would meet.
    pub fn close(&self, partition: &Partition, reason: String) {
        let cause = ReadOnlyCause::Ledger;
        for writes in &self.writes {
            let reason = reason.clone();
            writes.close(partition, ReadOnly { cause, reason });
        }
    }
}

impl<J> Desk<J> {
    async fn hand_in(&self, request: Request<J>) -> Result<Receipt, RegistryError> {
        if let Some(reason) = self.writes.closed_for_good() {
            return Err(RegistryError::ReadOnly { reason });
        }
        let (reply, answer) = oneshot::channel();
        // A full queue is an answer too: better at once than after the client has given up.
        self.queue
            .try_send(Ticket { request, reply })
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => RegistryError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => RegistryError::ShuttingDown,
            })?;
        answer.await.unwrap_or(Err(RegistryError::Unknown))
    }
}

//----------- Request ----------------------------------------------------------

/// Work handed in: jobs with one caller, and perhaps a key by which it is known again.
#[derive(Debug, Clone)]
pub struct Request<J> {
    /// Who asks.
    pub caller: Caller,
    /// Set where the client may send the same request again.
    pub idempotency: Option<Idempotency>,
    /// What to do, in order.
    pub jobs: Vec<J>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// By what a request is known when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// Of account and key.
    pub key_hash: Hash,
    /// Of what is asked.
    pub body_hash: Hash,
}

impl Idempotency {
    /// Hashes a caller's key and what it asks.
    #[must_use]
    pub fn new(caller: Caller, key: &str, body: &[u8]) -> Self {
        let key_hash = Hash::of(&[caller.account().as_bytes(), &[0], key.as_bytes()]);
        Self {
            key_hash,
            body_hash: Hash::of(&[body]),
        }
    }
}

//----------- Receipt ----------------------------------------------------------

/// What became of a request: a verdict per job, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// One verdict per job.
    pub verdicts: Vec<Verdict>,
    /// Whether the request was known: it had come before.
    pub is_repeated: bool,
}

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Registered (or admitted) at this position.
    Created(Position),
    /// The record was replaced.
    Replaced(Position),
    /// It was there with the same content, since this position.
    Unchanged(Position),
    /// Removed.
    Removed(Position),
    /// It is there with other content, or was removed; nothing was changed.
    Conflict(String),
    /// There is nothing to remove.
    NotFound,
    /// It was removed before.
    Gone,
    /// Refused before any effect.
    Refused(Refusal),
}

/// Why a job was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One of the closed list of `docs/import.md`, or `denied`.
    pub code: &'static str,
    /// The field at fault, as the request names it.
    pub field: String,
    /// What is wrong and what to do.
    pub detail: String,
}

impl Refusal {
    /// A refusal of one field.
    pub(crate) fn new(code: &'static str, field: &str, detail: impl Into<String>) -> Self {
        Self {
            code,
            field: field.to_owned(),
            detail: detail.into(),
        }
    }
}

//============ Error types =====================================================

/// Why a whole request got no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No writes for now; resolution goes on.
    #[error("this node takes no writes now: {reason}")]
    ReadOnly {
        /// Why, for the operator.
        reason: String,
    },
    /// Too little space is left; nothing happened.
    #[error("this node has too little disk space to register; resolution goes on")]
    NoSpace,
    /// The queue is full.
    #[error("too many writes are waiting; try again")]
    Overloaded,
    /// The node is stopping.
    #[error("the node is shutting down; try again")]
    ShuttingDown,
    /// The same key came with another body.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// It may or may not have happened.
    #[error("it is not known whether this was stored; ask again with the same idempotency key")]
    Unknown,
}

impl RegistryError {
    /// Whether the request may have had an effect all the same.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}
