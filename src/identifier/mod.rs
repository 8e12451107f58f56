//! Names: systems, prefixes, identifiers and their other forms.

mod prefix;

pub use prefix::{Prefix, PrefixError};
