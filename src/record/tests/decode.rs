//! The decoder against bytes that no encoder of ours wrote.
//!
//! `Record::new` cannot make these, so they are put together by hand, as `docs/format/record-v1.md`
//! has them.

use proptest::{collection::vec, prelude::*};

use crate::record::*;

/// The fields of one value as they are written.
#[derive(Clone, Debug)]
struct Raw {
    index: u32,
    ttl_kind: u8,
    permissions: u8,
    kind: Vec<u8>,
    data: Vec<u8>,
    handles: Vec<Vec<u8>>,
}

impl Raw {
    fn new() -> Self {
        Self {
            index: 1,
            ttl_kind: 0,
            permissions: 0b1110,
            kind: b"URL".to_vec(),
            data: b"x".to_vec(),
            handles: Vec::new(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.index.to_be_bytes());
        out.extend(7_u64.to_be_bytes());
        out.push(self.ttl_kind);
        out.extend(86_400_u32.to_be_bytes());
        out.push(self.permissions);
        out.push(u8::try_from(self.kind.len()).unwrap());
        out.extend(&self.kind);
        out.extend(u32::try_from(self.data.len()).unwrap().to_be_bytes());
        out.extend(&self.data);
        out.push(u8::try_from(self.handles.len()).unwrap());
        for handle in &self.handles {
            out.extend(u16::try_from(handle.len()).unwrap().to_be_bytes());
            out.extend(handle);
            out.extend(300_u32.to_be_bytes());
        }
    }
}

fn record(values: &[Raw]) -> Vec<u8> {
    let mut out = vec![1];
    out.extend(u16::try_from(values.len()).unwrap().to_be_bytes());
    values.iter().for_each(|value| value.write(&mut out));
    out
}

fn read(values: &[Raw]) -> Result<usize, DecodeError> {
    RecordRef::parse(&record(values)).map(|read| read.values().count())
}

/// Reads a record of one value with something changed.
fn with(change: impl FnOnce(&mut Raw)) -> Result<usize, DecodeError> {
    let mut value = Raw::new();
    change(&mut value);
    read(&[value])
}

fn numbered(count: u32) -> Vec<Raw> {
    let value = |index| Raw {
        index,
        ..Raw::new()
    };
    (1..=count).map(value).collect()
}

#[test]
fn limits_hold_at_one_over_and_far_over() {
    let too_large = Err(DecodeError::TooLarge);
    assert_eq!(read(&[]), Ok(0));
    assert_eq!(read(&numbered(256)), Ok(256));
    assert_eq!(read(&numbered(257)), too_large);
    assert_eq!(
        RecordRef::parse(&[1, 0xFF, 0xFF]).unwrap_err(),
        DecodeError::TooLarge
    );

    let data = |bytes| with(|value| value.data = vec![0; bytes]);
    assert_eq!((data(0), data(DATA_BYTES_MAX)), (Ok(1), Ok(1)));
    assert_eq!(
        (data(DATA_BYTES_MAX + 1), data(1 << 20)),
        (too_large, too_large)
    );

    let handles = |count| with(|value| value.handles = vec![b"88.1/A".to_vec(); count]);
    assert_eq!((handles(0), handles(16)), (Ok(1), Ok(1)));
    assert_eq!((handles(17), handles(255)), (too_large, too_large));

    let handle = |bytes| with(|value| value.handles = vec![vec![b'8'; bytes]]);
    assert_eq!((handle(1), handle(1_020)), (Ok(1), Ok(1)));
    assert_eq!(
        (handle(0), handle(1_021), handle(65_535)),
        (too_large, too_large, too_large)
    );

    let kind = |bytes| with(|value| value.kind = vec![b'T'; bytes]);
    assert_eq!((kind(1), kind(255)), (Ok(1), Ok(1)));
    assert_eq!(kind(0), Err(DecodeError::IllegalType));
}

#[test]
fn the_whole_is_limited_too() {
    let of = |bytes: usize| {
        let mut values = numbered(3);
        let frame = record(&values).len() - 3;
        values[0].data = vec![0; DATA_BYTES_MAX];
        values[1].data = vec![0; DATA_BYTES_MAX - 1_000];
        values[2].data = vec![0; bytes + 1_000 - frame - 2 * DATA_BYTES_MAX];
        assert_eq!(record(&values).len(), bytes);
        read(&values)
    };
    assert_eq!(of(RECORD_BYTES_MAX), Ok(3));
    assert_eq!(of(RECORD_BYTES_MAX + 1), Err(DecodeError::TooLarge));
    let far = vec![1; 16 << 20];
    assert_eq!(RecordRef::parse(&far).unwrap_err(), DecodeError::TooLarge);
}

#[test]
fn lengths_that_promise_more_than_there_is() {
    let bytes = record(&[Raw::new()]);
    for (at, width) in [(1, 2), (21, 1), (25, 4), (30, 1)] {
        let mut longer = bytes.clone();
        longer[at..at + width].fill(0xFF);
        let refused = RecordRef::parse(&longer).is_err();
        assert!(refused, "{width} bytes at {at}");
        assert!(RecordRef::trusted(&longer).values().count() <= 1);
    }
}

#[test]
fn fields_outside_their_range() {
    let refused = Err(DecodeError::Truncated);
    assert_eq!(
        (
            with(|value| value.ttl_kind = 1),
            with(|value| value.ttl_kind = 2)
        ),
        (Ok(1), refused)
    );
    let permissions = |bits| with(|value| value.permissions = bits);
    assert_eq!((permissions(0), permissions(15)), (Ok(1), Ok(1)));
    assert_eq!((permissions(16), permissions(0xFE)), (refused, refused));
    assert_eq!(with(|value| value.kind = vec![0xFF]), refused);
    assert_eq!(with(|value| value.handles = vec![vec![0xFF]]), refused);
    for control in ["A\n", "\u{7f}", "\u{85}"] {
        let told = with(|value| value.kind = control.into());
        assert_eq!(told, Err(DecodeError::IllegalType));
    }
}

#[test]
fn indexes_ascend_from_one() {
    for indexes in [
        &[0][..],
        &[0, 1],
        &[1, 1],
        &[2, 1],
        &[1, 3, 2],
        &[u32::MAX, 0],
    ] {
        let value = |index: &u32| Raw {
            index: *index,
            ..Raw::new()
        };
        let values: Vec<Raw> = indexes.iter().map(value).collect();
        assert_eq!(read(&values), Err(DecodeError::OutOfOrder), "{indexes:?}");
    }
}

/// Fields at and around what is allowed.
fn any_raw() -> impl Strategy<Value = Raw> {
    let kind = prop_oneof!["[A-Z]{0,4}", "\\PC{1,3}", "[A\n]{1,2}"].prop_map(String::into_bytes);
    let handles = vec(vec(prop_oneof![Just(b'8'), Just(0xE4)], 0..3), 0..3);
    (
        1..5_u32,
        0..3_u8,
        0..18_u8,
        kind,
        vec(any::<u8>(), 0..4),
        handles,
    )
        .prop_map(|(index, ttl_kind, permissions, kind, data, handles)| Raw {
            index,
            ttl_kind,
            permissions,
            kind,
            data,
            handles,
        })
}

proptest! {
    #[test]
    fn what_is_accepted_is_what_the_encoder_writes(values in vec(any_raw(), 0..3)) {
        let bytes = record(&values);
        if let Ok(read) = RecordRef::parse(&bytes) {
            let owned = read.to_record().expect("what was read breaks no rule");
            prop_assert_eq!(owned.values().len(), values.len());
            prop_assert_eq!(owned.encode(), bytes);
        }
    }

    #[test]
    fn content_is_the_record_without_times(values in vec(any_raw(), 0..3)) {
        if let Ok(read) = RecordRef::parse(&record(&values)) {
            let timeless = |value: ValueRef<'_>| Value {
                timestamp_ms: 0,
                ..value.to_value()
            };
            let expected = Record::new(read.values().map(timeless).collect());
            prop_assert_eq!(Ok(read.content_bytes()), expected.map(|record| record.encode()));
        }
    }

    #[test]
    fn same_content_is_equal_content_bytes(
        values in vec(any_raw(), 1..3), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let one = record(&values);
        let mut other = one.clone();
        other[at.index(one.len())] = byte;
        if let (Ok(one), Ok(other)) = (RecordRef::parse(&one), RecordRef::parse(&other)) {
            let equal = one.content_bytes() == other.content_bytes();
            prop_assert_eq!(one.same_content(&other), equal);
            prop_assert_eq!(other.same_content(&one), equal);
        }
    }
}
