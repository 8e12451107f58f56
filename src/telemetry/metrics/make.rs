//! Metrics, made and registered.

use prometheus::{Gauge, IntCounter, IntGauge, IntGaugeVec, Opts, Registry, core::Collector};

pub(super) fn gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    registered(registry, IntGauge::new(name, help))
}

pub(super) fn float(registry: &Registry, name: &str, help: &str) -> Gauge {
    registered(registry, Gauge::new(name, help))
}

pub(super) fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    registered(registry, IntCounter::new(name, help))
}

pub(super) fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: &[&str],
) -> IntGaugeVec {
    let made = registered(registry, IntGaugeVec::new(Opts::new(name, help), &[label]));
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
