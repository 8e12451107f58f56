//! Numbers that look random and come again with the same seed (SplitMix64).

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

//----------- Random -----------------------------------------------------------

#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed of this run's own: the standard library's hashers are seeded by the system.
    pub(crate) fn any_seed() -> u64 {
        RandomState::new().hash_one("seed") >> 32
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A generator of its own for somebody else.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// From `from` up to, and not including, `to`.
    pub(crate) fn between(&mut self, from: usize, to: usize) -> usize {
        let width = u64::try_from(to - from).expect("a small number");
        from + usize::try_from(self.next() % width).expect("below a small number")
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.between(0, times) == 0
    }

    pub(crate) fn milliseconds(&mut self, from: usize, to: usize) -> Duration {
        let micros = self.between(from * 1_000, to * 1_000);
        Duration::from_micros(u64::try_from(micros).expect("a small number"))
    }
}
