//! The header of an entry.

use std::fmt;

use data_encoding::HEXLOWER;

use super::{
    CHANGES_MAX, DecodeError, PAYLOAD_BYTES_MAX, Partition,
    cursor::{Cursor, put_bytes8},
};

/// The entry format of this release.
const FORMAT: u8 = 1;

//----------- Header -----------------------------------------------------------

/// What is hashed of an entry besides its changes (`docs/format/ledger-v1.md`, "Entry header").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The ledger this entry belongs to.
    pub ledger_id: LedgerId,
    /// Its partition.
    pub partition: Partition,
    /// Its sequence, from 1, without gaps.
    pub seq: u64,
    /// Milliseconds since the epoch; never less than the previous entry's.
    pub time_ms: u64,
    /// The `control` sequence it was validated against; 0 in `control` itself.
    pub control_at: u64,
    /// What kind of entry it is.
    pub kind: Kind,
    /// Changes in the payload, at most [`CHANGES_MAX`].
    pub count: u32,
    /// Bytes of the payload before compression, at most [`PAYLOAD_BYTES_MAX`].
    pub raw_len: u32,
}

impl Header {
    /// The bytes that are hashed and stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend_from_slice(&self.ledger_id.0);
        put_bytes8(&mut out, self.partition.to_string().as_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.time_ms.to_be_bytes());
        out.extend_from_slice(&self.control_at.to_be_bytes());
        out.push(self.kind as u8);
        out.extend_from_slice(&self.count.to_be_bytes());
        out.extend_from_slice(&self.raw_len.to_be_bytes());
        out
    }

    /// Reads a header from exactly its bytes.
    ///
    /// # Errors
    /// Where the bytes are no header of a known format, or break a limit of the format.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(bytes);
        let format = cursor.u8()?;
        if format != FORMAT {
            return Err(DecodeError::UnknownFormat(format));
        }
        let header = Self {
            ledger_id: LedgerId(cursor.array()?),
            partition: Partition::parse(cursor.str8()?)?,
            seq: cursor.u64()?,
            time_ms: cursor.u64()?,
            control_at: cursor.u64()?,
            kind: Kind::from_byte(cursor.u8()?)?,
            count: cursor.u32()?,
            raw_len: cursor.u32()?,
        };
        cursor.end()?;
        let over = |what, bytes: u32| DecodeError::TooLarge {
            what,
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        };
        if header.raw_len > PAYLOAD_BYTES_MAX {
            return Err(over("payload", header.raw_len));
        }
        if header.count > CHANGES_MAX {
            return Err(over("number of changes", header.count));
        }
        Ok(header)
    }
}

//----------- Kind -------------------------------------------------------------

/// What kind of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The first entry of `control`.
    Genesis = 0,
    /// Changes.
    Changes = 1,
    /// A marker in the place of an entry whose fate was unknown.
    Marker = 2,
}

impl Kind {
    fn from_byte(value: u8) -> Result<Self, DecodeError> {
        match value {
            0 => Ok(Self::Genesis),
            1 => Ok(Self::Changes),
            2 => Ok(Self::Marker),
            value => Err(DecodeError::UnknownValue {
                field: "kind",
                value,
            }),
        }
    }
}

//----------- LedgerId ---------------------------------------------------------

/// The random name of a ledger: entries of two ledgers never mix.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LedgerId(pub [u8; 16]);

impl fmt::Display for LedgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for LedgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
