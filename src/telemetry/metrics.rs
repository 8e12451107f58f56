//! What a monitoring system reads: one struct, every metric with its meaning.
//!
//! Labels come from enums and partitions, never from identifiers, prefixes or addresses.
//! `table.rs` says what each is; `docs/metrics.md` is made from it, which a test holds.

mod figures;
mod make;
mod reports;
mod table;

use std::time::Duration;

use prometheus::{
    Gauge, HistogramOpts, HistogramVec, IntCounter, IntGauge, IntGaugeVec, Registry, TextEncoder,
};

pub use figures::Figures;
use make::{counter, float, gauge, gauges, open_gauges, registered, signed};
pub use reports::{ReportMetrics, Standing};
use table::help;

/// Upper bounds in seconds: a sync takes from tens of microseconds (cached) to a second (a disk
/// that is busy); beyond ten, clients have given up.
const APPEND_SECONDS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0,
];

//----------- Metrics ----------------------------------------------------------

/// The metrics of a node. All but two ([`Figures`]) are there from the start, so that an alert never
/// waits for a first event.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    ready: IntGauge,
    read_only: IntGaugeVec,
    start_seconds: Gauge,
    replay_entries: IntGaugeVec,
    append_seconds: HistogramVec,
    head_seq: IntGaugeVec,
    free_bytes: Gauge,
    snapshot_seconds: Gauge,
    snapshot_bytes: IntGauge,
    snapshot_timestamp_seconds: Gauge,
    snapshots_failed: IntCounter,
    snapshots_set_aside: IntCounter,
    segments: IntGaugeVec,
    index_bytes: IntGaugeVec,
    /// What is counted of identifiers, firms and answers.
    pub figures: Figures,
    /// How it stands with telling the national node.
    pub reports: ReportMetrics,
}

impl Metrics {
    /// Metrics of a node with these partitions; `causes` are those for which writes may be refused.
    #[must_use]
    pub fn new(partitions: &[&str], causes: &[&str]) -> Self {
        let registry = Registry::new();
        let r = &registry;
        let version = env!("CARGO_PKG_VERSION");
        gauges(r, "biaoshi_build_info", "version", &[version])
            .with_label_values(&[version])
            .set(1);
        let metrics = Self {
            ready: gauge(r, "biaoshi_ready"),
            read_only: gauges(r, "biaoshi_read_only", "cause", causes),
            start_seconds: float(r, "biaoshi_start_seconds"),
            replay_entries: gauges(r, "biaoshi_replay_entries", "of", &["done", "total"]),
            append_seconds: append_seconds(r, partitions),
            head_seq: gauges(r, "biaoshi_ledger_head_seq", "partition", partitions),
            free_bytes: float(r, "biaoshi_ledger_free_bytes"),
            snapshot_seconds: float(r, "biaoshi_snapshot_seconds"),
            snapshot_bytes: gauge(r, "biaoshi_snapshot_bytes"),
            snapshot_timestamp_seconds: float(r, "biaoshi_snapshot_timestamp_seconds"),
            snapshots_failed: counter(r, "biaoshi_snapshots_failed_total"),
            snapshots_set_aside: counter(r, "biaoshi_snapshots_set_aside_total"),
            segments: gauges(r, "biaoshi_ledger_segments", "partition", partitions),
            index_bytes: open_gauges(r, "biaoshi_index_bytes", &["part"]),
            figures: Figures::new(r),
            reports: ReportMetrics::new(r),
            registry,
        };
        // What the system says of the process: processor time, memory, descriptors.
        let process = prometheus::process_collector::ProcessCollector::for_self();
        let added = metrics.registry.register(Box::new(process));
        added.expect("its names are not ours");
        // Not known yet is not none.
        metrics.free_bytes.set(f64::NAN);
        metrics
    }

    /// The text format, as a scrape gets it.
    #[must_use]
    pub fn render(&self) -> String {
        let families = self.registry.gather();
        // Our own names and labels: the encoder refuses nothing of them.
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap_or_default()
    }

    /// Memory of the index, by its parts.
    pub fn set_index_bytes(&self, parts: &[(&str, u64)]) {
        for (part, bytes) in parts {
            let gauge = self.index_bytes.with_label_values(&[part]);
            gauge.set(signed(*bytes));
        }
    }

