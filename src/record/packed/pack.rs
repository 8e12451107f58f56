//! The writer's side: packing.

use super::{
    Limits,
    columns::Columns,
    digits::{end_digits, last_digits},
    learn::{DEAR_BYTES, Memo, Shapes},
    shape::Source,
    table::{Seen, Table},
    time::{put_alone, put_in_slot, slot_of},
    varint::put_varint,
    words::{Dictionary, Spelling, WORD_BYTES_MAX, Words},
};
use crate::record::{Day, RecordRef, SuffixRef};

/// Words whose numbers take at most two bytes of a value.
const WORDS_NEAR: u32 = 1 << 12;

/// Numbers of up to four bytes: a word would save too little of them to be worth its memory, once
/// there are many words.
const NUMBER_SHORT: u64 = 1 << 28;

/// What the low bits of a value's code say.
pub(super) mod code {
    /// Bytes follow.
    pub(in crate::record::packed) const LITERAL: u64 = 0;
    /// It is a word.
    pub(in crate::record::packed) const WORD: u64 = 1;
    /// A number follows, and a word stands around it.
    pub(in crate::record::packed) const DIGITS: u64 = 2;
    /// It is a day.
    pub(in crate::record::packed) const DAY: u64 = 3;
}

/// A suffix that was packed.
#[derive(Debug, Clone, Copy)]
pub struct PackedSuffix<'a> {
    text: &'a str,
    /// The number at its end.
    number: Option<u64>,
}

//----------- Packer -----------------------------------------------------------

/// The writer's side of one dictionary.
#[derive(Debug)]
pub struct Packer {
    words: Words,
    shapes: Shapes,
    slots: Table,
    /// The slot of the last time, and its number.
    last_slot: (u32, u32),
    /// The word of the last suffix.
    last_suffix: u32,
    limits: &'static Limits,
    columns: Columns,
    /// Values of the last record that took many bytes.
    dear: Vec<usize>,
}

impl Packer {
    /// A packer for one dictionary. The seed keeps strangers from choosing words that hash alike,
    /// and should be another for each dictionary: what came once in one is no news of another.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_limits(seed, &Limits::DEFAULT)
    }

    pub(super) fn with_limits(seed: u64, limits: &'static Limits) -> Self {
        Self {
            words: Words::new(seed, limits),
            shapes: Shapes::new(limits),
            slots: Table::default(),
            last_slot: (u32::MAX, 0),
            last_suffix: u32::MAX,
            limits,
            columns: Columns::default(),
            dear: Vec::new(),
        }
    }

    /// Bytes that it has taken from the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.words.heap_bytes()
            + self.shapes.heap_bytes()
            + self.slots.heap_bytes()
            + self.columns.heap_bytes()
            + self.dear.capacity() * size_of::<usize>()
    }

    /// Appends the packed form of a suffix as registered, which its record is packed with.
    pub fn pack_suffix<'a>(
        &mut self,
        dictionary: &Dictionary,
        seen: &Seen,
        suffix: &'a str,
        out: &mut Vec<u8>,
    ) -> PackedSuffix<'a> {
        let digits = end_digits(suffix);
        let split = digits.filter(|(word, _)| word.head.len() <= WORD_BYTES_MAX);
        let word = split.and_then(|(word, number)| {
            let known = is_word(dictionary, self.last_suffix, word).then_some(self.last_suffix);
            let found = known.or_else(|| self.words.learn(dictionary, seen, word))?;
            self.last_suffix = found;
            Some((found, number))
        });
        match word {
            Some((word, number)) => {
                put_varint(u64::from(word) << 1 | 1, out);
                put_varint(number, out);
            }
            None => {
                put_varint((suffix.len() as u64) << 1, out);
                out.extend_from_slice(suffix.as_bytes());
            }
        }
        PackedSuffix {
            text: suffix,
            number: digits.map(|(_, number)| number),
        }
    }

    /// Appends the packed form of a record, which goes to the end.
    pub fn pack_record(
        &mut self,
        dictionary: &Dictionary,
        seen: &Seen,
        authority: &str,
        suffix: PackedSuffix<'_>,
        record: RecordRef<'_>,
        out: &mut Vec<u8>,
    ) {
        let source = Source {
            dictionary,
            authority,
            suffix: SuffixRef {
                head: suffix.text,
                digits: None,
            },
            number: suffix.number,
        };
        if self.pack(&source, seen, record, out).is_none() {
            put_varint(0, out);
            out.extend_from_slice(record.bytes());
        }
    }

    /// Packs a record that has a shape; `None`, and nothing appended, where it has none.
    fn pack(
        &mut self,
        source: &Source<'_>,
        seen: &Seen,
        record: RecordRef<'_>,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let mut columns = std::mem::take(&mut self.columns);
        let layout = self
            .shapes
            .read(&self.words, source, seen, record, &mut columns);
        let chosen = layout.and_then(|layout| {
            let number = self
                .shapes
                .choose(layout, &mut self.words, source, columns.data(record));
            number.map(|number| (layout, number))
        });
        if let Some(chosen) = chosen {
            self.put_values(source, seen, chosen, (record, &columns), out);
            let (words, data) = (&mut self.words, columns.data(record));
            self.shapes.look(chosen, words, source, data, &self.dear);
        }
        self.columns = columns;
        chosen.map(|_| ())
    }

    fn put_values(
        &mut self,
        source: &Source<'_>,
        seen: &Seen,
        (layout, number): (usize, u32),
        (record, columns): (RecordRef<'_>, &Columns),
        out: &mut Vec<u8>,
    ) {
        let rules = source
            .dictionary
            .shapes
            .get(number)
            .map(|shape| &*shape.rules);
        let is_one = columns.have_one_time();
        put_varint((u64::from(number) + 1) << 1 | u64::from(!is_one), out);
        if is_one {
            self.put_time(source.dictionary, seen, columns.time(0), out);
        }
        self.dear.clear();
        let rules = rules.unwrap_or_default().iter();
        for (at, (rule, data)) in rules.zip(columns.data(record)).enumerate() {
            if !is_one {
                self.put_time(source.dictionary, seen, columns.time(at), out);
            }
            if !rule.is_free() {
                continue;
            }
            let before = out.len();
            if let Some(memo) = self.shapes.memos(layout).get_mut(at) {
                put_data(&mut self.words, source.dictionary, seen, memo, data, out);
            }
            if out.len() - before >= DEAR_BYTES {
                self.dear.push(at);
            }
        }
    }

    /// Appends a time, in milliseconds since the epoch. Its slot is taken in when it comes a second
    /// time.
    pub fn put_time(&mut self, dictionary: &Dictionary, seen: &Seen, ms: u64, out: &mut Vec<u8>) {
        match slot_of(ms).and_then(|slot| self.slot(dictionary, seen, slot)) {
            Some(number) => put_in_slot(number, ms, out),
            None => put_alone(ms, out),
        }
    }

    fn slot(&mut self, dictionary: &Dictionary, seen: &Seen, slot: u32) -> Option<u32> {
        let slots = &dictionary.slots;
        if self.last_slot.0 == slot && slots.get(self.last_slot.1) == Some(&slot) {
            return Some(self.last_slot.1);
        }
        let hash = self.words.hash(slot);
        let found = self.slots.find(hash, |at| slots.get(at) == Some(&slot));
        let number = found.or_else(|| {
            let is_new = seen.again(hash) && slots.len() < self.limits.slots;
            is_new.then(|| {
                let number = slots.push(slot);
                let hash_of = |at| self.words.hash(slots.get(at).copied().unwrap_or_default());
                self.slots.insert(hash, number, hash_of);
                number
            })
        })?;
        self.last_slot = (slot, number);
        Some(number)
    }
}

