//! An entry as an engine keeps it: header, hash, codec and payload.

use crate::change::{Entry, Hash, PAYLOAD_BYTES_MAX, Partition};

use super::{Head, LedgerError};

/// Payloads below this are kept as they are: a frame's own bytes would eat the gain.
const COMPRESS_BYTES_MIN: usize = 256;

/// zstd's fastest regular level: the payload of one entry costs about a millisecond, and repeated
/// field names and prefixes shrink to a third already.
const ZSTD_LEVEL: i32 = 1;

//----------- StoredEntry ------------------------------------------------------

/// The parts of an entry that an engine keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// [`crate::change::Header`], encoded.
    pub header: Vec<u8>,
    /// The entry's hash.
    pub hash: Hash,
    /// How the payload is kept.
    pub codec: Codec,
    /// The payload, as the codec keeps it.
    pub payload: Vec<u8>,
}

/// How a payload is kept; not part of the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    /// As it is.
    None = 0,
    /// One zstd frame.
    Zstd = 1,
}

impl Codec {
    /// Reads a codec from its number.
    #[must_use]
    pub fn from_byte(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::None),
            1 => Some(Self::Zstd),
            _ => None,
        }
    }
}

impl StoredEntry {
    /// Prepares an entry for an engine, compressed where that makes it smaller.
    #[must_use]
    pub fn new(entry: &Entry) -> Self {
        let raw = entry.payload();
        let compressed = (raw.len() >= COMPRESS_BYTES_MIN)
            .then(|| zstd::bulk::compress(raw, ZSTD_LEVEL).ok())
            .flatten()
            .filter(|compressed| compressed.len() < raw.len());
        let (codec, payload) =
            compressed.map_or_else(|| (Codec::None, raw.to_vec()), |bytes| (Codec::Zstd, bytes));
        Self {
            header: entry.header().encode(),
            hash: entry.hash(),
            codec,
            payload,
        }
    }

    /// Reads the entry back behind `previous` and checks every byte of it (G6).
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] with the place, where anything is not what was written.
    pub fn verify(self, partition: &Partition, previous: Head) -> Result<Entry, LedgerError> {
        let seq = previous.seq + 1;
        let damaged = |what: String| LedgerError::Damaged {
            partition: partition.clone(),
            seq,
            what,
        };
        let payload = match self.codec {
            Codec::None => self.payload,
            Codec::Zstd => {
                let bytes_max = usize::try_from(PAYLOAD_BYTES_MAX).unwrap_or(usize::MAX);
                zstd::bulk::decompress(&self.payload, bytes_max)
                    .map_err(|error| damaged(format!("its payload does not expand: {error}")))?
            }
        };
        let entry = Entry::verify(previous.hash, &self.header, payload, self.hash)
            .map_err(|error| LedgerError::damaged(partition, seq, &error))?;
        let header = entry.header();
        if header.partition != *partition || header.seq != seq {
            let what = format!("it is entry {} of {}", header.seq, header.partition);
            return Err(damaged(what));
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Change, Draft, Kind, LedgerId, Place};

    fn stored(partition: Partition, seq: u64) -> StoredEntry {
        let mut draft = Draft::new(Place {
            ledger_id: LedgerId([1; 16]),
            partition,
            seq,
            previous: Hash::default(),
            time_ms: 1,
            control_at: 0,
            kind: Kind::Marker,
        });
        draft.push(&Change::Marker { nonce: [0; 16] }).unwrap();
        StoredEntry::new(&draft.finish())
    }

    #[test]
    fn an_entry_stands_only_where_it_was_written() {
        let at_start = Head::default();
        let here = Partition::Data(1);
        assert!(stored(here.clone(), 1).verify(&here, at_start).is_ok());
        // Whole, and chained to the same hash, but of another place.
        assert!(stored(here.clone(), 2).verify(&here, at_start).is_err());
        assert!(
            stored(Partition::Data(2), 1)
                .verify(&here, at_start)
                .is_err()
        );
    }

    #[test]
    fn a_frame_that_expands_too_far_is_refused() {
        let here = Partition::Data(1);
        let mut bomb = stored(here.clone(), 1);
        bomb.codec = Codec::Zstd;
        bomb.payload = zstd::bulk::compress(&vec![0; 64 * 1024 * 1024], 1).unwrap();
        assert!(bomb.payload.len() < 16 * 1024);
        let refused = bomb.verify(&here, Head::default());
        assert!(
            matches!(refused, Err(LedgerError::Damaged { .. })),
            "{refused:?}"
        );
    }
}