    //--- What happened

    /// The node serves, after a start of so long.
    pub fn started(&self, took: Duration) {
        self.start_seconds.set(took.as_secs_f64());
        self.ready.set(1);
    }

    /// An append to a partition took so long, whatever came of it.
    pub fn appended(&self, partition: &str, took: Duration) {
        let histogram = self.append_seconds.with_label_values(&[partition]);
        histogram.observe(took.as_secs_f64());
    }

    /// A snapshot was written.
    pub fn snapshot_written(&self, took: Duration, bytes: u64, now_seconds: f64) {
        self.snapshot_seconds.set(took.as_secs_f64());
        self.snapshot_bytes.set(signed(bytes));
        self.snapshot_timestamp_seconds.set(now_seconds);
    }

    /// A snapshot could not be written.
    pub fn snapshot_failed(&self) {
        self.snapshots_failed.inc();
    }

    /// A snapshot was of no use.
    pub fn snapshot_set_aside(&self) {
        self.snapshots_set_aside.inc();
    }

    //--- What is, set when it is asked for

    /// Files of a partition.
    pub fn set_segments(&self, partition: &str, files: usize) {
        let files = i64::try_from(files).unwrap_or(i64::MAX);
        self.segments.with_label_values(&[partition]).set(files);
    }

    /// Entries of the replay, applied and altogether.
    pub fn set_replay(&self, done: u64, total: u64) {
        for (of, entries) in [("done", done), ("total", total)] {
            self.replay_entries
                .with_label_values(&[of])
                .set(signed(entries));
        }
    }

    /// Whether writes are refused for a cause.
    pub fn set_read_only(&self, cause: &str, is_closed: bool) {
        let gauge = self.read_only.with_label_values(&[cause]);
        gauge.set(i64::from(is_closed));
    }

    /// The last entry of a partition.
    pub fn set_head(&self, partition: &str, seq: u64) {
        self.head_seq
            .with_label_values(&[partition])
            .set(signed(seq));
    }

    /// Free space of the ledger's disk.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float, and disks are rounded"
    )]
    pub fn set_free_bytes(&self, bytes: Option<u64>) {
        self.free_bytes
            .set(bytes.map_or(f64::NAN, |bytes| bytes as f64));
    }
}

//----------- Helper functions -------------------------------------------------

