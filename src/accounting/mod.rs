//! What is counted: each answer under what became of it.
//!
//! The words are those of the assessment (应用成效); what each means is in `docs/counting.md`.

//----------- Outcome ----------------------------------------------------------

/// What became of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Data or a referral.
    Success,
    /// Not registered.
    NotFound,
    /// Removed.
    Gone,
    /// Another node's.
    NotResponsible,
    /// Not for whoever asks.
    Denied,
    /// It could not be answered.
    Error,
    /// Nothing about an identifier: the site's own description.
    Auxiliary,
}

impl Outcome {
    /// Its name in metrics and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::NotResponsible => "not_responsible",
            Self::Denied => "denied",
            Self::Error => "error",
            Self::Auxiliary => "auxiliary",
        }
    }
}
