//! Entry time: one bad jump of a clock would poison every later statistics day.
//!
//! | clock | what happens |
//! |---|---|
//! | behind the last entry | its time is used again; over 5 s behind is an alarm |
//! | running, over 1 h ahead of what was believed last + time since boot | writes stop until it is right |
//! | at start, over 30 days ahead of the last entry, or before this release | the same, or until an operator accepts it |

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More than this behind the last entry is worth an alarm: NTP steps are below it.
const BEHIND_MS_ALARM: u64 = 5_000;

/// More than this ahead of the boot-time clock is a jump: a leap of an hour is no correction.
const AHEAD_MS_MAX: u64 = 60 * 60 * 1000;

/// A node that was off for longer than this is started by somebody who can look at its clock.
const START_AHEAD_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;

/// 2026-11-01T00:00:00Z: no entry can be older than the release that writes it.
pub const RELEASE_DATE_MS: u64 = 1_793_491_200_000;

//----------- ReadClock --------------------------------------------------------

/// Reads both clocks; the server has the real one.
pub trait ReadClock: Send {
    /// The clocks now.
    fn read(&self) -> ClockReading;
}

/// Two clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Milliseconds since the epoch: what people set.
    pub wall_ms: u64,
    /// Milliseconds since boot, sleep included: what nobody can set.
    pub boot_ms: u64,
}

//----------- EntryClock -------------------------------------------------------

/// Gives each entry of a partition its time.
#[derive(Debug)]
pub struct EntryClock {
    /// Time of the partition's last entry; 0 where there is none.
    last_ms: u64,
    /// What all partitions of a node believe of its clock.
    belief: Arc<Mutex<Belief>>,
}

/// What is believed of a clock: a jump is one for every partition, whichever wrote last.
#[derive(Debug)]
struct Belief {
    /// A time that was believed and when, since boot, that was; `None` until the first.
    anchor: Option<(u64, u64)>,
    /// Time of the last entry of any partition before this start; 0 for a new ledger.
    before_start_ms: u64,
    /// An operator looked at the clock at this start.
    accepted: bool,
}

/// An entry's time, and whether the clock is oddly behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryTime {
    /// Milliseconds since the epoch.
    pub time_ms: u64,
    /// How far the clock is behind the last entry, where that is worth an alarm.
    pub behind_ms: Option<u64>,
}

impl EntryClock {
    /// A clock after a start; `last_ms` is the time of the last entry, 0 where there is none.
    #[must_use]
    pub fn new(last_ms: u64, accepted: bool) -> Self {
        let [clock] = Self::together([last_ms], accepted);
        clock
    }

    /// Clocks of partitions of one node, with the time of the last entry of each.
    #[must_use]
    pub fn together<const N: usize>(last_ms: [u64; N], accepted: bool) -> [Self; N] {
        let belief = Arc::new(Mutex::new(Belief {
            anchor: None,
            before_start_ms: last_ms.into_iter().max().unwrap_or_default(),
            accepted,
        }));
        last_ms.map(|last_ms| Self {
            last_ms,
            belief: Arc::clone(&belief),
        })
    }

    /// The time of the next entry. What is believed once is what later readings are held against,
    /// entry or not.
    ///
    /// # Errors
    /// Where the clock cannot be right; nothing may be written until it is, or an operator
    /// accepts it.
    pub fn next(&self, now: ClockReading) -> Result<EntryTime, ClockFault> {
        self.belief().believe(now)?;
        let behind_ms = self.last_ms.saturating_sub(now.wall_ms);
        Ok(EntryTime {
            time_ms: now.wall_ms.max(self.last_ms),
            behind_ms: (behind_ms > BEHIND_MS_ALARM).then_some(behind_ms),
        })
    }

    /// Notes that an entry got `time_ms` at `now`.
    pub fn given(&mut self, time_ms: u64, now: ClockReading) {
        self.last_ms = time_ms;
        // Behind the last entry the clock must first catch up: what is expected does not run ahead.
        if time_ms <= now.wall_ms {
            self.belief().anchor = Some((time_ms, now.boot_ms));
        }
    }

