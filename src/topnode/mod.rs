//! The national top-level node (国家顶级节点): what it is told.
//!
//! ```text
//! state, counters ─▶ tables ─▶ rows of T1–T11 and of the monitoring annex
//! ledger facts    ─▶ outbox ─▶ what to make, to note and to send
//! filings         ─▶ filing ─▶ what to apply for, to ask about and to note
//! events, timings ─▶ monthly ─▶ the figures of the monthly report
//! ```
//!
//! Pure: state and figures in, rows out. The tables are those of CAICT's docking guide, annexes 1
//! and 2, the report that of annex 3; `docs/topnode-tables.md` has each field with where it comes from.

pub mod filing;
pub mod monthly;
mod options;
pub mod outbox;
pub mod standin;
pub mod tables;
pub mod wire;

pub use options::{Service, TopnodeOptions, Transport};
