//! Logs and, later, metrics.
