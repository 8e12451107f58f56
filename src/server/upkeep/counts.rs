//! Keeping the counters: on the disk each second, in the ledger now and then, at midnight and at
//! the end.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{blocking, cores};
use crate::{
    accounting::{Counters, Totals, TotalsError, TotalsOptions},
    change::Partition,
    ledger::Ledger,
    server::clock::SystemClock,
    state::{DATA, State},
};

/// How often they go to the disk: as much is lost with the power.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// How often they go to the ledger: a day has 1,440 entries.
const FLUSH_INTERVAL: Duration = Duration::from_secs(60);

/// Whose counters these are: an embedded ledger has one host.
const HOST: &str = "node-1";

//----------- Counts -----------------------------------------------------------

/// The task that keeps them.
pub(in crate::server) struct Counts {
    counters: Arc<Counters>,
    totals: Option<Totals>,
    has_failed: bool,
    has_failed_to_sync: bool,
}

impl Counts {
    /// Goes on from what was counted before this start. Where that cannot be read the node answers
    /// all the same, and writes nothing over it.
    pub(in crate::server) async fn open(
        ledger: Arc<dyn Ledger>,
        counters: Arc<Counters>,
        state: &Arc<State>,
        path: PathBuf,
        accept_clock: bool,
    ) -> Self {
        let last_ms = [Partition::Control, DATA].map(|partition| state.at(&partition).time_ms);
        let options = TotalsOptions {
            partition: Partition::Counters(HOST.into()),
            last_ms: last_ms.into_iter().max().unwrap_or_default(),
            accept_clock,
            read_clock: Box::new(SystemClock),
            path: Some(path),
            threads: cores(),
        };
        let opened = Totals::open(ledger, Arc::clone(&counters), Arc::clone(state), options).await;
        let totals = opened.inspect_err(|error| {
            tracing::error!(
                %error,
                "resolutions are counted from zero and not written: their totals cannot be read"
            );
        });
        Self {
            counters,
            totals: totals.ok(),
            has_failed: false,
            has_failed_to_sync: false,
        }
    }

    /// Keeps them until it is told to stop, and writes once more then: nobody answers any more.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut flush_at = Instant::now();
        loop {
            let is_last = tokio::select! {
                () = tokio::time::sleep(self.rest()) => false,
                _ = stopped.changed() => true,
            };
            let is_flushed = self.keep(is_last || Instant::now() >= flush_at).await;
            self.sync().await;
            if is_flushed {
                flush_at = Instant::now() + FLUSH_INTERVAL;
            }
            if is_last {
                return;
            }
        }
    }

    /// Until the next sync, or until midnight.
    fn rest(&self) -> Duration {
        let of_day = self.totals.as_ref().map(Totals::rest_of_day_ms);
        let of_day = of_day.map_or(SYNC_INTERVAL, Duration::from_millis);
        of_day.min(SYNC_INTERVAL)
    }

    /// Opens the day if it is another, and then or when it is time writes to the ledger.
    async fn keep(&mut self, is_time: bool) -> bool {
        let Some(totals) = &mut self.totals else {
            return is_time;
        };
        let opened = totals.open_day();
        let is_time = is_time || matches!(opened, Ok(true));
        if is_time {
            let flushed = totals.flush().await;
            let error = opened.err().or_else(|| flushed.err());
            self.tell(error.as_ref());
        }
        is_time
    }

    async fn sync(&mut self) {
        let counters = Arc::clone(&self.counters);
        let synced = blocking(move || counters.sync()).await;
        match synced {
            Some(Err(error)) if !self.has_failed_to_sync => {
                self.has_failed_to_sync = true;
                tracing::warn!(%error, "the counters file is not on the disk");
            }
            Some(Ok(())) if self.has_failed_to_sync => {
                self.has_failed_to_sync = false;
                tracing::info!("the counters file is on the disk again");
            }
            _ => {}
        }
    }

    /// Says once that they cannot be written, and once that they can.
    fn tell(&mut self, error: Option<&TotalsError>) {
        match error {
            Some(error) if !self.has_failed => {
                tracing::warn!(%error, "the totals of resolutions were not written");
            }
            None if self.has_failed => {
                tracing::info!("the totals of resolutions are written again");
            }
            _ => {}
        }
        self.has_failed = error.is_some();
    }
}
