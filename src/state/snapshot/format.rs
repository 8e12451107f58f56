//! Header, table and trailer (`docs/format/snapshot-v4.md`).

use super::SnapshotError;
use crate::change::Partition;
use crate::{
    change::{Cursor, FOLD_RULE, Hash, LedgerId},
    ledger::{Codec, Head},
    state::DATA,
    state::{At, DataTotals, Digest, Digests, View},
};

/// The first bytes of a file.
const MAGIC: &[u8; 8] = b"BSNAPSHO";

/// The last bytes of a file.
const END_MAGIC: &[u8; 8] = b"BSNAPEND";

/// The version of this release.
const VERSION: u16 = 4;

/// The size of a header.
pub(super) const HEADER_BYTES: usize = 8 + 2 + 16 + 2 + 2 * 48 + 24 + 4 * 32;

/// The size of a row of the table.
pub(super) const ROW_BYTES: usize = 1 + 1 + 4 + 4 + 8 + 8 + 32;

/// The size of a trailer.
pub(super) const TRAILER_BYTES: usize = 4 + 8 + 32 + 8;

/// A section before compression, at the most: what each thread holds in memory while it writes or
/// loads one.
pub(super) const SECTION_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Sections of a file at the most: 256 TiB of identifiers, and a table that is read whole.
pub(super) const SECTIONS_MAX: u32 = 16 * 1024 * 1024;

//----------- Header -----------------------------------------------------------

/// What a snapshot says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) ledger_id: LedgerId,
    pub(super) control: At,
    pub(super) data: At,
    pub(super) totals: DataTotals,
    pub(super) control_digests: Digests,
    pub(super) data_digests: Digests,
}

impl Header {
    pub(super) fn of(view: &View) -> Self {
        Self {
            ledger_id: view.ledger_id(),
            control: view.at(&Partition::Control),
            data: view.at(&DATA),
            totals: view.data_totals(),
            control_digests: view.digests(&Partition::Control),
            data_digests: view.digests(&DATA),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&self.ledger_id.0);
        out.extend_from_slice(&FOLD_RULE.to_be_bytes());
        for at in [self.control, self.data] {
            out.extend_from_slice(&at.head.seq.to_be_bytes());
            out.extend_from_slice(&at.head.hash.0);
            out.extend_from_slice(&at.time_ms.to_be_bytes());
        }
        let DataTotals {
            live,
            registrations,
            removed,
        } = self.totals;
        for total in [live, registrations, removed] {
            out.extend_from_slice(&total.to_be_bytes());
        }
        for digests in [self.control_digests, self.data_digests] {
            out.extend_from_slice(&digests.exact.to_bytes());
            out.extend_from_slice(&digests.content.to_bytes());
        }
        out
    }

    /// Reads a header; whether its bytes are those that were written is asked of the trailer.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut cursor = Cursor::new(bytes);
        if cursor.take(MAGIC.len())? != MAGIC {
            return Err(SnapshotError::damaged("it does not begin as a snapshot"));
        }
        let version = cursor.u16()?;
        if version != VERSION {
            return Err(SnapshotError::UnknownVersion(version));
        }
        let ledger_id = LedgerId(cursor.array()?);
        if cursor.u16()? != FOLD_RULE {
            return Err(SnapshotError::damaged("it folds names otherwise"));
        }
        let mut at = || -> Result<At, SnapshotError> {
            let (seq, hash) = (cursor.u64()?, Hash(cursor.array()?));
            let head = Head { seq, hash };
            let time_ms = cursor.u64()?;
            Ok(At { head, time_ms })
        };
        let (control, data) = (at()?, at()?);
        let totals = DataTotals {
            live: cursor.u64()?,
            registrations: cursor.u64()?,
            removed: cursor.u64()?,
        };
        let mut digests = || -> Result<Digests, SnapshotError> {
            Ok(Digests {
                exact: Digest::from_bytes(cursor.array()?),
                content: Digest::from_bytes(cursor.array()?),
            })
        };
        Ok(Self {
            ledger_id,
            control,
            data,
            totals,
            control_digests: digests()?,
            data_digests: digests()?,
        })
    }
}

//----------- Table ------------------------------------------------------------

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Directory = 1,
    ControlRequests = 2,
    DataRequests = 3,
    Identifiers = 4,
    Registrations = 5,
    RollUps = 6,
    Reports = 7,
    Events = 8,
}

impl Kind {
    fn from_byte(value: u8) -> Option<Self> {
        match value {
            1 => Some(Self::Directory),
            2 => Some(Self::ControlRequests),
            3 => Some(Self::DataRequests),
            4 => Some(Self::Identifiers),
            5 => Some(Self::Registrations),
            6 => Some(Self::RollUps),
            7 => Some(Self::Reports),
            8 => Some(Self::Events),
            _ => None,
        }
    }
}

/// Where a section is, and what it must hash to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) codec: Codec,
    pub(super) items: u32,
    pub(super) raw_len: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) hash: Hash,
}

impl Row {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.kind as u8, self.codec as u8]);
        out.extend_from_slice(&self.items.to_be_bytes());
        out.extend_from_slice(&self.raw_len.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.extend_from_slice(&self.length.to_be_bytes());
        out.extend_from_slice(&self.hash.0);
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, SnapshotError> {
        let unknown = || SnapshotError::damaged("a section is of an unknown kind");
        let (kind, codec) = (cursor.u8()?, cursor.u8()?);
        Ok(Self {
            kind: Kind::from_byte(kind).ok_or_else(unknown)?,
            codec: Codec::from_byte(codec).ok_or_else(unknown)?,
            items: cursor.u32()?,
            raw_len: cursor.u32()?,
            offset: cursor.u64()?,
            length: cursor.u64()?,
            hash: Hash(cursor.array()?),
        })
    }
}

/// The end of a file: its table and trailer.
pub(super) fn encode_end(header: &[u8], rows: &[Row], table_offset: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * ROW_BYTES + TRAILER_BYTES);
    rows.iter().for_each(|row| row.encode(&mut out));
    let hash = Hash::of(&[header, &out]);
    let sections = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&sections.to_be_bytes());
    out.extend_from_slice(&table_offset.to_be_bytes());
    out.extend_from_slice(&hash.0);
    out.extend_from_slice(END_MAGIC);
    out
}

/// What a trailer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    pub(super) sections: u32,
    pub(super) table_offset: u64,
    hash: Hash,
}

impl Trailer {
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut cursor = Cursor::new(bytes);
        let trailer = Self {
            sections: cursor.u32()?,
            table_offset: cursor.u64()?,
            hash: Hash(cursor.array()?),
        };
        if cursor.take(END_MAGIC.len())? != END_MAGIC || trailer.sections > SECTIONS_MAX {
            return Err(SnapshotError::damaged("it does not end as a snapshot"));
        }
        Ok(trailer)
    }

    /// Reads the table, which with the header must be what was written.
    pub(super) fn rows(&self, header: &[u8], table: &[u8]) -> Result<Vec<Row>, SnapshotError> {
        if Hash::of(&[header, table]) != self.hash {
            return Err(SnapshotError::damaged("its table is not what was written"));
        }
        let mut cursor = Cursor::new(table);
        let rows: Result<Vec<_>, _> = (0..self.sections)
            .map(|_| Row::decode(&mut cursor))
            .collect();
        cursor.end()?;
        rows
    }
}
