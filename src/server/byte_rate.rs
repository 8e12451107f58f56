//! How many bytes of answers a source gets over UDP, where sources can be forged.
//!
//! Answers are larger than questions: without a limit, whoever forges a victim's address turns
//! this node on it. Sources share a fixed table by a keyed hash, so that nobody can choose whose
//! place they share, and memory does not grow with a flood. Workers share the table: each place has a
//! lock of its own.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use super::network::network;

/// Places in the table, a power of two: half a megabyte.
const PLACES: usize = 16_384;

/// Bytes a second that a source gets in the long run: two hundred large answers.
const BYTES_PER_SECOND: u64 = 200 * 1_024;

/// Bytes that it may get at once.
const BURST_BYTES: u64 = 4 * BYTES_PER_SECOND;

/// Beyond that one answer of so many is sent short instead of none: a client that is there comes
/// over TCP, and a victim gets less than the forger sends.
const SLIP: u32 = 4;

//----------- ByteRate ---------------------------------------------------------

/// What sources have left.
#[derive(Debug)]
pub(super) struct ByteRate {
    places: Box<[Mutex<Place>]>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    left_bytes: u64,
    seen_ms: u64,
    refused: u32,
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Send,
    /// In the fewest bytes that tell the client to come over TCP or later.
    Shorten,
    Drop,
}

impl ByteRate {
    pub(super) fn new() -> Self {
        let place = Place {
            left_bytes: BURST_BYTES,
            seen_ms: 0,
            refused: 0,
        };
        Self {
            places: (0..PLACES).map(|_| Mutex::new(place)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Judges an answer of so many bytes to `peer`, at `now_ms` on a clock that nobody sets.
    pub(super) fn judge(&self, peer: IpAddr, bytes: usize, now_ms: u64) -> Verdict {
        let hash = self.hasher.hash_one(network(peer));
        let at = usize::try_from(hash % PLACES as u64).unwrap_or_default();
        let Some(place) = self.places.get(at) else {
            return Verdict::Drop;
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let passed_ms = now_ms.saturating_sub(place.seen_ms);
        let earned_bytes = passed_ms.saturating_mul(BYTES_PER_SECOND) / 1_000;
        // Workers read the clock once a batch, so one may come with an earlier time than another: no
        // time is credited twice.
        place.seen_ms = place.seen_ms.max(now_ms);
        place.left_bytes = place
            .left_bytes
            .saturating_add(earned_bytes)
            .min(BURST_BYTES);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if let Some(left_bytes) = place.left_bytes.checked_sub(bytes) {
            place.left_bytes = left_bytes;
            return Verdict::Send;
        }
        place.refused = place.refused.wrapping_add(1);
        if place.refused.is_multiple_of(SLIP) {
            Verdict::Shorten
        } else {
            Verdict::Drop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_burst_is_sent_and_a_flood_is_not() {
        let rate = ByteRate::new();
        let burst = usize::try_from(BURST_BYTES).unwrap() / 1_000;
        let verdicts: Vec<_> = (0..burst).map(|_| rate.judge(peer(1), 1_000, 0)).collect();
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Send));
        let verdicts: Vec<_> = (0..400).map(|_| rate.judge(peer(1), 1_000, 0)).collect();
        let count = |wanted| {
            verdicts
                .iter()
                .filter(|verdict| **verdict == wanted)
                .count()
        };
        assert_eq!((count(Verdict::Send), count(Verdict::Shorten)), (0, 100));
        // Somebody else is not hurt, and it ends by itself.
        assert_eq!(rate.judge(peer(2), 1_000, 0), Verdict::Send);
        assert_eq!(rate.judge(peer(1), 1_000, 1_000), Verdict::Send);
    }

    #[test]
    fn time_that_seems_to_go_back_is_not_credited_again() {
        let rate = ByteRate::new();
        let burst = usize::try_from(BURST_BYTES).unwrap();
        assert_eq!(rate.judge(peer(1), burst, 0), Verdict::Send);
        // Two workers, three milliseconds apart: all that was earned is those three.
        let sent = (0..1_000)
            .map(|round| rate.judge(peer(1), 100, if round % 2 == 0 { 3 } else { 0 }))
            .filter(|verdict| *verdict == Verdict::Send);
        assert_eq!(sent.count(), 6);
    }
}
