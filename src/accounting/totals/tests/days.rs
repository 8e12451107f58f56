//! Midnights.

use super::*;

const TOMORROW: u32 = TODAY + 1;

/// From [`NOW`] to the next midnight in Shanghai.
const TO_MIDNIGHT_MS: u64 = 22 * HOUR_MS;

#[tokio::test]
async fn each_day_has_its_own_totals() {
    let host = Host::new();
    let mut process = host.start().await;
    let firm = Some("88.118.8");
    assert_eq!(process.totals.rest_of_day_ms(), TO_MIDNIGHT_MS);
    for day in 0..5_u32 {
        let expected = if day == 0 { 0 } else { DAY_MS };
        host.clock
            .pass(if day == 1 { TO_MIDNIGHT_MS } else { expected });
        assert_eq!(process.totals.open_day().unwrap(), day > 0);
        assert!(!process.totals.open_day().unwrap(), "it is open");
        host.answer(&process, firm, u64::from(day) + 1);
        // Twice a day is enough, and so is once.
        for _ in 0..day % 3 {
            process.totals.flush().await.unwrap();
        }
        assert_eq!(process.shown(), u64::from((day + 1) * (day + 2) / 2));
    }
    process.totals.flush().await.unwrap();
    for day in 0..5 {
        let told = host.told(TODAY + day, firm).await;
        assert_eq!(told, u64::from(day) + 1, "day {day}");
    }
    let process = host.start().await;
    assert_eq!(process.shown(), 15);
}

/// A process that is killed after midnight has two days in its file.
#[tokio::test]
async fn a_kill_at_midnight_loses_neither_day() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, None, 3);
    host.clock.pass(TO_MIDNIGHT_MS);
    process.totals.open_day().unwrap();
    host.answer(&process, None, 4);
    drop(process);
    // Two days later, as far as the next start knows.
    host.clock.pass(2 * DAY_MS);
    let process = host.start().await;
    assert_eq!(process.shown(), 7);
    host.answer(&process, None, 5);
    drop(process);
    let process = host.start().await;
    assert_eq!(process.shown(), 12);
    for (day, total) in [(TODAY, 3), (TOMORROW, 4), (TOMORROW + 1, 0), (TODAY + 3, 5)] {
        assert_eq!(host.told(day, None).await, total, "{day}");
    }
}

/// No day is opened twice, and none by a clock that cannot be right.
#[tokio::test]
async fn a_clock_that_is_wrong_opens_no_day() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, None, 1);
    process.totals.flush().await.unwrap();
    // Set back by a day.
    host.clock.set(NOW - DAY_MS, HOUR_MS + 1);
    assert!(!process.totals.open_day().unwrap());
    host.answer(&process, None, 1);
    process.totals.flush().await.unwrap();
    // Set ahead by a month.
    host.clock.set(NOW + 31 * DAY_MS, HOUR_MS + 2);
    let refused = process.totals.open_day();
    assert!(matches!(refused, Err(TotalsError::Clock(_))), "{refused:?}");
    host.answer(&process, None, 1);
    assert!(matches!(
        process.totals.flush().await,
        Err(TotalsError::Clock(_))
    ));
    // Right again.
    host.clock.set(NOW + 3, HOUR_MS + 3);
    process.totals.flush().await.unwrap();
    assert_eq!(host.told(TODAY, None).await, 3);
    // A start with a clock that is a day behind goes on in the day that there was.
    host.clock.set(NOW - DAY_MS, HOUR_MS);
    let process = host.start().await;
    host.answer(&process, None, 1);
    assert_eq!(process.shown(), 4);
    drop(process);
    host.start().await;
    assert_eq!(host.told(TODAY, None).await, 4);
}
