//! What became of a report to the national top-level node.

use super::{
    DecodeError, Hash,
    cursor::{Cursor, put_bytes16},
};

/// The longest note in bytes: a receipt, or a reason a person can read.
pub const NOTE_BYTES_MAX: usize = 2_000;

//----------- ReportChange -----------------------------------------------------

/// A message of a report, or what a person decided about a report.
///
/// A report is a table of one period in one revision; it is sent in messages, the parts, one after
/// the other. What the numbers of tables and periods mean is for `crate::topnode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportChange {
    /// The table's number.
    pub table: u8,
    /// The period's number: a day, an hour, a month, or a count.
    pub period: u32,
    /// From 1: a period that is sent again has the next.
    pub revision: u16,
    /// What happened.
    pub step: ReportStep,
    /// The message it happened to; of its report the first for what is of no message.
    pub part: Part,
    /// A receipt, a reason; at most [`NOTE_BYTES_MAX`] bytes.
    pub note: Box<str>,
}

/// What happens to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ReportStep {
    /// A message is about to be sent, and may be sent any number of times from here on.
    InFlight = 1,
    /// The national node has the message.
    Acknowledged = 2,
    /// The national node refuses the message, and so the report.
    Refused = 3,
    /// A person wants the period sent once more.
    Requested = 4,
    /// A person says that the national node has it, with proof.
    Settled = 5,
}

/// A message of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// Whether it is the last of its report.
    pub is_last: bool,
    /// The last `control` entry when the report was begun.
    pub at: u64,
    /// Changes up to this `control` entry were reported before.
    pub since: u64,
    /// Where its rows begin, as a cursor of the table.
    pub from: u64,
    /// Where the next part's rows begin.
    pub until: u64,
    /// Its rows.
    pub rows: u32,
    /// SHA-256 of its rows.
    pub digest: Hash,
}

impl ReportStep {
    fn from_byte(value: u8) -> Result<Self, DecodeError> {
        Ok(match value {
            1 => Self::InFlight,
            2 => Self::Acknowledged,
            3 => Self::Refused,
            4 => Self::Requested,
            5 => Self::Settled,
            value => {
                let field = "step";
                return Err(DecodeError::UnknownValue { field, value });
            }
        })
    }
}

impl Part {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        out.push(u8::from(self.is_last));
        for number in [self.at, self.since, self.from, self.until] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.rows.to_be_bytes());
        out.extend_from_slice(&self.digest.0);
    }

    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            number: cursor.u32()?,
            is_last: cursor.flag()?,
            at: cursor.u64()?,
            since: cursor.u64()?,
            from: cursor.u64()?,
            until: cursor.u64()?,
            rows: cursor.u32()?,
            digest: Hash(cursor.array()?),
        })
    }
}

impl ReportChange {
    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        out.push(self.table);
        out.extend_from_slice(&self.period.to_be_bytes());
        out.extend_from_slice(&self.revision.to_be_bytes());
        out.push(self.step as u8);
        self.part.encode(out);
        put_bytes16(out, self.note.as_bytes());
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let change = Self {
            table: cursor.u8()?,
            period: cursor.u32()?,
            revision: cursor.u16()?,
            step: ReportStep::from_byte(cursor.u8()?)?,
            part: Part::decode(cursor)?,
            note: cursor.str16()?.into(),
        };
        let illegal = |field| Err(DecodeError::IllegalField { field });
        if change.revision == 0 {
            return illegal("revision");
        }
        if change.note.len() > NOTE_BYTES_MAX {
            return illegal("note");
        }
        Ok(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change;

    #[test]
    fn a_report_is_written_as_the_page_says() {
        let change = Change::Report(Box::new(ReportChange {
            table: 8,
            period: 20_261_125,
            revision: 2,
            step: ReportStep::Acknowledged,
            part: Part {
                number: 3,
                is_last: true,
                at: 700,
                since: 0,
                from: 2_000,
                until: 2_061,
                rows: 61,
                digest: Hash([9; 32]),
            },
            note: "回执 17".into(),
        }));
        let expected = [
            &[9, 1, 8][..],
            &20_261_125_u32.to_be_bytes(),
            &[0, 2, 2, 0, 0, 0, 3, 1],
            &700_u64.to_be_bytes(),
            &[0; 8],
            &2_000_u64.to_be_bytes(),
            &2_061_u64.to_be_bytes(),
            &[0, 0, 0, 61],
            &[9; 32],
            &[0, 9],
            "回执 17".as_bytes(),
        ];
        let bytes = expected.concat();
        assert_eq!(change.encode(), bytes);
        assert_eq!(Change::decode(&bytes), Ok(change));
        for length in 2..bytes.len() {
            let cut = Change::decode(&bytes[..length]);
            assert_eq!(cut, Err(DecodeError::Truncated), "{length}");
        }
        let changed = |at: usize, value: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            Change::decode(&bytes)
        };
        assert!(changed(8, 0).is_err(), "a revision begins at 1");
        assert!(changed(9, 6).is_err(), "there are five steps");
        assert!(changed(14, 2).is_err(), "a flag is 0 or 1");
    }
}
