//! Statistics days (统计日): days in Asia/Shanghai, which has had no summer time since 1991.

use jiff::{Timestamp, tz::Offset};

/// What Shanghai is ahead of UTC.
const AHEAD_MS: u64 = 8 * 60 * 60 * 1_000;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The statistics day of a moment, in milliseconds since the epoch, as the decimal number YYYYMMDD.
#[must_use]
pub fn statistics_day(time_ms: u64) -> u32 {
    let time = i64::try_from(time_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let date = Offset::constant(8)
        .to_datetime(time.unwrap_or(Timestamp::MAX))
        .date();
    let [year, month, day] = [
        date.year().into(),
        i32::from(date.month()),
        date.day().into(),
    ];
    u32::try_from(year * 10_000 + month * 100 + day).unwrap_or_default()
}

/// How long the statistics day of a moment goes on, in milliseconds.
#[must_use]
pub fn rest_of_day_ms(time_ms: u64) -> u64 {
    DAY_MS - time_ms.saturating_add(AHEAD_MS) % DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        let at = |text: &str| {
            let time: Timestamp = text.parse().unwrap();
            u64::try_from(time.as_millisecond()).unwrap()
        };
        let noon = at("2026-11-25T04:00:00Z");
        assert_eq!(statistics_day(noon), 20_261_125);
        assert_eq!(rest_of_day_ms(noon), DAY_MS / 2);
        let last = at("2026-12-31T15:59:59.999Z");
        assert_eq!(
            (statistics_day(last), rest_of_day_ms(last)),
            (20_261_231, 1)
        );
        assert_eq!(statistics_day(last + 1), 20_270_101);
        assert_eq!(rest_of_day_ms(last + 1), DAY_MS);
        assert_eq!(statistics_day(u64::MAX), 99_991_231);
    }
}
