//! Values: the parts of a record.

use std::fmt;

/// The most bytes of a type name: its length is one byte.
pub const TYPE_BYTES_MAX: usize = 255;

/// The most bytes of data: larger things belong behind a URL.
pub const DATA_BYTES_MAX: usize = 32 * 1024;

/// The most references of a value.
pub const REFERENCES_MAX: usize = 16;

/// The most bytes of a reference's handle: the longest identifier.
pub(super) const HANDLE_BYTES_MAX: usize = 1_020;

/// How long a value may be cached unless it says otherwise: a day, as Handle.Net has it.
pub const TTL_SECONDS_DEFAULT: u32 = 86_400;

//----------- Value ------------------------------------------------------------

/// One value of a record, in the terms of RFC 3651 §3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its number in the record, from 1 (索引).
    pub index: u32,
    /// Its type, such as `URL`; 1 to [`TYPE_BYTES_MAX`] bytes (类型).
    pub kind: Box<str>,
    /// Its data, at most [`DATA_BYTES_MAX`] bytes (内容).
    pub data: Box<[u8]>,
    /// How long it may be cached.
    pub ttl: Ttl,
    /// Who may read and write it.
    pub permissions: Permissions,
    /// When it was last changed, milliseconds since the epoch.
    pub timestamp_ms: u64,
    /// What it refers to, at most [`REFERENCES_MAX`].
    pub references: Vec<Reference>,
}

/// How long a value may be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// Seconds from when it was read.
    Relative(u32),
    /// Until this many seconds after the epoch.
    Absolute(u32),
}

impl Default for Ttl {
    fn default() -> Self {
        Self::Relative(TTL_SECONDS_DEFAULT)
    }
}

/// A reference of a value to another identifier's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The identifier.
    pub handle: Box<str>,
    /// The index of its value.
    pub index: u32,
}

//----------- Permissions ------------------------------------------------------

/// Who may read and write a value; written as four digits such as `1110`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// Administrators may read.
    pub const ADMIN_READ: u8 = 0b1000;
    /// Administrators may write.
    pub const ADMIN_WRITE: u8 = 0b0100;
    /// Everybody may read.
    pub const PUBLIC_READ: u8 = 0b0010;
    /// Everybody may write.
    pub const PUBLIC_WRITE: u8 = 0b0001;

    /// Permissions of those bits; `None` where others are set.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits <= 0b1111).then_some(Self(bits))
    }

    /// The bits.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Reads four digits, each 0 or 1.
    ///
    /// # Errors
    /// Where the text is anything else.
    pub fn parse(text: &str) -> Result<Self, PermissionsError> {
        let is_binary = text.len() == 4 && text.bytes().all(|byte| matches!(byte, b'0' | b'1'));
        let bits = is_binary
            .then(|| u8::from_str_radix(text, 2).ok())
            .flatten();
        bits.map(Self).ok_or(PermissionsError)
    }

    /// Whether everybody may read.
    #[must_use]
    pub fn public_read(self) -> bool {
        self.0 & Self::PUBLIC_READ != 0
    }
}

impl Default for Permissions {
    /// `1110`: administrators read and write, everybody reads.
    fn default() -> Self {
        Self(Self::ADMIN_READ | Self::ADMIN_WRITE | Self::PUBLIC_READ)
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04b}", self.0)
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

//============ Error types =====================================================

/// The text is not four digits of 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("permissions are four digits of 0 and 1, such as 1110")]
pub struct PermissionsError;
