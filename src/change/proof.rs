//! Proofs that a change stands in an entry, without the entry's other changes.

use super::hash::{Hash, merkle_root, node};

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
    use crate::change::leaf;

    #[test]
    fn every_leaf_has_a_proof_and_only_its_own() {
        for count in 1..=33 {
            let l = (0..count)
                .map(|i| leaf(format!("change {i}").as_bytes()))
                .collect::<Vec<_>>();
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
