//! Bytes of the counters file (`docs/format/counters-v1.md`): pure.

use sha2::{Digest as _, Sha256};

use super::words::WORD_BYTES;
use crate::{accounting::Kind, change::LedgerId, identifier::Prefix};

const MAGIC: [u8; 8] = *b"BSCOUNTR";
const VERSION: u32 = 1;

/// Bytes of the header: a page.
pub(super) const HEADER_BYTES: usize = 4_096;

/// The header's bytes that its check is over, and with it.
const CHECKED_BYTES: usize = 32;
pub(super) const CHECKED_HEADER_BYTES: usize = CHECKED_BYTES + CHECK_BYTES;

/// The word of the header that says which days are in the banks.
pub(super) const DAYS_WORD: usize = CHECKED_HEADER_BYTES / WORD_BYTES;

/// Bytes of SHA-256 that are kept: chance is what they stand against.
const CHECK_BYTES: usize = 8;

/// The most lanes: more cores than a machine of this kind has.
pub(in crate::accounting) const LANES_MAX: usize = 256;

/// Cells of an extent: a firm has a handful, and all parts of it are whole pages.
pub(in crate::accounting) const EXTENT_CELLS: usize = 4_096;

/// A cell is counted in one bank today, in the other tomorrow.
pub(in crate::accounting) const BANKS: usize = 2;

/// The longest prefix (`docs/format/ledger-v1.md` allows 64 characters, all of them ASCII).
const PREFIX_BYTES: usize = 64;

const SLOT_BYTES: usize = PREFIX_BYTES + 4 + 4 + CHECK_BYTES;
pub(super) const SLOT_WORDS: usize = SLOT_BYTES / WORD_BYTES;

/// Words of the slots of an extent, of its bases, and of one of its lanes.
const SLOTS_WORDS: usize = EXTENT_CELLS * SLOT_WORDS;
const BANKS_WORDS: usize = EXTENT_CELLS * BANKS;

/// Bytes of an extent.
pub(super) fn extent_bytes(lanes: usize) -> usize {
    (SLOTS_WORDS + BANKS_WORDS * (1 + lanes)) * WORD_BYTES
}

/// Where in an extent, in words, the slot of a cell begins.
pub(super) fn slot_at(cell: usize) -> usize {
    cell * SLOT_WORDS
}

/// Where the base of a bank of a cell is.
pub(super) fn base_at(cell: usize, bank: usize) -> usize {
    SLOTS_WORDS + cell * BANKS + bank
}

/// Where what a lane has added to a bank of a cell is.
pub(super) fn count_at(lane: usize, cell: usize, bank: usize) -> usize {
    SLOTS_WORDS + BANKS_WORDS * (1 + lane) + cell * BANKS + bank
}

//----------- Header -----------------------------------------------------------

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) lanes: usize,
    pub(super) ledger_id: LedgerId,
}

impl Header {
    pub(super) fn encode(self) -> [u8; CHECKED_HEADER_BYTES] {
        let mut out = [0; CHECKED_HEADER_BYTES];
        let lanes = u32::try_from(self.lanes).unwrap_or(u32::MAX);
        out[..8].copy_from_slice(&MAGIC);
        out[8..12].copy_from_slice(&VERSION.to_le_bytes());
        out[12..16].copy_from_slice(&lanes.to_le_bytes());
        out[16..32].copy_from_slice(&self.ledger_id.0);
        let check = check(&out[..CHECKED_BYTES]);
        out[CHECKED_BYTES..].copy_from_slice(&check);
        out
    }

    /// None of what is no header of this version.
    pub(super) fn decode(bytes: &[u8; CHECKED_HEADER_BYTES]) -> Option<Self> {
        let (said, its_check) = bytes.split_at(CHECKED_BYTES);
        let number = |at: usize| said.get(at..at + 4)?.first_chunk().copied();
        let lanes = usize::try_from(u32::from_le_bytes(number(12)?)).ok()?;
        let is_ours = said.starts_with(&MAGIC)
            && u32::from_le_bytes(number(8)?) == VERSION
            && its_check == check(said)
            && (1..=LANES_MAX).contains(&lanes);
        let ledger_id = LedgerId(*said.get(16..)?.first_chunk()?);
        is_ours.then_some(Self { lanes, ledger_id })
    }
}

/// The days of the banks as the word that says them.
pub(super) fn days_word(days: [u32; BANKS]) -> u64 {
    u64::from(days[0]) | u64::from(days[1]) << 32
}

