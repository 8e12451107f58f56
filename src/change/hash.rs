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

fn node(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[NODE], &left.0, &right.0])
}

//----------- Inclusion proofs -------------------------------------------------

/// The inclusion path of leaf `index`, from the leaf upwards (RFC 9162 §2.1.3.1).
///
/// `None` where there is no such leaf.
#[must_use]
pub fn inclusion_path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    collect_path(leaves, index, &mut path);
    Some(path)
}

fn collect_path(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() <= 1 {
        return;
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    if index < left.len() {
        collect_path(left, index, path);
        path.push(merkle_root(right));
    } else {
        collect_path(right, index - left.len(), path);
        path.push(merkle_root(left));
    }
}

/// The root that follows from a leaf, its place, the number of leaves and its path
/// (RFC 9162 §2.1.3.2); `None` where the path has the wrong length.
#[must_use]
pub fn root_from_path(leaf: Hash, index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    if count == 1 {
        return path.is_empty().then_some(leaf);
    }
    let split = count.next_power_of_two() / 2;
    let (sibling, below) = path.split_last()?;
    if index < split {
        Some(node(root_from_path(leaf, index, split, below)?, *sibling))
    } else {
        let right = root_from_path(leaf, index - split, count - split, below)?;
        Some(node(*sibling, right))
    }
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

    #[test]
    fn every_leaf_has_a_proof_and_only_its_own() {
        for count in 1..=33 {
            let l = leaves(count);
            let root = merkle_root(&l);
            for index in 0..count {
                let path = inclusion_path(&l, index).unwrap();
                assert_eq!(root_from_path(l[index], index, count, &path), Some(root));
                let stranger = leaf(b"another change");
                assert_ne!(root_from_path(stranger, index, count, &path), Some(root));
            }
            assert_eq!(inclusion_path(&l, count), None);
        }
    }
}
