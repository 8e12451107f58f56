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
