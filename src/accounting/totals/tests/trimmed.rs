//! Entries that are let go of once their days are rolled up.

use super::*;

const FIRM: Option<&str> = Some("88.118.8");

impl Host {
    async fn begin(&self) -> u64 {
        self.ledger.begin(&partition()).await.unwrap().seq
    }

    /// A day on which that much is answered, and the midnight after it.
    async fn spend_day(&self, process: &mut Process, answers: u64) {
        self.answer(process, FIRM, answers);
        process.totals.flush().await.unwrap();
        self.clock.pass(DAY_MS);
        assert!(process.open_day());
        // Something of the new day stands before the second flush.
        self.answer(process, None, 1);
        process.totals.flush().await.unwrap();
        process.totals.flush().await.unwrap();
        self.answer(process, None, 1);
        process.totals.flush().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_rolled_up_is_trimmed_three_days_later() {
    let host = Host::new();
    let mut process = host.start().await;
    let mut begins = Vec::new();
    for day in 1..=6_u64 {
        host.spend_day(&mut process, day).await;
        // Nothing is trimmed that control does not have.
        process.totals.trim().await.unwrap();
        assert_eq!(host.begin().await, begins.last().copied().unwrap_or(0));
        assert_eq!(host.roll_up(&mut process, usize::MAX).len(), 1);
        process.totals.trim().await.unwrap();
        begins.push(host.begin().await);
    }
    assert_eq!(begins[..3], [0, 0, 0]);
    assert!(0 < begins[3] && begins[3] < begins[4] && begins[4] < begins[5]);
    // What stays are all entries of the days that stay, and maybe more.
    let from = host.begin().await + 1;
    let told = Told::read(&*host.ledger, &partition(), from).await.unwrap();
    for (day, total) in [(TODAY + 3, 4), (TODAY + 4, 5), (TODAY + 5, 6)] {
        let key = (Some(Prefix::parse("88.118.8").unwrap()), told_kind());
        assert_eq!(told.days[&day].get(&key), Some(&total), "{day}");
    }
    let counted = process.shown();
    assert_eq!(counted, (1..=6).sum::<u64>() + 2 * 6);
    drop(process);
    let mut process = host.start().await;
    assert_eq!(process.shown(), counted);
    assert_eq!(host.begin().await, begins[5]);
    host.spend_day(&mut process, 7).await;
    assert_eq!(host.roll_up(&mut process, usize::MAX), [TODAY + 6]);
    process.totals.trim().await.unwrap();
    assert!(host.begin().await > begins[5]);
    drop(process);
    let process = host.start().await;
    assert_eq!(process.shown(), counted + 9);
}

/// A day of which control lacks a part stays, with all that come after it.
#[tokio::test]
async fn a_day_that_is_rolled_up_in_part_is_not_trimmed() {
    let host = Host::new();
    let mut process = host.start().await;
    for day in 1..=5_u64 {
        host.spend_day(&mut process, day).await;
    }
    // The first day lacks its last part, the others are whole.
    let mut first = process.totals.next_roll_up().unwrap();
    assert_eq!(first.len(), 1);
    first[0].parts = 2;
    first.into_iter().for_each(|part| host.take(part));
    process.totals.rolled_up(TODAY);
    assert_eq!(host.roll_up(&mut process, usize::MAX).len(), 4);
    process.totals.trim().await.unwrap();
    assert_eq!(host.begin().await, 0);
}

/// Control was restored to a time before the days were rolled up: what is there is counted.
#[tokio::test]
async fn counters_that_are_rolled_up_nowhere_do_not_stop_a_start() {
    let host = Host::new();
    let mut process = host.start().await;
    for day in 1..=5_u64 {
        host.spend_day(&mut process, day).await;
        host.roll_up(&mut process, usize::MAX);
    }
    process.totals.trim().await.unwrap();
    assert!(host.begin().await > 0);
    drop(process);
    let before = Host {
        ledger: Arc::clone(&host.ledger),
        ..Host::new()
    };
    before.clock.set(NOW + 6 * DAY_MS, 9 * DAY_MS);
    let process = before.start().await;
    // The last three days, and what was counted of the one that goes on.
    let rest = process.shown();
    assert!((3 + 4 + 5..=5 * 8).contains(&rest), "{rest}");
}

fn told_kind() -> Kind {
    Kind {
        subject: Subject::Identifier,
        protocol: Protocol::Dns,
        outcome: Outcome::Success,
        origin: Origin::External,
    }
}
