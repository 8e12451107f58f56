//! Digests: one number per partition by which two folds are compared.
//!
//! A sum modulo 2²⁵⁶ does not depend on order and is taken back as easily as it is added, so that
//! `apply` keeps it at the cost of a hash per change. It finds faults; the proof is the chain.

use std::fmt;

use data_encoding::HEXLOWER;

use super::{
    Digests,
    directory::{Directory, Enterprise, PrefixEntry},
    index::{Slot, SlotState},
};
use crate::{
    change::Hash,
    identifier::{Prefix, System},
    record::RecordRef,
};

//----------- Digest -----------------------------------------------------------

/// A sum of SHA-256 hashes modulo 2²⁵⁶, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// Least significant first.
    limbs: [u64; 4],
}

impl Digest {
    /// Adds an item.
    pub fn add(&mut self, item: &[u8]) {
        let mut carry = false;
        for (limb, other) in self.limbs.iter_mut().zip(limbs_of(item)) {
            let (sum, over) = limb.overflowing_add(other);
            let (sum, over_carry) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = over || over_carry;
        }
    }

    /// Its 32 bytes, most significant first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(self.limbs.iter().rev()) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    /// Reads what [`Digest::to_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
            *limb = chunk
                .iter()
                .fold(0, |value, byte| (value << 8) | u64::from(*byte));
        }
        Self { limbs }
    }

    /// Takes an item back.
    pub fn remove(&mut self, item: &[u8]) {
        let mut borrow = false;
        for (limb, other) in self.limbs.iter_mut().zip(limbs_of(item)) {
            let (difference, under) = limb.overflowing_sub(other);
            let (difference, under_borrow) = difference.overflowing_sub(u64::from(borrow));
            *limb = difference;
            borrow = under || under_borrow;
        }
    }
}

fn limbs_of(item: &[u8]) -> [u64; 4] {
    let Hash(bytes) = Hash::of(&[item]);
    Digest::from_bytes(bytes).limbs
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.to_bytes()))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

//----------- Items ------------------------------------------------------------

/// First bytes of items, so that no two kinds of item are alike.
mod tag {
    pub(super) const IDENTIFIER: u8 = 1;
    pub(super) const ENTERPRISE: u8 = 2;
    pub(super) const PREFIX: u8 = 3;
    pub(super) const SECONDARY: u8 = 4;
}

/// Which of the two digests an item is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Exact,
    Content,
}

pub(super) fn add_identifier(digests: &mut Digests, slot: &Slot) {
    digests.exact.add(&identifier_item(slot, For::Exact));
    digests.content.add(&identifier_item(slot, For::Content));
}

pub(super) fn remove_identifier(digests: &mut Digests, slot: &Slot) {
    digests.exact.remove(&identifier_item(slot, For::Exact));
    digests.content.remove(&identifier_item(slot, For::Content));
}

fn identifier_item(slot: &Slot, purpose: For) -> Vec<u8> {
    let mut item = Vec::with_capacity(512);
    item.extend([tag::IDENTIFIER, System::Handle as u8]);
    put_text(&mut item, slot.spelling.as_bytes());
    item.push(slot.class as u8);
    let live = match &slot.state {
        SlotState::Live(record) => Some(record),
        SlotState::Removed { .. } => None,
    };
    item.push(u8::from(live.is_some()));
    if purpose == For::Exact {
        slot.position.encode(&mut item);
    }
    match (live, purpose) {
        (Some(record), For::Exact) => put_record(&mut item, record),
        (Some(record), For::Content) => {
            put_record(&mut item, &RecordRef::trusted(record).content_bytes());
        }
        (None, _) => put_record(&mut item, &[]),
    }
    item
}

pub(super) fn add_enterprise(digests: &mut Digests, enterprise: &Enterprise) {
    digests.exact.add(&enterprise_item(enterprise, For::Exact));
    digests
        .content
        .add(&enterprise_item(enterprise, For::Content));
}

pub(super) fn remove_enterprise(digests: &mut Digests, enterprise: &Enterprise) {
    digests
        .exact
        .remove(&enterprise_item(enterprise, For::Exact));
    digests
        .content
        .remove(&enterprise_item(enterprise, For::Content));
}

fn enterprise_item(enterprise: &Enterprise, purpose: For) -> Vec<u8> {
    let mut item = vec![tag::ENTERPRISE];
    if purpose == For::Exact {
        enterprise.facts.encode_body(&mut item);
        enterprise.position.encode(&mut item);
    } else {
        enterprise.facts.certificate.encode(&mut item);
        enterprise.facts.encode_facts(&mut item);
    }
    item
}

pub(super) fn add_prefix(digests: &mut Digests, directory: &Directory, prefix: &PrefixEntry) {
    digests
        .exact
        .add(&prefix_item(directory, prefix, For::Exact));
    digests
        .content
        .add(&prefix_item(directory, prefix, For::Content));
}

pub(super) fn remove_prefix(digests: &mut Digests, directory: &Directory, prefix: &PrefixEntry) {
    digests
        .exact
        .remove(&prefix_item(directory, prefix, For::Exact));
    digests
        .content
        .remove(&prefix_item(directory, prefix, For::Content));
}

fn prefix_item(directory: &Directory, prefix: &PrefixEntry, purpose: For) -> Vec<u8> {
    let mut item = vec![tag::PREFIX];
    if purpose == For::Exact {
        prefix.facts.encode_body(&mut item);
        prefix.position.encode(&mut item);
        return item;
    }
    let mut facts = prefix.facts.clone();
    facts.prev = None;
    facts.enterprise = 0;
    facts.filing.date = 0;
    facts.encode_body(&mut item);
    if let Some(enterprise) = directory.enterprise(prefix.facts.enterprise) {
        enterprise.facts.certificate.encode(&mut item);
    }
    item
}

pub(super) fn add_secondary(digests: &mut Digests, prefix: &Prefix) {
    let mut item = vec![tag::SECONDARY];
    put_text(&mut item, prefix.as_str().as_bytes());
    digests.exact.add(&item);
    digests.content.add(&item);
}

//----------- Helper functions -------------------------------------------------

fn put_text(item: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).expect("identifiers have at most 1,020 bytes");
    item.extend(length.to_be_bytes());
    item.extend(text);
}

fn put_record(item: &mut Vec<u8>, record: &[u8]) {
    let length = u32::try_from(record.len()).expect("records have at most 64 KiB");
    item.extend(length.to_be_bytes());
    item.extend(record);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_does_not_depend_on_order_and_is_taken_back() {
        let items: Vec<Vec<u8>> = (0..100_u8).map(|n| vec![n; usize::from(n)]).collect();
        let (mut forward, mut backward) = (Digest::default(), Digest::default());
        items.iter().for_each(|item| forward.add(item));
        items.iter().rev().for_each(|item| backward.add(item));
        assert_eq!(forward, backward);
        assert_ne!(forward, Digest::default());
        items.iter().for_each(|item| forward.remove(item));
        assert_eq!(forward, Digest::default());
    }

    #[test]
    fn one_item_sums_to_its_hash() {
        let mut digest = Digest::default();
        digest.add(b"item");
        assert_eq!(digest.to_string(), Hash::of(&[b"item"]).to_string());
    }

    #[test]
    fn carries_and_borrows_cross_all_limbs() {
        let mut digest = Digest {
            limbs: [u64::MAX; 4],
        };
        let before = digest;
        digest.add(b"item");
        assert_ne!(digest, before);
        digest.remove(b"item");
        assert_eq!(digest, before);
    }
}
