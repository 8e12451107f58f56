//! Encodings against the format page, and entries against what could happen to them.

use proptest::prelude::*;

use super::*;
use crate::{
    identifier::Identifier,
    record::{Permissions, Record, Ttl, Value},
};

//----------- Samples ----------------------------------------------------------

fn position(seq: u64) -> Position {
    Position {
        partition: 1,
        seq,
        item: 2,
    }
}

fn record(data: &str) -> Record {
    Record::new(vec![Value {
        index: 2007,
        kind: "URL".into(),
        data: data.as_bytes().into(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::default(),
        timestamp_ms: 1_793_500_000_000,
        references: Vec::new(),
    }])
    .unwrap()
}

fn put(text: &str, prev: Option<Position>) -> Change {
    let identifier = Identifier::parse_registration(text).unwrap();
    let record = record("https://e.example.cn");
    Change::Put(Box::new(PutChange::new(
        identifier,
        Class::New,
        prev,
        &record,
    )))
}

fn enterprise() -> Change {
    let sealed = Sealed {
        key_id: 7,
        nonce: [3; 12],
        ciphertext: b"sixteen bytes tag".to_vec(),
    };
    Change::Enterprise(Box::new(EnterpriseChange {
        enterprise: 1,
        prev: Some(position(4)),
        certificate: Certificate {
            kind: CertificateType::UnifiedSocialCredit,
            number: "91420300QW9L2G0403".into(),
        },
        org_name: "十堰江汉装备制造有限公司".into(),
        province: "420000".into(),
        city: "420300".into(),
        industry: "C35".into(),
        website: "https://e001.example.cn".into(),
        sealed: vec![SealedField { field: 1, sealed }],
    }))
}

fn assigned(hosting: Hosting) -> Change {
    let date = 20_261_123;
    Change::Prefix(Box::new(PrefixChange {
        prefix: Prefix::parse("88.118.8").unwrap(),
        prev: None,
        enterprise: 1,
        status: PrefixStatus::Active,
        hosting,
        filing: Filing {
            state: FilingState::Passed,
            date,
            reason: "导入".into(),
        },
        waiver: "".into(),
    }))
}

/// One that an operator lets take registrations while its filing is in review.
fn waived() -> Change {
    let Change::Prefix(mut change) = assigned(Hosting::Hosted) else {
        unreachable!("a prefix is one");
    };
    change.filing.state = FilingState::InReview;
    change.waiver = "试点".into();
    Change::Prefix(change)
}

#[test]
fn a_waiver_makes_it_version_2() {
    let bytes = waived().encode();
    assert_eq!(bytes[..2], [5, 2]);
    assert!(bytes.ends_with(&[&[6], "试点".as_bytes()].concat()));
    assert_eq!(assigned(Hosting::Hosted).encode()[..2], [5, 1]);
    // None is said by version 1 alone.
    let mut empty = assigned(Hosting::Hosted).encode();
    empty[1] = 2;
    empty.push(0);
    let illegal = DecodeError::IllegalField { field: "waiver" };
    assert_eq!(Change::decode(&empty), Err(illegal));
}

fn samples() -> Vec<Change> {
    let identifier = Identifier::parse_registration("88.118.8/JXDY2106023").unwrap();
    let prefix = Prefix::parse("88.118.8").unwrap();
    let sites = vec![
        Site {
            address: "192.0.2.1".into(),
            protocol: SiteProtocol::Tcp,
            port: 2641,
        },
        Site {
            address: "2001:db8::1".into(),
            protocol: SiteProtocol::Https,
            port: 443,
        },
    ];
    let request = RequestChange {
        key_hash: Hash::of(&[b"key"]),
        body_hash: Hash::of(&[b"body"]),
        chunk: 3,
        outcome: RequestOutcome::Replaced,
    };
    vec![
        Change::Genesis {
            ledger_id: LedgerId([9; 16]),
            fold_rule: FOLD_RULE,
        },
        Change::Marker { nonce: [1; 16] },
        Change::SecondaryPrefix(Prefix::parse("88.118").unwrap()),
        enterprise(),
        assigned(Hosting::Hosted),
        waived(),
        assigned(Hosting::SelfBuilt(None)),
        assigned(Hosting::SelfBuilt(Some(Route { sites }))),
        Change::PrefixGate {
            prefix: prefix.clone(),
            closed: true,
            nonce: [2; 16],
        },
        Change::PrefixGate {
            prefix,
            closed: false,
            nonce: [2; 16],
        },
        Change::ClockAccepted {
            time_ms: 1_793_500_000_000,
        },
        put("88.118.8/JXDY2106023", None),
        put("88.118.8/伺服电机-000001", Some(position(9))),
        Change::Remove(Box::new(RemoveChange {
            identifier,
            prev: position(5),
        })),
        Change::Request(request),
    ]
}

fn place(seq: u64, previous: Hash) -> Place {
    Place {
        ledger_id: LedgerId([9; 16]),
        partition: Partition::Data(1),
        seq,
        previous,
        time_ms: 1_793_500_000_000,
        control_at: 7,
        kind: Kind::Changes,
    }
}

fn entry(changes: &[Change]) -> Entry {
    let mut draft = Draft::new(place(1, Hash::default()));
    changes
        .iter()
        .for_each(|change| draft.push(change).unwrap());
    draft.finish()
}

//----------- Changes ----------------------------------------------------------

#[test]
fn every_change_round_trips() {
    for change in samples() {
        let bytes = change.encode();
        assert_eq!(Change::decode(&bytes), Ok(change.clone()));
        for cut in 0..bytes.len() {
            assert!(
                Change::decode(&bytes[..cut]).is_err(),
                "{change:?} cut at {cut}"
            );
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(
            Change::decode(&longer),
            Err(DecodeError::TrailingBytes(1)),
            "{change:?}"
        );
    }
}

#[test]
fn what_is_not_known_stops_the_reader() {
    let unknown = |tag, version| Err(DecodeError::UnknownChange { tag, version });
    assert_eq!(Change::decode(&[99, 1]), unknown(99, 1));
    assert_eq!(Change::decode(&[2, 2, 0, 0]), unknown(2, 2));
    assert_eq!(Change::decode(&[]), Err(DecodeError::Truncated));
}

#[test]
fn a_change_is_as_the_format_page_says() {
    let change = Change::SecondaryPrefix(Prefix::parse("88.118").unwrap());
    assert_eq!(change.encode(), b"\x03\x01\x0688.118");
    let Change::Put(put) = put("88.118.8/X", Some(position(9))) else {
        unreachable!()
    };
    let mut expected = vec![16, 1, 1, 0, 10];
    expected.extend(b"88.118.8/X");
    expected.extend([1, 1, 0, 1]);
    expected.extend([0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 2]);
    expected.extend(u32::try_from(put.record.len()).unwrap().to_be_bytes());
    expected.extend(&put.record);
    assert_eq!(Change::Put(put).encode(), expected);
}

#[test]
fn a_change_over_the_limit_is_refused_before_it_is_read() {
    let mut bytes = vec![2, 1];
    bytes.resize(CHANGE_BYTES_MAX, 0);
    assert_eq!(
        Change::decode(&bytes),
        Err(DecodeError::TrailingBytes(CHANGE_BYTES_MAX - 18))
    );
    bytes.push(0);
    assert!(matches!(
        Change::decode(&bytes),
        Err(DecodeError::TooLarge { .. })
    ));
}

//----------- Entries ----------------------------------------------------------

#[test]
fn an_entry_survives_its_parts() {
    let built = entry(&samples());
    let header = built.header().encode();
    let read = Entry::verify(
        Hash::default(),
        &header,
        built.payload().to_vec(),
        built.hash(),
    )
    .unwrap();
    assert_eq!(read, built);
    let changes: Vec<_> = read.changes().map(Result::unwrap).collect();
    assert_eq!(changes, samples());
}

#[test]
fn a_header_is_as_the_format_page_says() {
    let header = entry(&[Change::Marker { nonce: [0; 16] }])
        .header()
        .encode();
    assert_eq!(header.len(), 51 + "data/1".len());
    assert_eq!(header[0], 1);
    assert_eq!(header[1..17], [9; 16]);
    assert_eq!(&header[17..24], b"\x06data/1");
    assert_eq!(header[24..32], 1_u64.to_be_bytes());
    assert_eq!(header[32..40], 1_793_500_000_000_u64.to_be_bytes());
    assert_eq!(header[40..48], 7_u64.to_be_bytes());
    assert_eq!(header[48], 1);
    assert_eq!(header[49..53], 1_u32.to_be_bytes());
    assert_eq!(header[53..57], 22_u32.to_be_bytes());
}

#[test]
fn every_flipped_bit_is_noticed() {
    let built = entry(&samples()[..4]);
    let header = built.header().encode();
    let payload = built.payload();
    for bit in 0..(header.len() + payload.len() + 32) * 8 {
        let (mut header, mut payload) = (header.clone(), payload.to_vec());
        let (mut hash, mut previous) = (built.hash(), Hash::default());
        let (byte, mask) = (bit / 8, 1 << (bit % 8));
        if let Some(byte) = header.get_mut(byte) {
            *byte ^= mask;
        } else if let Some(byte) = payload.get_mut(byte - header.len()) {
            *byte ^= mask;
        } else {
            let at = byte - header.len() - payload.len();
            hash.0[at] ^= mask;
            previous.0[at] ^= mask;
            let whole = Entry::verify(previous, &header, payload.clone(), built.hash());
            assert!(whole.is_err(), "previous hash, bit {bit}");
            previous = Hash::default();
        }
        assert!(
            Entry::verify(previous, &header, payload, hash).is_err(),
            "bit {bit}"
        );
    }
}

#[test]
fn limits_hold_at_one_over_and_far_over() {
    let marker = Change::Marker { nonce: [0; 16] };
    let mut draft = Draft::new(place(1, Hash::default()));
    for _ in 0..CHANGES_MAX {
        draft.push(&marker).unwrap();
    }
    assert!(draft.push(&marker).is_err());
    let header = draft.finish().header().clone();
    assert_eq!(header.count, CHANGES_MAX);
    assert!(Header::decode(&header.encode()).is_ok());
    for count in [CHANGES_MAX + 1, u32::MAX] {
        let over = Header {
            count,
            ..header.clone()
        };
        assert!(matches!(
            Header::decode(&over.encode()),
            Err(DecodeError::TooLarge { .. })
        ));
    }
    for raw_len in [PAYLOAD_BYTES_MAX + 1, u32::MAX] {
        let over = Header {
            raw_len,
            ..header.clone()
        };
        assert!(matches!(
            Header::decode(&over.encode()),
            Err(DecodeError::TooLarge { .. })
        ));
    }
    let full = Header {
        raw_len: PAYLOAD_BYTES_MAX,
        ..header
    };
    assert!(Header::decode(&full.encode()).is_ok());
}

#[test]
fn a_count_that_lies_is_noticed() {
    let built = entry(&samples()[..3]);
    for count in [0, 2, 4] {
        let header = Header {
            count,
            ..built.header().clone()
        };
        let read = Entry::verify(
            Hash::default(),
            &header.encode(),
            built.payload().to_vec(),
            built.hash(),
        );
        assert!(matches!(
            read,
            Err(DecodeError::PayloadMismatch(_) | DecodeError::Truncated)
        ));
    }
}

//----------- Properties -------------------------------------------------------

proptest! {
    #[test]
    fn decoding_never_panics_and_has_one_encoding(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(change) = Change::decode(&bytes) {
            prop_assert_eq!(change.encode(), bytes);
        }
    }

    #[test]
    fn mutated_changes_never_panic(which in 0_usize..14, at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = samples()[which].encode();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(change) = Change::decode(&bytes) {
            prop_assert_eq!(change.encode(), bytes);
        }
    }

    #[test]
    fn headers_round_trip(
        seq in any::<u64>(), time_ms in any::<u64>(), control_at in any::<u64>(),
        count in 0..=CHANGES_MAX, raw_len in 0..=PAYLOAD_BYTES_MAX, number in 1..=DATA_PARTITIONS_MAX,
    ) {
        let header = Header {
            ledger_id: LedgerId([5; 16]), partition: Partition::Data(number), seq, time_ms,
            control_at, kind: Kind::Marker, count, raw_len,
        };
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }
}
