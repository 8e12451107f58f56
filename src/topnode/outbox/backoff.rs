//! When to try again: later each time, and not all at once.

/// After the first failure.
const FIRST_MS: u64 = 2_000;

/// At the most: an outage of days ends within minutes of its end.
const MOST_MS: u64 = 5 * 60 * 1_000;

/// What another may ask to wait at the most: who asks for more has a fault, or is one.
const ASKED_MS_MAX: u64 = 60 * 60 * 1_000;

/// How soon to ask again whether what was delivered is answered.
pub(super) const WAITING_MS: u64 = 10_000;

/// How long to rest after so many failures in a row: between half and all of what doubles each time.
pub(in crate::topnode) fn rest_ms(failures: u32, asked_ms: Option<u64>, entropy: u32) -> u64 {
    let doublings = failures.saturating_sub(1).min(16);
    let whole_ms = (FIRST_MS << doublings).min(MOST_MS);
    let half_ms = whole_ms / 2;
    let spread_ms = half_ms * u64::from(entropy) / u64::from(u32::MAX);
    let asked_ms = asked_ms.unwrap_or_default().min(ASKED_MS_MAX);
    (half_ms + spread_ms).max(asked_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_to_five_minutes_and_are_spread() {
        assert_eq!(rest_ms(1, None, 0), 1_000);
        assert_eq!(rest_ms(1, None, u32::MAX), 2_000);
        assert_eq!(rest_ms(4, None, u32::MAX), 16_000);
        assert_eq!(rest_ms(1_000, None, u32::MAX), MOST_MS);
        assert_eq!(rest_ms(1, Some(30_000), 0), 30_000);
        assert_eq!(rest_ms(1, Some(u64::MAX), 0), ASKED_MS_MAX);
    }
}
