//! Records against their format, their limits and hostile bytes.

mod decode;

use proptest::prelude::*;

use super::*;

pub(super) fn value(index: u32, kind: &str, data: &[u8]) -> Value {
    Value {
        index,
        kind: kind.into(),
        data: data.into(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        timestamp_ms: 1_793_500_000_000,
        references: Vec::new(),
    }
}

pub(super) fn reference(handle: &str) -> Reference {
    Reference {
        handle: handle.into(),
        index: 300,
    }
}

#[test]
fn the_encoding_is_as_the_format_page_says() {
    let mut value = value(2007, "URL", b"https://e.cn");
    value.references = vec![reference("88.1/A")];
    value.ttl = Ttl::Absolute(7);
    let mut expected = vec![1, 0, 1];
    expected.extend([0, 0, 7, 215]);
    expected.extend(1_793_500_000_000_u64.to_be_bytes());
    expected.extend([1, 0, 0, 0, 7, 0b1110, 3]);
    expected.extend(b"URL");
    expected.extend([0, 0, 0, 12]);
    expected.extend(b"https://e.cn");
    expected.extend([1, 0, 6]);
    expected.extend(b"88.1/A");
    expected.extend([0, 0, 1, 44]);
    assert_eq!(Record::new(vec![value]).unwrap().encode(), expected);
}

#[test]
fn values_stand_in_order_of_index() {
    let record = Record::new(vec![value(9, "A", b""), value(3, "B", b"")]).unwrap();
    let indexes: Vec<_> = record.values().iter().map(|value| value.index).collect();
    assert_eq!(indexes, [3, 9]);
    let twice = Record::new(vec![value(3, "A", b""), value(3, "B", b"")]);
    assert_eq!(twice, Err(RecordError::DuplicateIndex { index: 3 }));
}

#[test]
fn limits_hold_at_one_over_and_far_over() {
    let many = |count: u32| Record::new((1..=count).map(|n| value(n, "A", b"")).collect());
    assert!(many(256).is_ok());
    assert!(many(257).is_err() && many(100_000).is_err());
    let data = |bytes: usize| Record::new(vec![value(1, "A", &vec![0; bytes])]);
    assert!(data(DATA_BYTES_MAX).is_ok());
    assert!(data(DATA_BYTES_MAX + 1).is_err() && data(10_000_000).is_err());
    let kind = |bytes: usize| Record::new(vec![value(1, &"T".repeat(bytes), b"")]);
    assert!(kind(1).is_ok() && kind(255).is_ok());
    assert!(kind(0).is_err() && kind(256).is_err() && kind(100_000).is_err());
    let references = |count: usize| {
        let mut value = value(1, "A", b"");
        value.references = vec![reference("88.1/A"); count];
        Record::new(vec![value])
    };
    assert!(references(16).is_ok());
    assert!(references(17).is_err() && references(100_000).is_err());
    let all = |bytes: usize| {
        let frame = 3 + 3 * 25;
        let last = bytes - frame - 2 * 30_000;
        Record::new(vec![
            value(1, "A", &[0; 30_000]),
            value(2, "A", &[0; 30_000]),
            value(3, "A", &vec![0; last]),
        ])
    };
    assert_eq!(
        all(RECORD_BYTES_MAX).unwrap().encode().len(),
        RECORD_BYTES_MAX
    );
    let over = RecordError::TooLarge {
        bytes: RECORD_BYTES_MAX + 1,
    };
    assert_eq!(all(RECORD_BYTES_MAX + 1), Err(over));
    assert!(Record::new(vec![value(0, "A", b"")]).is_err());
    assert!(Record::new(vec![value(1, "A\n", b"")]).is_err());
}

#[test]
fn bytes_that_are_no_record_are_refused() {
    let bytes = Record::new(vec![value(1, "A", b"x"), value(2, "B", b"y")])
        .unwrap()
        .encode();
    assert!(RecordRef::parse(&bytes).is_ok());
    for cut in 0..bytes.len() {
        assert!(RecordRef::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        // Nothing was promised of such bytes but that nothing happens.
        assert!(RecordRef::trusted(&bytes[..cut]).values().count() <= 2);
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(
        RecordRef::parse(&longer).unwrap_err(),
        DecodeError::TrailingBytes
    );
    let mut swapped = bytes.clone();
    swapped[6] = 2;
    assert_eq!(
        RecordRef::parse(&swapped).unwrap_err(),
        DecodeError::OutOfOrder
    );
    let mut zero = bytes.clone();
    zero[6] = 0;
    assert_eq!(
        RecordRef::parse(&zero).unwrap_err(),
        DecodeError::OutOfOrder
    );
    let mut newer = bytes;
    newer[0] = 2;
    assert_eq!(
        RecordRef::parse(&newer).unwrap_err(),
        DecodeError::UnknownVersion(2)
    );
}

#[test]
fn content_is_all_but_time() {
    let record = |data: &[u8], timestamp_ms| {
        let mut value = value(1, "A", data);
        value.timestamp_ms = timestamp_ms;
        Record::new(vec![value]).unwrap().encode()
    };
    let (one, later, other) = (record(b"x", 1), record(b"x", 2), record(b"y", 1));
    let view = RecordRef::trusted;
    assert!(view(&one).same_content(&view(&later)));
    assert!(!view(&one).same_content(&view(&other)));
    assert_eq!(view(&one).content_bytes(), view(&later).content_bytes());
    assert_ne!(view(&one).content_bytes(), view(&other).content_bytes());
    assert_eq!(view(&one).content_bytes(), record(b"x", 0));
}

#[test]
fn permissions_are_four_digits() {
    assert_eq!(Permissions::parse("1110"), Ok(Permissions::default()));
    assert_eq!(Permissions::parse("0001").unwrap().to_string(), "0001");
    for text in ["", "111", "11100", "2110", "+110", "１１１０"] {
        assert_eq!(Permissions::parse(text), Err(PermissionsError), "{text}");
    }
    assert_eq!(Permissions::from_bits(16), None);
}

//----------- Properties -------------------------------------------------------

pub(super) fn any_value() -> impl Strategy<Value = Value> {
    let references = proptest::collection::vec(("\\PC{1,20}", any::<u32>()), 0..3);
    let ttl = prop_oneof![
        any::<u32>().prop_map(Ttl::Relative),
        any::<u32>().prop_map(Ttl::Absolute),
    ];
    let data = proptest::collection::vec(any::<u8>(), 0..60);
    (
        1..50_u32,
        "[A-Z]{1,12}",
        data,
        ttl,
        0_u8..16,
        any::<u64>(),
        references,
    )
        .prop_map(
            |(index, kind, data, ttl, permissions, timestamp_ms, references)| Value {
                index,
                kind: kind.into(),
                data: data.into(),
                ttl,
                permissions: Permissions::from_bits(permissions).unwrap(),
                timestamp_ms,
                references: references
                    .into_iter()
                    .map(|(handle, index)| Reference {
                        handle: handle.into(),
                        index,
                    })
                    .collect(),
            },
        )
}

proptest! {
    #[test]
    fn encoding_and_reading_is_the_identity(values in proptest::collection::vec(any_value(), 0..9)) {
        if let Ok(record) = Record::new(values) {
            let bytes = record.encode();
            let read = RecordRef::parse(&bytes).unwrap();
            prop_assert_eq!(read.to_record().unwrap(), record);
            prop_assert_eq!(read.bytes(), bytes.as_slice());
            let mut again = bytes[..3].to_vec();
            read.values().for_each(|value| value.append_to(&mut again));
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn one_encoding_of_each_record(
        values in proptest::collection::vec(any_value(), 0..4), at in any::<usize>(), byte in any::<u8>(),
    ) {
        if let Ok(record) = Record::new(values) {
            let mut bytes = record.encode();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(read) = RecordRef::parse(&bytes) {
                prop_assert_eq!(read.to_record().unwrap().encode(), bytes);
            }
        }
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = RecordRef::parse(&bytes);
        let view = RecordRef::trusted(&bytes);
        let _ = (view.values().count(), view.content_bytes(), view.same_content(&view));
        let _ = view.to_record();
    }
}
