//! How many files and connections the process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Every listener full on several addresses, the ledger and its snapshots, and room to spare.
const DESCRIPTORS: u64 = 65_536;

/// Raises the soft limit, which is 1,024 on most systems, as far as the hard one allows: three
/// listeners that are full need more.
pub(super) fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit
        .maximum
        .map_or(DESCRIPTORS, |hard| hard.min(DESCRIPTORS));
    if limit.current.is_some_and(|soft| soft < wanted) {
        limit.current = Some(wanted);
        // With fewer it serves fewer connections at a time.
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit of open files stays as it is");
        }
    }
}
