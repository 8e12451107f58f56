//! The writer's side: packing.

use super::{varint::put_varint, words::Dictionary};
use crate::record::RecordRef;

/// Values that came once.
#[derive(Debug, Default)]
pub struct Seen {}

impl Seen {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that it has taken from the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        0
    }
}

/// The writer's side of one dictionary.
#[derive(Debug)]
pub struct Packer {
    #[expect(dead_code, reason = "words are found by it, and there are none yet")]
    seed: u64,
}

impl Packer {
    /// A packer for one dictionary. The seed keeps strangers from choosing words that hash alike,
    /// and should be another for each dictionary.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Bytes that it has taken from the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        0
    }

    /// Appends the packed form of a suffix as registered, non-empty.
    pub fn pack_suffix(
        &mut self,
        _dictionary: &Dictionary,
        _seen: &mut Seen,
        suffix: &str,
        out: &mut Vec<u8>,
    ) {
        put_varint((suffix.len() as u64) << 1, out);
        out.extend_from_slice(suffix.as_bytes());
    }

    /// Appends the packed form of a record, which goes to the end.
    pub fn pack_record(
        &mut self,
        _dictionary: &Dictionary,
        _seen: &mut Seen,
        _authority: &str,
        _suffix: &str,
        record: RecordRef<'_>,
        out: &mut Vec<u8>,
    ) {
        put_varint(0, out);
        out.extend_from_slice(record.bytes());
    }
}
