//! How it stands with telling the national node, table by table.

use prometheus::{GaugeVec, IntGaugeVec, Registry};

use super::make::{open_floats, open_gauges, signed};

//----------- Standing ---------------------------------------------------------

/// How it stands with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The number of the last period that the national node has; 0: none.
    pub watermark: u32,
    /// Days that are over, or events, and not told.
    pub due: usize,
    /// For how long the oldest of them, or the report under way, waits.
    pub lag_ms: u64,
    /// Periods that were refused.
    pub refused: usize,
    /// Failures in a row.
    pub failures: u32,
}

/// The reports of a node.
#[derive(Debug)]
pub struct ReportMetrics {
    watermark: IntGaugeVec,
    due: IntGaugeVec,
    lag: GaugeVec,
    refused: IntGaugeVec,
    failures: IntGaugeVec,
}

impl ReportMetrics {
    pub(super) fn new(r: &Registry) -> Self {
        Self {
            watermark: open_gauges(r, "biaoshi_report_watermark", &["table"]),
            due: open_gauges(r, "biaoshi_report_due", &["table"]),
            lag: open_floats(r, "biaoshi_report_lag_seconds", &["table"]),
            refused: open_gauges(r, "biaoshi_report_refused", &["table"]),
            failures: open_gauges(r, "biaoshi_report_failures", &["table"]),
        }
    }

    /// How it stands with a table.
    pub fn set(&self, table: &str, standing: &Standing) {
        let label = [table];
        let count = |count: usize| signed(u64::try_from(count).unwrap_or(u64::MAX));
        let Standing {
            watermark,
            due,
            lag_ms,
            refused,
            failures,
        } = *standing;
        self.watermark
            .with_label_values(&label)
            .set(watermark.into());
        self.due.with_label_values(&label).set(count(due));
        let lag = std::time::Duration::from_millis(lag_ms);
        self.lag.with_label_values(&label).set(lag.as_secs_f64());
        self.refused.with_label_values(&label).set(count(refused));
        self.failures.with_label_values(&label).set(failures.into());
    }
}
