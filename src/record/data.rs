//! Data of values: bytes as they are, or a text that is made of parts.
//!
//! What an index keeps of a value may be less than its bytes: a serial number that the identifier
//! has already, or a date. Protocols write either kind straight into their reply.

use std::{borrow::Cow, fmt};

/// The most decimal digits of a [`Digits`]: what 64 bits hold whatever the digits are.
pub const DIGITS_MAX: u8 = 19;

//----------- Data -------------------------------------------------------------

/// The data of a value.
#[derive(Debug, Clone, Copy)]
pub enum Data<'a> {
    /// Bytes as they are, often UTF-8.
    Plain(&'a [u8]),
    /// A text that is made of parts.
    Made(Made<'a>),
}

/// A text around something that is derived or packed.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// What stands before it.
    pub head: &'a str,
    /// What is derived or packed.
    pub middle: Middle<'a>,
    /// What stands behind it.
    pub tail: &'a str,
}

/// What a made text is made of.
#[derive(Debug, Clone, Copy)]
pub enum Middle<'a> {
    /// A decimal number.
    Digits(Digits),
    /// A day.
    Day(Day),
    /// The suffix of the identifier, as registered.
    Suffix(SuffixRef<'a>),
    /// The whole identifier, as registered: its prefix, a slash and its suffix.
    Identifier(&'a str, SuffixRef<'a>),
}

impl<'a> Data<'a> {
    /// Its bytes, which are copied where it is made.
    #[must_use]
    pub fn to_cow(&self) -> Cow<'a, [u8]> {
        match self {
            Self::Plain(bytes) => Cow::Borrowed(bytes),
            Self::Made(_) => {
                let mut out = Vec::with_capacity(self.len());
                self.append_to(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// Its bytes, in a vector.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.to_cow().into_owned()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Made(made) => made.head.len() + made.middle.len() + made.tail.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends its bytes.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Plain(bytes) => out.extend_from_slice(bytes),
            Self::Made(made) => made.each_piece(|piece| out.extend_from_slice(piece.bytes())),
        }
    }

    /// Whether it is those bytes, which copies nothing.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Plain(own) => *own == bytes,
            Self::Made(made) => made.is(bytes),
        }
    }

    /// The same as a text, where it is one.
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        match self {
            Self::Plain(bytes) => std::str::from_utf8(bytes).ok().map(Text::Plain),
            Self::Made(made) => Some(Text::Made(*made)),
        }
    }
}

impl PartialEq for Data<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.to_cow() == other.to_cow()
    }
}

impl Eq for Data<'_> {}

impl PartialEq<[u8]> for Data<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        self.is(other)
    }
}

//----------- Text -------------------------------------------------------------

/// Data that is UTF-8.
#[derive(Debug, Clone, Copy)]
pub enum Text<'a> {
    /// As it is.
    Plain(&'a str),
    /// Made of parts; [`fmt::Display`] writes them one by one.
    Made(Made<'a>),
}

impl<'a> Text<'a> {
    /// The text, which is copied where it is made.
    #[must_use]
    pub fn to_cow(&self) -> Cow<'a, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Made(_) => Cow::Owned(self.to_string()),
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Made(made) => {
                let mut written = Ok(());
                made.each_piece(|piece| {
                    if written.is_ok() {
                        written = f.write_str(piece.text());
                    }
                });
                written
            }
        }
    }
}

//----------- Parts ------------------------------------------------------------

/// A piece of a text that is made of parts.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// A text.
    Text(&'a str),
    /// ASCII digits and hyphens, which need not be looked over where bytes are wanted.
    Ascii(&'a [u8]),
}

impl<'a> Piece<'a> {
    /// As bytes.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Ascii(bytes) => bytes,
        }
    }

    /// As a text.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            Self::Ascii(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        }
    }
}

impl Made<'_> {
    fn is(&self, bytes: &[u8]) -> bool {
        let inside = bytes
            .strip_prefix(self.head.as_bytes())
            .and_then(|rest| rest.strip_suffix(self.tail.as_bytes()));
        inside.is_some_and(|inside| match self.middle {
            Middle::Digits(digits) => digits.is_text(inside),
            Middle::Day(day) => Day::parse(inside) == Some(day),
            Middle::Suffix(suffix) => suffix.is(inside),
            Middle::Identifier(prefix, suffix) => inside
                .strip_prefix(prefix.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"/"))
                .is_some_and(|rest| suffix.is(rest)),
        })
    }

    /// Runs `f` on each piece, in order.
    #[inline]
    fn each_piece(&self, mut f: impl FnMut(Piece<'_>)) {
        f(Piece::Text(self.head));
        match self.middle {
            Middle::Digits(digits) => digits.with_piece(&mut f),
            Middle::Day(day) => day.with_piece(&mut f),
            Middle::Suffix(suffix) => suffix.each_piece(&mut f),
            Middle::Identifier(prefix, suffix) => {
                f(Piece::Text(prefix));
                f(Piece::Text("/"));
                suffix.each_piece(&mut f);
            }
        }
        f(Piece::Text(self.tail));
    }
}

