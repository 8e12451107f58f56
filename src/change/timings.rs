//! How long a host took and how much it was asked for at once, as `counters/<host>` keeps it.

use super::{
    CHANGE_BYTES_MAX, DecodeError,
    cursor::{Cursor, put_bytes8},
    decode_optional_prefix,
};
use crate::identifier::Prefix;

/// Bytes of a cell without a prefix.
const CELL_BYTES_MIN: usize = 78;

/// The longest prefix of a cell: its length is one byte.
const PREFIX_BYTES_MAX: usize = 255;

/// The most cells that fit one change whatever their prefixes, beside the frame of a roll-up.
pub const TIMING_CELLS_MAX: usize = (CHANGE_BYTES_MAX - 512) / (CELL_BYTES_MIN + PREFIX_BYTES_MAX);

//----------- Timing -----------------------------------------------------------

/// How long something took on a day, and how often it was asked for within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// Requests.
    pub asked: u64,
    /// Those of them that were timed.
    pub timed: u64,
    /// How long these took together, in microseconds.
    pub sum_us: u64,
    /// The shortest, …
    pub min_us: u64,
    /// … and the second since 1970 in which it ended.
    pub min_at_s: u64,
    /// The longest, …
    pub max_us: u64,
    /// … and the second in which it ended.
    pub max_at_s: u64,
    /// The most requests of one second, …
    pub per_second_max: u64,
    /// … and which second that was.
    pub per_second_max_at_s: u64,
}

impl Timing {
    /// Adds what was asked at another time, or of another host. The most of one second is that of
    /// either: seconds are not added.
    pub fn add(&mut self, other: &Self) {
        if other.timed > 0 {
            if self.timed == 0 || other.min_us < self.min_us {
                (self.min_us, self.min_at_s) = (other.min_us, other.min_at_s);
            }
            if self.timed == 0 || other.max_us > self.max_us {
                (self.max_us, self.max_at_s) = (other.max_us, other.max_at_s);
            }
        }
        if other.per_second_max > self.per_second_max {
            self.per_second_max = other.per_second_max;
            self.per_second_max_at_s = other.per_second_max_at_s;
        }
        self.asked = self.asked.saturating_add(other.asked);
        self.timed = self.timed.saturating_add(other.timed);
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
    }

    /// The later of two that say all of the same day: it says what the other does.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if other.asked > self.asked {
            other
        } else {
            self
        }
    }

    fn numbers(&self) -> [u64; 9] {
        [
            self.asked,
            self.timed,
            self.sum_us,
            self.min_us,
            self.min_at_s,
            self.max_us,
            self.max_at_s,
            self.per_second_max,
            self.per_second_max_at_s,
        ]
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let timing = Self {
            asked: cursor.u64()?,
            timed: cursor.u64()?,
            sum_us: cursor.u64()?,
            min_us: cursor.u64()?,
            min_at_s: cursor.u64()?,
            max_us: cursor.u64()?,
            max_at_s: cursor.u64()?,
            per_second_max: cursor.u64()?,
            per_second_max_at_s: cursor.u64()?,
        };
        let illegal = |field| Err(DecodeError::IllegalField { field });
        if timing.asked == 0 || timing.per_second_max > timing.asked {
            return illegal("asked");
        }
        if timing.timed > timing.asked || timing.min_us > timing.max_us {
            return illegal("timed");
        }
        Ok(timing)
    }
}

//----------- TimingCell -------------------------------------------------------

/// Whose requests of which day, and how long they took. The numbers are those of
/// `docs/format/ledger-v1.md`; what they mean is for whoever times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimingCell {
    /// The statistics day as the decimal number YYYYMMDD.
    pub day: u32,
    /// An enterprise prefix; a secondary one, with all that is below it; `None` for the node.
    pub prefix: Option<Prefix>,
    /// What was asked for.
    pub act: u8,
    /// How long it took.
    pub timing: Timing,
}

impl TimingCell {
    /// By what cells are ordered, and told apart.
    #[must_use]
    pub fn key(&self) -> (u32, Option<&str>, u8) {
        (self.day, self.prefix.as_ref().map(Prefix::as_str), self.act)
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let day = cursor.u32()?;
        Ok(Self {
            day,
            prefix: decode_optional_prefix(cursor)?,
            act: cursor.u8()?,
            timing: Timing::decode(cursor)?,
        })
    }
}

//----------- TimingTotals -----------------------------------------------------

/// Timings, absolute: the later ones of a day say all that those before them said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimingTotals {
    /// At most [`TIMING_CELLS_MAX`], in ascending order of their keys, each once.
    pub cells: Vec<TimingCell>,
}

