//! Records and suffixes as the index keeps them: packed, for memory alone.
//!
//! Private to the index of one process, never on disk: any release may change it. What repeats
//! within a prefix is in its [`Dictionary`], what the suffix has already is not kept again.
//! Numbers take as many bytes as they need (`varint`). Whatever bytes come, reading them is total: of what makes no
//! sense there are fewer values.
//!
//! ```text
//! suffix  = varint tag
//!           tag even: tag >> 1 bytes of UTF-8
//!           tag odd:  word tag >> 1, and varint: the number at its end
//!
//! record  = varint head
//!           0:        the canonical encoding, to the end
//!           else:     shape (head >> 1) - 1; values follow, as many as it has columns
//!                     head even: time, value, value, …        all have one time
//!                     head odd:  time, value, time, value, …
//!
//! time    = varint code
//!           odd:      time slot code >> 1, and 2 bytes: ms since its start
//!           0:        8 bytes, big-endian: ms since the epoch
//!           else:     (code >> 1) - 1 ms since 2025-01-01T00:00:00Z
//!
//! value   = by the rule of its column
//!           Free      varint code, its two low bits say what follows
//!                     00  code >> 2 bytes as they are
//!                     01  nothing: the text of word code >> 2
//!                     10  varint number, around which word code >> 2 stands
//!                     11  nothing: the day with the code code >> 2
//!           others    nothing: the data follows from the rule and the identifier
//! ```
//!
//! The rules other than Free, of which N is the number of the last digits, at most 18, of the
//! suffix:
//!
//! ```text
//! Word        the data is a word
//! Serial      N modulo 10^k, around which a word stands
//! SuffixDay   eight digits of N, before its last k, as a day: 2026-05-27
//! Suffix      the suffix as registered, around which a word stands
//! Identifier  the identifier as registered, around which a word stands
//! ```
//!
//! A word is a text, a place in it where something else may stand, and the least width of a number
//! that stands there; zeros fill it. A shape is the layout of a record, which is index, type, time
//! to live and permissions of each value, with a rule for each. A time slot is 2^14 ms.

pub(crate) mod append;
mod columns;
mod derive;
mod digits;
mod learn;
mod pack;
mod shape;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod time;
mod unpack;
pub(crate) mod varint;
mod words;

pub use pack::{PackedSuffix, Packer};
pub use table::Seen;
pub use unpack::{PackedRef, PackedValues, take_suffix};
pub use words::Dictionary;

//----------- Limits -----------------------------------------------------------

/// How much a dictionary takes in. Beyond, records take more bytes and are read all the same.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Words: 16 bits of a cell of the writer's table, which are all zero where there is none.
    words: u32,
    /// Bytes of all words and layouts: one enterprise does not take the memory of all.
    text_bytes: usize,
    /// Shapes: their numbers take one byte of each record.
    shapes: u32,
    /// Time slots: their numbers take two bytes, and all of them less than 100 KiB.
    slots: u32,
}

impl Limits {
    const DEFAULT: Self = Self {
        words: table::PLACES_MAX,
        text_bytes: 4 * 1024 * 1024,
        shapes: 63,
        slots: 8_192,
    };
}
