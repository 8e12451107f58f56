//! Which rule the data of a value may follow.

use super::{
    digits::{end_digits, last_digits, last_of},
    shape::{Rule, Source, suffix_day},
    words::{Spelling, Words},
};
use crate::record::Day;

/// The fewest bytes of a suffix that is looked for in data: shorter ones are in everything.
const SUFFIX_BYTES_MIN: usize = 4;

/// The fewest digits of a suffix that a number is taken to follow from, where it has as many:
/// others agree by chance.
const COUNT_MIN: u8 = 3;

/// The rules of all values of a record.
pub(super) fn derive_all<'a>(
    words: &mut Words,
    source: &Source<'_>,
    data: impl Iterator<Item = &'a [u8]> + Clone,
) -> Vec<Rule> {
    // A number with zeros before it says how many digits it takes; others go with it.
    let padded = |data| {
        let (_, count) = serial(source, std::str::from_utf8(data).ok()?, None)?;
        let (word, _) = last_digits(std::str::from_utf8(data).ok()?)?;
        (word.width == count).then_some(count)
    };
    let hint = data.clone().find_map(padded);
    data.map(|data| derive(words, source, data, hint).unwrap_or(Rule::Free))
        .collect()
}

/// The rule of a value; `hint` is how many digits of the suffix other numbers of it take.
pub(super) fn derive(
    words: &mut Words,
    source: &Source<'_>,
    data: &[u8],
    hint: Option<u8>,
) -> Option<Rule> {
    let data = std::str::from_utf8(data).ok()?;
    if let Some((is_whole, around)) = named(source, data) {
        let around = words.demand(source.dictionary, around)?;
        return Some(match is_whole {
            true => Rule::Identifier(around),
            false => Rule::Suffix(around),
        });
    }
    if let Some(day) = Day::parse(data.as_bytes()) {
        let number = source.number?;
        let is_day = |skip: &u8| suffix_day(number, *skip) == Some(day);
        return (0..=10).find(is_day).map(|skip| Rule::SuffixDay { skip });
    }
    let (around, count) = serial(source, data, hint)?;
    let around = words.demand(source.dictionary, around)?;
    Some(Rule::Serial { around, count })
}

/// Whether the whole identifier stands in data or only its suffix, and what stands around it.
fn named<'a>(source: &Source<'_>, data: &'a str) -> Option<(bool, Spelling<'a>)> {
    // The writer has the suffix in one piece.
    let suffix = source.suffix.head;
    if suffix.len() < SUFFIX_BYTES_MIN {
        return None;
    }
    let (head, tail) = data.split_once(suffix)?;
    let width = 0;
    let prefix = head.strip_suffix('/');
    match prefix.and_then(|head| head.strip_suffix(source.authority)) {
        Some(head) => Some((true, Spelling { head, tail, width })),
        None => Some((false, Spelling { head, tail, width })),
    }
}

/// Data whose last digits are the last ones of the suffix as a number, what stands around them and
/// how many they are.
fn serial<'a>(source: &Source<'_>, data: &'a str, hint: Option<u8>) -> Option<(Spelling<'a>, u8)> {
    let (around, number) = last_digits(data)?;
    let suffix = source.suffix.head;
    let (before, whole) = end_digits(suffix)?;
    let there = u8::try_from(suffix.len() - before.head.len()).ok()?;
    let fewest = there.min(COUNT_MIN);
    let agrees = |count: &u8| *count >= fewest && last_of(whole, *count) == Some(number);
    let padded = Some(around.width).filter(|width| *width > 0);
    let counts = hint.into_iter().chain(padded).chain((fewest..=there).rev());
    Some((around, counts.into_iter().find(agrees)?))
}