//----------- Data -------------------------------------------------------------

/// Appends data of which no rule says what it is.
fn put_data(
    words: &mut Words,
    dictionary: &Dictionary,
    seen: &Seen,
    memo: &mut Memo,
    data: &[u8],
    out: &mut Vec<u8>,
) {
    let code = |number: u64, code: u64| number << 2 | code;
    if data.len() <= WORD_BYTES_MAX {
        // Words are compared as bytes: most data are one, and only others need be looked over.
        let last = dictionary.words.get(memo.whole);
        if last.is_some_and(|word| word.text().as_bytes() == data) {
            memo.run = memo.run.saturating_add(1);
            return put_varint(code(memo.whole.into(), code::WORD), out);
        }
        memo.run = 0;
        if let Some(day) = Day::parse(data) {
            // A word would save a byte of three.
            return put_varint(code(day.code().into(), code::DAY), out);
        }
        if let Some(word) = whole(words, dictionary, seen, data) {
            (memo.whole, memo.run) = (word, 1);
            return put_varint(code(word.into(), code::WORD), out);
        }
        if let Some((around, number)) = std::str::from_utf8(data).ok().and_then(last_digits)
            && let Some(word) = around_word(words, dictionary, seen, memo, around)
        {
            memo.around = word;
            put_varint(code(word.into(), code::DIGITS), out);
            return put_varint(number, out);
        }
    }
    put_varint(code(data.len() as u64, code::LITERAL), out);
    out.extend_from_slice(data);
}

/// The word that is the whole data, where those are a text.
fn whole(words: &mut Words, dictionary: &Dictionary, seen: &Seen, data: &[u8]) -> Option<u32> {
    let hash = words.hash_of_whole(data);
    words.find_whole(dictionary, data, hash).or_else(|| {
        let text = std::str::from_utf8(data).ok()?;
        let is_short = || last_digits(text).is_some_and(|(_, number)| number < NUMBER_SHORT);
        let is_worth_it = dictionary.words.len() < WORDS_NEAR || !is_short();
        let is_known = is_worth_it && seen.again(hash);
        is_known.then(|| words.admit(dictionary, Spelling::whole(text), hash))?
    })
}

/// The word around the digits of a text.
fn around_word(
    words: &mut Words,
    dictionary: &Dictionary,
    seen: &Seen,
    memo: &Memo,
    around: Spelling<'_>,
) -> Option<u32> {
    if is_word(dictionary, memo.around, around) {
        return Some(memo.around);
    }
    words.learn(dictionary, seen, around)
}

fn is_word(dictionary: &Dictionary, number: u32, word: Spelling<'_>) -> bool {
    let there = dictionary.words.get(number);
    there.is_some_and(|there| there.spelling() == word)
}
