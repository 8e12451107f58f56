//! What is counted of identifiers, firms and answers; the meaning of each is in `docs/counting.md`.

use prometheus::{GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry};

use super::make::{counter, counters, gauge, open_floats, open_gauges, signed};

//----------- Figures ----------------------------------------------------------

/// The figures of a node, shown as they are counted elsewhere.
///
/// Counters of what a node did in its life are not there before they are set for the first time: a
/// collector that saw a zero while the node starts would take all of it for new.
#[derive(Debug)]
pub struct Figures {
    identifiers: IntGauge,
    registrations: IntCounterVec,
    enterprise_nodes: IntGauge,
    connected_firms: IntGauge,
    enterprises: IntGaugeVec,
    resolutions: IntCounterVec,
    malformed: IntCounterVec,
    counters_kept: IntGauge,
    untold: IntCounter,
    latency_today: GaugeVec,
    per_second_max_today: IntGaugeVec,
}

impl Figures {
    pub(super) fn new(r: &Registry) -> Self {
        Self {
            identifiers: gauge(r, "biaoshi_identifiers"),
            registrations: counters(r, "biaoshi_registrations_total", &[]),
            enterprise_nodes: gauge(r, "biaoshi_enterprise_nodes"),
            connected_firms: gauge(r, "biaoshi_connected_firms"),
            enterprises: open_gauges(r, "biaoshi_enterprises", &["state", "hosting"]),
            resolutions: counters(
                r,
                "biaoshi_resolutions_total",
                &["protocol", "outcome", "origin"],
            ),
            malformed: counters(r, "biaoshi_malformed_total", &["protocol"]),
            counters_kept: gauge(r, "biaoshi_counters_kept"),
            untold: counter(r, "biaoshi_resolutions_untold_total"),
            latency_today: open_floats(r, "biaoshi_latency_today_seconds", &["activity", "of"]),
            per_second_max_today: open_gauges(r, "biaoshi_per_second_max_today", &["activity"]),
        }
    }

    /// Answers so far, by protocol, outcome and origin.
    pub fn set_resolutions<'a>(&self, counts: impl Iterator<Item = ([&'a str; 3], u64)>) {
        for (labels, count) in counts {
            let counter = self.resolutions.with_label_values(&labels);
            // What is counted elsewhere is shown here, and never goes back.
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    /// Mean, shortest and longest of the day, in seconds, and the most requests of one second; what
    /// is none is not shown.
    pub fn set_timings(&self, activity: &str, latencies: [Option<f64>; 3], per_second_max: u64) {
        for (of, latency) in ["mean", "min", "max"].into_iter().zip(latencies) {
            let labels = [activity, of];
            match latency {
                Some(latency) => self.latency_today.with_label_values(&labels).set(latency),
                // It is not there where the day has none yet.
                None => drop(self.latency_today.remove_label_values(&labels)),
            }
        }
        let most = self.per_second_max_today.with_label_values(&[activity]);
        most.set(signed(per_second_max));
    }

    /// Messages so far that could not be read, by protocol.
    pub fn set_malformed<'a>(&self, counts: impl Iterator<Item = (&'a str, u64)>) {
        for (protocol, count) in counts {
            let counter = self.malformed.with_label_values(&[protocol]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    /// Whether what is counted outlives the process, and what could not be told apart.
    pub fn set_counting(&self, is_kept: bool, untold: u64) {
        self.counters_kept.set(i64::from(is_kept));
        self.untold.inc_by(untold.saturating_sub(self.untold.get()));
    }

    /// Enterprise nodes and the firms behind them.
    pub fn set_connected(&self, enterprise_nodes: u64, connected_firms: u64) {
        self.enterprise_nodes.set(signed(enterprise_nodes));
        self.connected_firms.set(signed(connected_firms));
    }

    /// Enterprise prefixes of a status and a hosting.
    pub fn set_enterprises(&self, state: &str, hosting: &str, count: u64) {
        let gauge = self.enterprises.with_label_values(&[state, hosting]);
        gauge.set(signed(count));
    }

    /// Identifiers and registrations, as the state holds them.
    pub fn set_identifiers(&self, live: u64, registrations: u64) {
        self.identifiers.set(signed(live));
        // It is the fold's, and never goes back.
        let shown = self.registrations.with_label_values::<&str>(&[]);
        shown.inc_by(registrations.saturating_sub(shown.get()));
    }
}