/// The days of the banks.
pub(super) fn days_of(word: u64) -> [u32; BANKS] {
    let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
    [half(word), half(word >> 32)]
}

//----------- Slot -------------------------------------------------------------

/// What a slot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// Nothing was ever counted here.
    Free,
    /// What is counted here.
    Cell(Option<Prefix>, Kind),
    /// It is not what was written.
    Damaged,
}

/// The words of a slot.
pub(super) fn encode_slot(prefix: Option<&Prefix>, kind: Kind) -> [u64; SLOT_WORDS] {
    let mut bytes = [0; SLOT_BYTES];
    let text = prefix.map_or("", Prefix::as_str).as_bytes();
    bytes[..text.len()].copy_from_slice(text);
    bytes[PREFIX_BYTES..PREFIX_BYTES + 4].copy_from_slice(&kind.numbers());
    let said = SLOT_BYTES - CHECK_BYTES;
    let check = check(&bytes[..said]);
    bytes[said..].copy_from_slice(&check);
    let (words, _) = bytes.as_chunks::<WORD_BYTES>();
    std::array::from_fn(|at| words.get(at).map_or(0, |word| u64::from_le_bytes(*word)))
}

/// What the words of a slot say.
pub(super) fn decode_slot(words: &[u64]) -> Slot {
    if words.iter().all(|word| *word == 0) {
        return Slot::Free;
    }
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    read_slot(&bytes).unwrap_or(Slot::Damaged)
}

fn read_slot(bytes: &[u8]) -> Option<Slot> {
    let (said, its_check) = bytes.split_at_checked(SLOT_BYTES - CHECK_BYTES)?;
    if its_check != check(said) {
        return None;
    }
    let (prefix, rest) = said.split_at(PREFIX_BYTES);
    let prefix = std::str::from_utf8(prefix).ok()?.trim_end_matches('\0');
    let prefix = match prefix {
        "" => None,
        text => Some(Prefix::parse(text).ok()?),
    };
    let kind = Kind::from_numbers(*rest.first_chunk()?).ok()?;
    Some(Slot::Cell(prefix, kind))
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::digest(bytes);
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounting::{Origin, Outcome, Protocol, Subject},
        identifier::PREFIX_CHARACTERS_MAX,
    };

    const KIND: Kind = Kind {
        subject: Subject::Identifier,
        protocol: Protocol::Http,
        outcome: Outcome::Preview,
        origin: Origin::Own,
    };

    #[test]
    fn parts_are_whole_pages_and_do_not_overlap() {
        assert!(
            [1, 3, LANES_MAX]
                .iter()
                .all(|lanes| extent_bytes(*lanes).is_multiple_of(4_096))
        );
        assert_eq!(slot_at(EXTENT_CELLS), base_at(0, 0));
        assert_eq!(base_at(EXTENT_CELLS, 0), count_at(0, 0, 0));
        assert_eq!(count_at(0, EXTENT_CELLS, 0), count_at(1, 0, 0));
        assert_eq!(count_at(2, EXTENT_CELLS, 0) * WORD_BYTES, extent_bytes(3));
        assert_eq!((SLOT_BYTES, DAYS_WORD), (80, 5));
        assert_eq!(PREFIX_CHARACTERS_MAX, PREFIX_BYTES);
    }

    #[test]
    fn headers_and_slots_come_back_whole_or_not_at_all() {
        let header = Header {
            lanes: 3,
            ledger_id: LedgerId([7; 16]),
        };
        let bytes = header.encode();
        assert_eq!(Header::decode(&bytes), Some(header));
        for at in 0..bytes.len() {
            let mut bad = bytes;
            bad[at] ^= 1;
            assert_eq!(Header::decode(&bad), None, "{at}");
        }
        let longest = format!("88.{}", "1".repeat(PREFIX_BYTES - 3));
        for prefix in [None, Some("88.118.8"), Some(longest.as_str())] {
            let prefix = prefix.map(|text| Prefix::parse(text).unwrap());
            let words = encode_slot(prefix.as_ref(), KIND);
            assert_eq!(decode_slot(&words), Slot::Cell(prefix.clone(), KIND));
            for at in 0..SLOT_BYTES {
                let mut bad = words;
                bad[at / 8] ^= 1 << (at % 8 * 8);
                assert_eq!(decode_slot(&bad), Slot::Damaged, "{at}");
            }
        }
        assert_eq!(decode_slot(&[0; SLOT_WORDS]), Slot::Free);
        assert_eq!(days_of(days_word([20_261_125, 3])), [20_261_125, 3]);
    }
}
