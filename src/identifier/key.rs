//! Keys: folded identifiers, as the index holds them.

use std::{
    borrow::Borrow,
    fmt,
    hash::{Hash, Hasher},
};

use super::{IDENTIFIER_BYTES_MAX, System, check};

/// The most bytes of a key: the system's number and the longest identifier.
pub const KEY_BYTES_MAX: usize = 1 + IDENTIFIER_BYTES_MAX;

//----------- Key --------------------------------------------------------------

/// `system ‖ folded text`: two spellings of one name are one key.
///
/// The number of a system is ASCII, so that all of it is text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Box<str>);

impl Key {
    /// Reads a key from exactly its bytes.
    ///
    /// # Errors
    /// Where the bytes are no folded identifier of a known system.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let whole = std::str::from_utf8(bytes).map_err(|_| KeyError)?;
        let (tag, text) = whole.split_at_checked(1).ok_or(KeyError)?;
        let system = System::from_tag(tag.as_bytes()[0]).ok_or(KeyError)?;
        let is_folded = !text.bytes().any(|byte| byte.is_ascii_lowercase());
        if system == System::Handle && is_folded && text.contains('/') && check::query(text).is_ok()
        {
            Ok(Self(whole.into()))
        } else {
            Err(KeyError)
        }
    }

    /// Folds a text.
    pub(super) fn fold(system: System, text: &str) -> Self {
        let mut key = String::with_capacity(1 + text.len());
        key.push(char::from(system as u8));
        key.push_str(text);
        // Only ASCII letters: all else is compared byte for byte.
        key.make_ascii_uppercase();
        Self(key.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0[1..]
    }

    /// The system it belongs to.
    #[must_use]
    pub fn system(&self) -> System {
        System::from_tag(self.0.as_bytes()[0]).expect("a key starts with the number of a system")
    }

    /// All before the first slash, folded.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.halves().0
    }

    /// All behind the first slash, folded.
    #[must_use]
    pub fn local(&self) -> &str {
        self.halves().1
    }

    /// All before what stands behind the first slash, with the system: of all identifiers of a
    /// prefix it is the same.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.0[..1 + self.authority().len() + 1]
    }

    fn halves(&self) -> (&str, &str) {
        self.text()
            .split_once('/')
            .expect("a key is made of an identifier, which has a slash")
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // As the bytes that it is borrowed as.
        self.as_bytes().hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.text())
    }
}

//----------- KeyBuffer --------------------------------------------------------

/// Room for the longest key, on the stack of whoever looks one up.
#[derive(Debug)]
pub struct KeyBuffer([u8; KEY_BYTES_MAX]);

impl KeyBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self([0; KEY_BYTES_MAX])
    }

    /// Folds a text of at most [`IDENTIFIER_BYTES_MAX`] bytes.
    pub(super) fn fold(&mut self, system: System, text: &str) -> &[u8] {
        let key = &mut self.0[..=text.len()];
        key[0] = system as u8;
        key[1..].copy_from_slice(text.as_bytes());
        // Only ASCII letters: all else is compared byte for byte.
        key[1..].make_ascii_uppercase();
        key
    }
}

impl Default for KeyBuffer {
    fn default() -> Self {
        Self::new()
    }
}

//============ Error types =====================================================

/// The bytes are no folded identifier of a known system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no key of a known identifier system")]
pub struct KeyError;
