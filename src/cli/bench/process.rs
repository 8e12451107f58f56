//! What the kernel says of a process.

use std::fs;

/// Ticks of a second in `/proc` (`USER_HZ`, proc(5)): the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// What `/proc` counts memory in.
const KIB: u64 = 1_024;

//----------- Usage --------------------------------------------------------------

/// What processes have used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// User and system time of all threads, ended ones too, to a hundredth.
    pub(super) cpu_seconds: f64,
    /// What is in memory now.
    pub(super) rss_bytes: u64,
}

impl Usage {
    /// Of these processes together; none where one is not there.
    pub(super) fn of(pids: &[u32]) -> Option<Self> {
        pids.iter().try_fold(Self::default(), |sum, pid| {
            let one = Self::of_one(&pid.to_string())?;
            Some(Self {
                cpu_seconds: sum.cpu_seconds + one.cpu_seconds,
                rss_bytes: sum.rss_bytes + one.rss_bytes,
            })
        })
    }

    /// Of this process.
    pub(super) fn of_self() -> Option<Self> {
        Self::of_one("self")
    }

    fn of_one(process: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        Some(Self {
            cpu_seconds: cpu_seconds(&stat)?,
            rss_bytes: rss_bytes(&status)?,
        })
    }
}

/// Fields 14 and 15 of `stat`, counted from behind the name, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut ticks = behind_name.split_ascii_whitespace().skip(11);
    let mut next = || ticks.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS_PER_SECOND)
}

fn rss_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * KIB)
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_anything_in_it_moves_no_field() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("7 (a) S 1"), None);
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t  99 kB\nVmRSS:\t     12 kB\n";
        assert_eq!(rss_bytes(status), Some(12_288));
        assert_eq!(rss_bytes("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_used_something_and_another_is_not_there() {
        let own = Usage::of_self().unwrap();
        assert!(own.rss_bytes > 0);
        assert_eq!(Usage::of(&[]), Some(Usage::default()));
        assert_eq!(Usage::of(&[u32::MAX]), None);
    }
}
