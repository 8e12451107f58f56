//! Questions that come again: a client that heard nothing yet sends its datagram once more, and
//! that is one question.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::{IpAddr, SocketAddr},
};

/// A datagram that comes this long after the one before is the same question.
const WINDOW_MS: u64 = 2_000;

/// Questions that look for room in one place: a line of the cache.
const WAYS: usize = 8;

/// Places: two megabytes of a worker. Of 60,000 questions in two seconds all are known again; of more
/// than fit the oldest are forgotten, and are then counted again where they come again.
const BUCKETS: usize = 32_768;

/// Bits of a mark that say when; milliseconds, round after four and a half hours.
const TIME_BITS: u32 = 24;

const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

//----------- Question ---------------------------------------------------------

/// What tells one question of a client from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question<'a> {
    /// Where it came from.
    pub(super) peer: SocketAddr,
    /// The number that the client gave it.
    pub(super) message_id: u32,
    /// What is asked for, as the client spells it.
    pub(super) asked: &'a [u8],
}

/// Where a question's mark is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    place: usize,
    tag: u64,
}

//----------- Repeats ----------------------------------------------------------

/// What one worker has answered in the last seconds: all datagrams of a peer come to the same.
pub(super) struct Repeats {
    /// A key, so that nobody can make another's question look like one that came again.
    hash: RandomState,
    /// Forty bits of a hash and the time; 0 is free.
    marks: Vec<Bucket>,
}

/// A line of the cache, and not parts of two.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Bucket([u64; WAYS]);

impl Repeats {
    pub(super) fn new() -> Self {
        Self {
            hash: RandomState::new(),
            marks: vec![Bucket([0; WAYS]); BUCKETS],
        }
    }

    /// Finds out where the mark of a question is.
    pub(super) fn look(&self, question: &Question<'_>) -> Look {
        let hash = self.hash_of(question);
        // The low bits choose the place, the high ones tell apart what is there.
        let place = usize::try_from(hash).unwrap_or_default() % BUCKETS;
        Look {
            place,
            tag: hash & !TIME_MASK,
        }
    }

    /// Over two pieces of bytes: field by field it would take twice as long.
    fn hash_of(&self, question: &Question<'_>) -> u64 {
        let mut from = [0; 22];
        let (address, numbers) = from.split_at_mut(16);
        let ip = match question.peer.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        address.copy_from_slice(&ip.octets());
        let (port, id) = numbers.split_at_mut(2);
        port.copy_from_slice(&question.peer.port().to_be_bytes());
        id.copy_from_slice(&question.message_id.to_be_bytes());
        let mut hasher = self.hash.build_hasher();
        hasher.write(&from);
        hasher.write(question.asked);
        hasher.finish()
    }

    /// Fetches the marks of a batch together: each is far from the processor, and one by one each
    /// would be waited for.
    pub(super) fn fetch(&self, looks: &[Option<Look>]) {
        let marks = looks.iter().flatten().filter_map(|look| {
            let Bucket([first, ..]) = self.marks.get(look.place)?;
            Some(*first)
        });
        std::hint::black_box(marks.fold(0, |all, mark| all ^ mark));
    }

    /// Whether the question was answered within the window; otherwise it is from now on.
    pub(super) fn is_repeated(&mut self, look: Look, now_ms: u64) -> bool {
        let Look { place, tag } = look;
        let now = now_ms & TIME_MASK;
        let Some(Bucket(bucket)) = self.marks.get_mut(place) else {
            return false;
        };
        let age = |mark: u64| now.wrapping_sub(mark) & TIME_MASK;
        let mut oldest = 0;
        let mut age_max = 0;
        for (way, mark) in bucket.iter().copied().enumerate() {
            if mark == 0 {
                (oldest, age_max) = (way, u64::MAX);
            } else if mark & !TIME_MASK == tag && age(mark) <= WINDOW_MS {
                return true;
            } else if age(mark) > age_max {
                (oldest, age_max) = (way, age(mark));
            }
        }
        if let Some(mark) = bucket.get_mut(oldest) {
            // One that were 0 would look free, and be forgotten: once in 2⁴⁰.
            *mark = tag | now;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_repeated(repeats: &mut Repeats, question: &Question<'_>, now_ms: u64) -> bool {
        let look = repeats.look(question);
        repeats.is_repeated(look, now_ms)
    }

    fn question(port: u16, message_id: u32, asked: &[u8]) -> Question<'_> {
        Question {
            peer: SocketAddr::from(([192, 0, 2, 1], port)),
            message_id,
            asked,
        }
    }

    #[test]
    fn a_question_is_repeated_within_two_seconds_of_its_answer() {
        let mut repeats = Repeats::new();
        let first = question(1, 7, b"88.118.8/A");
        assert!(!is_repeated(&mut repeats, &first, 10_000));
        assert!(is_repeated(&mut repeats, &first, 10_000));
        assert!(is_repeated(&mut repeats, &first, 12_000));
        assert!(
            !is_repeated(&mut repeats, &first, 12_001),
            "it is asked anew"
        );
        assert!(is_repeated(&mut repeats, &first, 14_001));
        for other in [
            question(2, 7, b"88.118.8/A"),
            question(1, 8, b"88.118.8/A"),
            question(1, 7, b"88.118.8/B"),
        ] {
            assert!(!is_repeated(&mut repeats, &other, 12_002), "{other:?}");
        }
        // The clock goes round.
        let last = question(1, 9, b"");
        assert!(!is_repeated(&mut repeats, &last, TIME_MASK));
        assert!(is_repeated(&mut repeats, &last, TIME_MASK + 1));
    }

    #[test]
    fn many_questions_are_told_apart_and_the_oldest_are_forgotten() {
        let mut repeats = Repeats::new();
        let many = 60_000;
        for id in 0..many {
            assert!(
                !is_repeated(&mut repeats, &question(1, id, b"A"), 5_000),
                "{id}"
            );
        }
        let again =
            (0..many).filter(|id| is_repeated(&mut repeats, &question(1, *id, b"A"), 5_001));
        let known = again.count();
        assert!(known > 59_950, "{known} of {many} are known");
        // More than it holds: the memory is the same, and those of now are known.
        for id in 0..1_000_000 {
            is_repeated(
                &mut repeats,
                &question(2, id, b"A"),
                6_000 + u64::from(id) / 100,
            );
        }
        assert!(is_repeated(
            &mut repeats,
            &question(2, 999_999, b"A"),
            16_000
        ));
        assert_eq!(repeats.marks.len(), BUCKETS);
    }
}
