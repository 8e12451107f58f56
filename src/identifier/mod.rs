//! Names: identifier systems, prefixes, identifiers and their other forms.
//!
//! ```text
//! text ──▶ Identifier::parse_query          what may be asked for: limits only
//! text ──▶ Identifier::parse_registration   what may be registered: every rule of check.rs
//! Identifier ──▶ Key                        folded: two spellings of one name are one key
//! Identifier ◀─▶ dns, url                   the same name where only other characters pass
//! ```
//!
//! Pure: text in, values out.

mod check;
pub mod dns;
mod key;
mod prefix;
#[cfg(test)]
mod properties;
mod system;
#[cfg(test)]
mod tests;
pub mod url;

pub use check::IdentifierError;
pub use key::{KEY_BYTES_MAX, Key, KeyBuffer, KeyError};
pub use prefix::{PREFIX_CHARACTERS_MAX, Prefix, PrefixError};
pub use system::{DnsForm, Fold, SYSTEMS, System, SystemRow};

use std::fmt;

/// The most characters (Unicode scalar values) of an identifier: the SNMS interface's `handle`.
pub const IDENTIFIER_CHARACTERS_MAX: usize = 255;

/// The most bytes of an identifier: 255 characters of four bytes each.
pub const IDENTIFIER_BYTES_MAX: usize = 1_020;

/// The authority under which prefixes themselves are asked for (RFC 3651 §2).
const PREFIX_AUTHORITY: &str = "0.NA";

//----------- Identifier -------------------------------------------------------

/// An identifier as somebody spelled it, split at the first slash.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    text: Box<str>,
    /// Bytes before the first slash.
    authority_bytes: usize,
}

impl Identifier {
    /// Reads what may be asked for. Blanks are part of it, and an empty suffix is allowed: it was
    /// never registered. A text without a slash names a prefix, and is read as `0.NA/<text>`.
    ///
    /// # Errors
    /// Where the text is empty, longer than anything that can be registered, or has a NUL.
    pub fn parse_query(text: &str) -> Result<Self, IdentifierError> {
        if text.is_empty() {
            return Err(IdentifierError::Missing);
        }
        let identifier = match text.find('/') {
            Some(authority_bytes) => Self {
                text: text.into(),
                authority_bytes,
            },
            None => Self {
                text: format!("{PREFIX_AUTHORITY}/{text}").into(),
                authority_bytes: PREFIX_AUTHORITY.len(),
            },
        };
        check::query(&identifier.text)?;
        Ok(identifier)
    }

    /// Reads what may be registered.
    ///
    /// # Errors
    /// At the first rule that the text breaks, in the order of [`IdentifierError`].
    pub fn parse_registration(text: &str) -> Result<Self, IdentifierError> {
        let authority_bytes = check::registration(text)?;
        Ok(Self {
            text: text.into(),
            authority_bytes,
        })
    }

    /// The system it belongs to.
    #[must_use]
    pub fn system(&self) -> System {
        System::Handle
    }

    /// The whole text, as spelled.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All before the first slash.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.text[..self.authority_bytes]
    }

    /// All behind the first slash: the suffix.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[self.authority_bytes + 1..]
    }

    /// Whether it asks for a prefix: `0.NA/<prefix>`.
    #[must_use]
    pub fn is_prefix_view(&self) -> bool {
        self.authority().eq_ignore_ascii_case(PREFIX_AUTHORITY)
    }

    /// Its key in the index.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::fold(self.system(), &self.text)
    }

    /// Its key's bytes, without an allocation.
    #[must_use]
    pub fn fold_into<'b>(&self, buffer: &'b mut KeyBuffer) -> &'b [u8] {
        buffer.fold(self.system(), &self.text)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({:?})", self.text)
    }
}