    fn belief(&self) -> MutexGuard<'_, Belief> {
        self.belief.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Belief {
    fn believe(&mut self, now: ClockReading) -> Result<(), ClockFault> {
        let wall_ms = now.wall_ms;
        if let Some((believed_ms, boot_ms)) = self.anchor {
            let elapsed_ms = now.boot_ms.saturating_sub(boot_ms);
            let expected_ms = believed_ms.saturating_add(elapsed_ms);
            return if wall_ms > expected_ms.saturating_add(AHEAD_MS_MAX) {
                Err(ClockFault::Jumped {
                    wall_ms,
                    expected_ms,
                })
            } else {
                Ok(())
            };
        }
        let last_ms = self.before_start_ms;
        if !self.accepted {
            if wall_ms < RELEASE_DATE_MS {
                return Err(ClockFault::BeforeRelease { wall_ms });
            }
            if last_ms > 0 && wall_ms > last_ms.saturating_add(START_AHEAD_MS_MAX) {
                return Err(ClockFault::LongAfterLastEntry { wall_ms, last_ms });
            }
        }
        // One that is behind the entries may catch up with them.
        self.anchor = Some((wall_ms.max(last_ms), now.boot_ms));
        Ok(())
    }
}

//============ Error types =====================================================

/// Why the clock is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockFault {
    /// It jumped while the node ran.
    #[error(
        "the clock jumped ahead: it says {wall_ms} ms, the time since boot says {expected_ms} ms; \
         set the clock, or restart with --accept-clock if it is right"
    )]
    Jumped {
        /// What the clock says, in milliseconds since the epoch.
        wall_ms: u64,
        /// What it should say.
        expected_ms: u64,
    },
    /// It is far ahead of the last entry.
    #[error(
        "the clock is over 30 days ahead of the last entry: it says {wall_ms} ms, the entry \
         {last_ms} ms; set the clock, or restart with --accept-clock if it is right"
    )]
    LongAfterLastEntry {
        /// What the clock says, in milliseconds since the epoch.
        wall_ms: u64,
        /// The last entry's time.
        last_ms: u64,
    },
    /// It is older than this release.
    #[error(
        "the clock says {wall_ms} ms, which is before this release was made; set the clock, or \
         restart with --accept-clock if it is right"
    )]
    BeforeRelease {
        /// What the clock says, in milliseconds since the epoch.
        wall_ms: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = RELEASE_DATE_MS + 43_200_000;
    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;

    fn at(wall_ms: u64, boot_ms: u64) -> ClockReading {
        ClockReading { wall_ms, boot_ms }
    }

    fn running() -> EntryClock {
        let mut clock = EntryClock::new(NOON, false);
        clock.next(at(NOON, 1_000)).unwrap();
        clock.given(NOON, at(NOON, 1_000));
        clock
    }

    /// A jump is one for a partition too that has written nothing yet.
    #[test]
    fn partitions_believe_together() {
        let year = at(NOON + 365 * DAY, 2_000);
        let [control, data] = EntryClock::together([NOON, 0], false);
        assert!(data.next(year).is_err(), "the other one's entries tell");
        assert!(control.next(at(NOON, 1_000)).is_ok());
        for clock in [&control, &data] {
            assert!(matches!(clock.next(year), Err(ClockFault::Jumped { .. })));
            let hours = at(NOON + 2 * HOUR, 2_000);
            assert!(matches!(clock.next(hours), Err(ClockFault::Jumped { .. })));
        }
        assert_eq!(
            data.next(at(NOON, 2_000)).map(|time| time.time_ms),
            Ok(NOON)
        );
    }

    #[test]
    fn time_never_goes_back() {
        let clock = running();
        let time = clock.next(at(NOON - 5_000, 2_000)).unwrap();
        assert_eq!(
            time,
            EntryTime {
                time_ms: NOON,
                behind_ms: None
            }
        );
        let time = clock.next(at(NOON - 5_001, 2_000)).unwrap();
        assert_eq!(
            time,
            EntryTime {
                time_ms: NOON,
                behind_ms: Some(5_001)
            }
        );
    }

    #[test]
    fn a_jump_of_an_hour_stops_writes_and_idle_time_does_not() {
        let clock = running();
        assert!(clock.next(at(NOON + HOUR, 1_000)).is_ok());
        assert!(matches!(
            clock.next(at(NOON + HOUR + 1, 1_000)),
            Err(ClockFault::Jumped { .. })
        ));
        assert!(clock.next(at(NOON + 40 * DAY, 1_000 + 40 * DAY)).is_ok());
    }

    #[test]
    fn an_hour_behind_does_not_let_an_hour_ahead_pass_later() {
        let mut clock = running();
        let behind = at(NOON - HOUR, 2_000);
        clock.given(clock.next(behind).unwrap().time_ms, behind);
        assert!(clock.next(at(NOON + HOUR + 2_000, 3_000)).is_ok());
        assert!(clock.next(at(NOON + HOUR + 2_001, 3_000)).is_err());
    }

    #[test]
    fn a_start_long_after_the_last_entry_is_looked_at() {
        let clock = EntryClock::new(NOON, false);
        assert!(
            EntryClock::new(NOON, false)
                .next(at(NOON + 30 * DAY, 0))
                .is_ok()
        );
        let late = at(NOON + 30 * DAY + 1, 0);
        assert!(matches!(
            clock.next(late),
            Err(ClockFault::LongAfterLastEntry { .. })
        ));
        assert!(EntryClock::new(NOON, true).next(late).is_ok());
        assert!(EntryClock::new(0, false).next(late).is_ok());
    }

    #[test]
    fn a_clock_before_this_release_is_refused() {
        let old = at(RELEASE_DATE_MS - 1, 0);
        let fault = ClockFault::BeforeRelease {
            wall_ms: old.wall_ms,
        };
        assert_eq!(EntryClock::new(0, false).next(old), Err(fault));
        assert!(EntryClock::new(0, true).next(old).is_ok());
    }
}