impl Middle<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Digits(digits) => digits.len(),
            Self::Day(_) => Day::TEXT_BYTES,
            Self::Suffix(suffix) => suffix.len(),
            Self::Identifier(prefix, suffix) => prefix.len() + 1 + suffix.len(),
        }
    }
}

/// A suffix as registered: a text, and decimal digits at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuffixRef<'a> {
    /// What stands before the digits.
    pub head: &'a str,
    /// The digits at its end, where they are kept as a number.
    pub digits: Option<Digits>,
}

impl SuffixRef<'_> {
    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.head.len() + self.digits.map_or(0, |digits| digits.len())
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Runs `f` on each piece, in order.
    pub fn each_piece(&self, mut f: impl FnMut(Piece<'_>)) {
        f(Piece::Text(self.head));
        if let Some(digits) = self.digits {
            digits.with_piece(f);
        }
    }

    /// Whether it is that suffix, which is folded: without ASCII case.
    #[must_use]
    #[inline]
    pub fn is_folded(&self, folded: &[u8]) -> bool {
        self.is_with(folded, <[u8]>::eq_ignore_ascii_case)
    }

    fn is(&self, bytes: &[u8]) -> bool {
        self.is_with(bytes, <[u8]>::eq)
    }

    #[inline]
    fn is_with(&self, bytes: &[u8], is_head: impl FnOnce(&[u8], &[u8]) -> bool) -> bool {
        let Some((head, rest)) = bytes.split_at_checked(self.head.len()) else {
            return false;
        };
        let is_rest = match self.digits {
            None => rest.is_empty(),
            Some(digits) => digits.is_text(rest),
        };
        is_rest && is_head(head, self.head.as_bytes())
    }
}

/// The number that ASCII digits are, without a sign; of more than 64 bits none.
fn number_of(digits: &[u8]) -> Option<u64> {
    let (eights, rest) = digits.as_chunks();
    let high = eights.iter().try_fold(0_u64, |number, eight| {
        number
            .checked_mul(100_000_000)?
            .checked_add(number_of_eight(*eight)?)
    })?;
    rest.iter().try_fold(high, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10)
            .then(|| number.checked_mul(10)?.checked_add(u64::from(digit)))
            .flatten()
    })
}

/// The same of eight, all at once: pairs of digits, then of those, then of those.
fn number_of_eight(digits: [u8; 8]) -> Option<u64> {
    const ZEROS: u64 = u64::from_be_bytes(*b"00000000");
    const HIGH_NIBBLES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let text = u64::from_le_bytes(digits);
    // 0 to 9 are 0x30 to 0x39, and nothing else stays there when 6 is added.
    let is_number = text & HIGH_NIBBLES == ZEROS
        && text.wrapping_add(0x0606_0606_0606_0606) & HIGH_NIBBLES == ZEROS;
    let ones = text & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    is_number.then(|| fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

/// A decimal number with at least so many digits: zeros stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    /// The number.
    pub number: u64,
    /// At least so many digits, at most [`DIGITS_MAX`]; 0 is as many as it has.
    pub width: u8,
}

impl Digits {
    /// Reads a text of 1 to [`DIGITS_MAX`] ASCII digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let width = u8::try_from(text.len()).ok()?;
        let is_number =
            (1..=DIGITS_MAX).contains(&width) && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| text.parse().ok()).flatten()?;
        Some(Self { number, width })
    }

    /// Whether it is written so.
    fn is_text(self, text: &[u8]) -> bool {
        // As long as the width at least, and longer only without a zero before it.
        let width = usize::from(self.width.max(1));
        let is_length = text.len() == width || text.len() > width && text[0] != b'0';
        is_length && number_of(text) == Some(self.number)
    }

    fn len(self) -> usize {
        let digits = self.number.checked_ilog10().unwrap_or_default() + 1;
        usize::from(self.width).max(usize::try_from(digits).unwrap_or_default())
    }

    /// Runs `f` on its text.
    fn with_piece(self, f: impl FnOnce(Piece<'_>)) {
        // As many as the largest number has; no width is larger.
        let mut text = [b'0'; 20];
        let (mut at, mut number) = (text.len(), self.number);
        while number > 0 {
            at -= 1;
            text[at] = b'0' + u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
        }
        // Zeros stand there already; 0 itself is one of them.
        let width = usize::from(self.width.max(1)).min(text.len());
        f(Piece::Ascii(&text[at.min(text.len() - width)..]));
    }
}

