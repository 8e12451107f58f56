//! Timestamps: many records are registered within seconds of each other.

use super::{varint::put_varint, varint::take_varint, words::Dictionary};

/// 2025-01-01T00:00:00Z, before the first release: what is registered is later, and from here a time
/// takes six bytes until 2094; from 1970 it would until 2039.
pub(super) const BASE_MS: u64 = 1_735_689_600_000;

/// Bits of milliseconds of a slot, 16 s: with two bytes a time is told in it, and an import of
/// millions needs few of them.
const SLOT_BITS: u32 = 14;

/// The slot of a time; `None` in far millennia.
pub(super) fn slot_of(ms: u64) -> Option<u32> {
    u32::try_from(ms >> SLOT_BITS).ok()
}

/// Appends a time in a slot of that number.
pub(super) fn put_in_slot(number: u32, ms: u64, out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 1 | 1, out);
    let within = u16::try_from(ms & ((1 << SLOT_BITS) - 1)).unwrap_or_default();
    out.extend_from_slice(&within.to_le_bytes());
}

/// Appends a time as it is.
pub(super) fn put_alone(ms: u64, out: &mut Vec<u8>) {
    let code = ms.checked_sub(BASE_MS).and_then(|distance| {
        let code = distance.checked_add(1)?;
        code.checked_mul(2)
    });
    put_varint(code.unwrap_or(0), out);
    if code.is_none() {
        out.extend_from_slice(&ms.to_be_bytes());
    }
}

/// Takes a time off the front.
pub(crate) fn take_time(dictionary: &Dictionary, bytes: &mut &[u8]) -> Option<u64> {
    let code = take_varint(bytes)?;
    if code & 1 == 1 {
        let slot = dictionary.slots.get(u32::try_from(code >> 1).ok()?)?;
        let (within, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        let start = u64::from(*slot) << SLOT_BITS;
        return Some(start + u64::from(u16::from_le_bytes(*within)));
    }
    match (code >> 1).checked_sub(1) {
        Some(distance) => BASE_MS.checked_add(distance),
        None => {
            let (ms, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(u64::from_be_bytes(*ms))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(dictionary: &Dictionary, put: impl FnOnce(&mut Vec<u8>)) -> (Option<u64>, usize) {
        let mut out = Vec::new();
        put(&mut out);
        let mut rest = out.as_slice();
        let taken = take_time(dictionary, &mut rest);
        assert!(rest.is_empty());
        (taken, out.len())
    }

    proptest! {
        #[test]
        fn times_come_back(ms in any::<u64>(), shift in 0..64_u32) {
            let dictionary = Dictionary::new();
            for ms in [ms >> shift, BASE_MS.wrapping_add(ms >> shift), BASE_MS.wrapping_sub(ms >> shift)] {
                let (alone, _) = round_trip(&dictionary, |out| put_alone(ms, out));
                prop_assert_eq!(alone, Some(ms));
                if let Some(slot) = slot_of(ms) {
                    let number = dictionary.slots.push(slot);
                    let (in_slot, bytes) = round_trip(&dictionary, |out| put_in_slot(number, ms, out));
                    prop_assert_eq!((in_slot, bytes), (Some(ms), 3));
                }
            }
        }
    }

    #[test]
    fn times_of_this_century_take_six_bytes() {
        let dictionary = Dictionary::new();
        for (ms, bytes) in [
            (BASE_MS, 1),
            (1_793_500_000_000, 6),
            (3_900_000_000_000, 6),
            (0, 9),
        ] {
            let (_, taken) = round_trip(&dictionary, |out| put_alone(ms, out));
            assert_eq!(taken, bytes, "{ms}");
        }
    }

    #[test]
    fn a_slot_that_is_not_there_is_no_time() {
        for mut bytes in [&[1, 0, 0][..], &[3], &[], &[0, 1, 2], &[0xff; 12]] {
            assert_eq!(take_time(&Dictionary::new(), &mut bytes), None);
        }
    }
}
