//! Requests that may come again, remembered for a day of entry time.

use std::collections::{HashMap, VecDeque};

use crate::change::{Hash, Position, RequestChange, RequestOutcome};

/// How long a request is remembered, in entry time: a client that comes back after a day asks anew.
pub const REQUEST_AGE_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// The most requests remembered per partition, some 150 MB; the oldest go first.
pub const REQUESTS_MAX: usize = 1_000_000;

//----------- Window -----------------------------------------------------------

/// The requests of a partition that are remembered, oldest first.
#[derive(Debug, Default)]
pub struct Window {
    requests: HashMap<Hash, RememberedRequest>,
    /// In the order of their first entry.
    order: VecDeque<(u64, Hash)>,
    /// How many were forgotten: the oldest one's place in the order of all.
    forgotten: u64,
}

/// A remembered request with its key, as a snapshot keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The time of its first entry, in milliseconds since the epoch.
    pub since_ms: u64,
    /// By what it is known.
    pub key: Hash,
    /// What became of it.
    pub request: RememberedRequest,
}

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedRequest {
    /// SHA-256 of what was asked: the same key with another body is a mistake.
    pub body_hash: Hash,
    /// What became of it.
    pub outcome: RequestOutcome,
    /// Where its parts are noted, each right behind the changes it speaks of.
    pub parts: Vec<Position>,
}

impl Window {
    /// A request of that key.
    #[must_use]
    pub fn get(&self, key: &Hash) -> Option<&RememberedRequest> {
        self.requests.get(key)
    }

    /// Requests from a place in the order of all on, at most `count`, with their parts up to
    /// `seq_max`, and the place to go on from.
    pub(super) fn remembered(
        &self,
        from: u64,
        count: usize,
        seq_max: u64,
    ) -> (Vec<Remembered>, Option<u64>) {
        let skipped = usize::try_from(from.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut next = from.max(self.forgotten);
        for (since_ms, key) in self.order.iter().skip(skipped).take(count) {
            next += 1;
            let Some(request) = self.requests.get(key) else {
                continue;
            };
            let mut request = request.clone();
            request.parts.retain(|part| part.seq <= seq_max);
            if !request.parts.is_empty() {
                let (since_ms, key) = (*since_ms, *key);
                found.push(Remembered {
                    since_ms,
                    key,
                    request,
                });
            }
        }
        let behind_all = self.forgotten + u64::try_from(self.order.len()).unwrap_or(u64::MAX);
        (found, (next < behind_all).then_some(next))
    }

    /// Takes back what a snapshot kept; oldest first.
    pub(super) fn restore(&mut self, remembered: Remembered) {
        let Remembered {
            since_ms,
            key,
            request,
        } = remembered;
        self.order.push_back((since_ms, key));
        self.requests.insert(key, request);
    }

    /// Remembers a part of a request and forgets what is too old or too much.
    pub fn remember(&mut self, request: &RequestChange, position: Position, time_ms: u64) {
        let order = &mut self.order;
        let remembered = self.requests.entry(request.key_hash).or_insert_with(|| {
            order.push_back((time_ms, request.key_hash));
            RememberedRequest {
                body_hash: request.body_hash,
                outcome: request.outcome,
                parts: Vec::new(),
            }
        });
        remembered.parts.push(position);
        while let Some((since_ms, key)) = self.order.front().copied() {
            let expired = time_ms.saturating_sub(since_ms) > REQUEST_AGE_MS_MAX;
            if !expired && self.order.len() <= REQUESTS_MAX {
                break;
            }
            self.order.pop_front();
            self.forgotten += 1;
            self.requests.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(n: u64, chunk: u32) -> RequestChange {
        RequestChange {
            key_hash: Hash::of(&[&n.to_be_bytes()]),
            body_hash: Hash::default(),
            chunk,
            outcome: RequestOutcome::Items,
        }
    }

    fn at(seq: u64) -> Position {
        Position {
            partition: 1,
            seq,
            item: 0,
        }
    }

    #[test]
    fn parts_of_a_request_stand_together() {
        let mut window = Window::default();
        window.remember(&request(1, 0), at(5), 1_000);
        window.remember(&request(1, 1), at(6), 1_001);
        let found = window.get(&request(1, 0).key_hash).unwrap();
        assert_eq!(found.parts, [at(5), at(6)]);
    }

    #[test]
    fn a_day_later_it_is_forgotten() {
        let mut window = Window::default();
        window.remember(&request(1, 0), at(1), 1_000);
        window.remember(&request(2, 0), at(2), 1_000 + REQUEST_AGE_MS_MAX);
        assert!(window.get(&request(1, 0).key_hash).is_some());
        window.remember(&request(3, 0), at(3), 1_001 + REQUEST_AGE_MS_MAX);
        assert!(window.get(&request(1, 0).key_hash).is_none());
        assert!(window.get(&request(2, 0).key_hash).is_some());
    }

    #[test]
    fn the_oldest_go_first() {
        let mut window = Window::default();
        let over = u64::try_from(REQUESTS_MAX).unwrap() + 1;
        (0..over).for_each(|n| window.remember(&request(n, 0), at(n), 1));
        assert!(window.get(&request(0, 0).key_hash).is_none());
        assert!(window.get(&request(1, 0).key_hash).is_some());
        assert_eq!(
            (window.requests.len(), window.order.len()),
            (REQUESTS_MAX, REQUESTS_MAX)
        );
    }
}
