//! Requests of one second, or of a part of it.

use crate::change::Timing;

//----------- Part -------------------------------------------------------------

/// Requests of one prefix in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Part {
    asked: u64,
    timed: u64,
    sum_us: u64,
    min_us: u64,
    max_us: u64,
}

impl Part {
    pub(super) fn take(&mut self, is_answered: bool, count: u64, took_us: u64) {
        self.asked += count;
        if is_answered {
            self.add(&Self {
                asked: 0,
                timed: count,
                sum_us: took_us.saturating_mul(count),
                min_us: took_us,
                max_us: took_us,
            });
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        if other.timed > 0 {
            self.min_us = if self.timed == 0 {
                other.min_us
            } else {
                self.min_us.min(other.min_us)
            };
            self.max_us = self.max_us.max(other.max_us);
        }
        self.asked += other.asked;
        self.timed += other.timed;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// The same, once all of its second is there.
    pub(super) fn of_second(self, second: u64) -> Timing {
        let at_s = if self.timed == 0 { 0 } else { second };
        Timing {
            asked: self.asked,
            timed: self.timed,
            sum_us: self.sum_us,
            min_us: self.min_us,
            min_at_s: at_s,
            max_us: self.max_us,
            max_at_s: at_s,
            per_second_max: self.asked,
            per_second_max_at_s: second,
        }
    }
}
