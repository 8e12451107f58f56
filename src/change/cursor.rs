//! Reading and writing the fixed-width fields of `docs/format/ledger-v1.md`.

use super::DecodeError;

//----------- Cursor -----------------------------------------------------------

/// Reads fields from the front of a slice; every read is bounds-checked.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Starts at the front of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Takes `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes an array of `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Takes one byte.
    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_be_bytes)
    }

    /// Takes a 16-bit number.
    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Takes a 32-bit number.
    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Takes a 64-bit number.
    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Takes bytes behind an 8-bit length.
    pub(crate) fn bytes8(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// Takes bytes behind a 16-bit length.
    pub(crate) fn bytes16(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// Takes bytes behind a 32-bit length.
    pub(crate) fn bytes32(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| DecodeError::Truncated)?)
    }

    /// Takes text behind an 8-bit length.
    pub(crate) fn str8(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes8()?).map_err(|_| DecodeError::NotUtf8)
    }

    /// Takes text behind a 16-bit length.
    pub(crate) fn str16(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes16()?).map_err(|_| DecodeError::NotUtf8)
    }

    /// Takes a byte that is 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(DecodeError::UnknownValue {
                field: "flag",
                value,
            }),
        }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Refuses bytes that no field took.
    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(DecodeError::TrailingBytes(self.rest.len()))
        }
    }
}

//----------- Writing ----------------------------------------------------------

/// Appends bytes behind an 8-bit length.
///
/// # Panics
/// Where a caller let a longer field through: lengths are checked when values are made.
pub(crate) fn put_bytes8(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(u8::try_from(bytes.len()).expect("fields with 8-bit lengths are checked when made"));
    out.extend_from_slice(bytes);
}

/// Appends bytes behind a 16-bit length.
///
/// # Panics
/// Where a caller let a longer field through: lengths are checked when values are made.
pub(crate) fn put_bytes16(out: &mut Vec<u8>, bytes: &[u8]) {
    let length =
        u16::try_from(bytes.len()).expect("fields with 16-bit lengths are checked when made");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends bytes behind a 32-bit length.
///
/// # Panics
/// Where a caller let a longer field through: lengths are checked when values are made.
pub(crate) fn put_bytes32(out: &mut Vec<u8>, bytes: &[u8]) {
    let length =
        u32::try_from(bytes.len()).expect("fields with 32-bit lengths are checked when made");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}
