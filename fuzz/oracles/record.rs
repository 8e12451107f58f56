//! What must hold of any bytes as a record.

use biaoshi::record::{
    Record, RecordRef,
    packed::{Dictionary, PackedRef, Packer, Seen, take_suffix},
};

/// Checks one input.
pub(crate) fn check(data: &[u8]) {
    // Of unchecked bytes nothing is promised but that nothing happens.
    let unchecked = RecordRef::trusted(data);
    let seen = unchecked.values().count();
    let _ = (
        unchecked.content_bytes(),
        unchecked.same_content(&unchecked),
        unchecked.to_record(),
    );
    let Ok(record) = RecordRef::parse(data) else {
        return;
    };
    let owned = record
        .to_record()
        .expect("what is accepted is within the limits");
    assert_eq!(owned.encode(), data, "one encoding of each record");
    assert_eq!(owned.values().len(), seen);
    for (view, value) in record.values().zip(owned.values()) {
        assert_eq!(view.to_value(), *value);
    }
    let content = record.content_bytes();
    let content = RecordRef::parse(&content).expect("times are not part of what is checked");
    assert!(content.same_content(&record) && record.same_content(&content));
    let again = Record::new(owned.values().to_vec()).expect("its own values make it");
    assert_eq!(again, owned);
    packs(record);
}

/// Checks that it comes back from its packed form, while more and more of it is known.
fn packs(record: RecordRef<'_>) {
    let (dictionary, seen, mut packer) = (Dictionary::new(), Seen::new(), Packer::new(1));
    for suffix in ["A-0000001", "A-0000001", "A-0000002"] {
        let mut bytes = Vec::new();
        let suffix = packer.pack_suffix(&dictionary, &seen, suffix, &mut bytes);
        packer.pack_record(&dictionary, &seen, "88.1", suffix, record, &mut bytes);
        let mut rest = bytes.as_slice();
        let suffix = take_suffix(&dictionary, &mut rest).expect("it was packed");
        let packed = PackedRef::new(&dictionary, "88.1", suffix, rest);
        let mut out = Vec::new();
        packed.encode(&mut out);
        assert_eq!(out, record.bytes());
        assert!(packed.values().eq(record.values()));
    }
}
