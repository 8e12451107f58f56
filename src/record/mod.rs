//! Records: what an identifier resolves to.
