//! The clocks of the machine; nothing else reads the time of day.

use std::time::SystemTime;

use crate::registry::{ClockReading, ReadClock};

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
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds since boot, suspended time included.
fn boot_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds * 1_000 + nanoseconds / 1_000_000
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
}
