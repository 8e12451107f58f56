//! What is told apart of answers: what was asked for, how, what became of it, and by whom.

use crate::state::directory::Whose;

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
    /// Asked again by the same client, which had an answer on the way.
    Retransmitted,
    /// Shown beside a link or in the console, to somebody who may never follow it.
    Preview,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::NotFound,
        Self::Gone,
        Self::NotResponsible,
        Self::Denied,
        Self::Error,
        Self::Truncated,
        Self::Limited,
        Self::Auxiliary,
        Self::Retransmitted,
        Self::Preview,
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
            Self::Retransmitted => "retransmitted",
            Self::Preview => "preview",
        }
    }

    /// Whether it is what became of a request (解析请求): the others are the same one once more, or
    /// none.
    #[must_use]
    pub fn is_request(self) -> bool {
        match self {
            Self::Success
            | Self::NotFound
            | Self::Gone
            | Self::NotResponsible
            | Self::Denied
            | Self::Error
            | Self::Limited => true,
            Self::Truncated | Self::Auxiliary | Self::Retransmitted | Self::Preview => false,
        }
    }

    /// Whether whoever asked was told what it asked for, or why not: how long that took is the
    /// latency of a resolution.
    #[must_use]
    pub fn is_timed(self) -> bool {
        self.is_request() && !matches!(self, Self::Error | Self::Limited)
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
    /// This machine, and networks that the operator lists.
    Internal,
    /// Monitoring, the national node's or one's own.
    Probe,
    /// The registrant of what was asked for.
    Own,
    /// Whoever asks for what is a test: it is in no figure.
    Test,
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::External,
        Self::Internal,
        Self::Probe,
        Self::Own,
        Self::Test,
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
            Self::External => "external",
            Self::Internal => "internal",
            Self::Probe => "probe",
            Self::Own => "self",
            Self::Test => "test",
        }
    }
}

//----------- Subject ----------------------------------------------------------

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Where the identifiers of a prefix are: a referral, or what the directory says of a prefix.
    Route,
    /// An identifier.
    Identifier,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Route, Self::Identifier];

    /// Its number in the ledger, for ever: what is added goes to the end.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Its name in metrics and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Identifier => "identifier",
        }
    }
}

//----------- Kind -------------------------------------------------------------

/// What is told apart of an answer besides whose it is and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// What was asked for.
    pub subject: Subject,
    /// How.
    pub protocol: Protocol,
    /// What became of it.
    pub outcome: Outcome,
    /// Who asked.
    pub origin: Origin,
}

/// How many kinds there are.
pub const KINDS: usize =
    Subject::ALL.len() * Protocol::ALL.len() * Outcome::ALL.len() * Origin::ALL.len();

impl Kind {
    /// Its place among all kinds, below [`KINDS`]. Of this release: the ledger has the numbers.
    #[must_use]
    pub fn place(self) -> usize {
        let subject = self.subject as usize * Protocol::ALL.len() + self.protocol as usize;
        let outcome = subject * Outcome::ALL.len() + self.outcome as usize;
        outcome * Origin::ALL.len() + self.origin as usize
    }

    /// All kinds, each at its place.
    pub fn all() -> impl Iterator<Item = Self> {
        Subject::ALL.into_iter().flat_map(|subject| {
            Protocol::ALL.into_iter().flat_map(move |protocol| {
                Outcome::ALL.into_iter().flat_map(move |outcome| {
                    Origin::ALL.into_iter().map(move |origin| Self {
                        subject,
                        protocol,
                        outcome,
                        origin,
                    })
                })
            })
        })
    }

    /// Its numbers in the ledger, in the order of a counter cell.
    #[must_use]
    pub fn numbers(self) -> [u8; 4] {
        [
            self.subject.number(),
            self.protocol.number(),
            self.outcome.number(),
            self.origin.number(),
        ]
    }

    /// The kind of these numbers.
    ///
    /// # Errors
    /// The field and the number that this release does not know.
    pub fn from_numbers(numbers: [u8; 4]) -> Result<Self, (&'static str, u8)> {
        fn find<T: Copy>(
            all: &[T],
            number: fn(T) -> u8,
            field: &'static str,
            wanted: u8,
        ) -> Result<T, (&'static str, u8)> {
            let found = all.iter().copied().find(|one| number(*one) == wanted);
            found.ok_or((field, wanted))
        }
        let [subject, protocol, outcome, origin] = numbers;
        Ok(Self {
            subject: find(&Subject::ALL, Subject::number, "subject", subject)?,
            protocol: find(&Protocol::ALL, Protocol::number, "protocol", protocol)?,
            outcome: find(&Outcome::ALL, Outcome::number, "outcome", outcome)?,
            origin: find(&Origin::ALL, Origin::number, "origin", origin)?,
        })
    }
}

//----------- Act --------------------------------------------------------------

/// An answer, as far as the protocol knows: who asked is for the server to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// The prefix that was asked for.
    pub whose: Whose,
    /// What was asked for.
    pub subject: Subject,
    /// What became of it.
    pub outcome: Outcome,
}

impl Act {
    /// A question about this node and nobody's prefix.
    #[must_use]
    pub fn auxiliary() -> Self {
        Self {
            whose: Whose::NOBODY,
            subject: Subject::Route,
            outcome: Outcome::Auxiliary,
        }
    }

    /// The same question with another outcome.
    #[must_use]
    pub fn with(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_place_and_numbers_of_its_own() {
        let all: Vec<Kind> = Kind::all().collect();
        assert_eq!(all.len(), KINDS);
        for (place, kind) in all.iter().enumerate() {
            assert_eq!(kind.place(), place);
            assert_eq!(Kind::from_numbers(kind.numbers()), Ok(*kind));
        }
        assert_eq!(Kind::from_numbers([1, 1, 12, 1]), Err(("outcome", 12)));
        assert_eq!(Kind::from_numbers([0, 1, 1, 1]), Err(("subject", 0)));
    }
}
