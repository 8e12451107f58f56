//! How things are said on the wire.

pub mod dns;
pub mod handle;
pub mod http;
#[cfg(test)]
pub(crate) mod tests;

use crate::{
    accounting::{Act, Outcome, Subject},
    resolver::Resolution,
    state::directory::Whose,
};

//----------- Handled ----------------------------------------------------------

/// What became of a message, for whoever counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// It was answered.
    Answered(Act),
    /// It could not be read; whether its sender was told so or not, it was no query.
    Malformed,
}

impl Handled {
    /// What became of a query.
    #[must_use]
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Answered(act) => Some(act.outcome),
            Self::Malformed => None,
        }
    }
}

/// What a resolution counts as, where all of it is sent.
fn act_of(resolution: &Resolution<'_>, whose: Whose) -> Act {
    Act {
        whose,
        subject: match resolution {
            Resolution::View(_) | Resolution::Referral(_) => Subject::Route,
            _ => Subject::Identifier,
        },
        outcome: outcome_of(resolution),
    }
}

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
