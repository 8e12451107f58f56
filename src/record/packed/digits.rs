//! Numbers in texts: digits, and what stands around them.

use super::words::Spelling;
use crate::record::SuffixRef;

/// The most digits that are taken for a number: as many as 64 bits hold whatever they are, and no
/// fewer when one more is put before them.
pub(super) const DIGITS_MAX: usize = 18;

/// The last digits of a text, none left out, as a number; `None` where there are none or too many.
pub(super) fn last_digits(text: &str) -> Option<(Spelling<'_>, u64)> {
    let end = text.bytes().rposition(|byte| byte.is_ascii_digit())? + 1;
    let (spelling, number) = digits_before(text, end)?;
    let is_all = !spelling.head.ends_with(|last: char| last.is_ascii_digit());
    is_all.then_some((spelling, number))
}

/// The digits at the end of a text as a number, of many the last.
pub(super) fn end_digits(text: &str) -> Option<(Spelling<'_>, u64)> {
    digits_before(text, text.len())
}

/// The number at the end of a suffix.
pub(super) fn end_number(suffix: SuffixRef<'_>) -> Option<u64> {
    match suffix.digits {
        Some(digits) => Some(digits.number),
        None => end_digits(suffix.head).map(|(_, number)| number),
    }
}

/// The last `count` digits of a number.
pub(super) fn last_of(number: u64, count: u8) -> Option<u64> {
    Some(number % 10_u64.checked_pow(u32::from(count))?)
}

/// The digits before a place as a number, of many the last.
fn digits_before(text: &str, end: usize) -> Option<(Spelling<'_>, u64)> {
    let bytes = text.as_bytes().get(..end)?;
    let (mut number, mut scale, mut count) = (0, 1, 0);
    for byte in bytes.iter().rev().take(DIGITS_MAX) {
        if !byte.is_ascii_digit() {
            break;
        }
        number += u64::from(byte - b'0') * scale;
        scale *= 10;
        count += 1;
    }
    let from = end - count;
    // Without zeros before it a number says itself how long it is.
    let is_padded = count > 1 && bytes.get(from) == Some(&b'0');
    let spelling = Spelling {
        head: text.get(..from)?,
        tail: text.get(end..)?,
        width: u8::try_from(if is_padded { count } else { 0 }).ok()?,
    };
    (count > 0).then_some((spelling, number))
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
