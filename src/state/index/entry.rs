//! Entries: what the arena holds of an identifier.
//!
//! ```text
//! entry  = head 1 ‖ prefix varint ‖ ordinal 1 to 4 ‖ place ‖ suffix ‖ state
//! place  = seq 2 to 4 ‖ item 1 or 2, of the data partition
//!          partition 2 ‖ seq 8 ‖ item 4, of others and where the first has no room
//! head   = bit 0       live
//!          bits 1, 2   the class, from 0
//!          bits 3, 4   bytes of the ordinal, less 1
//!          bits 5, 6   bytes of the seq, less 2; 3 where the place is of the second kind
//!          bit 7       bytes of the item, less 1
//! state  = the packed record, or of a tombstone when it was removed: a packed time
//! ```
//!
//! Numbers are little-endian and of so many bytes as the head says: every look-up reads them, and
//! need not find out byte by byte where they end. The suffix and the record are packed with the
//! dictionary of the prefix (`record/packed/`), and so is a time. Private to this process: no byte
//! of it is ever stored.

use crate::{
    change::{Class, Position},
    record::packed::varint::{put_varint, take_number, take_varint},
};

/// The one data partition of this release.
const USUAL_PARTITION: u16 = 1;

/// Of the head, for the seq: the place is of the second kind.
const WIDE: usize = 3;

const CLASSES: [Class; 4] = [Class::New, Class::Adopted, Class::Restored, Class::Test];

//----------- Entry ------------------------------------------------------------

/// An entry, taken apart up to its suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) is_live: bool,
    pub(super) class: Class,
    /// The number of its prefix.
    pub(super) prefix: u32,
    /// Its place among the identifiers of the prefix, in the order in which they were registered.
    pub(super) ordinal: u32,
    pub(super) position: Position,
}

impl Entry {
    /// Takes off the front what [`Entry::put`] wrote.
    #[inline]
    pub(super) fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = |from: u32, count: u32| usize::from(head >> from & ((1 << count) - 1));
        Some(Self {
            is_live: bits(0, 1) == 1,
            class: CLASSES[bits(1, 2)],
            prefix: u32::try_from(take_varint(bytes)?).ok()?,
            ordinal: take_u32(bits(3, 2) + 1, bytes)?,
            position: match bits(5, 2) {
                WIDE => take_wide(bytes)?,
                seq => Position {
                    partition: USUAL_PARTITION,
                    seq: take_number(seq + 2, bytes)?,
                    item: take_u32(bits(7, 1) + 1, bytes)?,
                },
            },
        })
    }

    /// Appends all that stands before the suffix.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let Position {
            partition,
            seq,
            item,
        } = self.position;
        let (ordinal_bytes, item_bytes) = (bytes_of(self.ordinal, 1), bytes_of(item, 1));
        let near = u32::try_from(seq).ok().map(|seq| (seq, bytes_of(seq, 2)));
        let near = near.filter(|_| partition == USUAL_PARTITION && item_bytes <= 2);
        let (seq_bits, item_bits) =
            near.map_or((WIDE, 0), |(_, seq_bytes)| (seq_bytes - 2, item_bytes - 1));
        let class = usize::from((self.class as u8).wrapping_sub(CLASSES[0] as u8));
        let head = usize::from(self.is_live)
            | class << 1
            | (ordinal_bytes - 1) << 3
            | seq_bits << 5
            | item_bits << 7;
        out.push(u8::try_from(head).expect("there are eight bits"));
        put_varint(self.prefix.into(), out);
        out.extend_from_slice(&self.ordinal.to_le_bytes()[..ordinal_bytes]);
        match near {
            Some((seq, seq_bytes)) => {
                out.extend_from_slice(&seq.to_le_bytes()[..seq_bytes]);
                out.extend_from_slice(&item.to_le_bytes()[..item_bytes]);
            }
            None => {
                out.extend_from_slice(&partition.to_le_bytes());
                out.extend_from_slice(&seq.to_le_bytes());
                out.extend_from_slice(&item.to_le_bytes());
            }
        }
    }
}

/// Bytes that a number takes, at least so many.
fn bytes_of(number: u32, least: usize) -> usize {
    let bits = u32::BITS - number.leading_zeros();
    usize::try_from(bits.div_ceil(8)).map_or(least, |bytes| bytes.max(least))
}

#[inline]
fn take_u32(count: usize, bytes: &mut &[u8]) -> Option<u32> {
    u32::try_from(take_number(count, bytes)?).ok()
}

#[cold]
fn take_wide(bytes: &mut &[u8]) -> Option<Position> {
    let (partition, rest) = bytes.split_first_chunk()?;
    let (seq, rest) = rest.split_first_chunk()?;
    let (item, rest) = rest.split_first_chunk()?;
    *bytes = rest;
    Some(Position {
        partition: u16::from_le_bytes(*partition),
        seq: u64::from_le_bytes(*seq),
        item: u32::from_le_bytes(*item),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Miri takes a second for each.
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 256 }))]

        #[test]
        fn heads_come_back(
            (is_live, class) in (any::<bool>(), 0_usize..4), (prefix, ordinal) in any::<(u32, u32)>(),
            (partition, seq, item) in (0..3_u16, any::<u64>(), any::<u32>()), shift in 0..64_u32,
        ) {
            // Small ones as often as large ones.
            let short = |number: u32| number >> (shift % 32);
            let entry = Entry {
                is_live,
                class: CLASSES[class],
                prefix: short(prefix),
                ordinal: short(ordinal),
                position: Position { partition, seq: seq >> shift, item: short(item) },
            };
            let mut bytes = Vec::new();
            entry.put(&mut bytes);
            let head = bytes.len();
            bytes.extend(b"rest");
            let mut rest = bytes.as_slice();
            prop_assert_eq!(Entry::take(&mut rest), Some(entry));
            prop_assert_eq!(rest, b"rest");
            // Without anything behind it.
            prop_assert_eq!(Entry::take(&mut &bytes[..head]), Some(entry));
            prop_assert!((0..head).all(|len| Entry::take(&mut &bytes[..len]).is_none()));
        }
    }
}
