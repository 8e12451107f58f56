//! What is counted: each answer under what became of it.
//!
//! ```text
//! an answer that was sent ─▶ Act, its Origin ─▶ Counters ─▶ Totals ─▶ counters/<host>
//! ```
//!
//! The words are those of the assessment (应用成效); what each means is in `docs/counting.md`.

mod cells;
mod counters;
pub mod figures;
mod kind;
mod mapping;
mod origins;
mod resolutions;
mod timings;
mod totals;

pub use counters::Counters;
pub use kind::{Act, KINDS, Kind, Origin, Outcome, Protocol, Subject};
pub use origins::{OriginOptions, Origins};
pub use resolutions::Resolutions;
pub use timings::{Activity, Lane, Request, Timings};
pub use totals::{Totals, TotalsError, TotalsOptions};
