//! Identifiers in URL paths (RFC 3986 §3.3).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Identifier;

/// All but the unreserved characters of RFC 3986 §2.3 and the slash, which `%2F` may stand for.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The same, with slashes encoded too.
const SEGMENT: &AsciiSet = &PATH.add(b'/');

/// Bytes of a path that can be an identifier: each of 1,020 bytes as `%XX`.
pub const PATH_BYTES_MAX: usize = super::IDENTIFIER_BYTES_MAX * 3;

/// The path of an identifier, without a slash before it.
#[must_use]
pub fn to_path(identifier: &Identifier) -> String {
    let text = identifier.text();
    // `.` and `..` segments would be taken out on the way (RFC 3986 §5.2.4), and empty ones by some.
    let is_fragile = text
        .split('/')
        .any(|segment| matches!(segment, "." | ".." | ""));
    let set = if is_fragile { SEGMENT } else { PATH };
    utf8_percent_encode(text, set).to_string()
}

/// The text of an identifier from a path as it came, without the slash before it: `%2F` and `/`
/// both work.
///
/// # Errors
/// Where the path is too long, or not UTF-8 once decoded, or has a percent sign without two digits,
/// or a NUL.
pub fn from_path(raw: &str) -> Result<String, PathError> {
    if raw.len() > PATH_BYTES_MAX {
        return Err(PathError::TooLong);
    }
    let bytes = raw.as_bytes();
    let is_escape = |at: usize| {
        bytes
            .get(at + 1..at + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_whole = |at: usize| bytes[at] != b'%' || is_escape(at);
    if !(0..bytes.len()).all(is_whole) {
        return Err(PathError::BadEscape);
    }
    let text = percent_decode_str(raw)
        .decode_utf8()
        .map_err(|_| PathError::NotUtf8)?;
    if text.contains('\0') {
        return Err(PathError::Nul);
    }
    Ok(text.into_owned())
}

//============ Error types =====================================================

/// Why a path is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Longer than any identifier.
    #[error("the path is longer than any identifier")]
    TooLong,
    /// A percent sign without two hexadecimal digits.
    #[error("the path has a percent sign without two hexadecimal digits behind it")]
    BadEscape,
    /// Not UTF-8.
    #[error("the path is not UTF-8 once percent-decoded")]
    NotUtf8,
    /// A NUL, which the Handle protocol cannot carry.
    #[error("the path has a NUL; remove %00")]
    Nul,
}
