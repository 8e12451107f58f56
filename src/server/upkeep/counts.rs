//! Writing the counters into the ledger, now and then and at the end.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    accounting::{Counters, Totals, TotalsError, TotalsOptions},
    change::Partition,
    ledger::Ledger,
    server::clock::SystemClock,
    state::{DATA, State},
};

/// How often they are written: as much is lost with the process, and a day has 1,440 entries.
const FLUSH_INTERVAL: Duration = Duration::from_secs(60);

/// Whose counters these are: an embedded ledger has one host.
const HOST: &str = "node-1";

//----------- Counts -----------------------------------------------------------

/// The task that writes them.
pub(in crate::server) struct Counts {
    totals: Option<Totals>,
    has_failed: bool,
}

impl Counts {
    /// Adds what was counted before this start. Where that cannot be read the node answers all
    /// the same, and writes nothing over it.
    pub(in crate::server) async fn open(
        ledger: Arc<dyn Ledger>,
        counters: Arc<Counters>,
        state: &State,
        accept_clock: bool,
    ) -> Self {
        let last_ms = [Partition::Control, DATA].map(|partition| state.at(&partition).time_ms);
        let totals = match state.ledger_id() {
            // A state that was replayed has one.
            None => return Self::without(None),
            Some(ledger_id) => {
                let options = TotalsOptions {
                    ledger_id,
                    partition: Partition::Counters(HOST.into()),
                    last_ms: last_ms.into_iter().max().unwrap_or_default(),
                    accept_clock,
                    read_clock: Box::new(SystemClock),
                };
                Totals::open(ledger, counters, options).await
            }
        };
        match totals {
            Ok(totals) => Self::without(Some(totals)),
            Err(error) => {
                tracing::error!(
                    %error,
                    "resolutions are counted from zero and not written: their totals cannot be read"
                );
                Self::without(None)
            }
        }
    }

    fn without(totals: Option<Totals>) -> Self {
        Self {
            totals,
            has_failed: false,
        }
    }

    /// Writes them until it is told to stop, and once more then: nobody answers any more.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(FLUSH_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                _ = ticks.tick() => false,
                _ = stopped.changed() => true,
            };
            if let Some(totals) = &mut self.totals {
                let flushed = totals.flush().await;
                self.tell(flushed.err().as_ref());
            }
            if is_last {
                return;
            }
        }
    }

    /// Says once that they cannot be written, and once that they can.
    fn tell(&mut self, error: Option<&TotalsError>) {
        match error {
            Some(error) if !self.has_failed => {
                tracing::warn!(%error, "the totals of resolutions were not written");
            }
            None if self.has_failed => {
                tracing::info!("the totals of resolutions are written again")
            }
            _ => {}
        }
        self.has_failed = error.is_some();
    }
}
