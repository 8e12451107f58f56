//! Messages that do not fit a datagram (RFC 3652 §2.3).

use super::message::{ENVELOPE_BYTES, Envelope};

/// The largest datagram: what every network took without asking.
pub const DATAGRAM_BYTES_MAX: usize = 512;

/// What of a message fits one datagram behind its envelope.
const PART_BYTES: usize = DATAGRAM_BYTES_MAX - ENVELOPE_BYTES;

//----------- fragments --------------------------------------------------------

/// Hands the datagrams of a whole message to `send`, one or several.
///
/// Each repeats the envelope with its own sequence; a message of several says so in each.
pub fn fragments(message: &[u8], mut send: impl FnMut(&[u8])) {
    if message.len() <= DATAGRAM_BYTES_MAX {
        return send(message);
    }
    let Ok(envelope) = Envelope::decode(message) else {
        return;
    };
    let mut datagram = Vec::with_capacity(DATAGRAM_BYTES_MAX);
    for (sequence, part) in (0..).zip(message[ENVELOPE_BYTES..].chunks(PART_BYTES)) {
        datagram.clear();
        let own = Envelope {
            flags: envelope.flags | Envelope::TRUNCATED,
            sequence,
            ..envelope
        };
        own.encode(&mut datagram);
        datagram.extend(part);
        send(&datagram);
    }
}
