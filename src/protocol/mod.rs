//! How things are said on the wire.

pub mod dns;
pub mod handle;
pub mod http;
#[cfg(test)]
pub(crate) mod tests;

use crate::{accounting::Outcome, resolver::Resolution};

//----------- Handled ----------------------------------------------------------

/// What became of a message, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It was answered.
    Answered(Outcome),
    /// It could not be read; whether its sender was told so or not, it was no query.
    Malformed,
}

/// What a resolution counts as, where all of it is sent.
fn outcome_of(resolution: &Resolution<'_>) -> Outcome {
    match resolution {
        Resolution::Found(_) | Resolution::View(_) | Resolution::Referral(Some(_)) => {
            Outcome::Success
        }
        Resolution::Referral(None) => Outcome::Error,
        Resolution::NotFound(_) => Outcome::NotFound,
        Resolution::Gone { .. } => Outcome::Gone,
        Resolution::NotResponsible => Outcome::NotResponsible,
        Resolution::Denied => Outcome::Denied,
    }
}
