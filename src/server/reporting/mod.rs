//! Telling the national node: the outbox's actions, done.
//!
//! ```text
//! Outbox ── Make ─▶ tables, aside      Outbox ── Note ─▶ registry, durable
//!        ── Send ─▶ Transport: https, or files in a folder
//! FilingDesk, of prefixes that are to be filed, alike (filing.rs)
//! ```

mod filing;
mod folder;
mod https;
mod settings;
mod transport;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::Duration,
};

pub use settings::ReportingError;
pub(super) use settings::transport;
pub(super) use transport::Transport;

use super::{clock::SystemClock, options::Delivery, tables::Tables, upkeep::blocking};
use crate::{
    accounting::{Counters, figures::day_of},
    change::{ReportChange, statistics_day},
    identifier::Prefix,
    registry::{ReadClock as _, Verdict, WeakRegistry},
    state::{Reports, State},
    topnode::{
        filing::FilingDesk,
        outbox::{Action, Answer, Ask, Event, Facts, Made, Outbox, TableStatus, day_of_period},
        tables::{Only, Table},
    },
};

/// How often to look at the least: what is due is a fact of the ledger, which others write.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Events that wait: each lane has one thing under way.
const EVENTS_MAX: usize = Table::ALL.len();

/// Prefixes, enterprises or changes of a message: some 400 KiB of JSON.
const MESSAGE_SUBJECTS: usize = 1_000;

//----------- Reporting --------------------------------------------------------

/// How reports stand, for those who do them and those who ask.
#[derive(Debug)]
pub(super) struct Reporting {
    outbox: Mutex<Outbox>,
    desk: Mutex<FilingDesk>,
    from: Option<Date>,
    /// On what way they go.
    pub(super) by: Delivery,
}

impl Reporting {
    pub(super) fn new(from: Option<Date>, by: Delivery) -> Self {
        Self {
            outbox: Mutex::default(),
            desk: Mutex::default(),
            from,
            by,
        }
    }

    /// How each table stands.
    pub(super) fn status(&self, state: &State) -> Vec<TableStatus> {
        let now_ms = SystemClock.read().wall_ms;
        self.with_facts(state, |facts| self.outbox().status(facts, now_ms))
    }

    fn on(&self, state: &State, event: Event) -> Vec<Action> {
        let now_ms = SystemClock.read().wall_ms;
        self.with_facts(state, |facts| {
            self.outbox().on(event, facts, now_ms, entropy())
        })
    }

    fn look_after(&self) -> Duration {
        let now_ms = SystemClock.read().wall_ms;
        let at_ms = self.outbox().look_at_ms(now_ms);
        Duration::from_millis(at_ms.saturating_sub(now_ms)).min(LOOK_INTERVAL)
    }

