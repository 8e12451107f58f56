//! The readers' side: suffixes and values over their packed form, without allocation.

use super::{
    pack::code,
    shape::{Rule, Shape, Source},
    time::take_time,
    varint::take_varint,
    words::Dictionary,
};
use crate::record::{
    Data, Day, Digits, Frame, Made, Middle, SuffixRef, ValueRef, owned::header, view::HEADER_BYTES,
};

//----------- Suffix -----------------------------------------------------------

/// Takes a packed suffix off the front; `None` where the bytes make no sense.
#[inline]
pub fn take_suffix<'a>(dictionary: &'a Dictionary, bytes: &mut &'a [u8]) -> Option<SuffixRef<'a>> {
    let tag = take_varint(bytes)?;
    if tag & 1 == 0 {
        let head = std::str::from_utf8(take(tag >> 1, bytes)?).ok()?;
        return Some(SuffixRef { head, digits: None });
    }
    let word = dictionary.words.get(u32::try_from(tag >> 1).ok()?)?;
    let number = take_varint(bytes)?;
    let word = word.spelling();
    let width = word.width;
    Some(SuffixRef {
        head: word.head,
        digits: Some(Digits { number, width }),
    })
}

fn take<'a>(count: u64, bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(count).ok()?)?;
    *bytes = rest;
    Some(taken)
}

//----------- Record -----------------------------------------------------------

/// A record over its packed form; the bytes go to its end.
#[derive(Clone, Copy, Debug)]
pub struct PackedRef<'a> {
    dictionary: &'a Dictionary,
    authority: &'a str,
    suffix: SuffixRef<'a>,
    bytes: &'a [u8],
}

impl<'a> PackedRef<'a> {
    /// A view over bytes that a packer of that dictionary made for that identifier; of other bytes
    /// it shows as many values as it can read.
    #[must_use]
    pub fn new(
        dictionary: &'a Dictionary,
        authority: &'a str,
        suffix: SuffixRef<'a>,
        bytes: &'a [u8],
    ) -> Self {
        Self {
            dictionary,
            authority,
            suffix,
            bytes,
        }
    }

    /// The values, in order of index.
    #[must_use]
    pub fn values(&self) -> PackedValues<'a> {
        PackedValues(match self.open() {
            Some(Packed::Canonical(bytes)) => {
                Values::Canonical(bytes.get(HEADER_BYTES..).unwrap_or_default())
            }
            Some(Packed::Shaped(values)) => Values::Shaped(values),
            None => Values::Canonical(&[]),
        })
    }

    /// Appends the canonical encoding, byte for byte what was packed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self.open() {
            Some(Packed::Canonical(bytes)) => out.extend_from_slice(bytes),
            Some(Packed::Shaped(values)) => {
                out.extend_from_slice(&header(values.shape.layout.len()));
                PackedValues(Values::Shaped(values)).for_each(|value| value.append_to(out));
            }
            None => {}
        }
    }

    fn open(&self) -> Option<Packed<'a>> {
        let mut rest = self.bytes;
        let head = take_varint(&mut rest)?;
        if head == 0 {
            return Some(Packed::Canonical(rest));
        }
        let number = u32::try_from((head >> 1).checked_sub(1)?).ok()?;
        let shape = self.dictionary.shapes.get(number)?;
        let is_one = head & 1 == 0;
        let time = match is_one {
            true => Some(take_time(self.dictionary, &mut rest)?),
            false => None,
        };
        Some(Packed::Shaped(Shaped {
            source: Source::new(self.dictionary, self.authority, self.suffix),
            shape,
            time,
            at: 0,
            rest,
        }))
    }
}

/// What the first bytes say of the others.
enum Packed<'a> {
    Canonical(&'a [u8]),
    Shaped(Shaped<'a>),
}

//----------- Values -----------------------------------------------------------

/// The values of a packed record.
#[derive(Clone, Debug)]
pub struct PackedValues<'a>(Values<'a>);

#[derive(Clone, Debug)]
enum Values<'a> {
    Canonical(&'a [u8]),
    Shaped(Shaped<'a>),
}

/// The values of a record that has a shape.
#[derive(Clone, Debug)]
struct Shaped<'a> {
    source: Source<'a>,
    shape: &'a Shape,
    /// The time of all values, where they have one.
    time: Option<u64>,
    /// Which is the next.
    at: usize,
    rest: &'a [u8],
}

impl<'a> PackedValues<'a> {
    /// The next value that is wanted. Of those before it nothing is read but where they end.
    #[inline]
    pub fn next_of(&mut self, mut wanted: impl FnMut(&Frame<'a>) -> bool) -> Option<ValueRef<'a>> {
        match &mut self.0 {
            Values::Canonical(rest) => {
                std::iter::from_fn(|| ValueRef::take(rest)).find(|value| wanted(&value.frame()))
            }
            Values::Shaped(values) => values.next_of(wanted),
        }
    }

    /// The frames of the values that are left.
    pub fn frames(self) -> impl Iterator<Item = Frame<'a>> {
        let (shaped, mut canonical) = match self.0 {
            Values::Shaped(values) => (Some(values.shape.layout.frames(values.at)), &[][..]),
            Values::Canonical(rest) => (None, rest),
        };
        let canonical = std::iter::from_fn(move || ValueRef::take(&mut canonical));
        let canonical = canonical.map(|value| value.frame());
        shaped.into_iter().flatten().chain(canonical)
    }
}

impl<'a> Iterator for PackedValues<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_of(|_| true)
    }
}

impl<'a> Shaped<'a> {
    #[inline]
    fn next_of(&mut self, mut wanted: impl FnMut(&Frame<'a>) -> bool) -> Option<ValueRef<'a>> {
        loop {
            let rule = *self.shape.rules.get(self.at)?;
            let frame = self.shape.layout.frame(self.at)?;
            self.at += 1;
            let time = match self.time {
                Some(time) => time,
                None => take_time(self.source.dictionary, &mut self.rest)?,
            };
            if wanted(&frame) {
                let data = match rule {
                    Rule::Free => self.take_data()?,
                    other => other.data(&self.source)?,
                };
                return Some(ValueRef::plain(frame, data, time));
            }
            if rule.is_free() {
                self.pass_data()?;
            }
        }
    }

    /// Passes over what [`Shaped::take_data`] would take.
    fn pass_data(&mut self) -> Option<()> {
        let code = take_varint(&mut self.rest)?;
        match code & 3 {
            code::LITERAL => take(code >> 2, &mut self.rest).map(|_| ()),
            code::DIGITS => take_varint(&mut self.rest).map(|_| ()),
            _ => Some(()),
        }
    }

    fn take_data(&mut self) -> Option<Data<'a>> {
        let code = take_varint(&mut self.rest)?;
        let number = code >> 2;
        if code & 3 == code::LITERAL {
            return take(number, &mut self.rest).map(Data::Plain);
        }
        let number = u32::try_from(number).ok()?;
        match code & 3 {
            code::WORD => self.source.word(number),
            code::DIGITS => self.source.digits(number, take_varint(&mut self.rest)?),
            code::DAY.. => Some(Data::Made(Made {
                head: "",
                middle: Middle::Day(Day::from_code(number)?),
                tail: "",
            })),
            _ => None,
        }
    }
}
