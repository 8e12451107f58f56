//! Reports in a snapshot (`docs/format/snapshot-v4.md`, section 7).

use super::{Again, OpenReport, Outcome, Reported, Reports, TableReports};
use crate::change::{Cursor, DecodeError, Hash, Part, put_bytes16};

/// The item of what is of no table.
const WHOLE: u8 = 0;

impl Reports {
    /// The numbers of the items: [`WHOLE`] and the tables'.
    pub(in crate::state) fn numbers(&self) -> impl Iterator<Item = u8> {
        std::iter::once(WHOLE).chain(self.tables.keys().copied())
    }

    /// Adds an item.
    pub(in crate::state) fn put(&self, table: u8, out: &mut Vec<u8>) {
        if table == WHOLE {
            out.push(WHOLE);
            out.extend_from_slice(&self.began_ms.to_be_bytes());
            let days = u32::try_from(self.rolled_up_at.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&days.to_be_bytes());
            for (day, seq) in &self.rolled_up_at {
                out.extend_from_slice(&day.to_be_bytes());
                out.extend_from_slice(&seq.to_be_bytes());
            }
            return;
        }
        let Some(reports) = self.tables.get(&table) else {
            return;
        };
        out.push(table);
        reports.encode(out);
    }

    /// Takes an item.
    pub(in crate::state) fn restore(&mut self, cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let table = cursor.u8()?;
        if table == WHOLE {
            self.began_ms = cursor.u64()?;
            let days = (0..cursor.u32()?).map(|_| Ok((cursor.u32()?, cursor.u64()?)));
            self.rolled_up_at = days.collect::<Result<_, DecodeError>>()?;
            return Ok(());
        }
        let reports = TableReports::decode(cursor)?;
        self.tables.insert(table, reports);
        Ok(())
    }
}

impl TableReports {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.floor.to_be_bytes());
        out.push(u8::from(self.open.is_some()));
        if let Some(open) = &self.open {
            out.extend_from_slice(&open.period.to_be_bytes());
            out.extend_from_slice(&open.revision.to_be_bytes());
            out.push(u8::from(open.is_acknowledged));
            for number in [open.rows_before, open.began_ms] {
                out.extend_from_slice(&number.to_be_bytes());
            }
            open.part.encode(out);
        }
        let count = u32::try_from(self.periods.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for (period, reported) in &self.periods {
            out.extend_from_slice(&period.to_be_bytes());
            reported.encode(out);
        }
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let floor = cursor.u32()?;
        let open = if cursor.flag()? {
            Some(OpenReport {
                period: cursor.u32()?,
                revision: cursor.u16()?,
                is_acknowledged: cursor.flag()?,
                rows_before: cursor.u64()?,
                began_ms: cursor.u64()?,
                part: Part::decode(cursor)?,
            })
        } else {
            None
        };
        let count = cursor.u32()?;
        let periods = (0..count).map(|_| Ok((cursor.u32()?, Reported::decode(cursor)?)));
        Ok(Self {
            open,
            periods: periods.collect::<Result<_, DecodeError>>()?,
            floor,
        })
    }
}

impl Reported {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.outcome.map_or(0, |outcome| outcome as u8));
        out.extend_from_slice(&self.revision.to_be_bytes());
        for number in [self.at, self.rows, u64::from(self.parts)] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.digest.0);
        out.extend_from_slice(&self.time_ms.to_be_bytes());
        put_bytes16(out, self.note.as_bytes());
        out.push(u8::from(self.requested.is_some()));
        if let Some(requested) = &self.requested {
            put_bytes16(out, requested.reason.as_bytes());
            out.extend_from_slice(&requested.at.to_be_bytes());
        }
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let field = "outcome";
        let outcome = match cursor.u8()? {
            0 => None,
            1 => Some(Outcome::Done),
            2 => Some(Outcome::Refused),
            3 => Some(Outcome::Settled),
            value => return Err(DecodeError::UnknownValue { field, value }),
        };
        let revision = cursor.u16()?;
        let (at, rows, parts) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
        let field = "parts";
        Ok(Self {
            outcome,
            revision,
            at,
            rows,
            parts: u32::try_from(parts).map_err(|_| DecodeError::IllegalField { field })?,
            digest: Hash(cursor.array()?),
            time_ms: cursor.u64()?,
            note: cursor.str16()?.into(),
            requested: if cursor.flag()? {
                Some(Again {
                    reason: cursor.str16()?.into(),
                    at: cursor.u64()?,
                })
            } else {
                None
            },
        })
    }
}
