//! The hashes of the ledger: leaves, the Merkle root and the chain.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// Before a leaf (RFC 9162 §2.1.1).
const LEAF: u8 = 0x00;
/// Before an inner node (RFC 9162 §2.1.1).
const NODE: u8 = 0x01;

//----------- Hash -------------------------------------------------------------

/// A SHA-256 hash, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Hashes the parts as one text.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Reads a hash from exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

//----------- Leaves, root, chain ----------------------------------------------

/// The leaf of one encoded change.
#[must_use]
pub fn leaf(change: &[u8]) -> Hash {
    Hash::of(&[&[LEAF], change])
}

/// The Merkle tree hash of leaves (RFC 9162 §2.1.1); of none, the hash of nothing.
#[must_use]
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [leaf] => *leaf,
        _ => {
            // The largest power of two smaller than the number of leaves.
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            node(merkle_root(left), merkle_root(right))
        }
    }
}

/// The hash of an entry, from its predecessor's.
#[must_use]
pub fn chain(previous: Hash, header: &[u8], root: Hash) -> Hash {
    Hash::of(&[&previous.0, header, &root.0])
}

pub(super) fn node(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[NODE], &left.0, &right.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count)
            .map(|i| leaf(format!("change {i}").as_bytes()))
            .collect()
    }

    #[test]
    fn root_of_none_is_the_hash_of_nothing() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(merkle_root(&[]).to_string(), empty);
    }

    #[test]
    fn tree_splits_as_rfc_9162_says() {
        let l = leaves(5);
        let left = node(node(l[0], l[1]), node(l[2], l[3]));
        assert_eq!(merkle_root(&l), node(left, l[4]));
        assert_eq!(merkle_root(&l[..2]), node(l[0], l[1]));
        assert_eq!(merkle_root(&l[..3]), node(node(l[0], l[1]), l[2]));
    }
}
