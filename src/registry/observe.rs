//! Who is told how long registering took: the registry reads no clock for that.

use std::{fmt::Debug, sync::Arc};

use super::{Operation, Receipt, Registry, Request, Verdict};

//----------- Observe ----------------------------------------------------------

/// Times registrations.
pub trait Observe: Debug + Send + Sync {
    /// A moment, in microseconds on a clock that nobody sets.
    fn now_us(&self) -> u64;

    /// So many identifiers of a prefix were handed in at that moment, and are in the ledger now.
    fn registered(&self, prefix: &str, count: u64, began_us: u64);
}

impl Registry {
    /// The same, with somebody who is told how long registering takes.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observe>) -> Self {
        Self {
            observer: Some(observer),
            ..self
        }
    }

    /// What is needed to tell of a request once it is done; none where nobody is to be told.
    pub(super) fn watch(&self, work: &Request<Operation>) -> Option<Watched> {
        let observer = self.observer.as_ref().filter(|_| !work.dry_run)?;
        let prefix = |job: &Operation| {
            let prefix = job.identifier().split('/').next();
            prefix.unwrap_or_default().to_owned()
        };
        let mut prefixes: Vec<(String, usize)> = Vec::new();
        for (place, job) in work.jobs.iter().enumerate() {
            let prefix = prefix(job);
            // Most of a request is of one prefix.
            if prefixes.last().is_none_or(|(last, _)| *last != prefix) {
                prefixes.push((prefix, place));
            }
        }
        Some(Watched {
            observer: Arc::clone(observer),
            prefixes,
            began_us: observer.now_us(),
        })
    }
}

/// A request that is under way.
pub(super) struct Watched {
    observer: Arc<dyn Observe>,
    /// The prefixes of its jobs, and the first job of each.
    prefixes: Vec<(String, usize)>,
    began_us: u64,
}

impl Watched {
    /// Tells of what was registered; what had come before was not registered now.
    pub(super) fn tell(self, receipt: &Receipt) {
        if receipt.is_repeated {
            return;
        }
        let ends = self.prefixes.iter().skip(1).map(|(_, place)| *place);
        let ends = ends.chain([receipt.verdicts.len()]);
        for ((prefix, from), to) in self.prefixes.iter().zip(ends) {
            let verdicts = receipt.verdicts.get(*from..to).unwrap_or_default();
            let is_created = |verdict: &&Verdict| matches!(verdict, Verdict::Created(_));
            let count = verdicts.iter().filter(is_created).count();
            if count > 0 {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                self.observer.registered(prefix, count, self.began_us);
            }
        }
    }
}
