//! The writer of a partition: one append in flight, everyone answered after it.

mod commit;
mod genesis;
mod pending;
mod writes;

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

pub use genesis::genesis;
use pending::Pending;
pub(super) use writes::Writes;
pub use writes::{ReadOnly, ReadOnlyCause};

use super::{
    Desk, Receipt, Refusal, Registry, RegistryError, Request, Verdict,
    admission::Admissions,
    clock::{EntryClock, ReadClock},
    registration::Registrations,
};
use crate::{
    access::Caller,
    change::{Change, Draft, Kind, Partition, Place, Position, RequestOutcome},
    ledger::Ledger,
    state::{DATA, State},
};

/// Requests that wait at most, per partition: at 2,000 operations each a client has given up
/// before the last is served, and beyond it 503 is the better answer.
pub const QUEUE_MAX: usize = 1_024;

/// Requests taken into one round: more would not make the append cheaper.
const ROUND_REQUESTS_MAX: usize = 512;

/// Jobs taken into one round: about one entry, so that nobody waits for many appends of others.
const ROUND_JOBS_MAX: usize = 4_096;

/// How soon after the last request the writer looks whether the next one would be taken: soon
/// enough for whoever freed some space and waits for it to be noticed.
const RECONSIDER: Duration = Duration::from_secs(1);

/// Bytes kept free in an entry for the note that a request stands in it.
const REQUEST_NOTE_BYTES: usize = 128;

//----------- Plan -------------------------------------------------------------

/// What a partition's jobs come to.
pub(super) trait Plan: Send {
    /// What is asked.
    type Job: Send + Sync;

    /// Judges a job against the state and the entry being built, and adds its changes to it.
    ///
    /// `Err(Full)` where they do not fit: then nothing was added, and the job comes again.
    fn plan(&mut self, job: &Self::Job, caller: Caller, draft: &mut Draft)
    -> Result<Verdict, Full>;

    /// Forgets the entry being built.
    fn forget(&mut self);

    /// What to remember of a request of this one job.
    fn outcome(&self, job: &Self::Job, verdict: &Verdict) -> RequestOutcome;
}

/// The entry being built has no room for a job's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Adds a change and says where it will stand.
pub(super) fn push(draft: &mut Draft, change: &Change) -> Result<Position, Full> {
    let place = draft.place();
    let partition = place.partition.number().unwrap_or_default();
    let position = Position {
        partition,
        seq: place.seq,
        item: draft.next_item(),
    };
    if !draft.has_room(2, change.encode().len() + REQUEST_NOTE_BYTES) {
        return Err(Full);
    }
    draft.push(change).map_err(|_| Full)?;
    Ok(position)
}

//----------- Writer -----------------------------------------------------------

/// Writes one partition.
pub(super) struct Writer<P: Plan> {
    partition: Partition,
    ledger: Arc<dyn Ledger>,
    state: Arc<State>,
    plan: P,
    queue: mpsc::Receiver<Ticket<P::Job>>,
    clock: EntryClock,
    read_clock: Box<dyn ReadClock>,
    writes: Arc<Writes>,
}

/// How writers are opened.
pub struct WriterOptions {
    /// An operator looked at the clock.
    pub accept_clock: bool,
    /// The DNS zone below which prefixes have their names.
    pub zone: String,
}

/// A request on its way, and where its receipt goes.
#[derive(Debug)]
pub(super) struct Ticket<J> {
    pub(super) request: Request<J>,
    pub(super) reply: oneshot::Sender<Result<Receipt, RegistryError>>,
}

