//! What must hold of any bytes as a change, a header and an entry.

use biaoshi::{
    change::{Change, Entry, Hash, Header, PAYLOAD_BYTES_MAX, Partition, chain, leaf, merkle_root},
    ledger::{Codec, Head, StoredEntry},
};

/// Checks one input.
pub(crate) fn check(data: &[u8]) {
    if let Ok(change) = Change::decode(data) {
        assert_eq!(change.encode(), data, "one encoding of each change");
    }
    if let Ok(header) = Header::decode(data) {
        assert_eq!(header.encode(), data, "one encoding of each header");
    }
    // The first byte cuts what follows into a header and a payload.
    let Some((cut, rest)) = data.split_first() else {
        return;
    };
    let (header, payload) = rest.split_at(usize::from(*cut).min(rest.len()));
    check_entry(header, payload);
    for codec in [Codec::None, Codec::Zstd] {
        let stored = StoredEntry {
            header: header.to_vec(),
            hash: Hash::of(&[payload]),
            codec,
            payload: payload.to_vec(),
        };
        // Bytes whose hash was made up do not verify, whatever they expand to.
        assert!(stored.verify(&Partition::Data(1), Head::default()).is_err());
    }
}

/// An entry verifies exactly when its parts agree and its hash is theirs.
fn check_entry(header: &[u8], payload: &[u8]) {
    let changes = split(payload);
    let leaves: Vec<Hash> = changes
        .iter()
        .flatten()
        .map(|change| leaf(change))
        .collect();
    let hash = chain(Hash::default(), header, merkle_root(&leaves));
    let entry = Entry::verify(Hash::default(), header, payload.to_vec(), hash);
    let agrees = |header: &Header| {
        changes
            .as_ref()
            .is_some_and(|changes| u32::try_from(changes.len()) == Ok(header.count))
            && u32::try_from(payload.len()) == Ok(header.raw_len)
            && header.raw_len <= PAYLOAD_BYTES_MAX
    };
    let should = Header::decode(header).is_ok_and(|header| agrees(&header));
    assert_eq!(entry.is_ok(), should);
    let Ok(entry) = entry else { return };
    assert_eq!(entry.payload(), payload);
    assert_eq!(entry.encoded_changes().count(), leaves.len());
    let _ = entry.changes().count();
    let flipped = Hash(hash.0.map(|byte| byte ^ 1));
    assert!(Entry::verify(Hash::default(), header, payload.to_vec(), flipped).is_err());
    assert!(Entry::verify(flipped, header, payload.to_vec(), hash).is_err());
}

/// The changes of a payload, by a second reading of the format page.
fn split(mut payload: &[u8]) -> Option<Vec<&[u8]>> {
    let mut changes = Vec::new();
    while !payload.is_empty() {
        let (length, rest) = payload.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (change, rest) = rest.split_at_checked(length)?;
        changes.push(change);
        payload = rest;
    }
    Some(changes)
}
