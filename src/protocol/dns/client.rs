//! The other side: asking, and reading what was said.

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::{RData, Record, RecordType},
};

use super::{
    respond::{EXTENDED_ERROR, UDP_BYTES_MAX},
    zone::host,
};

/// PRIORITY and WEIGHT before the target of a URI record (RFC 7553 §4.5).
const URI_TARGET_AT: usize = 4;

//----------- question ---------------------------------------------------------

/// A question for the records of a type (its number) at a name, with EDNS.
///
/// # Errors
/// Where the name is none.
pub fn question(id: u16, name: &str, kind: u16) -> Result<Vec<u8>, DnsError> {
    let name = host(name).map_err(|error| DnsError(error.to_string()))?;
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(name, RecordType::from(kind)));
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_BYTES_MAX);
    message.set_edns(edns);
    message
        .to_vec()
        .map_err(|error| DnsError(error.to_string()))
}

//----------- SaidAnswer -------------------------------------------------------

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidAnswer {
    /// The number of the question.
    pub id: u16,
    /// The response code, extended by EDNS.
    pub code: u16,
    /// Why, as EDNS says it (RFC 8914 §4), if it does.
    pub extended: Option<u16>,
    /// Whether it is the zone's own server that says so.
    pub is_authoritative: bool,
    /// Whether it is cut, and to be asked again over TCP.
    pub is_truncated: bool,
    /// The answer.
    pub answers: Vec<SaidRecord>,
    /// Who is responsible, or what tells that there is nothing.
    pub authorities: Vec<SaidRecord>,
    /// What belongs to it, without EDNS.
    pub additionals: Vec<SaidRecord>,
}

/// A record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidRecord {
    /// Its owner, spelt as in the answer.
    pub name: String,
    /// The number of its type.
    pub kind: u16,
    /// How long it may be cached.
    pub ttl_seconds: u32,
    /// Of TXT its strings joined, of URI its target, of all others as a zone file has them.
    pub data: Vec<u8>,
}

impl SaidAnswer {
    /// Reads a message.
    ///
    /// # Errors
    /// Where it is none, or no answer.
    pub fn decode(message: &[u8]) -> Result<Self, DnsError> {
        let read = Message::from_vec(message).map_err(|error| DnsError(error.to_string()))?;
        if read.metadata.message_type != MessageType::Response {
            return Err(DnsError("it is a question".to_owned()));
        }
        let records = |all: &[Record]| all.iter().map(SaidRecord::of).collect();
        Ok(Self {
            id: read.metadata.id,
            code: u16::from(read.metadata.response_code),
            extended: read.edns.as_ref().and_then(extended),
            is_authoritative: read.metadata.authoritative,
            is_truncated: read.metadata.truncation,
            answers: records(&read.answers),
            authorities: records(&read.authorities),
            additionals: records(&read.additionals),
        })
    }
}

/// The code of an extended error.
fn extended(edns: &Edns) -> Option<u16> {
    let option = edns.options().get(EXTENDED_ERROR.into())?;
    let octets: Vec<u8> = option.try_into().ok()?;
    octets.first_chunk::<2>().copied().map(u16::from_be_bytes)
}

impl SaidRecord {
    fn of(record: &Record) -> Self {
        let data = match &record.data {
            RData::TXT(txt) => txt.txt_data.concat(),
            RData::Unknown { rdata, .. } => {
                let octets = &rdata.anything;
                octets.get(URI_TARGET_AT..).unwrap_or_default().to_vec()
            }
            other => other.to_string().into_bytes(),
        };
        Self {
            name: record.name.to_ascii(),
            kind: u16::from(record.record_type()),
            ttl_seconds: record.ttl,
            data,
        }
    }
}

//============ Error types =====================================================

/// What is no message of DNS, in the words of the library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DnsError(String);
