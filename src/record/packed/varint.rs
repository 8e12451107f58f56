//! Numbers in as many bytes as they need: LEB128, low bits first.

/// Bytes of the largest number.
const BYTES_MAX: usize = 10;

/// Appends a number.
pub(crate) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    let mut bytes = [0; BYTES_MAX];
    let mut count = 0;
    while number >= 0x80 {
        bytes[count] = low_bits(number) | 0x80;
        number >>= 7;
        count += 1;
    }
    bytes[count] = low_bits(number);
    out.extend_from_slice(&bytes[..=count]);
}

/// Takes a number off the front; `None`, and nothing taken, where there is none of 64 bits.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    // Most are small.
    if let [first @ 0..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Some(u64::from(*first));
    }
    take_long_varint(bytes)
}

fn take_long_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(BYTES_MAX) {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * at;
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            *bytes = &bytes[at + 1..];
            return Some(number);
        }
    }
    None
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
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
            (u64::MAX, BYTES_MAX),
        ];
        for (number, bytes) in rows {
            assert_eq!(put(number).len(), bytes, "{number}");
        }
    }

    #[test]
    fn what_is_no_number_is_left_where_it_is() {
        let rows: [&[u8]; 4] = [&[], &[0x80], &[0xff; 11], &[0xff; 9]];
        for row in rows {
            let mut rest = row;
            assert_eq!(take_varint(&mut rest), None);
            assert_eq!(rest, row);
        }
        let mut over = [0xff; 10];
        over[9] = 2;
        assert_eq!(take_varint(&mut &over[..]), None);
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
        }
    }
}
