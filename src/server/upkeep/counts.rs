//! Keeping the counters: on the disk each second, in the ledger now and then, at midnight and at
//! the end.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{Collector, blocking, cores};
use crate::{
    accounting::{Totals, TotalsError, TotalsOptions},
    change::Partition,
    ledger::Ledger,
    registry::WeakRegistry,
    server::clock::SystemClock,
    state::DATA,
};

/// How often they go to the disk: as much is lost with the power.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// How often they go to the ledger: a day has 1,440 entries.
const FLUSH_INTERVAL: Duration = Duration::from_secs(60);

/// Of so many times one has timings too: they are measurements, and longer than totals.
const FLUSHES_TIMED: u32 = 5;

/// A day that is over is written once more this long after midnight, with whoever was late; then it
/// is rolled up.
const AFTER_MIDNIGHT: Duration = Duration::from_secs(5);

/// Parts of a day that are handed in together: others' changes find their turn in between.
const PARTS_AT_A_TIME: usize = 16;

/// Whose counters these are: an embedded ledger has one host.
const HOST: &str = "node-1";

//----------- Counts -----------------------------------------------------------

/// The task that keeps them.
pub(in crate::server) struct Counts {
    collector: Arc<Collector>,
    totals: Option<Totals>,
    registry: WeakRegistry,
    /// Since the node or the day began.
    flushes: u32,
    has_failed: bool,
    has_failed_to_sync: bool,
    has_failed_to_trim: bool,
}

/// What a look at the clock came to.
enum Kept {
    /// Nothing.
    Not,
    /// The ledger was told, or asked to be.
    Flushed,
    /// The same, and a day was opened.
    NewDay,
}

impl Counts {
    /// Goes on from what was counted before this start. Where that cannot be read the node answers
    /// all the same, and writes nothing over it.
    pub(in crate::server) async fn open(
        ledger: Arc<dyn Ledger>,
        collector: Arc<Collector>,
        registry: WeakRegistry,
        path: PathBuf,
        accept_clock: bool,
    ) -> Self {
        let Collector {
            counters, state, ..
        } = &*collector;
        let last_ms = [Partition::Control, DATA].map(|partition| state.at(&partition).time_ms);
        let options = TotalsOptions {
            partition: Partition::Counters(HOST.into()),
            last_ms: last_ms.into_iter().max().unwrap_or_default(),
            accept_clock,
            read_clock: Box::new(SystemClock),
            path: Some(path),
            threads: cores(),
        };
        let opened = Totals::open(ledger, Arc::clone(counters), Arc::clone(state), options).await;
        let totals = opened.inspect_err(|error| {
            tracing::error!(
                %error,
                "resolutions are counted from zero and not written: their totals cannot be read"
            );
        });
        Self {
            collector,
            totals: totals.ok(),
            registry,
            flushes: 0,
            has_failed: false,
            has_failed_to_sync: false,
            has_failed_to_trim: false,
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
            if is_last {
                self.collector.collect_last();
            }
            let kept = self.keep(is_last, Instant::now() >= flush_at).await;
            self.sync().await;
            let is_flushed = match kept {
                Kept::Not => false,
                Kept::Flushed => {
                    flush_at = Instant::now() + FLUSH_INTERVAL;
                    true
                }
                Kept::NewDay => {
                    flush_at = Instant::now() + AFTER_MIDNIGHT;
                    true
                }
            };
            if is_last {
                return;
            }
            if is_flushed {
                self.roll_up().await;
            }
        }
    }

    /// Its collector.
    pub(super) fn collector(&self) -> Arc<Collector> {
        Arc::clone(&self.collector)
    }

    /// Tells `control` of the days that are over.
    async fn roll_up(&mut self) {
        let Some(totals) = &mut self.totals else {
            return;
        };
        while let Some(mut parts) = totals.next_roll_up() {
            let day = parts.first().map(|part| part.day).unwrap_or_default();
            while !parts.is_empty() {
                let rest = parts.split_off(parts.len().min(PARTS_AT_A_TIME));
                if let Err(error) = self.registry.roll_up(parts).await {
                    // It is asked for again in a minute.
                    tracing::debug!(%error, day, "a day was not rolled up yet");
                    return;
                }
                parts = rest;
            }
            totals.rolled_up(day);
            tracing::info!(day, "the resolutions of a day are rolled up");
        }
        match totals.trim().await {
            Err(error) if !self.has_failed_to_trim => {
                self.has_failed_to_trim = true;
                tracing::warn!(%error, "counters that are rolled up are not trimmed");
            }
            trimmed => self.has_failed_to_trim = trimmed.is_err(),
        }
    }

    /// Until the next sync, or until midnight.
    fn rest(&self) -> Duration {
        let of_day = self.totals.as_ref().map(Totals::rest_of_day_ms);
        let of_day = of_day.map_or(SYNC_INTERVAL, Duration::from_millis);
        of_day.min(SYNC_INTERVAL)
    }

    /// Opens the day if it is another, and then or when it is time writes to the ledger.
    async fn keep(&mut self, is_last: bool, is_time: bool) -> Kept {
        let Some(totals) = &mut self.totals else {
            return Kept::Not;
        };
        let opened = totals.open_day();
        let is_new_day = matches!(opened, Ok(true));
        if !is_last && !is_time && !is_new_day {
            return Kept::Not;
        }
        self.flushes = if is_new_day { 0 } else { self.flushes + 1 };
        // The day before is whole with the second of a day.
        let is_timed = is_last || self.flushes < 2 || self.flushes.is_multiple_of(FLUSHES_TIMED);
        let flushed = if is_timed {
            totals.flush().await
        } else {
            totals.flush_counters().await
        };
        let error = opened.err().or_else(|| flushed.err());
        self.tell(error.as_ref());
        if is_new_day {
            Kept::NewDay
        } else {
            Kept::Flushed
        }
    }

    async fn sync(&mut self) {
        let counters = Arc::clone(&self.collector.counters);
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