/// A writer's work: whoever owns the executor runs it until it ends.
pub type WriterTask = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Registry {
    /// Opens the registry over a state that is as far as its ledger: a handle, and the writers'
    /// work, which goes on until the last handle is dropped.
    #[must_use]
    pub fn open(
        ledger: &Arc<dyn Ledger>,
        state: &Arc<State>,
        mut read_clock: impl FnMut() -> Box<dyn ReadClock>,
        options: &WriterOptions,
    ) -> (Self, [WriterTask; 2]) {
        let over = (ledger, state);
        let admissions = Admissions::new(Arc::clone(state), options.zone.clone());
        let registrations = Registrations::new(Arc::clone(state));
        let last_ms = [Partition::Control, DATA].map(|partition| state.at(&partition).time_ms);
        let clocks = EntryClock::together(last_ms, options.accept_clock);
        let [control_clock, data_clock] = clocks.map(|clock| (clock, read_clock()));
        // What the clock says now is what it is held against, before anything is written. Where it
        // cannot be right, whoever writes is told.
        let _ = control_clock.0.next(control_clock.1.read());
        let (control, control_writer) =
            open_one(Partition::Control, over, admissions, control_clock);
        let (data, data_writer) = open_one(DATA, over, registrations, data_clock);
        let writers: [WriterTask; 2] =
            [Box::pin(control_writer.run()), Box::pin(data_writer.run())];
        let registry = Self {
            control,
            data,
            observer: None,
        };
        (registry, writers)
    }
}

fn open_one<P: Plan>(
    partition: Partition,
    (ledger, state): (&Arc<dyn Ledger>, &Arc<State>),
    plan: P,
    (clock, read_clock): (EntryClock, Box<dyn ReadClock>),
) -> (Desk<P::Job>, Writer<P>) {
    let (sender, queue) = mpsc::channel(QUEUE_MAX);
    let writes = Arc::new(Writes::default());
    let desk = Desk {
        queue: sender,
        writes: Arc::clone(&writes),
    };
    let (ledger, state) = (Arc::clone(ledger), Arc::clone(state));
    (
        desk,
        Writer {
            partition,
            ledger,
            state,
            plan,
            queue,
            clock,
            read_clock,
            writes,
        },
    )
}

impl<P: Plan> Writer<P> {
    /// Serves until every handle of the registry is dropped and the queue is empty.
    async fn run(mut self) {
        loop {
            let first = match tokio::time::timeout(RECONSIDER, self.queue.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => break,
                Err(_) => {
                    self.reconsider().await;
                    continue;
                }
            };
            let mut jobs = first.request.jobs.len();
            let mut round = vec![Pending::new(first)];
            while round.len() < ROUND_REQUESTS_MAX && jobs < ROUND_JOBS_MAX {
                let Ok(next) = self.queue.try_recv() else {
                    break;
                };
                jobs += next.request.jobs.len();
                round.push(Pending::new(next));
            }
            self.serve(round).await;
        }
    }

    /// Serves one round: plans into entries, appends each, answers everyone.
    async fn serve(&mut self, mut round: Vec<Pending<P::Job>>) {
        let mut done = 0;
        while done < round.len() {
            match self.step(&mut round[done..]).await {
                Ok(answered) => done += answered,
                Err(error) => {
                    round[done..]
                        .iter_mut()
                        .for_each(|pending| pending.fail(&error));
                    break;
                }
            }
        }
        self.plan.forget();
    }

    /// Plans one entry and appends it; says how many requests of the round are answered by it.
    async fn step(&mut self, round: &mut [Pending<P::Job>]) -> Result<usize, RegistryError> {
        let draft = self.draft(Kind::Changes)?;
        let (draft, planned) = self.fill(round, draft);
        if !draft.is_empty() && !self.commit(draft).await? {
            // Another writer was first: judge again, against what it wrote.
            round.iter_mut().for_each(Pending::unsettle);
            return Ok(0);
        }
        round[..planned].iter_mut().for_each(Pending::answer);
        if let Some(pending) = round.get_mut(planned) {
            pending.settle();
        }
        Ok(planned)
    }

    /// Looks, while nobody writes, whether writes would be taken: whoever asks for readiness is
    /// told of a full disk before a registration is, and of its end without one.
    async fn reconsider(&mut self) {
        let clock = self.clock.next(self.read_clock.read());
        let verdict = match (clock, self.ledger.writable(&self.partition).await) {
            (Err(fault), _) => Err(ReadOnly::of_clock(&fault)),
            (_, Err(error)) => Err(ReadOnly::of_ledger(&error)),
            _ => Ok(()),
        };
        match verdict {
            Ok(()) => self.writes.resume(&self.partition),
            Err(read_only) => self.writes.close(&self.partition, read_only),
        }
    }

