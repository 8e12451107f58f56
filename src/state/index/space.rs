//! What the identifiers of one prefix share: its name, its dictionary, its listing, its counts.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use foldhash::fast::FixedState;

use super::{
    listing::Listing,
    slot::{Slot, SlotState},
};
use crate::{
    identifier::{Key, System, dns},
    record::{
        RecordRef,
        packed::{Dictionary, Packer, Seen, append::Append},
    },
};

/// Parts of what was seen once, each for some of the prefixes: a node with few touches few of them.
const SEEN_PARTS: usize = 8;

//----------- Space ------------------------------------------------------------

/// One prefix that has identifiers, or had.
#[derive(Debug)]
pub(super) struct Space {
    number: u32,
    /// How keys of its identifiers begin: system, prefix and slash.
    key_head: Box<str>,
    /// Whether its identifiers have a place in DNS.
    has_dns: bool,
    dictionary: Dictionary,
    packer: Mutex<Packer>,
    listing: Listing,
    live: AtomicU64,
    /// Live identifiers whose suffix is no label of DNS.
    encoded: AtomicU64,
}

impl Space {
    fn new(number: u32, key_head: &str, seed: u64) -> Self {
        Self {
            number,
            key_head: key_head.into(),
            has_dns: dns::has_place(authority_of(key_head)),
            dictionary: Dictionary::new(),
            packer: Mutex::new(Packer::new(seed)),
            listing: Listing::new(),
            live: AtomicU64::new(0),
            encoded: AtomicU64::new(0),
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn key_head(&self) -> &[u8] {
        self.key_head.as_bytes()
    }

    /// The prefix.
    pub(super) fn authority(&self) -> &str {
        authority_of(&self.key_head)
    }

    /// Of an identifier of this prefix, or its spelling, what stands behind the slash.
    pub(super) fn suffix_of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.authority().len() + 1..).unwrap_or_default()
    }

    /// How many labels the encoded suffix of an identifier has in DNS; none where it has no place there.
    pub(super) fn encoded_labels(&self, key: &Key) -> usize {
        if self.has_dns {
            dns::encoded_labels(self.authority(), self.suffix_of(key.text()))
        } else {
            0
        }
    }

    pub(super) fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    pub(super) fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Identifiers that are live.
    pub(super) fn live(&self) -> u64 {
        self.live.load(Ordering::Acquire)
    }

    /// Counts an identifier that was live or not and now is or is not.
    pub(super) fn count_live(&self, lived: (bool, bool)) {
        count(&self.live, lived);
    }

    /// The same of those that are encoded in DNS; how many there are now.
    pub(super) fn count_encoded(&self, lived: (bool, bool)) -> u64 {
        count(&self.encoded, lived)
    }

    /// Bytes of memory beside entries: name and packer, dictionary, listing.
    pub(super) fn bytes(&self) -> [usize; 3] {
        let packer = self.packer().heap_bytes();
        let own = size_of::<Self>() + self.key_head.len() + packer;
        [own, self.dictionary.heap_bytes(), self.listing.bytes()]
    }

    fn packer(&self) -> MutexGuard<'_, Packer> {
        self.packer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn authority_of(key_head: &str) -> &str {
    &key_head[1..key_head.len() - 1]
}

fn count(counter: &AtomicU64, lived: (bool, bool)) -> u64 {
    match lived {
        (false, true) => counter.fetch_add(1, Ordering::AcqRel) + 1,
        (true, false) => counter.fetch_sub(1, Ordering::AcqRel) - 1,
        _ => counter.load(Ordering::Acquire),
    }
}

//----------- Spaces -----------------------------------------------------------

/// All of them: by number for readers, by name for writers.
#[derive(Debug)]
pub(super) struct Spaces {
    by_number: Append<Space>,
    /// Prefixes are not chosen by strangers: a quick hash will do.
    by_head: RwLock<HashMap<Box<str>, u32, FixedState>>,
    seen: Box<[Seen]>,
    seed: u64,
}

impl Spaces {
    /// None yet; `seed` is random.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            by_number: Append::new(),
            by_head: RwLock::new(HashMap::with_hasher(FixedState::with_seed(seed))),
            seen: (0..SEEN_PARTS).map(|_| Seen::new()).collect(),
            seed,
        }
    }

    /// The one of that number, which entries have.
    pub(super) fn get(&self, number: u32) -> Option<&Space> {
        self.by_number.get(number)
    }

    /// All, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Space> {
        (0..self.by_number.len()).filter_map(|number| self.by_number.get(number))
    }

    /// The one of a prefix.
    pub(super) fn find(&self, system: System, authority: &str) -> Option<&Space> {
        let head = format!("{}{authority}/", char::from(system as u8));
        let by_head = self.by_head.read().unwrap_or_else(PoisonError::into_inner);
        by_head.get(&*head).and_then(|number| self.get(*number))
    }

    /// The one of a key, which is made where there is none.
    pub(super) fn of(&self, key: &Key) -> &Space {
        let head = key.head();
        let known = {
            let by_head = self.by_head.read().unwrap_or_else(PoisonError::into_inner);
            by_head.get(head).copied()
        };
        let number = known.unwrap_or_else(|| self.add(head));
        self.get(number)
            .expect("its number was given when it was put in")
    }

    fn add(&self, head: &str) -> u32 {
        let mut by_head = self.by_head.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been first.
        *by_head.entry(head.into()).or_insert_with(|| {
            let number = self.by_number.len();
            // What one packer has seen once says nothing to another.
            let seed = self.seed.wrapping_add(u64::from(number));
            self.by_number.push(Space::new(number, head, seed))
        })
    }

    /// Appends the packed suffix and state of a slot; how many bytes the suffix takes.
    pub(super) fn pack(&self, space: &Space, slot: &Slot, out: &mut Vec<u8>) -> usize {
        let part = usize::try_from(space.number).unwrap_or_default() % SEEN_PARTS;
        let seen = &self.seen[part];
        let dictionary = &space.dictionary;
        let mut packer = space.packer();
        let suffix = packer.pack_suffix(dictionary, seen, space.suffix_of(&slot.spelling), out);
        let suffix_bytes = out.len();
        match &slot.state {
            SlotState::Live(record) => {
                let record = RecordRef::trusted(record);
                let authority = space.authority();
                packer.pack_record(dictionary, seen, authority, suffix, record, out);
            }
            SlotState::Removed { at_ms } => packer.put_time(dictionary, seen, *at_ms, out),
        }
        suffix_bytes
    }

    /// Bytes of memory that are no prefix's own.
    pub(super) fn bytes(&self) -> usize {
        let by_head = self.by_head.read().unwrap_or_else(PoisonError::into_inner);
        let names: usize = by_head
            .keys()
            .map(|head| head.len() + size_of::<(Box<str>, u32)>())
            .sum();
        names + self.seen.iter().map(Seen::heap_bytes).sum::<usize>()
    }
}
