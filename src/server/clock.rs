//! The clocks of the machine; nothing else reads the time of day.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Instant, SystemTime},
};

use crate::registry::{ClockReading, ReadClock};

/// By how much both clocks are put ahead: a rehearsal, a process of its own, has its days in minutes.
static AHEAD_MS: AtomicU64 = AtomicU64::new(0);

/// Puts the clocks of this process ahead, by so many milliseconds more.
pub(super) fn put_ahead(ms: u64) {
    AHEAD_MS.fetch_add(ms, Ordering::Relaxed);
}

//----------- SystemClock ------------------------------------------------------

/// The time of day and the time since boot.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SystemClock;

impl ReadClock for SystemClock {
    fn read(&self) -> ClockReading {
        ClockReading {
            wall_ms: wall_ms(),
            boot_ms: boot_ms(),
        }
    }
}

/// Milliseconds since the epoch; 0 for a clock that is before it.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
fn wall_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    ms.saturating_add(AHEAD_MS.load(Ordering::Relaxed))
}

/// Milliseconds since boot, suspended time included.
fn boot_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds * 1_000 + nanoseconds / 1_000_000 + AHEAD_MS.load(Ordering::Relaxed)
}

//----------- Watch ------------------------------------------------------------

/// Times what the node does: one clock read says how long it took, and in which second it ended.
#[derive(Debug)]
pub(super) struct Watch {
    began: Instant,
    /// The time of day when it began, as the clock says by now: people set it.
    began_wall_us: AtomicU64,
}

/// A moment of a [`Watch`], in microseconds since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

impl Watch {
    /// Begins now.
    #[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
    pub(super) fn begin() -> Self {
        let watch = Self {
            began: Instant::now(),
            began_wall_us: AtomicU64::new(0),
        };
        watch.set();
        watch
    }

    /// Looks at the time of day: whoever calls this each second follows a clock that is set.
    pub(super) fn set(&self) {
        let Moment(us) = self.now();
        let wall_us = wall_ms().saturating_mul(1_000);
        let began = wall_us.saturating_sub(us);
        self.began_wall_us.store(began, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Moment {
        let us = self.began.elapsed().as_micros();
        Moment(u64::try_from(us).unwrap_or(u64::MAX))
    }

    /// The second of a moment, since 1970.
    pub(super) fn second(&self, Moment(us): Moment) -> u64 {
        let began = self.began_wall_us.load(Ordering::Relaxed);
        began.saturating_add(us) / 1_000_000
    }
}

impl Moment {
    /// In milliseconds.
    pub(super) fn as_ms(self) -> u64 {
        self.0 / 1_000
    }

    /// In microseconds.
    pub(super) fn as_us(self) -> u64 {
        self.0
    }

    /// How long before this one another was, in microseconds.
    pub(super) fn us_since(self, Self(before): Self) -> u64 {
        self.0.saturating_sub(before)
    }

    /// What [`Moment::as_us`] said.
    pub(super) fn from_us(us: u64) -> Self {
        Self(us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go_forward() {
        let (first, second) = (SystemClock.read(), SystemClock.read());
        assert!(first.wall_ms > crate::registry::RELEASE_DATE_MS);
        assert!(first.boot_ms > 0 && second.boot_ms >= first.boot_ms);
    }

    #[test]
    fn a_watch_says_how_long_and_in_which_second() {
        let watch = Watch::begin();
        let second = |us| watch.second(Moment(us));
        let began = watch.began_wall_us.load(Ordering::Relaxed);
        assert!(began / 1_000 > crate::registry::RELEASE_DATE_MS);
        assert_eq!(second(1_000_000 - began % 1_000_000), began / 1_000_000 + 1);
        assert_eq!(second(999_999 - began % 1_000_000), began / 1_000_000);
        assert_eq!(Moment(2_500).us_since(Moment(500)), 2_000);
        assert_eq!(Moment(500).us_since(Moment(2_500)), 0);
        assert_eq!(Moment(2_999).as_ms(), 2);
    }
}
