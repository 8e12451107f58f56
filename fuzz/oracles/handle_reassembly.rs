//! What must hold of any datagrams that say they are parts of a message of the Handle protocol.

use std::net::SocketAddr;

use biaoshi::protocol::handle::{ENVELOPE_BYTES, Envelope, Reassembly, Taken, fragments};

/// Checks one input: datagrams, each behind its length in two bytes.
pub(crate) fn check(data: &[u8]) {
    let mut table = Reassembly::new();
    let (mut rest, mut now_ms) = (data, 0_u64);
    while let Some(([high, low], behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]) % 600).min(behind.len());
        let (datagram, after) = behind.split_at(length);
        let peer = SocketAddr::from(([192, 0, 2, *low], 2_641));
        if let Taken::Whole(message) = table.take(peer, datagram, now_ms) {
            let envelope = Envelope::decode(&message).expect("a whole message has an envelope");
            assert_eq!(message.len(), ENVELOPE_BYTES + envelope.length());
            assert!(!envelope.is_fragment(message.len()));
        }
        (rest, now_ms) = (after, now_ms + u64::from(*high));
    }
    check_round(data);
}

/// What is cut is put together again.
fn check_round(data: &[u8]) {
    let mut message = Vec::new();
    let version = biaoshi::protocol::handle::VERSION;
    let envelope = Envelope {
        version,
        suggested: version,
        flags: 0,
        session_id: 0,
        request_id: 1,
        sequence: 0,
        message_length: u32::try_from(data.len()).unwrap_or(u32::MAX),
    };
    envelope.encode(&mut message);
    message.extend(data);
    if message.len() <= 512 || message.len() > 64 * 1024 {
        return;
    }
    let (mut table, mut whole) = (Reassembly::new(), None);
    let peer = SocketAddr::from(([192, 0, 2, 1], 2_641));
    fragments(&message, |part| {
        if let Taken::Whole(bytes) = table.take(peer, part, 0) {
            whole = Some(bytes);
        }
    });
    assert_eq!(whole.as_ref(), Some(&message));
}
