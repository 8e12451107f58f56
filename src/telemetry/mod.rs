//! Logs and, later, metrics.

pub mod logging;
