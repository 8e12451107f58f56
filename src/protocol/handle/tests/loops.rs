//! What is never answered: else two nodes that are set on each other once talk for ever.

use super::{
    answers::{Ask, ask, node},
    captured::CAPTURED,
    *,
};
use crate::accounting::Outcome;

/// What comes back to a message, and what it counts as.
fn answer(message: &[u8]) -> (Vec<u8>, Handled) {
    let resolver = node();
    let mut out = Vec::new();
    let handled = respond(&context(&resolver), message, &mut out);
    (out, handled.unwrap_or(Handled::Malformed))
}

fn check_ends_there(said: &[u8], what: &str) {
    let (again, handled) = answer(said);
    assert_eq!(again, b"", "{what}: it is answered");
    assert_eq!(handled, Handled::Malformed, "{what}");
    let mut short = Vec::new();
    too_busy(said, &mut short);
    assert_eq!(short, b"", "{what}: it is answered in short");
}

#[test]
fn no_reply_of_ours_is_answered() {
    let with = |op_code, op_flags, handle| Ask {
        op_code,
        op_flags,
        ..ask(handle)
    };
    let public = ask("").op_flags;
    let mut cut = ask("88.118.8/MIXED").encode();
    let end = cut.len();
    cut[end - 8..end - 4].copy_from_slice(&[0, 0, 0, 9]);
    let mut encrypted = ask("88.118.8/MIXED").encode();
    encrypted[2] |= Envelope::ENCRYPTED;
    for (message, code) in [
        (ask("88.118.8/MIXED").encode(), 1),
        (ask("88.118.8/NONE").encode(), 100),
        (ask("88.118.8/SECRET").encode(), 200),
        (with(1, 0, "88.118.8/SECRET").encode(), 402),
        (
            with(1, public | Header::REQUEST_DIGEST, "88.118.8/MIXED").encode(),
            1,
        ),
        (ask("88.118.9/A").encode(), 3),
        (ask("88.118.10/A").encode(), 303),
        (ask("88.999.1/A").encode(), 301),
        (ask("0.NA/88.118.10").encode(), 1),
        (with(OpCode::GET_SITE_INFO, public, "/").encode(), 1),
        (with(0, public, "/").encode(), 5),
        (with(100, public, "/").encode(), 5),
        (cut, 4),
        (encrypted, 4),
    ] {
        let (said, _) = answer(&message);
        assert_eq!(Said::read(&said).header.response_code, code);
        check_ends_there(&said, &format!("{code}"));
        // A reply in several datagrams, put together on the other side.
        let (mut table, mut whole) = (Reassembly::new(), None);
        fragments(&said, |part| {
            if let Taken::Whole(bytes) = table.take(([192, 0, 2, 1], 2_641).into(), part, 0) {
                whole = Some(bytes);
            }
        });
        if let Some(whole) = whole {
            check_ends_there(&whole, &format!("{code} in parts"));
        }
        let mut short = Vec::new();
        too_busy(&message, &mut short);
        if !short.is_empty() {
            check_ends_there(&short, "3");
        }
    }
}

#[test]
fn no_reply_of_handle_net_is_answered() {
    let mut replies = 0;
    for line in CAPTURED.lines() {
        let Ok(message) = data_encoding::HEXLOWER.decode(line.trim().as_bytes()) else {
            continue;
        };
        let payload = message.get(ENVELOPE_BYTES..).unwrap_or_default();
        let whole = Envelope::decode(&message).is_ok_and(|envelope| {
            envelope.length() == payload.len() && envelope.flags & Envelope::ENCRYPTED == 0
        });
        let is_reply = Header::decode(payload).is_ok_and(|header| header.response_code != 0);
        if whole && is_reply {
            check_ends_there(&message, line);
            replies += 1;
        }
    }
    assert!(replies >= 100, "{replies} replies");
    // What it says of garbage, as it was seen: request -1, operation 0.
    let garbage = "0203020b00000000ffffffff000000000000001c\
                   000000000000000219000000ffff00000000000000000000000000000000";
    let garbage = data_encoding::HEXLOWER.decode(garbage.as_bytes()).unwrap();
    check_ends_there(&garbage[..48], "of garbage");
}

/// Bytes that look like none in particular.
fn noise(seed: usize, length: usize) -> Vec<u8> {
    let byte = |at: usize| {
        let mixed = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed.wrapping_mul(0x85eb_ca6b);
        (mixed ^ (mixed >> 29))
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
            .to_le_bytes()[6]
    };
    (0..length).map(byte).collect()
}

/// Whatever comes, there is at most one answer to it, and none to what has no envelope.
#[test]
fn garbage_of_each_length_has_one_answer_at_most() {
    let good = ask("88.118.8/MIXED").encode();
    let mut all: Vec<Vec<u8>> = (0..600).map(|length| noise(length, length)).collect();
    all.extend((0..600).map(|length| vec![0; length]));
    all.extend((0..=good.len()).map(|length| good[..length].to_vec()));
    for bit in 0..good.len() * 8 {
        let mut turned = good.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        all.push(turned);
    }
    let mut answered = 0;
    for message in &all {
        let (said, handled) = answer(message);
        if message.len() < ENVELOPE_BYTES {
            assert_eq!((said.as_slice(), handled), (&[][..], Handled::Malformed));
        }
        if !said.is_empty() {
            answered += 1;
            check_ends_there(&said, &format!("{message:?}"));
        }
    }
    assert!(answered > 600, "{answered} of {}", all.len());
}

#[test]
fn an_answer_counts_for_nothing() {
    let asked = ask("88.118.8/MIXED").encode();
    assert_eq!(answer(&asked).1.outcome(), Some(Outcome::Success));
    for code in [1, 2, 3, 4, 5, 100, 303, 402, u32::MAX] {
        let mut said = asked.clone();
        said[24..28].copy_from_slice(&u32::to_be_bytes(code));
        check_ends_there(&said, &format!("{code}"));
        // Nor where its body is not all there.
        said[43] += 1;
        check_ends_there(&said, &format!("{code}, cut off"));
    }
}
