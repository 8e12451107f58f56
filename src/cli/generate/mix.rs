//! Numbers that are the same for ever.
//!
//! What is generated is compared between machines, releases and years: a figure measured today on
//! seed 1 means something only if seed 1 is the same data then. A library of random numbers may
//! change its algorithm with any release, and one with a state cannot say what the millionth
//! record is without the 999,999 before it. So the finaliser of SplitMix64 (Steele, Lea and Flood,
//! 2014) stands here, on a state that is computed: from seed, number and what is drawn.

/// The odd number nearest to 2⁶⁴ divided by the golden ratio: states lie far apart.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is drawn of one number, at most: those of the next begin behind them.
const DRAWS_MAX: u64 = 8;

//----------- Draw ---------------------------------------------------------------

/// What is drawn. The numbers are for ever, as the data is.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Draw {
    /// The firm of a product.
    Firm = 0,
    /// Which of its firm's eight kinds a product is.
    Kind = 1,
    /// The day on which a product was made.
    Day = 2,
    /// The way in which the number of a firm is written.
    Numbering = 3,
    /// The city of a firm.
    City = 4,
    /// The brand of a firm.
    Brand = 5,
    /// Where the credit codes of a seed begin.
    Code = 6,
    /// The trade item number of a firm's kind.
    Gtin = 7,
}

//----------- mix ----------------------------------------------------------------

/// 64 bits that seed, number and draw give.
pub(super) fn mix(seed: u64, number: u64, draw: Draw) -> u64 {
    let at = number.wrapping_mul(DRAWS_MAX).wrapping_add(draw as u64);
    // Neighbouring seeds begin far apart too.
    let start = finalise(seed.wrapping_add(GAMMA));
    finalise(start.wrapping_add(at.wrapping_mul(GAMMA)))
}

/// The same, evenly below `bound`.
pub(super) fn below(bound: u64, seed: u64, number: u64, draw: Draw) -> u64 {
    let product = u128::from(mix(seed, number, draw)) * u128::from(bound);
    u64::try_from(product >> 64).expect("64 bits times a bound, shifted by 64, are below it")
}

fn finalise(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_is_that_of_split_mix() {
        // The first outputs of the published generator with seed 0.
        let outputs = [1, 2, 3].map(|at: u64| finalise(at.wrapping_mul(GAMMA)));
        assert_eq!(
            outputs,
            [
                0xe220_a839_7b1d_cdaf,
                0x6e78_9e6a_a1b9_65f4,
                0x06c4_5d18_8009_454f
            ]
        );
    }

    #[test]
    fn draws_and_neighbours_share_nothing() {
        let mut seen = std::collections::HashSet::new();
        for seed in 0..8 {
            for number in 0..1_000 {
                for draw in [Draw::Firm, Draw::Kind, Draw::Gtin] {
                    assert!(seen.insert(mix(seed, number, draw)));
                    assert!(below(280, seed, number, draw) < 280);
                }
            }
        }
    }
}
