//! What would be made: how many, how large, and which.

use std::fmt;

use indicatif::HumanBytes;
use serde_json::{Value, json};

use super::text::Text;
use super::{Range, Shape};

/// Records that are made to see how long one is.
const SAMPLES: u64 = 1_000;

/// Records that are shown from the start.
const SHOWN: usize = 3;

//----------- Plan ---------------------------------------------------------------

/// What would be made.
#[derive(Debug)]
pub(super) struct Plan {
    records: u64,
    firms: u32,
    bytes_about: u64,
    first: Vec<String>,
    last: Option<String>,
}

impl Plan {
    /// Looks at some records of a range.
    pub(super) fn of(shape: &Shape, text: &Text, range: &Range) -> Self {
        let records = range.end - range.start;
        // Spread over all of them: later ones are longer.
        let step = records.div_ceil(SAMPLES).max(1);
        let (mut bytes, mut samples) = (Vec::new(), 0);
        for n in range
            .clone()
            .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        {
            text.add(shape, n, &mut bytes);
            samples += 1;
        }
        let sampled = u128::from(records) * bytes.len() as u128;
        let body = sampled.checked_div(samples).unwrap_or_default();
        let body = u64::try_from(body).unwrap_or(u64::MAX);
        let name = |n| text.name(shape, n);
        Self {
            records,
            firms: shape.firms(),
            bytes_about: body.saturating_add(text.head().len() as u64),
            first: range.clone().take(SHOWN).map(name).collect(),
            last: range.clone().next_back().map(name),
        }
    }

    /// For scripts.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "records": self.records,
            "firms": self.firms,
            "bytes_about": self.bytes_about,
            "first": self.first,
            "last": self.last,
            "is_dry_run": true,
        })
    }
}

/// For people.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (records, firms) = (self.records, self.firms);
        let size = HumanBytes(self.bytes_about);
        writeln!(f, "{records} records, of {firms} firms, about {size}")?;
        for name in &self.first {
            writeln!(f, "  {name}")?;
        }
        if let Some(last) = &self.last {
            writeln!(f, "  …\n  {last}")?;
        }
        writeln!(f, "this was a dry run: nothing was written")
    }
}
