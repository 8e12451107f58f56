//! Numbers in texts: digits, and what stands around them.

use super::words::Spelling;
use crate::record::SuffixRef;

/// The most digits that are taken for a number: as many as 64 bits hold whatever they are, and no
/// fewer when one more is put before them.
pub(super) const DIGITS_MAX: usize = 18;

/// The last digits of a text, none left out, as a number; `None` where there are none or too many.
pub(super) fn last_digits(text: &str) -> Option<(Spelling<'_>, u64)> {
    let end = text.bytes().rposition(|byte| byte.is_ascii_digit())? + 1;
    let count = digits_before(text, end);
    (count <= DIGITS_MAX).then(|| split(text, end - count, end))?
}

/// The digits at the end of a text as a number, of many the last.
pub(super) fn end_digits(text: &str) -> Option<(Spelling<'_>, u64)> {
    let count = digits_before(text, text.len()).min(DIGITS_MAX);
    (count > 0).then(|| split(text, text.len() - count, text.len()))?
}

/// The number at the end of a suffix, and how many digits it has.
pub(super) fn end_number(suffix: SuffixRef<'_>) -> Option<u64> {
    match suffix.digits {
        Some(digits) => Some(digits.number),
        None => end_digits(suffix.head).map(|(_, number)| number),
    }
}

/// How many digits a text ends with.
pub(super) fn count_at_end(text: &str) -> usize {
    digits_before(text, text.len()).min(DIGITS_MAX)
}

/// The last `count` digits of a number.
pub(super) fn last_of(number: u64, count: u8) -> Option<u64> {
    Some(number % 10_u64.checked_pow(u32::from(count))?)
}

fn digits_before(text: &str, end: usize) -> usize {
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    bytes.iter().rev().take_while(is_digit).count()
}

fn split(text: &str, from: usize, to: usize) -> Option<(Spelling<'_>, u64)> {
    let digits = text.get(from..to)?;
    // Without zeros before it a number says itself how long it is.
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    let width = if is_padded { digits.len() } else { 0 };
    let spelling = Spelling {
        head: text.get(..from)?,
        tail: text.get(to..)?,
        width: u8::try_from(width).ok()?,
    };
    let value = |number: u64, byte: u8| number * 10 + u64::from(byte - b'0');
    Some((spelling, digits.bytes().fold(0, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling<'a>(head: &'a str, width: u8, tail: &'a str) -> Spelling<'a> {
        Spelling { head, tail, width }
    }

    #[test]
    fn the_last_digits_are_a_number() {
        let rows = [
            ("L26053", Some((spelling("L", 0, ""), 26_053))),
            ("12.50 kg", Some((spelling("12.", 0, " kg"), 50))),
            ("a0", Some((spelling("a", 0, ""), 0))),
            ("泵007号", Some((spelling("泵", 3, "号"), 7))),
            ("", None),
            ("abc", None),
            ("１", None),
            (
                "123456789012345678",
                Some((spelling("", 0, ""), 123_456_789_012_345_678)),
            ),
            ("1234567890123456789", None),
        ];
        for (text, expected) in rows {
            assert_eq!(last_digits(text), expected, "{text}");
        }
    }

    #[test]
    fn the_digits_at_the_end_are_a_number() {
        let rows = [
            ("JX/4/00000007", Some((spelling("JX/4/", 8, ""), 7))),
            ("A1", Some((spelling("A", 0, ""), 1))),
            ("12A", None),
            ("12000000000000000003", Some((spelling("12", 18, ""), 3))),
        ];
        for (text, expected) in rows {
            assert_eq!(end_digits(text), expected, "{text}");
        }
        assert_eq!(last_of(1_234, 2), Some(34));
        assert_eq!(last_of(u64::MAX, 200), None);
    }
}
