//! Metrics, made and registered.

use prometheus::{
    Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::Collector,
};

use super::table::help;

pub(super) fn gauge(registry: &Registry, name: &str) -> IntGauge {
    registered(registry, IntGauge::new(name, help(name)))
}

pub(super) fn float(registry: &Registry, name: &str) -> Gauge {
    registered(registry, Gauge::new(name, help(name)))
}

pub(super) fn counter(registry: &Registry, name: &str) -> IntCounter {
    registered(registry, IntCounter::new(name, help(name)))
}

/// Counters that are not there before they are set.
pub(super) fn counters(registry: &Registry, name: &str, labels: &[&str]) -> IntCounterVec {
    registered(
        registry,
        IntCounterVec::new(Opts::new(name, help(name)), labels),
    )
}

/// Gauges that are not there before they are set.
pub(super) fn open_gauges(registry: &Registry, name: &str, labels: &[&str]) -> IntGaugeVec {
    registered(
        registry,
        IntGaugeVec::new(Opts::new(name, help(name)), labels),
    )
}

/// The same, of numbers with a fraction.
pub(super) fn open_floats(registry: &Registry, name: &str, labels: &[&str]) -> GaugeVec {
    registered(registry, GaugeVec::new(Opts::new(name, help(name)), labels))
}

pub(super) fn gauges(registry: &Registry, name: &str, label: &str, values: &[&str]) -> IntGaugeVec {
    let made = open_gauges(registry, name, &[label]);
    for value in values {
        made.with_label_values(&[value]).set(0);
    }
    made
}

pub(super) fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> C {
    let made = made.expect("names and labels are the constants above, and are plain");
    let added = registry.register(Box::new(made.clone()));
    added.expect("each name is given once above");
    made
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