impl TimingTotals {
    /// Cells in their order.
    #[must_use]
    pub fn sorted(mut cells: Vec<TimingCell>) -> Self {
        cells.sort_unstable_by(|one, other| one.key().cmp(&other.key()));
        Self { cells }
    }

    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for cell in &self.cells {
            out.extend_from_slice(&cell.day.to_be_bytes());
            let prefix = cell.prefix.as_ref().map_or("", Prefix::as_str);
            put_bytes8(out, prefix.as_bytes());
            out.push(cell.act);
            for number in cell.timing.numbers() {
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let count = usize::try_from(cursor.u32()?).unwrap_or(usize::MAX);
        if count > CHANGE_BYTES_MAX / CELL_BYTES_MIN {
            return Err(DecodeError::TooLarge {
                what: "list of timings",
                bytes: count.saturating_mul(CELL_BYTES_MIN),
            });
        }
        let mut cells: Vec<TimingCell> = Vec::new();
        for _ in 0..count {
            let cell = TimingCell::decode(cursor)?;
            if cells.last().is_some_and(|last| last.key() >= cell.key()) {
                return Err(DecodeError::IllegalField { field: "timings" });
            }
            cells.push(cell);
        }
        Ok(Self { cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{change::Change, identifier::PREFIX_CHARACTERS_MAX};

    const TIMING: Timing = Timing {
        asked: 9,
        timed: 8,
        sum_us: 0x0102,
        min_us: 3,
        min_at_s: 4,
        max_us: 5,
        max_at_s: 6,
        per_second_max: 7,
        per_second_max_at_s: 0x0b,
    };

    fn cell(day: u32, prefix: &str, act: u8, timing: Timing) -> TimingCell {
        TimingCell {
            day,
            prefix: (!prefix.is_empty()).then(|| Prefix::parse(prefix).unwrap()),
            act,
            timing,
        }
    }

    fn change(cells: Vec<TimingCell>) -> Change {
        Change::Timings(TimingTotals { cells })
    }

    #[test]
    fn timings_are_written_as_the_page_says() {
        let change = change(vec![cell(20_261_124, "88.1", 2, TIMING)]);
        let numbers = [9_u64, 8, 0x0102, 3, 4, 5, 6, 7, 0x0b].map(u64::to_be_bytes);
        let expected = [
            &[33, 1, 0, 0, 0, 1][..],
            &20_261_124_u32.to_be_bytes(),
            b"\x0488.1\x02",
            &numbers.concat(),
        ]
        .concat();
        assert_eq!(change.encode(), expected);
        assert_eq!(Change::decode(&expected), Ok(change));
        for length in 2..expected.len() {
            let cut = Change::decode(&expected[..length]);
            assert_eq!(cut, Err(DecodeError::Truncated));
        }
    }

    #[test]
    fn timings_have_one_order_and_hold_together() {
        let of = |timing| vec![cell(1, "", 1, timing)];
        let first = cell(1, "", 1, TIMING);
        for (cells, field) in [
            (vec![first.clone(), first.clone()], "timings"),
            (vec![cell(1, "", 2, TIMING), first.clone()], "timings"),
            (vec![cell(1, "88.1", 1, TIMING), first], "timings"),
            (of(Timing::default()), "asked"),
            (
                of(Timing {
                    per_second_max: 10,
                    ..TIMING
                }),
                "asked",
            ),
            (
                of(Timing {
                    timed: 10,
                    ..TIMING
                }),
                "timed",
            ),
            (
                of(Timing {
                    min_us: 6,
                    ..TIMING
                }),
                "timed",
            ),
        ] {
            let decoded = Change::decode(&change(cells).encode());
            assert_eq!(decoded, Err(DecodeError::IllegalField { field }));
        }
        let announced = [&[33, 1][..], &[0xff; 4]].concat();
        assert!(matches!(
            Change::decode(&announced),
            Err(DecodeError::TooLarge { .. })
        ));
    }

    #[test]
    fn the_most_cells_fit_a_change() {
        let prefix = format!("88.{}", "1".repeat(PREFIX_CHARACTERS_MAX - 3));
        let cells = 0..u32::try_from(TIMING_CELLS_MAX).unwrap();
        let cells: Vec<_> = cells.map(|day| cell(day, &prefix, 1, TIMING)).collect();
        let bytes = change(cells).encode();
        let longest = TIMING_CELLS_MAX * (PREFIX_BYTES_MAX - PREFIX_CHARACTERS_MAX);
        assert!(bytes.len() + longest + 512 <= CHANGE_BYTES_MAX + 6);
        assert!(Change::decode(&bytes).is_ok());
    }

    #[test]
    fn what_is_added_keeps_the_ends_and_their_times() {
        let mut sum = Timing {
            asked: 1,
            per_second_max: 1,
            per_second_max_at_s: 1,
            ..Timing::default()
        };
        sum.add(&TIMING);
        let expected = Timing {
            asked: 10,
            ..TIMING
        };
        assert_eq!(sum, expected);
        let other = Timing {
            asked: 2,
            timed: 2,
            sum_us: 11,
            min_us: 1,
            min_at_s: 20,
            max_us: 10,
            max_at_s: 21,
            per_second_max: 2,
            per_second_max_at_s: 22,
        };
        sum.add(&other);
        assert_eq!((sum.asked, sum.timed, sum.sum_us), (12, 10, 0x0102 + 11));
        assert_eq!((sum.min_us, sum.min_at_s), (1, 20));
        assert_eq!((sum.max_us, sum.max_at_s), (10, 21));
        assert_eq!((sum.per_second_max, sum.per_second_max_at_s), (7, 0x0b));
        assert_eq!(TIMING.later(other), TIMING);
        assert_eq!(other.later(TIMING), TIMING);
    }
}
