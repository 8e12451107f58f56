//! What repeats within a prefix: words, for readers and for the writer.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    sync::atomic::{AtomicUsize, Ordering},
};

use foldhash::fast::FixedState;

use super::{Limits, append::Append, shape::Shape, table::Seen, table::Table};

/// The most bytes of a word: longer texts hardly repeat, or belong behind a URL.
pub(super) const WORD_BYTES_MAX: usize = 256;

//----------- Word -------------------------------------------------------------

/// A text that repeats: a whole value, or what stands around a number.
#[derive(Debug)]
pub(super) struct Word {
    text: Box<str>,
    /// Where the number stands in it; its end where there is none.
    split: u16,
    /// At least so many digits.
    width: u8,
}

impl Word {
    /// The whole text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing stands in it.
    fn is_whole(&self) -> bool {
        self.width == 0 && usize::from(self.split) == self.text.len()
    }

    /// What stands around the number, and its width.
    pub(super) fn spelling(&self) -> Spelling<'_> {
        let split = self.text.split_at_checked(usize::from(self.split));
        let (head, tail) = split.unwrap_or((&self.text, ""));
        Spelling {
            head,
            tail,
            width: self.width,
        }
    }
}

/// A word that may be in a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling<'a> {
    /// What stands before the number; the whole text where there is none.
    pub(super) head: &'a str,
    /// What stands behind it.
    pub(super) tail: &'a str,
    /// At least so many digits; 0 is as many as the number has.
    pub(super) width: u8,
}

impl<'a> Spelling<'a> {
    /// A text without a number.
    pub(super) fn whole(text: &'a str) -> Self {
        Self {
            head: text,
            tail: "",
            width: 0,
        }
    }
}

//----------- Dictionary -------------------------------------------------------

/// What repeats within a prefix, for readers: words, shapes and times. It grows and never changes,
/// so that what was packed stays readable.
#[derive(Debug)]
pub struct Dictionary {
    pub(super) words: Append<Word>,
    pub(super) shapes: Append<Shape>,
    /// Times in slots, by their numbers.
    pub(super) slots: Append<u32>,
    /// Bytes of texts and layouts, which are not in the vectors.
    pub(super) text_bytes: AtomicUsize,
}

impl Dictionary {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            words: Append::new(),
            shapes: Append::new(),
            slots: Append::new(),
            text_bytes: AtomicUsize::new(0),
        }
    }

    /// Bytes that it has taken from the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let vectors = self.words.heap_bytes() + self.shapes.heap_bytes() + self.slots.heap_bytes();
        vectors + self.text_bytes.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more are within a limit; they are counted then.
    pub(super) fn take_room(&self, bytes: usize, bytes_max: usize) -> bool {
        let fits = self.text_bytes.load(Ordering::Relaxed) + bytes <= bytes_max;
        if fits {
            self.text_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        fits
    }
}

impl Default for Dictionary {
    fn default() -> Self {
        Self::new()
    }
}

//----------- Words ------------------------------------------------------------

/// The writer's side of the words of a dictionary.
#[derive(Debug)]
pub(super) struct Words {
    hasher: FixedState,
    table: Table,
    limits: &'static Limits,
}

impl Words {
    pub(super) fn new(seed: u64, limits: &'static Limits) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: Table::default(),
            limits,
        }
    }

    /// Bytes that it has taken from the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
    }

    /// Hashes with this dictionary's seed.
    pub(super) fn hasher(&self) -> &FixedState {
        &self.hasher
    }

    /// A hash of anything.
    pub(super) fn hash(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }

    /// The hash of a word.
    pub(super) fn hash_of(&self, word: Spelling<'_>) -> u64 {
        hash_of(&self.hasher, word)
    }

    /// The hash of a word that is a whole text.
    pub(super) fn hash_of_whole(&self, text: &[u8]) -> u64 {
        hash_of_parts(&self.hasher, text, b"", 0)
    }

    /// The number of a word that is a whole text.
    pub(super) fn find_whole(
        &self,
        dictionary: &Dictionary,
        text: &[u8],
        hash: u64,
    ) -> Option<u32> {
        self.table.find(hash, |at| {
            let word = dictionary.words.get(at);
            word.is_some_and(|word| word.is_whole() && word.text().as_bytes() == text)
        })
    }

    /// The number of a word.
    pub(super) fn find(
        &self,
        dictionary: &Dictionary,
        word: Spelling<'_>,
        hash: u64,
    ) -> Option<u32> {
        let is_it = |at| {
            dictionary
                .words
                .get(at)
                .is_some_and(|there| there.spelling() == word)
        };
        self.table.find(hash, is_it)
    }

    /// Takes a word in, which is not in yet; `None` where there is no room.
    pub(super) fn admit(
        &mut self,
        dictionary: &Dictionary,
        word: Spelling<'_>,
        hash: u64,
    ) -> Option<u32> {
        let bytes = word.head.len() + word.tail.len();
        let fits = bytes <= WORD_BYTES_MAX && dictionary.words.len() < self.limits.words;
        if !fits || !dictionary.take_room(bytes, self.limits.text_bytes) {
            return None;
        }
        let number = dictionary.words.push(Word {
            text: [word.head, word.tail].concat().into(),
            split: u16::try_from(word.head.len()).ok()?,
            width: word.width,
        });
        let hash_at = |at| {
            let word = dictionary.words.get(at);
            word.map_or(0, |word| hash_of(&self.hasher, word.spelling()))
        };
        self.table.insert(hash, number, hash_at);
        Some(number)
    }

    /// The number of a word, which is taken in when it comes a second time.
    pub(super) fn learn(
        &mut self,
        dictionary: &Dictionary,
        seen: &Seen,
        word: Spelling<'_>,
    ) -> Option<u32> {
        let hash = self.hash_of(word);
        let found = self.find(dictionary, word, hash);
        found.or_else(|| {
            seen.again(hash)
                .then(|| self.admit(dictionary, word, hash))?
        })
    }

    /// The number of a word, which is taken in now.
    pub(super) fn demand(&mut self, dictionary: &Dictionary, word: Spelling<'_>) -> Option<u32> {
        let hash = self.hash_of(word);
        let found = self.find(dictionary, word, hash);
        found.or_else(|| self.admit(dictionary, word, hash))
    }
}

fn hash_of(hasher: &FixedState, word: Spelling<'_>) -> u64 {
    hash_of_parts(
        hasher,
        word.head.as_bytes(),
        word.tail.as_bytes(),
        word.width,
    )
}

fn hash_of_parts(hasher: &FixedState, head: &[u8], tail: &[u8], width: u8) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(head);
    hasher.write(tail);
    hasher.write_usize(head.len() << 8 | usize::from(width));
    hasher.finish()
}
