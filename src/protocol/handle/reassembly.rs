//! Putting requests together that came in several datagrams.

use core::net::SocketAddr;

use super::message::{ENVELOPE_BYTES, Envelope};

/// Messages that are put together at a time: requests that need more than one datagram are rare,
/// and a stranger's fill the table for a moment only.
const MESSAGES_MAX: usize = 64;

/// The longest of them: 256 conditions of the longest type.
const MESSAGE_BYTES_MAX: usize = 72 * 1024;

/// Bytes of a part, but for the last.
const PART_BYTES: usize = super::DATAGRAM_BYTES_MAX - ENVELOPE_BYTES;

/// A client sends all parts at once, and sends everything again after half a second.
const AGE_MS_MAX: u64 = 2_000;

//----------- Reassembly -------------------------------------------------------

/// Requests of which some parts are still to come.
#[derive(Debug, Default)]
pub struct Reassembly {
    messages: Vec<Message>,
}

/// What became of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was the last part: the whole message, with one envelope.
    Whole(Vec<u8>),
    /// Others are missing.
    Waiting,
    /// It is no part of any message that is read.
    Refused,
}

#[derive(Debug)]
struct Message {
    peer: SocketAddr,
    request_id: u32,
    since_ms: u64,
    /// With its envelope.
    bytes: Vec<u8>,
    /// One for each part that came.
    parts: Vec<bool>,
}

impl Reassembly {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a fragment that came from `peer` at `now_ms`, on a clock that nobody sets.
    pub fn take(&mut self, peer: SocketAddr, datagram: &[u8], now_ms: u64) -> Taken {
        self.messages
            .retain(|message| now_ms.saturating_sub(message.since_ms) <= AGE_MS_MAX);
        let Ok(envelope) = Envelope::decode(datagram) else {
            return Taken::Refused;
        };
        // Before it gets a place: what is refused sends nobody away.
        let part = &datagram[ENVELOPE_BYTES..];
        let Some(sequence) = sequence_of(&envelope, part) else {
            return Taken::Refused;
        };
        let at = self.place(peer, &envelope, now_ms);
        let message = &mut self.messages[at];
        message.put(sequence, part);
        if message.parts.iter().all(|came| *came) {
            return Taken::Whole(self.messages.swap_remove(at).bytes);
        }
        Taken::Waiting
    }

    /// Where a message is put together; the oldest makes room for a new one.
    fn place(&mut self, peer: SocketAddr, envelope: &Envelope, now_ms: u64) -> usize {
        let length = envelope.length();
        let is_it = |message: &Message| {
            message.peer == peer
                && message.request_id == envelope.request_id
                && message.bytes.len() == ENVELOPE_BYTES + length
        };
        if let Some(at) = self.messages.iter().position(is_it) {
            return at;
        }
        let since_ms = |at: &usize| self.messages[*at].since_ms;
        if self.messages.len() >= MESSAGES_MAX
            && let Some(oldest) = (0..self.messages.len()).min_by_key(since_ms)
        {
            self.messages.swap_remove(oldest);
        }
        let mut bytes = Vec::with_capacity(ENVELOPE_BYTES + length);
        let whole = Envelope {
            flags: envelope.flags & !Envelope::TRUNCATED,
            sequence: 0,
            ..*envelope
        };
        whole.encode(&mut bytes);
        bytes.resize(ENVELOPE_BYTES + length, 0);
        self.messages.push(Message {
            peer,
            request_id: envelope.request_id,
            since_ms: now_ms,
            bytes,
            parts: vec![false; length.div_ceil(PART_BYTES)],
        });
        self.messages.len() - 1
    }
}

/// The place of a part in its message, if it has one there.
fn sequence_of(envelope: &Envelope, part: &[u8]) -> Option<usize> {
    let length = envelope.length();
    let sequence = usize::try_from(envelope.sequence).ok()?;
    let is_one = length <= MESSAGE_BYTES_MAX && sequence < length.div_ceil(PART_BYTES);
    let expected = || (length - sequence * PART_BYTES).min(PART_BYTES);
    (is_one && part.len() == expected()).then_some(sequence)
}

