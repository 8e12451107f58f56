//! Envelope and header: the 44 bytes that every message begins with (RFC 3652 §2.1, §2.2).

use super::HandleError;
use crate::change::Cursor;

/// Bytes of an envelope.
pub const ENVELOPE_BYTES: usize = 20;

/// Bytes of a header.
pub const HEADER_BYTES: usize = 24;

/// The longest message that is read: what Handle.Net reads.
pub const MESSAGE_BYTES_MAX: usize = 262_144;

/// The version that is spoken, and suggested to everybody.
pub const VERSION: Version = Version {
    major: 2,
    minor: 11,
};

//----------- Version ----------------------------------------------------------

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 2 for all that is in use, 3 for DO-IRP.
    pub major: u8,
    /// Up to 11.
    pub minor: u8,
}

//----------- Envelope ---------------------------------------------------------

/// What a transport looks at (RFC 3652 §2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// The version it is written in.
    pub version: Version,
    /// The version its writer would rather speak.
    pub suggested: Version,
    /// The upper six bits of the third byte; see [`Envelope::TRUNCATED`].
    pub flags: u8,
    /// A session's number, 0 for none.
    pub session_id: u32,
    /// By which a client knows the answer.
    pub request_id: u32,
    /// Of a fragment, from 0.
    pub sequence: u32,
    /// Of the whole message, without its envelope; in each fragment too.
    pub message_length: u32,
}

impl Envelope {
    /// It is compressed; nobody ever does that, and the bit is echoed.
    pub const COMPRESSED: u8 = 0x80;
    /// Header, body and credential are encrypted.
    pub const ENCRYPTED: u8 = 0x40;
    /// It is one of several fragments.
    pub const TRUNCATED: u8 = 0x20;

    /// Reads the first 20 bytes of a message.
    ///
    /// # Errors
    /// Where there are fewer, or the message would be longer than any.
    pub fn decode(bytes: &[u8]) -> Result<Self, HandleError> {
        let mut cursor = Cursor::new(bytes);
        let version = Version {
            major: cursor.u8()?,
            minor: cursor.u8()?,
        };
        let (mixed, minor) = (cursor.u8()?, cursor.u8()?);
        // Clients of RFC 3652's 2.1 have flags there: they suggest nothing.
        let suggested = match mixed & 0b11 {
            0 => version,
            major => Version { major, minor },
        };
        let envelope = Self {
            version,
            suggested,
            flags: mixed & !0b11,
            session_id: cursor.u32()?,
            request_id: cursor.u32()?,
            sequence: cursor.u32()?,
            message_length: cursor.u32()?,
        };
        if envelope.length() > MESSAGE_BYTES_MAX {
            return Err(HandleError::TooLong(envelope.message_length));
        }
        Ok(envelope)
    }

    /// Appends the 20 bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mixed = self.flags & !0b11 | self.suggested.major & 0b11;
        out.extend([
            self.version.major,
            self.version.minor,
            mixed,
            self.suggested.minor,
        ]);
        for word in [
            self.session_id,
            self.request_id,
            self.sequence,
            self.message_length,
        ] {
            out.extend(word.to_be_bytes());
        }
    }

    /// Bytes behind the envelope, of the whole message.
    #[must_use]
    pub fn length(&self) -> usize {
        usize::try_from(self.message_length).unwrap_or(usize::MAX)
    }

    /// Whether this is not all of the message. Old servers forget to say so, and the length tells.
    #[must_use]
    pub fn is_fragment(&self, bytes: usize) -> bool {
        self.flags & Self::TRUNCATED != 0 || self.length() > bytes.saturating_sub(ENVELOPE_BYTES)
    }
}

//----------- Header -----------------------------------------------------------

/// What is asked, or what became of it (RFC 3652 §2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The operation; see [`OpCode`].
    pub op_code: u32,
    /// 0 in a request; see [`ResponseCode`].
    pub response_code: u32,
    /// See the constants.
    pub op_flags: u32,
    /// The site's serial that the client knows; 0xffff for none.
    pub site_serial: u16,
    /// How often a recursive server passed it on.
    pub recursion_count: u8,
    /// Seconds since the epoch until which it may be answered; nobody enforces it.
    pub expiration: u32,
    /// Bytes of the body.
    pub body_length: u32,
}

impl Header {
    /// Only a primary may answer; in an answer: one did.
    pub const AUTHORITATIVE: u32 = 0x8000_0000;
    /// The answer is to be signed.
    pub const CERTIFY: u32 = 0x4000_0000;
    /// The answer is to be encrypted.
    pub const ENCRYPT: u32 = 0x2000_0000;
    /// Ask others on the client's behalf.
    pub const RECURSIVE: u32 = 0x1000_0000;
    /// Answers of caches are to be signed.
    pub const CACHE_CERTIFY: u32 = 0x0800_0000;
    /// More messages follow.
    pub const CONTINUOUS: u32 = 0x0400_0000;
    /// The connection is to be kept.
    pub const KEEP_CONNECTION: u32 = 0x0200_0000;
    /// Only values that everybody may read are wanted.
    pub const PUBLIC_ONLY: u32 = 0x0100_0000;
    /// The answer is to begin with a digest of the request.
    pub const REQUEST_DIGEST: u32 = 0x0080_0000;
    /// Referrals are not wanted.
    pub const DO_NOT_REFER: u32 = 0x0010_0000;

    /// Reads 24 bytes.
    ///
    /// # Errors
    /// Where there are fewer.
    pub fn decode(bytes: &[u8]) -> Result<Self, HandleError> {
        let mut cursor = Cursor::new(bytes);
        let (op_code, response_code, op_flags) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let site_serial = cursor.u16()?;
        let (recursion_count, _reserved) = (cursor.u8()?, cursor.u8()?);
        Ok(Self {
            op_code,
            response_code,
            op_flags,
            site_serial,
            recursion_count,
            expiration: cursor.u32()?,
            body_length: cursor.u32()?,
        })
    }

    /// Appends the 24 bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for word in [self.op_code, self.response_code, self.op_flags] {
            out.extend(word.to_be_bytes());
        }
        out.extend(self.site_serial.to_be_bytes());
        out.extend([self.recursion_count, 0]);
        out.extend(self.expiration.to_be_bytes());
        out.extend(self.body_length.to_be_bytes());
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn has(&self, flag: u32) -> bool {
        self.op_flags & flag != 0
    }
}

/// Operations (RFC 3652 §2.2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpCode;

impl OpCode {
    /// Resolves an identifier.
    pub const RESOLUTION: u32 = 1;
    /// Asks for the site's own description.
    pub const GET_SITE_INFO: u32 = 2;
}

/// What became of a request (RFC 3652 §2.2.2.2, and Handle.Net's additions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
#[expect(missing_docs, reason = "they are named as the protocol names them")]
pub enum ResponseCode {
    Success = 1,
    Error = 2,
    ServerTooBusy = 3,
    ProtocolError = 4,
    OperationNotSupported = 5,
    HandleNotFound = 100,
    InvalidHandle = 102,
    ValuesNotFound = 200,
    ServerNotResponsible = 301,
    ServiceReferral = 302,
    PrefixReferral = 303,
    AuthenticationNeeded = 402,
}
