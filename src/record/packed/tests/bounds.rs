//! What a dictionary takes in, and what it does not.

use super::{sample, world::World};
use crate::record::{
    Record,
    packed::{Dictionary, Limits, Packer, varint::put_varint},
    tests::{reference, value},
};

fn record(texts: &[&str]) -> Vec<u8> {
    let values = (1..)
        .zip(texts)
        .map(|(index, text)| value(index, "T", text.as_bytes()));
    Record::new(values.collect()).unwrap().encode()
}

/// A number that is another for each other one.
fn scramble(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 3
}

#[test]
fn what_is_empty_is_small() {
    let (dictionary, packer) = (Dictionary::new(), Packer::new(1));
    assert_eq!((dictionary.heap_bytes(), packer.heap_bytes()), (0, 0));
    let bytes = size_of::<Dictionary>() + size_of::<Packer>();
    assert!(bytes < 700, "{bytes} bytes");
}

#[test]
fn a_prefix_of_few_records_takes_little() {
    let mut world = World::new();
    let (authority, suffix, record) = sample::row(0);
    world.put(&authority, &suffix, &record);
    assert_eq!(world.dictionary().heap_bytes(), 0);
    for at in 0..5 {
        world.put(&authority, &format!("P{at}"), &record);
    }
    let bytes = world.dictionary().heap_bytes() + world.packer().heap_bytes();
    assert!(bytes < 3_000, "{bytes} bytes");
}

#[test]
fn values_of_which_there_is_one_are_not_taken_in() {
    let mut world = World::new();
    let mut at_first = 0;
    for number in 0..10_000 {
        let text = format!("{:016x}x", scramble(number));
        let record = record(&[
            &text,
            &format!("号{}x", scramble(number)),
            &"长".repeat(100),
        ]);
        world.put("88.1", &format!("{:x}z", scramble(number)), &record);
        if number == 100 {
            at_first = world.dictionary().heap_bytes();
        }
    }
    let bytes = world.dictionary().heap_bytes();
    assert!(bytes < at_first + 1_000, "{at_first} bytes became {bytes}");
}

#[test]
fn a_full_dictionary_is_read_all_the_same() {
    let mut world = World::new();
    for number in 0..140_000 {
        let text = format!("{:x}x", scramble(number / 2));
        world.put_unchecked("88.1", "A1", &record(&[&text]));
    }
    let words = world.dictionary().words.len();
    assert_eq!(words, Limits::DEFAULT.words);
    world.check();
}

#[test]
fn texts_are_bounded_too() {
    let mut world = World::new();
    for number in 0..40_000 {
        let text = format!("{:x}{}", scramble(number / 2), "x".repeat(230));
        world.put_unchecked("88.1", "A1", &record(&[&text]));
    }
    let words = world.dictionary().words.len();
    assert!((16_000..18_500).contains(&words), "{words} words");
    world.check();
}

#[test]
fn layouts_and_shapes_are_bounded() {
    let mut world = World::new();
    for round in 0..3 {
        for count in 1..200 {
            let texts = vec!["a"; count];
            world.put("88.1", &format!("A{round}"), &record(&texts));
        }
    }
    assert_eq!(world.dictionary().shapes.len(), Limits::DEFAULT.shapes);
    world.check();
}

#[test]
fn slots_of_times_are_bounded() {
    let mut world = World::new();
    for number in 0..20_000_u64 {
        let mut one = value(1, "T", b"x");
        one.timestamp_ms = number / 2 * 20_000;
        let record = Record::new(vec![one]).unwrap().encode();
        world.put_unchecked("88.1", "A1", &record);
    }
    assert_eq!(world.dictionary().slots.len(), Limits::DEFAULT.slots);
    world.check();
}

#[test]
fn references_are_kept_as_they_are() {
    let mut one = value(1, "HS_SERV", b"");
    one.references = vec![reference("88.1/A")];
    let record = Record::new(vec![one]).unwrap().encode();
    let mut world = World::new();
    for _ in 0..3 {
        world.put("88.1", "A1", &record);
        let mut expected = Vec::new();
        put_varint(0, &mut expected);
        expected.extend_from_slice(&record);
        assert_eq!(world.last_packed().1, expected);
    }
    assert_eq!(world.dictionary().shapes.len(), 0);
}