/// A day of the years 2000 to 2255, written as `2026-05-27`. Days that are in no calendar are days
/// too: what was written is what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(u32);

impl Day {
    /// Bytes of its text.
    const TEXT_BYTES: usize = 10;

    /// Reads `2026-05-27`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text else {
            return None;
        };
        let digits = [y0, y1, y2, y3, m0, m1, d0, d1];
        let number = digits.iter().try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u32::from(byte - b'0'))
        })?;
        Self::from_number(number)
    }

    /// The day of a number such as 20260527.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let fits = (2000..2256).contains(&year) && month < 16 && day < 32;
        fits.then(|| Self(((year - 2000) << 9) | (month << 5) | day))
    }

    /// The day of a code.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        // Four bits of a month and five of a day are always one; a year has eight.
        (code < 1 << 17).then_some(Self(code))
    }

    /// A number below 2¹⁷ that is the day.
    #[must_use]
    pub fn code(self) -> u32 {
        self.0
    }

    /// Runs `f` on its text.
    fn with_piece(self, f: impl FnOnce(Piece<'_>)) {
        let (year, month, day) = ((self.0 >> 9) + 2000, self.0 >> 5 & 15, self.0 & 31);
        let digit = |number: u32| b'0' + u8::try_from(number % 10).unwrap_or_default();
        let text = [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ];
        f(Piece::Ascii(&text));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made<'a>(head: &'a str, middle: Middle<'a>, tail: &'a str) -> Data<'a> {
        Data::Made(Made { head, middle, tail })
    }

    #[test]
    fn made_data_is_its_text() {
        let suffix = SuffixRef {
            head: "P",
            digits: Digits::parse("0020"),
        };
        let rows = [
            (
                made("x/", Middle::Digits(Digits::parse("007").unwrap()), "?"),
                "x/007?",
            ),
            (
                made("", Middle::Day(Day::parse(b"2026-05-27").unwrap()), ""),
                "2026-05-27",
            ),
            (made("a", Middle::Suffix(suffix), "b"), "aP0020b"),
            (
                made("", Middle::Identifier("88.118.8", suffix), ""),
                "88.118.8/P0020",
            ),
            (Data::Plain("液压泵".as_bytes()), "液压泵"),
        ];
        for (data, text) in rows {
            assert_eq!(data, *text.as_bytes());
            assert_eq!(data.len(), text.len());
            assert_eq!(data.text().unwrap().to_string(), text);
            assert_eq!(data.text().unwrap().to_cow(), text);
            assert_eq!(data.to_vec(), text.as_bytes());
            assert!(data != *format!("{text}1").as_bytes() && data != b"2026-05-28"[..]);
        }
        assert!(Data::Plain(b"\xff").text().is_none());
        assert!(Data::Plain(b"").is_empty());
    }

    #[test]
    fn only_what_comes_back_is_a_number_or_a_day() {
        for text in ["", "+1", "12345678901234567890", "1a", "１"] {
            assert_eq!(Digits::parse(text), None, "{text}");
        }
        for text in [
            "1999-12-31",
            "2256-01-01",
            "2026-16-01",
            "2026-01-32",
            "2026-1-01",
            "20260101",
        ] {
            assert_eq!(Day::parse(text.as_bytes()), None, "{text}");
        }
        // In no calendar, and yet what somebody wrote.
        assert!(Day::parse(b"2026-02-31").is_some() && Day::parse(b"2026-00-00").is_some());
        for code in [1 << 17, u32::MAX] {
            assert_eq!(Day::from_code(code), None);
        }
    }

    proptest! {
        #[test]
        fn digits_come_back(text in "[0-9]{1,19}") {
            let digits = Digits::parse(&text).unwrap();
            let mut read = String::new();
            digits.with_piece(|piece| read.push_str(piece.text()));
            prop_assert_eq!(digits.len(), text.len());
            prop_assert_eq!(read, text);
        }

        #[test]
        fn days_come_back(text in "2[01][0-9]{2}-[01][0-9]-[0-3][0-9]") {
            if let Some(day) = Day::parse(text.as_bytes()) {
                prop_assert_eq!(Day::from_code(day.code()), Some(day));
                prop_assert_eq!(made("", Middle::Day(day), "").to_vec(), text.as_bytes());
            }
        }

        #[test]
        fn a_suffix_is_found_by_its_folded_text(head in "\\PC{0,5}", digits in "[0-9]{1,19}") {
            let suffix = SuffixRef { head: &head, digits: Digits::parse(&digits) };
            let folded = format!("{head}{digits}").to_ascii_uppercase();
            prop_assert!(suffix.is_folded(folded.as_bytes()));
            prop_assert!(!suffix.is_folded(&folded.as_bytes()[1..]));
            let longer = format!("{folded}0");
            prop_assert!(!suffix.is_folded(longer.as_bytes()));
        }
    }
}
