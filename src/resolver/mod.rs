//! The read side: what an identifier resolves to, for whom.
