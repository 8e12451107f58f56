//! The other side: asking, and reading what was said.

use super::{
    Envelope, HEADER_BYTES, HandleError, Header, OpCode, VERSION, message::MESSAGE_BYTES_MAX,
};
use crate::change::{Cursor, put_bytes32};

/// The most values of a reply: as many as a record has.
const VALUES_MAX: u32 = 2_048;

/// The site serial of whoever knows none.
const NO_SERIAL: u16 = 0xffff;

//----------- resolution_request -----------------------------------------------

/// A request to resolve `handle`, or the values of it with one of these types.
#[must_use]
pub fn resolution_request(request_id: u32, handle: &str, types: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    put_bytes32(&mut body, handle.as_bytes());
    body.extend([0; 4]);
    body.extend(u32::try_from(types.len()).unwrap_or(u32::MAX).to_be_bytes());
    types
        .iter()
        .for_each(|kind| put_bytes32(&mut body, kind.as_bytes()));
    // Without a credential: its length is zero.
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let envelope = Envelope {
        version: VERSION,
        suggested: VERSION,
        flags: 0,
        session_id: 0,
        request_id,
        sequence: 0,
        message_length: length(HEADER_BYTES + body.len() + 4),
    };
    let header = Header {
        op_code: OpCode::RESOLUTION,
        response_code: 0,
        op_flags: Header::RECURSIVE | Header::CACHE_CERTIFY | Header::PUBLIC_ONLY,
        site_serial: NO_SERIAL,
        recursion_count: 0,
        expiration: 0,
        body_length: length(body.len()),
    };
    let mut message = Vec::new();
    envelope.encode(&mut message);
    header.encode(&mut message);
    message.extend(body);
    message.extend([0; 4]);
    message
}

//----------- Values -----------------------------------------------------------

/// What a successful resolution says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidValues<'a> {
    /// The identifier, as it was asked for.
    pub handle: &'a [u8],
    /// Its values.
    pub values: Vec<SaidValue<'a>>,
}

/// A value, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidValue<'a> {
    /// Its number in the record.
    pub index: u32,
    /// When it was last changed, in seconds since the epoch.
    pub timestamp_seconds: u32,
    /// Whether [`SaidValue::ttl`] is a time and not a duration.
    pub ttl_is_absolute: bool,
    /// How long it may be cached, in seconds, or until when.
    pub ttl: u32,
    /// Who may read and write it, as four bits.
    pub permissions: u8,
    /// Its type.
    pub kind: &'a [u8],
    /// Its data.
    pub data: &'a [u8],
    /// The values it refers to.
    pub references: Vec<(&'a [u8], u32)>,
}

impl<'a> SaidValues<'a> {
    /// Reads the body of a successful resolution, behind a digest if there is one.
    ///
    /// # Errors
    /// Where it is cut off, or has more values than any record.
    pub fn decode(body: &'a [u8]) -> Result<Self, HandleError> {
        if body.len() > MESSAGE_BYTES_MAX {
            return Err(HandleError::TooManyConditions);
        }
        let mut cursor = Cursor::new(body);
        let handle = cursor.bytes32()?;
        let count = cursor.u32()?;
        if count > VALUES_MAX {
            return Err(HandleError::TooManyConditions);
        }
        let values = (0..count).map(|_| SaidValue::take(&mut cursor));
        Ok(Self {
            handle,
            values: values.collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> SaidValue<'a> {
    fn take(cursor: &mut Cursor<'a>) -> Result<Self, HandleError> {
        let (index, timestamp_seconds) = (cursor.u32()?, cursor.u32()?);
        let (ttl_kind, ttl, permissions) = (cursor.u8()?, cursor.u32()?, cursor.u8()?);
        let (kind, data) = (cursor.bytes32()?, cursor.bytes32()?);
        let count = cursor.u32()?;
        if count > VALUES_MAX {
            return Err(HandleError::TooManyConditions);
        }
        let mut references = Vec::new();
        for _ in 0..count {
            references.push((cursor.bytes32()?, cursor.u32()?));
        }
        Ok(Self {
            index,
            timestamp_seconds,
            ttl_is_absolute: ttl_kind != 0,
            ttl,
            permissions,
            kind,
            data,
            references,
        })
    }
}
