//! Logs and metrics.

pub mod logging;
mod metrics;

pub use metrics::{Figures, Metrics, ReportMetrics, Standing};
