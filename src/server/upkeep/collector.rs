//! Collecting what those who answer have timed, each second.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::MissedTickBehavior};

use super::blocking;
use crate::{accounting::Counters, server::clock::Watch, state::State};

/// How often: the lanes hold some seconds, and a day's figures are a few seconds old.
const COLLECT_INTERVAL: Duration = Duration::from_secs(1);

//----------- Collector --------------------------------------------------------

/// Gives what is timed to its days.
pub(in crate::server) struct Collector {
    pub(in crate::server) counters: Arc<Counters>,
    pub(in crate::server) state: Arc<State>,
    pub(in crate::server) watch: Arc<Watch>,
}

impl Collector {
    /// Collects until told to stop.
    pub(super) async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(COLLECT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stopped.changed() => return,
            }
            let own = Arc::clone(&self);
            // A hundred thousand firms that are asked for at once take some time.
            let _ = blocking(move || own.collect()).await;
        }
    }

    fn collect(&self) {
        self.watch.set();
        let now_s = self.watch.second(self.watch.now());
        let (timings, today) = (self.counters.timings(), self.counters.today());
        timings.collect(now_s, today, &self.state.directory());
    }

    /// Collects all there is: nobody answers any more.
    pub(super) fn collect_last(&self) {
        let (timings, today) = (self.counters.timings(), self.counters.today());
        timings.collect_last(today, &self.state.directory());
    }
}
