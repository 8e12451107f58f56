//! How things are said on the wire.

pub mod handle;
pub mod http;

use crate::{accounting::Outcome, resolver::Resolution};

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
