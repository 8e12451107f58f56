//! Names above identifiers in a tree of names, each with how many live identifiers are below it.
//!
//! Of plain suffixes there are none but the prefix, which the directory has: only encoded and
//! very long ones stand deeper in the tree of DNS (`identifier/dns.rs`).

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{PoisonError, RwLock},
};

use crate::identifier::{Key, dns};

/// Parts that are locked apart from each other; a power of two.
const SHARDS: usize = 64;

//----------- Ancestors --------------------------------------------------------

/// A counted set, keyed with a secret of this process: names are chosen by strangers.
#[derive(Debug)]
pub(super) struct Ancestors {
    hasher: RandomState,
    shards: Box<[RwLock<Names>]>,
}

/// Names, and how many live identifiers are below each.
type Names = HashMap<Box<str>, u64>;

impl Ancestors {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
        }
    }

    /// An identifier of that key became live.
    pub(super) fn add(&self, key: &Key) {
        dns::each_ancestor(key.authority(), key.local(), |name| {
            let mut names = self.shard(name).write().unwrap_or_else(poisoned);
            match names.get_mut(name) {
                Some(count) => *count += 1,
                None => {
                    names.insert(name.into(), 1);
                }
            }
        });
    }

    /// An identifier of that key, which was live, was removed.
    pub(super) fn remove(&self, key: &Key) {
        dns::each_ancestor(key.authority(), key.local(), |name| {
            let mut names = self.shard(name).write().unwrap_or_else(poisoned);
            if let Some(count) = names.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    names.remove(name);
                }
            }
        });
    }

    /// Whether a live identifier is below the name, which is in lower case and without a zone.
    pub(super) fn contains(&self, name: &str) -> bool {
        let names = self.shard(name).read().unwrap_or_else(poisoned);
        names.contains_key(name)
    }

    fn shard(&self, name: &str) -> &RwLock<Names> {
        let hash = self.hasher.hash_one(name);
        let at = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        &self.shards[at]
    }
}

/// A panic aborts the node; in tests it must not hide behind a second one.
fn poisoned<T>(error: PoisonError<T>) -> T {
    error.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::Identifier;

    fn key(text: &str) -> Key {
        Identifier::parse_registration(text).unwrap().key()
    }

    #[test]
    fn a_name_is_there_as_long_as_something_is_below_it() {
        let set = Ancestors::new();
        let (one, two) = (key("88.118.8/a/1"), key("88.118.8/A/2"));
        set.add(&one);
        set.add(&two);
        assert!(set.contains("_x.8.118.88"));
        assert!(!set.contains("_x.9.118.88") && !set.contains("8.118.88"));
        set.remove(&one);
        assert!(set.contains("_x.8.118.88"));
        set.remove(&two);
        assert!(!set.contains("_x.8.118.88"));
        assert!(
            set.shards
                .iter()
                .all(|names| names.read().unwrap().is_empty())
        );
    }

    #[test]
    fn long_suffixes_have_more_of_them_and_plain_ones_none() {
        let set = Ancestors::new();
        set.add(&key("88.118.8/ABC-1"));
        assert!(
            set.shards
                .iter()
                .all(|names| names.read().unwrap().is_empty())
        );
        let long = key(&format!("88.118.8/{}", "标".repeat(30)));
        set.add(&long);
        let identifier = Identifier::parse_query(long.text()).unwrap();
        let name = dns::to_dns_name(&identifier, "").unwrap();
        let labels: Vec<&str> = name.split('.').collect();
        assert_eq!(labels.iter().position(|label| *label == "_x"), Some(3));
        assert!(
            !set.contains(&name),
            "the identifier itself is not above itself"
        );
        for depth in 1..=3 {
            assert!(set.contains(&labels[depth..].join(".")), "{depth}");
        }
        assert!(
            !set.contains(&labels[4..].join(".")),
            "the directory has those"
        );
        set.remove(&long);
        assert!(
            set.shards
                .iter()
                .all(|names| names.read().unwrap().is_empty())
        );
    }
}
