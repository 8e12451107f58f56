//! Ledgers as they are found.
