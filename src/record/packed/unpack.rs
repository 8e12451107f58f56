//! The readers' side: suffixes and values over their packed form, without allocation.

use super::{varint::take_varint, words::Dictionary};
use crate::record::{Digits, SuffixRef, ValueRef, view::HEADER_BYTES};

//----------- Suffix -----------------------------------------------------------

/// Takes a packed suffix off the front; `None` where the bytes make no sense.
pub fn take_suffix<'a>(dictionary: &'a Dictionary, bytes: &mut &'a [u8]) -> Option<SuffixRef<'a>> {
    let tag = take_varint(bytes)?;
    if tag & 1 == 0 {
        let head = std::str::from_utf8(take(tag >> 1, bytes)?).ok()?;
        return Some(SuffixRef { head, digits: None });
    }
    let word = dictionary.words.get(u32::try_from(tag >> 1).ok()?)?;
    let number = take_varint(bytes)?;
    Some(SuffixRef {
        head: word.around().0,
        digits: Some(Digits {
            number,
            width: word.width(),
        }),
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
        let mut rest = self.bytes;
        let _ = (self.dictionary, self.authority, self.suffix);
        let rest = match take_varint(&mut rest) {
            Some(0) => rest.get(HEADER_BYTES..).unwrap_or_default(),
            _ => &[],
        };
        PackedValues { rest }
    }

    /// Appends the canonical encoding, byte for byte what was packed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut rest = self.bytes;
        if take_varint(&mut rest) == Some(0) {
            out.extend_from_slice(rest);
        }
    }
}

/// The values of a packed record.
#[derive(Clone, Debug)]
pub struct PackedValues<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for PackedValues<'a> {
    type Item = ValueRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        ValueRef::take(&mut self.rest)
    }
}
