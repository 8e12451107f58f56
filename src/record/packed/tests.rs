//! Packed records and suffixes against what was packed.

mod any;
mod bounds;
mod format;
mod sample;
mod world;

use proptest::prelude::*;

use super::*;
use crate::record::{RECORD_BYTES_MAX, Record, SuffixRef, tests::any_value};
use any::{Case, any_case, any_suffix};
use world::{World, text_of};

/// So little that everything is full at once.
static TINY: Limits = Limits {
    words: 3,
    text_bytes: 400,
    shapes: 2,
    slots: 1,
};

/// Room for words and none for shapes.
static SHAPELESS: Limits = Limits {
    words: 100,
    text_bytes: 10_000,
    shapes: 0,
    slots: 2,
};

/// Packs all of a case into one dictionary, and reads all of it back when it has learned.
fn check(case: &Case, limits: &'static Limits) {
    let mut world = World::with_limits(limits);
    for (authority, suffix, record) in &case.records() {
        world.put(authority, suffix, record);
    }
    world.check();
    let dictionary = world.dictionary();
    assert!(dictionary.words.len() <= limits.words);
    assert!(dictionary.shapes.len() <= limits.shapes);
    assert!(dictionary.slots.len() <= limits.slots);
}

fn config() -> ProptestConfig {
    // A case is up to a few hundred records.
    ProptestConfig::with_cases(64)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_packed_comes_back(case in any_case()) {
        check(&case, &Limits::DEFAULT);
    }

    #[test]
    fn what_is_packed_comes_back_when_all_is_full(case in any_case()) {
        check(&case, &TINY);
        check(&case, &SHAPELESS);
    }
}

proptest! {
    #[test]
    fn any_record_comes_back(
        records in proptest::collection::vec(proptest::collection::vec(any_value(), 0..9), 0..9),
        suffix in any_suffix(),
    ) {
        let mut world = World::new();
        for values in records {
            if let Ok(record) = Record::new(values) {
                let bytes = record.encode();
                // Twice, so that its layout is taken in.
                world.put("88.118.8", &suffix, &bytes);
                world.put("88.118.8", &suffix, &bytes);
            }
        }
        world.check();
    }

    #[test]
    fn suffixes_come_back(suffixes in proptest::collection::vec(any_suffix(), 1..30)) {
        let (dictionary, seen) = (Dictionary::new(), Seen::new());
        let mut packer = Packer::new(1);
        for suffix in suffixes.iter().chain(&suffixes) {
            let mut packed = Vec::new();
            packer.pack_suffix(&dictionary, &seen, suffix, &mut packed);
            packed.push(7);
            let mut rest = packed.as_slice();
            let taken = take_suffix(&dictionary, &mut rest).unwrap();
            prop_assert_eq!(text_of(taken), suffix.as_str());
            prop_assert_eq!(taken.len(), suffix.len());
            prop_assert_eq!(rest, &[7]);
        }
    }

    #[test]
    fn bytes_that_are_no_record_come_back(
        bytes in proptest::collection::vec(any::<u8>(), 0..60), edit in any::<(usize, u8)>(),
    ) {
        let mut record = sample::row(1).2;
        let at = edit.0 % record.len();
        record[at] = edit.1;
        let (mut world, mut cut) = (World::new(), record.clone());
        cut.truncate(at);
        for bytes in [&bytes, &record, &sample::row(2).2, &record, &cut, &bytes] {
            world.put_unchecked("88.118.8", "A1", bytes);
        }
    }

    #[test]
    fn nothing_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..40), edit in any::<(usize, usize, u8)>(),
    ) {
        let world = sample::world();
        let mut edited = world.packed(edit.0);
        let at = edit.1 % edited.len();
        edited[at] = edit.2;
        let cut = edited[..at].to_vec();
        for bytes in [bytes, edited, cut] {
            let mut rest = bytes.as_slice();
            let suffix = take_suffix(world.dictionary(), &mut rest);
            let suffix = suffix.unwrap_or(SuffixRef { head: "7", digits: None });
            let record = PackedRef::new(world.dictionary(), "88.118.8", suffix, rest);
            let mut out = Vec::new();
            record.encode(&mut out);
            for value in record.values() {
                let data = value.data.to_vec();
                prop_assert!(value.data.is(&data));
            }
        }
    }
}

#[test]
fn the_largest_record_comes_back() {
    use crate::record::tests::value;
    let frames = 3 + 3 * (24 + 1);
    let last = RECORD_BYTES_MAX - frames - 2 * 32_000;
    let data = [vec![b'x'; 32_000], vec![0xff; 32_000], vec![b'0'; last]];
    let values = (1..)
        .zip(&data)
        .map(|(index, data)| value(index, "A", data));
    let record = Record::new(values.collect()).unwrap().encode();
    assert_eq!(record.len(), RECORD_BYTES_MAX);
    let suffix = "液".repeat(339) + "1";
    let many: Vec<_> = (1..=256).map(|index| value(index, "T", b"7")).collect();
    let many = Record::new(many).unwrap().encode();
    let mut world = World::new();
    for _ in 0..4 {
        world.put("88.118.8", &suffix, &record);
        world.put("88.118.8", &suffix, &many);
    }
    // One value more than it says, and than there may be.
    let over = [many.as_slice(), &record[3..30]].concat();
    world.put_unchecked("88.118.8", &suffix, &over);
    world.check();
}

#[test]
fn digits_at_the_end_of_a_suffix_are_a_number() {
    for digits in ["7", "007", "0", "00"] {
        packs_to("P-", digits);
    }
    let zeros = "0".repeat(30);
    for digits in [
        "123456789012345678",
        "1234567890123456789",
        "00000000000000000001",
        &zeros,
    ] {
        packs_to("abc", digits);
        packs_to("ABC", digits);
        packs_to("", digits);
    }
}

/// Checks that the suffix comes back, and that the third time its head is a word.
fn packs_to(head: &str, digits: &str) {
    let (dictionary, seen, mut packer) = (Dictionary::new(), Seen::new(), Packer::new(1));
    let suffix = format!("{head}{digits}");
    for round in 0..3 {
        let mut packed = Vec::new();
        packer.pack_suffix(&dictionary, &seen, &suffix, &mut packed);
        let taken = take_suffix(&dictionary, &mut packed.as_slice()).unwrap();
        assert_eq!(text_of(taken), suffix);
        let digits = &digits[digits.len().saturating_sub(18)..];
        let number: u64 = digits.parse().unwrap();
        let expected = (round > 0).then_some(number);
        assert_eq!(
            taken.digits.map(|digits| digits.number),
            expected,
            "{suffix}"
        );
    }
}
