//! Callers and what they may do.

//----------- Caller -----------------------------------------------------------

/// Who is asking, once that is established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Nobody in particular: may read what is public.
    Anonymous,
    /// The operator, by the bootstrap token.
    Administrator,
}

/// What a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Read values that are not public.
    ReadPrivate,
    /// Register, replace or remove identifiers of any hosted prefix.
    WriteIdentifiers,
    /// Admit enterprises and assign prefixes.
    Admit,
    /// Read what was counted.
    ReadStatistics,
}

impl Caller {
    /// Whether this caller may.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        match (self, action) {
            (
                Self::Administrator,
                Action::ReadPrivate
                | Action::WriteIdentifiers
                | Action::Admit
                | Action::ReadStatistics,
            ) => true,
            (Self::Anonymous, _) => false,
        }
    }

    /// The account's name: part of what an idempotency key is remembered under.
    #[must_use]
    pub fn account(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Administrator => "administrator",
        }
    }
}
