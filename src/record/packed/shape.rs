//! Shapes: what records have alike, and how their data follows from the identifier.

use std::{ops::Range, sync::Arc};

use super::{
    digits::{end_number, last_of},
    words::Dictionary,
};
use crate::record::{
    Data, Day, Digits, Frame, Made, Middle, Permissions, SuffixRef, Ttl,
    view::{RawValue, raw_ttl},
};

//----------- Layout -----------------------------------------------------------

/// The frames of a record's values.
#[derive(Debug)]
pub(super) struct Layout {
    fields: Box<[Field]>,
    /// All types, one after another.
    kinds: Box<str>,
}

#[derive(Debug)]
struct Field {
    index: u32,
    ttl: Ttl,
    permissions: Permissions,
    /// Its type in `kinds`.
    kind_at: u16,
    kind_bytes: u8,
}

impl Field {
    /// Where its type stands.
    fn kind(&self) -> Range<usize> {
        let from = usize::from(self.kind_at);
        from..from + usize::from(self.kind_bytes)
    }
}

impl Layout {
    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Bytes that it has taken from the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.fields) + self.kinds.len()
    }

    /// Whether a value has the frame of that place.
    #[inline]
    pub(super) fn fits(&self, at: usize, value: &RawValue<'_>) -> bool {
        self.fields.get(at).is_some_and(|field| {
            field.index == value.index
                && raw_ttl(field.ttl) == value.ttl
                && field.permissions.bits() == value.permissions
                && self.kinds.as_bytes().get(field.kind()) == Some(value.kind)
        })
    }

    /// The frames of the values from a place on.
    pub(super) fn frames(&self, from: usize) -> impl Iterator<Item = Frame<'_>> {
        (from..self.len()).filter_map(|at| self.frame(at))
    }

    /// All of a value but its data and its time.
    #[inline]
    pub(super) fn frame(&self, at: usize) -> Option<Frame<'_>> {
        let field = self.fields.get(at)?;
        Some(Frame {
            index: field.index,
            kind: self.kinds.get(field.kind())?,
            ttl: field.ttl,
            permissions: field.permissions,
        })
    }
}

/// A layout to which values are added.
#[derive(Debug, Default)]
pub(super) struct LayoutBuilder {
    fields: Vec<Field>,
    kinds: String,
}

impl LayoutBuilder {
    /// Adds a value; `None` where there is no room for its type.
    pub(super) fn push(&mut self, frame: Frame<'_>) -> Option<()> {
        self.fields.push(Field {
            index: frame.index,
            ttl: frame.ttl,
            permissions: frame.permissions,
            kind_at: u16::try_from(self.kinds.len()).ok()?,
            kind_bytes: u8::try_from(frame.kind.len()).ok()?,
        });
        self.kinds.push_str(frame.kind);
        Some(())
    }

    /// The layout.
    pub(super) fn build(self) -> Layout {
        Layout {
            fields: self.fields.into(),
            kinds: self.kinds.into(),
        }
    }
}

//----------- Shape ------------------------------------------------------------

/// A layout, and a rule for each of its values.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) layout: Arc<Layout>,
    pub(super) rules: Box<[Rule]>,
}

/// Where the data of a value comes from. Words are those of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// From the packed record.
    Free,
    /// It is a word.
    Word(u32),
    /// A word stands around the last digits of the suffix, as a number.
    Serial {
        /// The word.
        around: u32,
        /// How many digits.
        count: u8,
    },
    /// Eight digits of the suffix are a day.
    SuffixDay {
        /// How many digits stand behind them.
        skip: u8,
    },
    /// A word stands around the suffix.
    Suffix(u32),
    /// A word stands around the identifier.
    Identifier(u32),
}

/// What data may follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) dictionary: &'a Dictionary,
    pub(super) authority: &'a str,
    pub(super) suffix: SuffixRef<'a>,
    /// The number at the end of the suffix.
    pub(super) number: Option<u64>,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        dictionary: &'a Dictionary,
        authority: &'a str,
        suffix: SuffixRef<'a>,
    ) -> Self {
        Self {
            dictionary,
            authority,
            suffix,
            number: end_number(suffix),
        }
    }

    /// The text of a word.
    pub(super) fn word(&self, number: u32) -> Option<Data<'a>> {
        let word = self.dictionary.words.get(number)?;
        Some(Data::Plain(word.text().as_bytes()))
    }

    /// A number that a word stands around.
    pub(super) fn digits(&self, word: u32, number: u64) -> Option<Data<'a>> {
        let width = self.dictionary.words.get(word)?.spelling().width;
        self.around(word, Middle::Digits(Digits { number, width }))
    }

    fn around(&self, word: u32, middle: Middle<'a>) -> Option<Data<'a>> {
        let word = self.dictionary.words.get(word)?.spelling();
        Some(Data::Made(Made {
            head: word.head,
            middle,
            tail: word.tail,
        }))
    }
}

impl Rule {
    /// Whether it leaves the data open.
    pub(super) fn is_free(self) -> bool {
        matches!(self, Self::Free)
    }

    /// The data that follows from the rule, where it does.
    pub(super) fn data<'a>(self, source: &Source<'a>) -> Option<Data<'a>> {
        match self {
            Self::Free => None,
            Self::Word(number) => source.word(number),
            Self::Serial { around, count } => {
                source.digits(around, last_of(source.number?, count)?)
            }
            Self::SuffixDay { skip } => Some(Data::Made(Made {
                head: "",
                middle: Middle::Day(suffix_day(source.number?, skip)?),
                tail: "",
            })),
            Self::Suffix(around) => source.around(around, Middle::Suffix(source.suffix)),
            Self::Identifier(around) => {
                let whole = Middle::Identifier(source.authority, source.suffix);
                source.around(around, whole)
            }
        }
    }

    /// Whether data follows from the rule, or the rule leaves it open.
    pub(super) fn holds(self, source: &Source<'_>, data: &[u8]) -> bool {
        self.is_free() || self.data(source).is_some_and(|own| own.is(data))
    }
}

/// The day in a number before its last digits.
pub(super) fn suffix_day(number: u64, skip: u8) -> Option<Day> {
    let digits = last_of(number / 10_u64.checked_pow(u32::from(skip))?, 8)?;
    Day::from_number(u32::try_from(digits).ok()?)
}
