//! A record taken apart, once, for the writer: where its data stands.

use crate::record::{
    RecordRef, VALUES_MAX,
    owned::header,
    view::{HEADER_BYTES, RawValue},
};

/// The values of a record without their frames; kept from record to record for its memory.
#[derive(Debug, Default)]
pub(super) struct Columns {
    columns: Vec<Column>,
}

/// Where in the record the data of a value stands, and its time.
#[derive(Debug)]
struct Column {
    from: usize,
    to: usize,
    timestamp_ms: u64,
}

impl Columns {
    /// Reads a record while `fits` is true of each value. Whether it was, and nothing is in the
    /// bytes but values without references.
    pub(super) fn read(
        &mut self,
        record: RecordRef<'_>,
        mut fits: impl FnMut(usize, &RawValue<'_>) -> bool,
    ) -> bool {
        self.columns.clear();
        let bytes = record.bytes();
        let Some((first, mut rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return false;
        };
        while !rest.is_empty() && self.columns.len() < VALUES_MAX {
            let Some(value) = RawValue::take(&mut rest) else {
                return false;
            };
            if value.reference_count > 0 || !fits(self.columns.len(), &value) {
                return false;
            }
            // Behind the data stands one byte, how many references there are.
            let to = bytes.len() - rest.len() - 1;
            self.columns.push(Column {
                from: to - value.data.len(),
                to,
                timestamp_ms: value.timestamp_ms,
            });
        }
        rest.is_empty() && *first == header(self.columns.len())
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// The time of a value.
    pub(super) fn time(&self, at: usize) -> u64 {
        self.columns.get(at).map_or(0, |column| column.timestamp_ms)
    }

    /// Whether all values have one time.
    pub(super) fn have_one_time(&self) -> bool {
        let first = self.time(0);
        self.columns
            .iter()
            .all(|column| column.timestamp_ms == first)
    }

    /// The data of each value of the record that was read.
    pub(super) fn data<'a>(&self, record: RecordRef<'a>) -> impl Iterator<Item = &'a [u8]> + Clone {
        let data = move |column: &Column| record.bytes().get(column.from..column.to);
        self.columns
            .iter()
            .map(move |column| data(column).unwrap_or_default())
    }

    /// Bytes that it has taken from the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.columns.capacity() * size_of::<Column>()
    }
}
