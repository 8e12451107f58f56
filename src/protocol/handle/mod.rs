//! The Handle protocol (RFC 3650 to 3652, as Handle.Net 9 speaks it): bytes in, bytes out.
//!
//! ```text
//! datagrams ─▶ Reassembly ─┐                             ┌─▶ fragment ─▶ datagrams
//!                          ├─▶ respond(message) ─ answer ┤
//! stream ─▶ Envelope ──────┘                             └─▶ stream
//! ```
//!
//! | bytes | part | |
//! |---|---|---|
//! | 20 | envelope | version 2, flags and suggested version 2, session 4, request 4, sequence 4, length 4 |
//! | 24 | header | operation 4, response 4, flags 4, site serial 2, recursion 1, 0, expiration 4, body length 4 |
//! | n | body | by operation and response |
//! | 4 + n | credential | may be missing |
//!
//! Numbers are big-endian; strings and bytes have their length in four bytes before them.

mod client;
mod digest;
mod error;
mod fragment;
mod message;
mod reassembly;
mod resolution;
mod respond;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub use client::{SaidValue, SaidValues, resolution_request};
pub use error::HandleError;
pub use fragment::{DATAGRAM_BYTES_MAX, fragments};
pub use message::{
    ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, MESSAGE_BYTES_MAX, OpCode, ResponseCode,
    VERSION, Version,
};
pub use reassembly::{Reassembly, Taken};
pub use resolution::Query;
pub(in crate::protocol) use resolution::is_type;
pub use respond::{Context, MakeChallenge, identity, respond, too_busy};
pub use value::{Interface, interfaces, site};
pub(in crate::protocol) use view::{MadeUp, values_of};
