//! What a statistics day of a host has come to, for ever.

use super::{
    DecodeError, HOST_BYTES_MAX, Hash,
    counters::CounterTotals,
    cursor::{Cursor, put_bytes8},
    timings::{TIMING_CELLS_MAX, TimingTotals},
};

/// The version of a roll-up that has timings.
pub(super) const VERSION_TIMED: u8 = 2;

//----------- RollUp -----------------------------------------------------------

/// A part of what the answers of a day have come to: many firms' cells do not fit one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollUp {
    /// `counters/<host>`.
    pub host: Box<str>,
    /// The decimal number YYYYMMDD; 0 for what was counted before days were told apart.
    pub day: u32,
    /// Which part it is, from 0, …
    pub part: u32,
    /// … of how many.
    pub parts: u32,
    /// Entries of `counters/<host>` before this one are of this day and earlier ones only.
    pub read_from: u64,
    /// The last entry of `counters/<host>` when the day was rolled up, …
    pub seq: u64,
    /// … and its hash.
    pub hash: Hash,
    /// The cells, all of that day.
    pub totals: CounterTotals,
    /// How long it took, of that day too.
    pub timings: TimingTotals,
}

impl RollUp {
    /// A day as parts of at most so many cells of totals, and of as many timings as fit a change.
    #[must_use]
    pub fn in_parts(mut self, cells_max: usize) -> Vec<Self> {
        let cells = std::mem::take(&mut self.totals.cells);
        let timings = std::mem::take(&mut self.timings.cells);
        let totals = cells.chunks(cells_max).map(|cells| Self {
            totals: CounterTotals {
                cells: cells.to_vec(),
            },
            ..self.clone()
        });
        let timings = timings.chunks(TIMING_CELLS_MAX).map(|cells| Self {
            timings: TimingTotals {
                cells: cells.to_vec(),
            },
            ..self.clone()
        });
        let mut parts: Vec<Self> = totals.chain(timings).collect();
        if parts.is_empty() {
            parts.push(self);
        }
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        for (number, part) in (0..).zip(&mut parts) {
            (part.part, part.parts) = (number, count);
        }
        parts
    }

    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        put_bytes8(out, self.host.as_bytes());
        for number in [self.day, self.part, self.parts] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        for number in [self.read_from, self.seq] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.hash.0);
        self.totals.encode_body(out);
        if !self.timings.cells.is_empty() {
            self.timings.encode_body(out);
        }
    }

    /// The body of version 2.
    pub(super) fn decode_timed(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut rolled_up = Self::decode_body(cursor)?;
        rolled_up.timings = TimingTotals::decode_body(cursor)?;
        let cells = &rolled_up.timings.cells;
        // Without any it is of version 1: a roll-up is written in one way only.
        if cells.is_empty() || cells.iter().any(|cell| cell.day != rolled_up.day) {
            return Err(DecodeError::IllegalField { field: "timings" });
        }
        Ok(rolled_up)
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let rolled_up = Self {
            host: cursor.str8()?.into(),
            day: cursor.u32()?,
            part: cursor.u32()?,
            parts: cursor.u32()?,
            read_from: cursor.u64()?,
            seq: cursor.u64()?,
            hash: Hash(cursor.array()?),
            totals: CounterTotals::decode_body(cursor)?,
            timings: TimingTotals::default(),
        };
        let illegal = |field| Err(DecodeError::IllegalField { field });
        if !(1..=HOST_BYTES_MAX).contains(&rolled_up.host.len()) {
            return illegal("host");
        }
        if rolled_up.part >= rolled_up.parts {
            return illegal("part");
        }
        if rolled_up
            .totals
            .cells
            .iter()
            .any(|cell| cell.day != rolled_up.day)
        {
            return illegal("day");
        }
        Ok(rolled_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{CELLS_MAX, CHANGE_BYTES_MAX, Change, CounterCell, Timing, TimingCell};

    fn cell(day: u32, outcome: u8) -> CounterCell {
        CounterCell {
            day,
            prefix: None,
            subject: 2,
            protocol: 1,
            outcome,
            origin: 1,
            total: 7,
        }
    }

    fn roll_up(cells: Vec<CounterCell>) -> RollUp {
        RollUp {
            host: "node-1".into(),
            day: 20_261_125,
            part: 1,
            parts: 3,
            read_from: 1_440,
            seq: 1_442,
            hash: Hash([9; 32]),
            totals: CounterTotals { cells },
            timings: TimingTotals::default(),
        }
    }

    fn timed(days: impl IntoIterator<Item = u32>) -> RollUp {
        let timing = |day| TimingCell {
            day,
            prefix: None,
            act: 1,
            timing: Timing {
                asked: 1,
                ..Timing::default()
            },
        };
        RollUp {
            timings: TimingTotals {
                cells: days.into_iter().map(timing).collect(),
            },
            ..roll_up(Vec::new())
        }
    }

    #[test]
    fn timings_make_it_version_2() {
        let change = Change::RollUp(Box::new(timed([20_261_125])));
        let mut bytes = change.encode();
        assert_eq!(bytes[..2], [8, 2]);
        assert_eq!(Change::decode(&bytes), Ok(change));
        bytes[1] = 1;
        assert!(Change::decode(&bytes).is_err());
        let field = "timings";
        let illegal = Err(DecodeError::IllegalField { field });
        let other_day = Change::RollUp(Box::new(timed([20_261_124]))).encode();
        assert_eq!(Change::decode(&other_day), illegal);
        let mut none = Change::RollUp(Box::new(roll_up(Vec::new()))).encode();
        none[1] = 2;
        none.extend([0; 4]);
        assert_eq!(Change::decode(&none), illegal);
    }

    #[test]
    fn a_roll_up_is_written_as_the_page_says() {
        let change = Change::RollUp(Box::new(roll_up(vec![cell(20_261_125, 1)])));
        let expected = [
            &b"\x08\x01\x06node-1"[..],
            &20_261_125_u32.to_be_bytes(),
            &[0, 0, 0, 1, 0, 0, 0, 3],
            &1_440_u64.to_be_bytes(),
            &1_442_u64.to_be_bytes(),
            &[9; 32],
            &[0, 0, 0, 1],
            &20_261_125_u32.to_be_bytes(),
            &[0, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 7],
        ];
        let bytes = expected.concat();
        assert_eq!(change.encode(), bytes);
        assert_eq!(Change::decode(&bytes), Ok(change));
        for length in 2..bytes.len() {
            assert_eq!(
                Change::decode(&bytes[..length]),
                Err(DecodeError::Truncated)
            );
        }
    }

    #[test]
    fn parts_and_days_agree() {
        let illegal = |change: RollUp| {
            let bytes = Change::RollUp(Box::new(change)).encode();
            Change::decode(&bytes).unwrap_err()
        };
        let field = |field| DecodeError::IllegalField { field };
        assert_eq!(illegal(roll_up(vec![cell(20_261_124, 1)])), field("day"));
        let mut last = roll_up(Vec::new());
        last.part = 3;
        assert_eq!(illegal(last), field("part"));
        let mut nobodys = roll_up(Vec::new());
        nobodys.host = "".into();
        assert_eq!(illegal(nobodys), field("host"));
        let most = (0..u32::try_from(CELLS_MAX).unwrap()).map(|_| cell(20_261_125, 1));
        let bytes = Change::RollUp(Box::new(roll_up(most.collect()))).encode();
        assert!(bytes.len() + 255 * CELLS_MAX < CHANGE_BYTES_MAX + 1_000);
    }
}
