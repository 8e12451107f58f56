//! What the ledger holds: changes and the entries that carry them.
