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
        assert_eq!(process.open_day(), day > 0);
        assert!(!process.open_day(), "it is open");
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
    process.open_day();
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
    assert!(!process.open_day());
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

//----------- Roll-ups ---------------------------------------------------------

/// A day is rolled up once it is over and written, and then its entries are not read again.
#[tokio::test]
async fn days_that_are_over_are_rolled_up() {
    let host = Host::new();
    let mut process = host.start().await;
    for day in 1..=3_u64 {
        host.answer(&process, Some("88.118.8"), day);
        host.answer(&process, None, 10 * day);
        // Before the second flush of the next day somebody may still be late.
        for _ in 0..2 {
            process.totals.flush().await.unwrap();
            assert_eq!(host.roll_up(&mut process, usize::MAX), Vec::<u32>::new());
        }
        host.clock.pass(DAY_MS);
        process.open_day();
        host.answer(&process, Some("88.118.9"), 1);
        process.totals.flush().await.unwrap();
        process.totals.flush().await.unwrap();
        let before = TODAY + u32::try_from(day).unwrap() - 1;
        assert_eq!(host.roll_up(&mut process, usize::MAX), [before]);
    }
    let shown = process.shown();
    assert_eq!(shown, 6 + 60 + 3);
    let rolled_up = host.state.rolled_up();
    let own = rolled_up.host("node-1").unwrap();
    let totals = own
        .whole()
        .map(|(day, cells)| (day, cells.iter().map(|(_, total)| total).sum::<u64>()));
    let expected = [(TODAY, 11), (TODAY + 1, 23), (TODAY + 2, 34)];
    assert_eq!(totals.collect::<Vec<_>>(), expected);
    // The entries from which today's are read on: two were written today.
    let head = host.entries().await;
    assert_eq!(own.read_from(), head);
    drop(process);
    let process = host.start().await;
    assert_eq!(process.shown(), shown);
    let days = process.counters.resolutions(&host.state);
    let of_day = |day| days.of_day(day).map(|(.., total)| total).sum::<u64>();
    assert_eq!([0, 1, 2, 3].map(|day| of_day(TODAY + day)), [11, 23, 34, 1]);
    assert_eq!(process.totals.next_roll_up(), None);
}

/// What was cut off is rolled up anew, and counts once.
#[tokio::test]
async fn a_roll_up_that_was_cut_off_is_made_again() {
    let host = Host::new();
    let mut process = host.start().await;
    // All kinds of two prefixes are more than one change holds.
    for kind in Kind::all() {
        for prefix in ["88.118.8", "88.118.9"] {
            let act = Act {
                whose: host.whose(Some(prefix)),
                subject: kind.subject,
                outcome: kind.outcome,
            };
            process.counters.count(act, kind.protocol, kind.origin);
        }
    }
    let counted = process.shown();
    host.clock.pass(DAY_MS);
    process.open_day();
    for _ in 0..2 {
        host.answer(&process, None, 1);
        process.totals.flush().await.unwrap();
    }
    assert!(process.totals.next_roll_up().unwrap().len() > 1);
    assert_eq!(host.roll_up(&mut process, 1), Vec::<u32>::new());
    assert_eq!(
        host.state
            .rolled_up()
            .host("node-1")
            .unwrap()
            .whole()
            .count(),
        0
    );
    drop(process);
    let mut process = host.start().await;
    assert_eq!(process.shown(), counted + 2);
    for _ in 0..2 {
        process.totals.flush().await.unwrap();
    }
    assert_eq!(host.roll_up(&mut process, usize::MAX), [TODAY]);
    drop(process);
    assert_eq!(host.start().await.shown(), counted + 2);
}

/// Totals of before days were told apart are rolled up as they are.
#[tokio::test]
async fn undated_totals_are_rolled_up_first() {
    let host = Host::new();
    let undated = CounterCell {
        day: 0,
        prefix: None,
        subject: 0,
        protocol: 2,
        outcome: 1,
        origin: 1,
        total: 40,
    };
    faults::append(&host, vec![undated]).await;
    let mut process = host.start().await;
    host.answer(&process, None, 2);
    process.totals.flush().await.unwrap();
    assert_eq!(host.roll_up(&mut process, usize::MAX), [0]);
    drop(process);
    let process = host.start().await;
    assert_eq!(process.shown(), 42);
    assert_eq!(
        host.state.rolled_up().host("node-1").unwrap().read_from(),
        2
    );
}

/// Where a day leaves its bank only when the next begins, that one begins once the disk has it.
#[tokio::test]
async fn a_bank_is_not_used_again_before_the_disk_has_it_cleared() {
    let host = Host::new();
    let mut process = host.start().await;
    host.answer(&process, None, 3);
    for day in 1..=3 {
        host.clock.pass(DAY_MS);
        // The first finds a bank that had no day yet.
        assert_eq!(process.totals.open_day().unwrap(), day == 1, "day {day}");
        assert_eq!(process.open_day(), day > 1);
        host.answer(&process, None, 1);
    }
    process.totals.flush().await.unwrap();
    for (day, total) in (TODAY..).zip([3, 1, 1, 1]) {
        assert_eq!(host.told(day, None).await, total, "{day}");
    }
}
