//! Prefixes: digits and dots.

use std::fmt;

/// The most characters of a prefix: the strictest deployed interface (SNMS `entPrefix`).
pub const PREFIX_CHARACTERS_MAX: usize = 64;

//----------- Prefix -----------------------------------------------------------

/// A prefix such as `88.118` or `88.101.0042`: text, since leading zeros are significant.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix(Box<str>);

impl Prefix {
    /// Reads a prefix.
    ///
    /// # Errors
    /// Where it is not numbers of ASCII digits joined by dots, or too long.
    pub fn parse(text: &str) -> Result<Self, PrefixError> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its numbers, the widest first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// Whether it lies below `other`, at any depth.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self.0
            .strip_prefix(other.as_str())
            .is_some_and(|rest| rest.starts_with('.'))
    }

    /// Whether it is `other`, or lies below it.
    #[must_use]
    pub fn is_at_or_below(&self, other: &Self) -> bool {
        self == other || self.is_below(other)
    }

    /// Whether it is `parent` and one more number.
    #[must_use]
    pub fn is_child_of(&self, parent: &Self) -> bool {
        let rest = self
            .0
            .strip_prefix(parent.as_str())
            .and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| !rest.contains('.'))
    }
}

/// Checks that a text is a prefix, without keeping it.
pub(super) fn check(text: &str) -> Result<(), PrefixError> {
    if text.chars().count() > PREFIX_CHARACTERS_MAX {
        return Err(PrefixError::TooLong);
    }
    let is_number =
        |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    if text.split('.').all(is_number) {
        Ok(())
    } else {
        Err(PrefixError::NotNumbers)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({:?})", self.0)
    }
}

//============ Error types =====================================================

/// Why a text is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// It has other characters than ASCII digits and dots, or nothing between two dots.
    #[error("a prefix is numbers joined by dots, such as 88.118.8, in half-width digits")]
    NotNumbers,
    /// It is too long.
    #[error("a prefix has at most {PREFIX_CHARACTERS_MAX} characters")]
    TooLong,
}