    /// Starts an entry behind what is applied.
    fn draft(&self, kind: Kind) -> Result<Draft, RegistryError> {
        let time = self.clock.next(self.read_clock.read()).map_err(|fault| {
            let read_only = ReadOnly::of_clock(&fault);
            let reason = read_only.reason.clone();
            self.writes.close(&self.partition, read_only);
            RegistryError::ReadOnly { reason }
        })?;
        if let Some(behind_ms) = time.behind_ms {
            let partition = &self.partition;
            tracing::warn!(%partition, behind_ms, "the clock is behind the last entry");
        }
        let head = self.state.at(&self.partition).head;
        let unready = || RegistryError::ReadOnly {
            reason: "the ledger has no genesis".to_owned(),
        };
        Ok(Draft::new(Place {
            ledger_id: self.state.ledger_id().ok_or_else(unready)?,
            partition: self.partition.clone(),
            seq: head.seq + 1,
            previous: head.hash,
            time_ms: time.time_ms,
            // Told when the entry is closed.
            control_at: 0,
            kind,
        }))
    }

    /// Plans jobs until the entry is full; returns it and how many requests are wholly planned.
    fn fill(&mut self, round: &mut [Pending<P::Job>], mut draft: Draft) -> (Draft, usize) {
        self.plan.forget();
        let mut keys = HashMap::new();
        for (place, pending) in round.iter_mut().enumerate() {
            if pending.request.dry_run {
                // It must neither see nor leave anything in the entry being built.
                if place > 0 {
                    return (draft, place);
                }
                self.rehearse(pending, &draft);
                return (Draft::new(draft.place().clone()), 1);
            }
            if !pending.recognise(&self.state, &self.partition, &mut keys) {
                continue;
            }
            if self.fill_from(pending, &mut draft) == Err(Full) {
                return (draft, place);
            }
        }
        let planned = round.len();
        (draft, planned)
    }

    /// Plans the jobs of one request from where it stands.
    fn fill_from(&mut self, pending: &mut Pending<P::Job>, draft: &mut Draft) -> Result<(), Full> {
        let was_empty = draft.is_empty();
        let first_item = draft.next_item();
        let mut outcome = RequestOutcome::Items;
        let mut planned = Ok(());
        while let Some(job) = pending.request.jobs.get(pending.verdicts.len()) {
            match self.plan.plan(job, pending.request.caller, draft) {
                Ok(verdict) => {
                    outcome = self.plan.outcome(job, &verdict);
                    let verdict = pending.recall(verdict);
                    pending.verdicts.push(verdict);
                }
                // Limits of single changes keep this from ever being true of an empty entry.
                Err(Full) if was_empty && draft.is_empty() => {
                    let detail = "it does not fit an entry of the ledger";
                    let refusal = Refusal::new("value_too_long", "values", detail);
                    pending.verdicts.push(Verdict::Refused(refusal));
                }
                Err(Full) => {
                    planned = Err(Full);
                    break;
                }
            }
        }
        if draft.next_item() > first_item {
            if pending.request.jobs.len() > 1 {
                outcome = RequestOutcome::Items;
            }
            pending.note(draft, outcome);
        }
        planned
    }

    /// Judges a request without building an entry of it.
    fn rehearse(&mut self, pending: &mut Pending<P::Job>, draft: &Draft) {
        self.plan.forget();
        let mut scratch = Draft::new(draft.place().clone());
        while let Some(job) = pending.request.jobs.get(pending.verdicts.len()) {
            match self.plan.plan(job, pending.request.caller, &mut scratch) {
                Ok(verdict) => pending.verdicts.push(verdict),
                // What was judged stays in the overlay; only the bytes start anew.
                Err(Full) => scratch = Draft::new(draft.place().clone()),
            }
        }
        self.plan.forget();
    }
}
