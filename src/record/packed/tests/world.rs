//! One dictionary and all that was packed into it.

use crate::record::{
    RecordRef, SuffixRef, ValueRef,
    packed::{Dictionary, Limits, PackedRef, Packer, Seen, take_suffix},
};

/// A dictionary, its writer, and what was packed.
pub(super) struct World {
    dictionary: Dictionary,
    seen: Seen,
    packer: Packer,
    all: Vec<Packed>,
}

/// What was packed, and into what.
struct Packed {
    authority: String,
    suffix: String,
    record: Vec<u8>,
    bytes: Vec<u8>,
    suffix_bytes: usize,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_limits(&Limits::DEFAULT)
    }

    pub(super) fn with_limits(limits: &'static Limits) -> Self {
        Self {
            dictionary: Dictionary::new(),
            seen: Seen::new(),
            packer: Packer::with_limits(7, limits),
            all: Vec::new(),
        }
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    pub(super) fn packer(&self) -> &Packer {
        &self.packer
    }

    /// Packs a record, which must come back at once.
    pub(super) fn put(&mut self, authority: &str, suffix: &str, record: &[u8]) {
        RecordRef::parse(record).expect("it is a record");
        self.put_unchecked(authority, suffix, record);
    }

    /// Packs bytes that may be no record, and must come back all the same.
    pub(super) fn put_unchecked(&mut self, authority: &str, suffix: &str, record: &[u8]) {
        let (dictionary, seen) = (&self.dictionary, &self.seen);
        let mut bytes = Vec::new();
        let packed = self
            .packer
            .pack_suffix(dictionary, seen, suffix, &mut bytes);
        let suffix_bytes = bytes.len();
        let view = RecordRef::trusted(record);
        self.packer
            .pack_record(dictionary, seen, authority, packed, view, &mut bytes);
        self.all.push(Packed {
            authority: authority.to_owned(),
            suffix: suffix.to_owned(),
            record: record.to_vec(),
            bytes,
            suffix_bytes,
        });
        check(dictionary, &self.all[self.all.len() - 1]);
    }

    /// Checks that everything comes back still.
    pub(super) fn check(&self) {
        self.all
            .iter()
            .for_each(|packed| check(&self.dictionary, packed));
    }

    /// The bytes of the last records, without their suffix: how many on average.
    pub(super) fn mean(&self, last: usize) -> f64 {
        mean(
            self.last(last)
                .map(|packed| packed.bytes.len() - packed.suffix_bytes),
        )
    }

    /// The bytes of the suffixes of the last records: how many on average.
    pub(super) fn suffix_mean(&self, last: usize) -> f64 {
        mean(self.last(last).map(|packed| packed.suffix_bytes))
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The bytes of the last suffix, and of its record.
    pub(super) fn last_packed(&self) -> (&[u8], &[u8]) {
        let packed = &self.all[self.all.len() - 1];
        packed.bytes.split_at(packed.suffix_bytes)
    }

    /// The bytes of one of what was packed.
    pub(super) fn packed(&self, at: usize) -> Vec<u8> {
        self.all[at % self.all.len()].bytes.clone()
    }

    fn last(&self, count: usize) -> std::slice::Iter<'_, Packed> {
        self.all[self.all.len() - count..].iter()
    }
}

fn mean(bytes: impl ExactSizeIterator<Item = usize>) -> f64 {
    let count = bytes.len() as f64;
    bytes.sum::<usize>() as f64 / count
}

fn check(dictionary: &Dictionary, packed: &Packed) {
    let mut rest = packed.bytes.as_slice();
    let suffix = take_suffix(dictionary, &mut rest).expect("it was packed");
    assert_eq!(text_of(suffix), packed.suffix);
    assert_eq!(packed.bytes.len() - rest.len(), packed.suffix_bytes);
    let record = PackedRef::new(dictionary, &packed.authority, suffix, rest);
    let mut encoded = b"before".to_vec();
    record.encode(&mut encoded);
    assert!(encoded[6..] == packed.record, "{packed:?}");
    let expected: Vec<ValueRef<'_>> = RecordRef::trusted(&packed.record).values().collect();
    let values: Vec<ValueRef<'_>> = record.values().collect();
    assert!(values == expected, "{values:?} {expected:?}");
    for (value, expected) in values.iter().zip(&expected) {
        assert_eq!(value.to_value(), expected.to_value());
    }
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values: Vec<_> = RecordRef::trusted(&self.record).values().collect();
        write!(
            f,
            "{}/{} {values:?} {:?}",
            self.authority, self.suffix, self.bytes
        )
    }
}

/// A suffix in one piece.
pub(super) fn text_of(suffix: SuffixRef<'_>) -> String {
    let mut text = String::new();
    suffix.each_piece(|piece| text.push_str(piece.text()));
    text
}