impl Message {
    /// Puts a part in its place.
    fn put(&mut self, sequence: usize, part: &[u8]) {
        let start = ENVELOPE_BYTES + sequence * PART_BYTES;
        self.bytes[start..start + part.len()].copy_from_slice(part);
        self.parts[sequence] = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::handle::{VERSION, fragments};

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn message(request_id: u32, length: u32) -> Vec<u8> {
        let envelope = Envelope {
            version: VERSION,
            suggested: VERSION,
            flags: 0,
            session_id: 0,
            request_id,
            sequence: 0,
            message_length: length,
        };
        let mut bytes = Vec::new();
        envelope.encode(&mut bytes);
        bytes.extend((0..length).map(|at| at.to_le_bytes()[0]));
        bytes
    }

    fn parts(message: &[u8]) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        fragments(message, |part| parts.push(part.to_vec()));
        parts
    }

    #[test]
    fn parts_come_in_any_order_and_twice() {
        let whole = message(7, 1_200);
        let parts = parts(&whole);
        assert_eq!(parts.len(), 3);
        let mut table = Reassembly::new();
        assert_eq!(table.take(peer(1), &parts[2], 0), Taken::Waiting);
        assert_eq!(table.take(peer(1), &parts[0], 0), Taken::Waiting);
        assert_eq!(table.take(peer(1), &parts[0], 0), Taken::Waiting);
        // Another client's message of the same number is another message.
        assert_eq!(table.take(peer(2), &parts[1], 0), Taken::Waiting);
        assert_eq!(table.take(peer(1), &parts[1], 0), Taken::Whole(whole));
        assert_eq!(table.messages.len(), 1);
    }

    #[test]
    fn what_is_late_is_forgotten() {
        let parts = parts(&message(7, 600));
        let mut table = Reassembly::new();
        assert_eq!(table.take(peer(1), &parts[0], 0), Taken::Waiting);
        let late = table.take(peer(1), &parts[1], AGE_MS_MAX + 1);
        assert_eq!(late, Taken::Waiting, "the first part is gone");
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let parts = parts(&message(7, 600));
        let mut table = Reassembly::new();
        let mut far = parts[0].clone();
        far[15] = 9;
        assert_eq!(table.take(peer(1), &far, 0), Taken::Refused);
        assert_eq!(table.take(peer(1), &parts[0][..100], 0), Taken::Refused);
        assert_eq!(table.take(peer(1), &parts[0][..10], 0), Taken::Refused);
        let mut large = parts[0].clone();
        large[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
        assert_eq!(table.take(peer(1), &large, 0), Taken::Refused);
    }

    #[test]
    fn what_is_refused_takes_no_place() {
        let whole = parts(&message(7, 600));
        let mut table = Reassembly::new();
        let refused = |mut part: Vec<u8>, sequence, length: Option<usize>| {
            part[15] = sequence;
            part.truncate(length.unwrap_or(part.len()));
            part
        };
        let all = [
            refused(whole[0].clone(), 2, None),
            refused(whole[0].clone(), 1, None),
            refused(whole[0].clone(), 0, Some(511)),
            refused(whole[1].clone(), 0, None),
        ];
        for part in &all {
            assert_eq!(table.take(peer(1), part, 0), Taken::Refused);
        }
        assert_eq!(table.messages.len(), 0);
        for port in 0..64 {
            assert_eq!(table.take(peer(port), &whole[0], 0), Taken::Waiting);
        }
        for part in &all {
            assert_eq!(table.take(peer(99), part, 1), Taken::Refused);
        }
        for port in 0..64 {
            let last = table.take(peer(port), &whole[1], 2);
            assert!(matches!(last, Taken::Whole(_)), "{port} was sent away");
        }
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let mut table = Reassembly::new();
        for request_id in 0..1_000 {
            let parts = parts(&message(request_id, 70_000));
            table.take(peer(1), &parts[0], u64::from(request_id));
        }
        assert_eq!(table.messages.len(), MESSAGES_MAX);
        let newest = parts(&message(999, 70_000));
        assert_eq!(table.take(peer(1), &newest[1], 999), Taken::Waiting);
        assert_eq!(table.messages.len(), MESSAGES_MAX, "it had its place still");
    }
}
