//! The fold of the ledger: index, directory, totals, digests.