    fn with_facts<R>(&self, state: &State, f: impl FnOnce(&Facts<'_>) -> R) -> R {
        let (reports, events, rolled_up) = (state.reports(), state.events(), state.rolled_up());
        let days = rolled_up.hosts().flat_map(|(_, days)| days.whole());
        let until = days.map(|(day, _)| day).max();
        f(&Facts {
            ledger_id: state.ledger_id().unwrap_or_else(no_ledger),
            reports: &reports,
            events: &events,
            control_seq: state.at(&crate::change::Partition::Control).head.seq,
            rolled_up_until: until.and_then(day_of).filter(|_| self.is_on(&reports)),
            from: self.from,
        })
    }

    /// Whether anything is told: by hand nothing is due before somebody says from when.
    fn is_on(&self, reports: &Reports) -> bool {
        self.by != Delivery::Hand || self.from.is_some() || reports.began_ms() > 0
    }

    /// How filings stand, for those who do them and those who ask.
    pub(super) fn desk(&self) -> MutexGuard<'_, FilingDesk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that nobody foresees; without entropy, one that has things tried again a little sooner.
fn entropy() -> u32 {
    let mut entropy = [0; 4];
    let _ = getrandom::fill(&mut entropy);
    u32::from_be_bytes(entropy)
}

/// A node that is ready has a ledger: nothing is told before.
fn no_ledger() -> crate::change::LedgerId {
    crate::change::LedgerId([0; 16])
}

//----------- Reporter ---------------------------------------------------------

/// The task that tells.
pub(super) struct Reporter {
    pub(super) reporting: Arc<Reporting>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) tables: Arc<Tables>,
    pub(super) state: Arc<State>,
    pub(super) counters: Arc<Counters>,
    pub(super) tests: Vec<Prefix>,
    pub(super) registry: WeakRegistry,
}

impl Reporter {
    /// Tells until it is told to stop. What is under way then is in the ledger, and goes on at the
    /// next start.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let own = Arc::new(self);
        let (tell, mut told) = mpsc::channel(EVENTS_MAX);
        let mut doing = JoinSet::new();
        if own.transport.has_filing() {
            doing.spawn(Arc::clone(&own).file_prefixes());
        }
        let mut rest = Duration::ZERO;
        loop {
            let event = tokio::select! {
                _ = stopped.changed() => break,
                Some(event) = told.recv() => event,
                () = tokio::time::sleep(rest) => Event::Look,
            };
            own.log(&event);
            for action in own.reporting.on(&own.state, event) {
                let (own, tell) = (Arc::clone(&own), tell.clone());
                doing.spawn(async move {
                    let event = own.act(action).await;
                    // Whoever stopped waits for nothing.
                    let _ = tell.send(event).await;
                });
            }
            while doing.try_join_next().is_some() {}
            rest = own.reporting.look_after();
        }
        doing.shutdown().await;
    }

    async fn act(self: Arc<Self>, action: Action) -> Event {
        match action {
            Action::Make(ask) => {
                let table = ask.table;
                let made = blocking(move || self.make(&ask)).await;
                let interrupted = || Err("the making was interrupted".to_owned());
                Event::Made(table, made.unwrap_or_else(interrupted))
            }
            Action::Note(table, change) => Event::Noted(table, self.note(change).await),
            Action::Send(message) => {
                let table = message.table;
                let now_ms = SystemClock.read().wall_ms;
                Event::Answered(table, self.transport.send(message, now_ms).await)
            }
        }
    }

    fn make(&self, ask: &Ask) -> Result<Made, String> {
        let today = statistics_day(SystemClock.read().wall_ms);
        let day = day_of_period(ask.table, ask.period).or_else(|| day_of(today));
        let day = day.ok_or("the clock cannot be right")?;
        let from = usize::try_from(ask.from).map_err(|error| error.to_string())?;
        let made = self.tables.make(
            (&self.state, &self.counters, &self.tests),
            (ask.table, day),
            (from, MESSAGE_SUBJECTS),
            Only {
                since: ask.since,
                event: ask.table.is_of_events().then_some(ask.period),
            },
        );
        let page = made.map_err(|error| error.to_string())?;
        Ok(Made {
            rows: page.rows,
            next: page.next.and_then(|next| u64::try_from(next).ok()),
        })
    }

    async fn note(&self, change: ReportChange) -> Result<(), String> {
        let receipt = self.registry.report(change).await;
        let receipt = receipt.map_err(|error| error.to_string())?;
        match receipt.verdicts.first() {
            Some(Verdict::Refused(refusal)) => Err(refusal.detail.clone()),
            _ => Ok(()),
        }
    }

    /// Says what a person has to know: that it fails, once, and what was refused.
    fn log(&self, event: &Event) {
        let (table, why) = match event {
            Event::Answered(table, Answer::Refused { reason, .. }) => {
                let (table, reason) = (table.name(), reason.as_str());
                tracing::error!(table, reason, "the national node refuses a report");
                return;
            }
            Event::Answered(table, Answer::Failed { reason, .. })
            | Event::Made(table, Err(reason))
            | Event::Noted(table, Err(reason)) => (*table, reason.as_str()),
            _ => return,
        };
        let status = self.reporting.status(&self.state);
        let failures = status.iter().find(|status| status.table == table);
        if failures.is_none_or(|status| status.failures == 0) {
            let table = table.name();
            tracing::warn!(
                table,
                why,
                "a report did not get through; it is tried again"
            );
        }
    }
}
