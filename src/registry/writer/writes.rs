//! Whether a partition takes writes, and if not, why and for how long.

use std::sync::{PoisonError, RwLock};

use crate::{change::Partition, ledger::LedgerError, registry::ClockFault};

//----------- ReadOnly ---------------------------------------------------------

/// Why a partition takes no writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnly {
    /// What kind of reason it is.
    pub cause: ReadOnlyCause,
    /// The reason itself, for the operator: it names files and sequences.
    pub reason: String,
}

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadOnlyCause {
    /// Too little space; writes resume by themselves.
    NoSpace,
    /// The clock cannot be right; writes resume when it is set right, or accepted at a restart.
    Clock,
    /// The ledger is damaged or its files are not believed; until a restart.
    Ledger,
    /// The state does not follow the ledger; until a restart.
    State,
}

impl ReadOnlyCause {
    /// Every cause, for metrics.
    pub const ALL: [Self; 4] = [Self::NoSpace, Self::Clock, Self::Ledger, Self::State];

    /// Its name in answers and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoSpace => "no_space",
            Self::Clock => "clock",
            Self::Ledger => "ledger",
            Self::State => "state",
        }
    }

    /// Whether it may end while the node runs.
    fn may_end(self) -> bool {
        matches!(self, Self::NoSpace | Self::Clock)
    }
}

impl ReadOnly {
    pub(super) fn of_clock(fault: &ClockFault) -> Self {
        Self {
            cause: ReadOnlyCause::Clock,
            reason: fault.to_string(),
        }
    }

    pub(super) fn of_ledger(error: &LedgerError) -> Self {
        let cause = match error {
            LedgerError::NoSpace { .. } => ReadOnlyCause::NoSpace,
            _ => ReadOnlyCause::Ledger,
        };
        Self {
            cause,
            reason: error.to_string(),
        }
    }
}

//----------- Writes -----------------------------------------------------------

/// Whether a partition takes writes.
#[derive(Debug, Default)]
pub(in crate::registry) struct Writes {
    closed: RwLock<Option<ReadOnly>>,
}

impl Writes {
    /// Why it takes no writes, if so.
    pub(in crate::registry) fn closed(&self) -> Option<ReadOnly> {
        self.closed
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Why it takes no writes until a restart, if so: then nothing need be handed in.
    pub(in crate::registry) fn closed_for_good(&self) -> Option<String> {
        let closed = self.closed().filter(|closed| !closed.cause.may_end());
        closed.map(|closed| closed.reason)
    }

    /// Takes no more writes; told once, not at each refusal.
    pub(in crate::registry) fn close(&self, partition: &Partition, read_only: ReadOnly) {
        let mut closed = self.closed.write().unwrap_or_else(PoisonError::into_inner);
        match &*closed {
            // What needs a restart is not forgotten over what does not.
            Some(before) if !before.cause.may_end() && read_only.cause.may_end() => return,
            Some(before) if before.cause == read_only.cause => {}
            _ => {
                let (cause, reason) = (read_only.cause.name(), &read_only.reason);
                tracing::error!(%partition, cause, reason, "writes are refused");
            }
        }
        *closed = Some(read_only);
    }

    /// Takes writes again, unless only a restart helps.
    pub(in crate::registry) fn resume(&self, partition: &Partition) {
        if self.closed().is_none_or(|closed| !closed.cause.may_end()) {
            return;
        }
        *self.closed.write().unwrap_or_else(PoisonError::into_inner) = None;
        tracing::info!(%partition, "writes are taken again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn because(cause: ReadOnlyCause) -> ReadOnly {
        ReadOnly {
            cause,
            reason: cause.name().to_owned(),
        }
    }

    #[test]
    fn what_needs_a_restart_outlasts_the_rest() {
        let (writes, here) = (Writes::default(), Partition::Control);
        writes.close(&here, because(ReadOnlyCause::NoSpace));
        assert_eq!(writes.closed_for_good(), None);
        writes.resume(&here);
        assert_eq!(writes.closed(), None);
        writes.close(&here, because(ReadOnlyCause::Ledger));
        writes.close(&here, because(ReadOnlyCause::Clock));
        writes.resume(&here);
        assert_eq!(writes.closed_for_good().as_deref(), Some("ledger"));
    }
}