fn append_seconds(registry: &Registry, partitions: &[&str]) -> HistogramVec {
    let name = "biaoshi_ledger_append_seconds";
    let options = HistogramOpts::new(name, help(name));
    let options = options.buckets(APPEND_SECONDS.to_vec());
    let made = registered(registry, HistogramVec::new(options, &["partition"]));
    for partition in partitions {
        // Making it shows it.
        let _ = made.with_label_values(&[partition]);
    }
    made
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn metrics() -> Metrics {
        let metrics = Metrics::new(&["control", "data/1"], &["no_space", "clock"]);
        let labels = ["handle", "success", "external"];
        metrics.set_index_bytes(&[("slots", 64)]);
        metrics.figures.set_identifiers(5, 9);
        metrics.figures.set_resolutions([(labels, 7)].into_iter());
        metrics.figures.set_timings("resolution", [Some(0.5); 3], 7);
        // What is told twice is counted once.
        metrics.figures.set_resolutions([(labels, 7)].into_iter());
        metrics.figures.set_malformed([("dns", 3)].into_iter());
        metrics.figures.set_enterprises("active", "hosted", 2);
        let standing = Standing {
            watermark: 20_261_125,
            due: 2,
            lag_ms: 1_500,
            refused: 1,
            failures: 3,
        };
        metrics.reports.set("T8", &standing);
        metrics
    }

    /// The rows of the page, as they should be.
    fn page_rows() -> Vec<String> {
        let row = |metric: &table::Described| {
            let table::Described {
                name,
                labels,
                kind,
                help,
                zh,
            } = metric;
            format!("| `{name}{labels}` | {kind} | {help} | {zh} |")
        };
        table::METRICS.iter().map(row).collect()
    }

    /// The page is made from the list: `BIAOSHI_ACCEPT=1 cargo test the_page_is_the_list` makes it.
    #[test]
    fn the_page_is_the_list() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        let page = include_str!("../../docs/metrics.md");
        let is_row = |line: &&str| line.starts_with("| `");
        let before = page.lines().take_while(|line| !is_row(line));
        let after = page
            .lines()
            .skip_while(|line| !is_row(line))
            .skip_while(is_row);
        let own = page_rows();
        let lines = before.chain(own.iter().map(String::as_str)).chain(after);
        let made = lines.collect::<Vec<_>>().join("\n") + "\n";
        if std::env::var_os("BIAOSHI_ACCEPT").is_some() {
            std::fs::write(path, &made).unwrap();
        } else {
            assert_eq!(page, made, "BIAOSHI_ACCEPT=1 writes the page anew");
        }
    }

    /// Each metric is described with what it says of itself, and nothing else is.
    #[test]
    fn the_list_is_what_there_is() {
        let text = metrics().render();
        let shown: BTreeMap<&str, &str> = (text.lines())
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
            .collect();
        let listed = table::METRICS
            .iter()
            .map(|metric| (metric.name, metric.kind));
        assert_eq!(shown, listed.collect());
        for metric in &table::METRICS {
            let labels = metric.labels.trim_matches(['{', '}']).split(',');
            let mut labels: Vec<&str> = labels.filter(|label| !label.is_empty()).collect();
            labels.sort_unstable();
            let series = text.lines().find(|line| {
                let rest = line.strip_prefix(metric.name);
                rest.is_some_and(|rest| rest.starts_with(['{', ' ', '_']))
            });
            let series = series.unwrap_or_else(|| panic!("no {}", metric.name));
            let found = series.split('{').nth(1).unwrap_or_default();
            let found: Vec<&str> = (found.split(','))
                .filter_map(|pair| pair.split_once('='))
                .map(|(label, _)| label)
                .filter(|label| *label != "le")
                .collect();
            assert_eq!(found, labels, "{}", metric.name);
        }
    }

    /// What operators are given names metrics that there are.
    #[test]
    fn dashboards_and_alerts_name_what_there_is() {
        let known: BTreeSet<&str> = table::METRICS.iter().map(|metric| metric.name).collect();
        for (file, at_least) in [
            (include_str!("../../docker/monitoring/dashboard.json"), 15),
            (include_str!("../../docker/monitoring/alerts.yml"), 7),
        ] {
            let words = file.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let named: BTreeSet<&str> = words
                .filter(|word| word.starts_with("biaoshi_") || word.starts_with("process_"))
                .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
                .collect();
            assert!(named.len() >= at_least, "{named:?}");
            assert!(named.is_subset(&known), "{:?}", named.difference(&known));
        }
    }

    #[test]
    fn what_is_counted_for_life_is_not_shown_as_zero_first() {
        let text = Metrics::new(&["control", "data/1"], &["clock"]).render();
        for name in ["biaoshi_resolutions_total", "biaoshi_registrations_total"] {
            assert!(!text.contains(name), "{name} in {text}");
            assert!(metrics().render().contains(name));
        }
    }

    #[test]
    fn everything_is_there_before_anything_happened() {
        let text = metrics().render();
        for line in [
            "biaoshi_ready 0",
            "biaoshi_read_only{cause=\"clock\"} 0",
            "biaoshi_ledger_append_seconds_count{partition=\"data/1\"} 0",
            "biaoshi_snapshots_failed_total 0",
            "biaoshi_registrations_total 9",
            "biaoshi_resolutions_total{origin=\"external\",outcome=\"success\",protocol=\"handle\"} 7",
            "biaoshi_ledger_free_bytes NaN",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn what_happened_is_shown() {
        let metrics = metrics();
        metrics.appended("data/1", Duration::from_micros(300));
        metrics.set_read_only("clock", true);
        metrics.set_free_bytes(Some(4_096));
        metrics.snapshot_written(Duration::from_secs(2), 77, 1_700_000_000.0);
        let text = metrics.render();
        for line in [
            "biaoshi_ledger_append_seconds_bucket{partition=\"data/1\",le=\"0.00025\"} 0",
            "biaoshi_ledger_append_seconds_bucket{partition=\"data/1\",le=\"0.0005\"} 1",
            "biaoshi_read_only{cause=\"clock\"} 1",
            "biaoshi_ledger_free_bytes 4096",
            "biaoshi_snapshot_bytes 77",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
