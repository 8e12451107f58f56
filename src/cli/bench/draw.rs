//! Which identifiers are asked for, in which order.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Zipf};

use crate::cli::arguments::{BenchArguments, Order};

//----------- Draw ---------------------------------------------------------------

/// Draws identifiers.
pub(super) struct Draw {
    random: SmallRng,
    population: u64,
    zipf: Option<Zipf<f64>>,
    absent_percent: u32,
}

impl Draw {
    /// Of so many.
    pub(super) fn new(arguments: &BenchArguments, population: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "populations are far below 2^53")]
        let zipf = match arguments.order {
            Order::Uniform => None,
            Order::Zipf => Zipf::new(population as f64, arguments.exponent).ok(),
        };
        Self {
            random: SmallRng::seed_from_u64(arguments.seed),
            population,
            zipf,
            absent_percent: arguments.absent,
        }
    }

    /// Which one, and whether one is asked for in its stead that nobody registered.
    pub(super) fn next(&mut self) -> (u64, bool) {
        let at = match self.zipf {
            None => self.random.random_range(0..self.population),
            Some(zipf) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a rank between 1 and the population"
                )]
                let rank = zipf.sample(&mut self.random) as u64;
                spread(rank.clamp(1, self.population) - 1, self.population)
            }
        };
        let is_absent = self.random.random_range(0..100) < self.absent_percent;
        (at, is_absent)
    }
}

/// Popular ones must not be neighbours: a permutation of the population, by a step that shares no
/// divisor with it.
fn spread(rank: u64, population: u64) -> u64 {
    /// The golden ratio of the population is as far from its neighbours as can be; a prime.
    const STEP: u64 = 2_654_435_761;
    let step = if population.is_multiple_of(STEP) {
        1
    } else {
        STEP
    };
    let spread = u128::from(rank) * u128::from(step) % u128::from(population);
    u64::try_from(spread).unwrap_or(rank)
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn popular_identifiers_are_spread_and_each_has_one_rank() {
        for population in [1, 2, 1_000, 2_654_435_761] {
            let ranks = population.min(1_000);
            let places: std::collections::BTreeSet<u64> =
                (0..ranks).map(|rank| spread(rank, population)).collect();
            assert_eq!(places.len() as u64, ranks);
            assert!(places.iter().all(|place| *place < population));
        }
        assert!(spread(1, 1_000_000).abs_diff(spread(0, 1_000_000)) > 1_000);
    }
}
