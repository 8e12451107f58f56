//! The ledger: ordered, hash-chained, durable.
