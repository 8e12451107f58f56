//! Numbers in as many bytes as they need, of which the first says how many: a reader loads them at
//! once, where LEB128 goes from byte to byte.
//!
//! ```text
//! xxxxxxx1                      1 byte,   7 bits
//! xxxxxx10 ‖ 1                  2 bytes, 14 bits
//! …
//! 10000000 ‖ 7                  8 bytes, 56 bits
//! 00000000 ‖ 8                  9 bytes, 64 bits
//! ```
//!
//! Little-endian: the lowest bits stand in the first byte, behind those that say how many there are.

/// Bytes of the largest number.
const BYTES_MAX: usize = 9;

/// Appends a number.
#[inline]
pub(crate) fn put_varint(number: u64, out: &mut Vec<u8>) {
    if number < 1 << 7 {
        out.push(low_byte(number << 1 | 1));
    } else {
        put_long_varint(number, out);
    }
}

fn put_long_varint(number: u64, out: &mut Vec<u8>) {
    let bits = u64::BITS - number.leading_zeros();
    // The largest have no bit left in their first byte.
    if bits > 56 {
        out.push(0);
        out.extend_from_slice(&number.to_le_bytes());
        return;
    }
    let count = bits.div_ceil(7);
    let bytes = (number << count | 1 << (count - 1)).to_le_bytes();
    let count = usize::try_from(count).unwrap_or(bytes.len());
    out.extend_from_slice(&bytes[..count]);
}

/// Takes a number off the front; `None`, and nothing taken, where it is not whole.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (first, mut behind) = bytes.split_first()?;
    let count = first.trailing_zeros() + 1;
    match usize::try_from(count).unwrap_or(BYTES_MAX) {
        BYTES_MAX => {
            let number = take_number(8, &mut behind)?;
            *bytes = behind;
            Some(number)
        }
        fewer => Some(take_number(fewer, bytes)? >> count),
    }
}

/// Takes a little-endian number of so many bytes off the front, 1 to 8.
#[inline]
pub(crate) fn take_number(count: usize, bytes: &mut &[u8]) -> Option<u64> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    // Eight are read at once where they are there, as they are before the end of a record.
    let number = match bytes.first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * count)),
        None => backwards(taken),
    };
    *bytes = rest;
    Some(number)
}

fn backwards(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().rev();
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn low_byte(number: u64) -> u8 {
    u8::try_from(number & 0xff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn put(number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(number, &mut out);
        out
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        let rows = [
            (0, 1),
            (127, 1),
            (128, 2),
            ((1 << 14) - 1, 2),
            (1 << 14, 3),
            ((1 << 56) - 1, 8),
            (1 << 56, BYTES_MAX),
            (u64::MAX, BYTES_MAX),
        ];
        for (number, bytes) in rows {
            assert_eq!(put(number).len(), bytes, "{number}");
        }
    }

    #[test]
    fn what_is_no_number_is_left_where_it_is() {
        let rows: [&[u8]; 4] = [&[], &[0b10], &[0x80; 7], &[0; 8]];
        for row in rows {
            let mut rest = row;
            assert_eq!(take_varint(&mut rest), None);
            assert_eq!(rest, row);
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<u64>(), shift in 0..64_u32, behind in any::<u8>()) {
            let number = number >> shift;
            let mut bytes = put(number);
            bytes.push(behind);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(take_varint(&mut rest), Some(number));
            prop_assert_eq!(rest, &[behind]);
            // With more behind it, and with nothing.
            bytes.extend([behind; 9]);
            prop_assert_eq!(take_varint(&mut &bytes[..]), Some(number));
            bytes.truncate(bytes.len() - 10);
            prop_assert_eq!(take_varint(&mut &bytes[..]), Some(number));
        }
    }
}
