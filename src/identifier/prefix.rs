//! Prefixes: digits and dots, leading zeros significant.

use std::fmt;

/// The longest prefix, in characters.
const PREFIX_CHARS_MAX: usize = 64;

//----------- Prefix -------------------------------------------------------------

/// A prefix such as `88.118.0002`: segments of digits joined by dots.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Prefix(Box<str>);

impl Prefix {
    /// Reads a prefix.
    ///
    /// # Errors
    ///
    /// If it is too long, has an empty segment or anything but digits and dots.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        let segment =
            |segment: &str| !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
        if text.len() > PREFIX_CHARS_MAX || !text.split('.').all(segment) {
            return Err(PrefixError);
        }
        Ok(Self(text.into()))
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its segments, from the left.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//----------- PrefixError --------------------------------------------------------

/// Why a text is no prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a prefix: write at most 64 characters, digits in segments joined by dots")]
pub struct PrefixError;
