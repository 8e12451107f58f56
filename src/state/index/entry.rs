//! Entries: what the arena holds of an identifier.
//!
//! ```text
//! entry = head 1 ‖ prefix varint ‖ ordinal varint ‖ seq varint ‖ item varint ‖ suffix ‖ state
//! head  = bit 0 live · bits 1 and 2 the class, from 0 · bit 3 a partition (varint) stands before seq
//! state = the packed record, or of a tombstone when it was removed: a packed time
//! ```
//!
//! The suffix and the record are packed with the dictionary of the prefix (`record/packed/`), and so is a time.
//! Private to this process: no byte of it is ever stored.

use crate::{
    change::{Class, Position},
    record::packed::varint::{put_varint, take_varint},
};

/// Of the head: it is no tombstone.
const LIVE: u8 = 1;

/// Of the head: a partition that is not [`USUAL_PARTITION`] stands before the sequence.
const HAS_PARTITION: u8 = 8;

/// The one data partition of this release.
const USUAL_PARTITION: u16 = 1;

const CLASSES: [Class; 4] = [Class::New, Class::Adopted, Class::Restored, Class::Test];

//----------- Entry ------------------------------------------------------------

/// An entry, taken apart up to its suffix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) is_live: bool,
    pub(super) class: Class,
    /// The number of its prefix.
    pub(super) prefix: u32,
    /// Its place among the identifiers of the prefix, in the order in which they were registered.
    pub(super) ordinal: u32,
    pub(super) position: Position,
    /// The packed suffix, and behind it the state.
    pub(super) rest: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Reads what [`put_head`] wrote, and what stands behind it.
    #[inline]
    pub(super) fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first()?;
        bytes = rest;
        let prefix = take_u32(&mut bytes)?;
        let ordinal = take_u32(&mut bytes)?;
        let partition = if head & HAS_PARTITION == 0 {
            USUAL_PARTITION
        } else {
            u16::try_from(take_varint(&mut bytes)?).ok()?
        };
        Some(Self {
            is_live: head & LIVE != 0,
            class: CLASSES[usize::from(head >> 1 & 3)],
            prefix,
            ordinal,
            position: Position {
                partition,
                seq: take_varint(&mut bytes)?,
                item: take_u32(&mut bytes)?,
            },
            rest: bytes,
        })
    }
}

/// Appends all that stands before the suffix.
pub(super) fn put_head(entry: &Entry<'_>, out: &mut Vec<u8>) {
    let class = (entry.class as u8).wrapping_sub(CLASSES[0] as u8) << 1;
    let Position {
        partition,
        seq,
        item,
    } = entry.position;
    let has_partition = partition != USUAL_PARTITION;
    let partition_flag = if has_partition { HAS_PARTITION } else { 0 };
    let live_flag = if entry.is_live { LIVE } else { 0 };
    out.push(live_flag | class | partition_flag);
    put_varint(entry.prefix.into(), out);
    put_varint(entry.ordinal.into(), out);
    if has_partition {
        put_varint(partition.into(), out);
    }
    put_varint(seq, out);
    put_varint(item.into(), out);
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    u32::try_from(take_varint(bytes)?).ok()
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
            (partition, seq, item) in any::<(u16, u64, u32)>(),
        ) {
            let position = Position { partition, seq, item };
            let class = CLASSES[class];
            let entry = Entry { is_live, class, prefix, ordinal, position, rest: b"" };
            let mut bytes = Vec::new();
            put_head(&entry, &mut bytes);
            bytes.extend(b"rest");
            let read = Entry::parse(&bytes).unwrap();
            prop_assert_eq!((read.is_live, read.class), (is_live, class));
            prop_assert_eq!((read.prefix, read.ordinal, read.position), (prefix, ordinal, position));
            prop_assert_eq!(read.rest, b"rest");
            prop_assert!((0..bytes.len() - 4).all(|len| Entry::parse(&bytes[..len]).is_none()));
        }
    }
}
