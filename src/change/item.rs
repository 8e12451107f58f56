//! Changes of identifiers, and the requests they came with.

use super::{
    DecodeError, Hash, Position,
    cursor::{Cursor, put_bytes16, put_bytes32},
};
use crate::{
    identifier::{Identifier, System},
    record::{Record, RecordRef},
};

//----------- PutChange --------------------------------------------------------

/// An identifier registered, or its record replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutChange {
    /// The identifier, spelled as first registered.
    pub identifier: Identifier,
    /// How it came to be here; only [`Class::New`] is a registration made here.
    pub class: Class,
    /// The identifier's previous change.
    pub prev: Option<Position>,
    /// The canonical encoding of its record, `docs/format/record-v1.md`.
    pub record: Box<[u8]>,
}

impl PutChange {
    /// Makes a change from a record.
    #[must_use]
    pub fn new(
        identifier: Identifier,
        class: Class,
        prev: Option<Position>,
        record: &Record,
    ) -> Self {
        Self {
            identifier,
            class,
            prev,
            record: record.encode().into(),
        }
    }

    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        encode_identifier(&self.identifier, out);
        out.push(self.class as u8);
        Position::encode_optional(self.prev, out);
        put_bytes32(out, &self.record);
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let identifier = decode_identifier(cursor)?;
        let class = Class::from_byte(cursor.u8()?)?;
        let prev = Position::decode_optional(cursor)?;
        let record = cursor.bytes32()?;
        RecordRef::parse(record).map_err(|_| DecodeError::IllegalField { field: "record" })?;
        Ok(Self {
            identifier,
            class,
            prev,
            record: record.into(),
        })
    }
}

//----------- RemoveChange -----------------------------------------------------

/// An identifier removed; its tombstone stays for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveChange {
    /// The identifier, spelled as first registered.
    pub identifier: Identifier,
    /// The identifier's previous change: only what was put can be removed.
    pub prev: Position,
}

impl RemoveChange {
    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        encode_identifier(&self.identifier, out);
        self.prev.encode(out);
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            identifier: decode_identifier(cursor)?,
            prev: Position::decode(cursor)?,
        })
    }
}

//----------- Class ------------------------------------------------------------

/// How an identifier came to be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Registered here: the only class that is a registration made here.
    New = 1,
    /// Taken over from another node.
    Adopted = 2,
    /// Registered again after removal.
    Restored = 3,
    /// Of a sandbox: counts nowhere.
    Test = 4,
}

impl Class {
    pub(crate) fn from_byte(value: u8) -> Result<Self, DecodeError> {
        match value {
            1 => Ok(Self::New),
            2 => Ok(Self::Adopted),
            3 => Ok(Self::Restored),
            4 => Ok(Self::Test),
            value => Err(DecodeError::UnknownValue {
                field: "class",
                value,
            }),
        }
    }
}

//----------- RequestChange ----------------------------------------------------

/// A request that carried an idempotency key, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestChange {
    /// SHA-256 of the account, a zero byte and the key.
    pub key_hash: Hash,
    /// SHA-256 of what was asked.
    pub body_hash: Hash,
    /// Which of the request's entries this is, from 0.
    pub chunk: u32,
    /// What became of it.
    pub outcome: RequestOutcome,
}

impl RequestChange {
    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key_hash.0);
        out.extend_from_slice(&self.body_hash.0);
        out.extend_from_slice(&self.chunk.to_be_bytes());
        out.push(self.outcome as u8);
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key_hash: Hash(cursor.array()?),
            body_hash: Hash(cursor.array()?),
            chunk: cursor.u32()?,
            outcome: RequestOutcome::from_byte(cursor.u8()?)?,
        })
    }
}

/// What became of a remembered request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RequestOutcome {
    /// Its items have verdicts of their own.
    Items = 0,
    /// A single identifier was registered.
    Created = 1,
    /// A single record was replaced.
    Replaced = 2,
    /// A single identifier was removed.
    Removed = 3,
}

impl RequestOutcome {
    pub(crate) fn from_byte(value: u8) -> Result<Self, DecodeError> {
        match value {
            0 => Ok(Self::Items),
            1 => Ok(Self::Created),
            2 => Ok(Self::Replaced),
            3 => Ok(Self::Removed),
            value => Err(DecodeError::UnknownValue {
                field: "outcome",
                value,
            }),
        }
    }
}

//----------- Helper functions -------------------------------------------------

fn encode_identifier(identifier: &Identifier, out: &mut Vec<u8>) {
    out.push(identifier.system() as u8);
    put_bytes16(out, identifier.text().as_bytes());
}

pub(crate) fn decode_identifier(cursor: &mut Cursor<'_>) -> Result<Identifier, DecodeError> {
    let system = cursor.u8()?;
    if system != System::Handle as u8 {
        return Err(DecodeError::UnknownValue {
            field: "system",
            value: system,
        });
    }
    // What registration refuses can change with Unicode; what was registered stays readable.
    let text = cursor.str16()?;
    let identifier = Identifier::parse_query(text).map_err(|_| DecodeError::IllegalField {
        field: "identifier",
    })?;
    if identifier.text() == text {
        Ok(identifier)
    } else {
        Err(DecodeError::IllegalField {
            field: "identifier",
        })
    }
}
