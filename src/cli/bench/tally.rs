//! What came back.

use hdrhistogram::Histogram;

use super::wire::Said;

/// A latency that is longer is this long: a question is lost long before.
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;

/// Digits that are kept of a latency.
const DIGITS: u8 = 3;

//----------- Tally --------------------------------------------------------------

/// What came back of the questions that count.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Questions that were sent.
    pub(super) sent: u64,
    /// Questions that were answered, whatever the answer.
    pub(super) answered: u64,
    /// Questions without an answer.
    pub(super) lost: u64,
    /// Answers by what they say.
    pub(super) said: [u64; Said::ALL.len()],
    /// Answers that say something else than was expected.
    pub(super) unexpected: u64,
    /// The first of those.
    pub(super) first_unexpected: Option<Unexpected>,
    /// How long each answer took.
    pub(super) latency_ns: Histogram<u64>,
}

/// An answer that says something else than was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unexpected {
    /// Which of the prepared questions was asked.
    pub(super) question: usize,
    /// What was expected.
    pub(super) expected: Said,
    /// What the answer says.
    pub(super) said: Said,
}

impl Tally {
    /// Of nothing.
    pub(super) fn new() -> Self {
        Self {
            sent: 0,
            answered: 0,
            lost: 0,
            said: [0; Said::ALL.len()],
            unexpected: 0,
            first_unexpected: None,
            latency_ns: Histogram::new_with_max(LATENCY_NS_MAX, DIGITS)
                .expect("the bounds are constants that the library takes"),
        }
    }

    /// Takes an answer.
    pub(super) fn answer(&mut self, question: usize, expected: Option<Said>, said: Said, ns: u64) {
        self.answered += 1;
        self.said[said as usize] += 1;
        self.latency_ns.saturating_record(ns);
        if let Some(expected) = expected.filter(|expected| *expected != said) {
            self.unexpected += 1;
            self.first_unexpected.get_or_insert(Unexpected {
                question,
                expected,
                said,
            });
        }
    }

    /// Adds what another thread saw.
    pub(super) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.lost += other.lost;
        for (sum, more) in self.said.iter_mut().zip(other.said) {
            *sum += more;
        }
        self.unexpected += other.unexpected;
        self.first_unexpected = self.first_unexpected.or(other.first_unexpected);
        self.latency_ns
            .add(&other.latency_ns)
            .expect("both have the same bounds");
    }

    /// Microseconds within which that share of the answers came.
    pub(super) fn within_us(&self, share: f64) -> f64 {
        us(self.latency_ns.value_at_quantile(share))
    }

    /// The longest, in microseconds.
    pub(super) fn longest_us(&self) -> f64 {
        us(self.latency_ns.max())
    }
}

#[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53")]
fn us(ns: u64) -> f64 {
    ns as f64 / 1_000.0
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_add_up_and_the_first_surprise_is_kept() {
        let (mut one, mut other) = (Tally::new(), Tally::new());
        one.answer(3, Some(Said::Found), Said::Found, 1_000);
        other.answer(5, Some(Said::Found), Said::NotFound, 3_000);
        other.answer(6, None, Said::Other, 2_000);
        other.lost = 2;
        one.add(&other);
        assert_eq!((one.answered, one.lost, one.unexpected), (3, 2, 1));
        assert_eq!(one.said, [1, 1, 0, 1]);
        let first = one.first_unexpected.unwrap();
        assert_eq!((first.question, first.said), (5, Said::NotFound));
        assert!((one.within_us(0.5) - 2.0).abs() < 0.01);
        assert!((one.longest_us() - 3.0).abs() < 0.01);
    }

    #[test]
    fn a_latency_beyond_the_bounds_is_the_longest() {
        let mut tally = Tally::new();
        tally.answer(0, None, Said::Found, u64::MAX);
        assert_eq!(tally.answered, 1);
        assert!(tally.longest_us() >= 3.5e9);
    }
}
