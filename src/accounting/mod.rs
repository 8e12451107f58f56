//! What is counted: each answer under what became of it.
//!
//! The words are those of the assessment (应用成效); what each means is in `docs/counting.md`.

mod counters;
mod totals;

pub use counters::Counters;
pub use totals::{Totals, TotalsError, TotalsOptions};

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
    /// Cut, so that the client comes again over TCP: with what follows it is one success.
    Truncated,
    /// Refused or dropped, since its source asked too much.
    Limited,
    /// Nothing about an identifier: the site's own description, names above identifiers.
    Auxiliary,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::NotFound,
        Self::Gone,
        Self::NotResponsible,
        Self::Denied,
        Self::Error,
        Self::Truncated,
        Self::Limited,
        Self::Auxiliary,
    ];

    /// Its number in the ledger, for ever: what is added goes to the end.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

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
            Self::Truncated => "truncated",
            Self::Limited => "limited",
            Self::Auxiliary => "auxiliary",
        }
    }
}

//----------- Protocol ---------------------------------------------------------

/// How it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// DNS, UDP and TCP.
    Dns,
    /// The Handle protocol, UDP and TCP.
    Handle,
    /// HTTP, whatever the interface.
    Http,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dns, Self::Handle, Self::Http];

    /// Its number in the ledger, for ever: what is added goes to the end.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Its name in metrics and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Handle => "handle",
            Self::Http => "http",
        }
    }
}

//----------- Origin -----------------------------------------------------------

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Anybody; recursive nodes too.
    External,
    /// This machine.
    Internal,
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::External, Self::Internal];

    /// Its number in the ledger, for ever: what is added goes to the end.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Its name in metrics and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Internal => "internal",
        }
    }

    /// Of whoever is on this machine, or not.
    #[must_use]
    pub fn of(is_here: bool) -> Self {
        if is_here {
            Self::Internal
        } else {
            Self::External
        }
    }
}
