//! The bytes, as the header of the module says them, and the rules that are learned.

use super::world::World;
use crate::record::{
    Permissions, Record, Ttl, Value,
    packed::{shape::Rule, time::BASE_MS, varint::put_varint},
    tests::value,
};

/// The time of the values of these tests.
const TIME_MS: u64 = 1_793_500_000_000;

/// Packs a record, and returns the bytes of its suffix and its own.
fn put(world: &mut World, suffix: &str, texts: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let values = (1..).zip(texts);
    let values = values.map(|(index, text)| value(index, "T", text.as_bytes()));
    let record = Record::new(values.collect()).unwrap().encode();
    world.put("88.118.8", suffix, &record);
    let (suffix, record) = world.last_packed();
    (suffix.to_vec(), record.to_vec())
}

/// The rules of a shape.
fn rules(world: &World, shape: u32) -> Vec<Rule> {
    let shape = world.dictionary().shapes.get(shape);
    shape.map(|shape| shape.rules.to_vec()).unwrap_or_default()
}

/// Small numbers, each of which takes one byte.
fn small<const N: usize>(numbers: [u8; N]) -> [u8; N] {
    numbers.map(|number| number << 1 | 1)
}

/// The time in the first slot.
fn in_slot() -> [u8; 3] {
    let [low, high] = u16::try_from(TIME_MS % (1 << 14)).unwrap().to_le_bytes();
    let [slot] = small([1]);
    [slot, low, high]
}

#[test]
fn the_bytes_are_as_the_header_says() {
    let mut world = World::new();
    let texts = ["泵", "0000001", "2026-05-27"];
    let (suffix, record) = put(&mut world, "A-0000001", &texts);
    assert_eq!(suffix, [&small([9 << 1])[..], b"A-0000001"].concat());
    // Nothing is known of its layout: canonical.
    assert_eq!(record[..4], [small([0])[0], 1, 0, 3]);

    // The head of the suffix is word 0, and what stands around its number word 1.
    let (suffix, record) = put(&mut world, "A-0000001", &texts);
    assert_eq!(suffix, small([1, 1]));
    let mut expected = small([2]).to_vec();
    put_varint((TIME_MS - BASE_MS + 1) << 1, &mut expected);
    expected.extend(small([3 << 2]));
    expected.extend("泵".as_bytes());
    let day = (26 << 9 | 5 << 5 | 27) << 2 | 3;
    put_varint(day, &mut expected);
    assert_eq!(record, expected);

    // Word 2, and the time is in slot 0.
    let (suffix, record) = put(&mut world, "A-0000300", &["泵", "0000300", "2026-05-27"]);
    let mut expected = small([1]).to_vec();
    put_varint(300, &mut expected);
    assert_eq!(suffix, expected);
    let mut expected = small([2]).to_vec();
    expected.extend(in_slot());
    expected.extend(small([2 << 2 | 1]));
    put_varint(day, &mut expected);
    assert_eq!(record, expected);

    // What follows from no rule: digits around which word 3 stands, when it comes again.
    let serial = rules(&world, 0)[1];
    assert_eq!(
        serial,
        Rule::Serial {
            around: 1,
            count: 7
        }
    );
    put(&mut world, "A-0000301", &["泵", "LX26053号", "x"]);
    let (_, record) = put(&mut world, "A-0000302", &["泵", "LX26054号", "x"]);
    assert_eq!(rules(&world, 1), [Rule::Free; 3]);
    let mut expected = small([4]).to_vec();
    expected.extend(in_slot());
    expected.extend(small([2 << 2 | 1, 3 << 2 | 2]));
    put_varint(26_054, &mut expected);
    expected.extend(small([4 << 2 | 1]));
    assert_eq!(record, expected);
}

#[test]
fn times_of_a_record_may_differ() {
    let mut world = World::new();
    let mut record = |times: [u64; 2]| {
        let mut values = vec![value(1, "T", b"x"), value(2, "T", b"x")];
        for (value, time) in values.iter_mut().zip(times) {
            value.timestamp_ms = time;
        }
        world.put("88.1", "A", &Record::new(values).unwrap().encode());
        world.last_packed().1.to_vec()
    };
    record([TIME_MS, TIME_MS]);
    record([TIME_MS, TIME_MS]);
    let slot = in_slot();
    let [x, same, each, alone] = small([1, 2, 3, 4]);
    let one = [&[same][..], &slot, &[x, x]].concat();
    assert_eq!(record([TIME_MS, TIME_MS]), one);
    let each = [&[each][..], &slot, &[x, alone, x]].concat();
    assert_eq!(record([TIME_MS, BASE_MS + 1]), each);
}

#[test]
fn rules_are_found_in_the_second_record() {
    let mut world = World::new();
    let texts = [
        "https://e.cn/p/1",
        "0000001",
        "2026-05-27",
        "<P03202605270000001>",
        "https://hdl/88.118.8/P03202605270000001?x",
        "6964912215851",
    ];
    for _ in 0..2 {
        put(&mut world, "P03202605270000001", &texts);
    }
    let rules = rules(&world, 0);
    assert!(
        matches!(rules[0], Rule::Serial { count: 7, .. }),
        "{rules:?}"
    );
    assert!(
        matches!(rules[1], Rule::Serial { count: 7, .. }),
        "{rules:?}"
    );
    assert_eq!(rules[2], Rule::SuffixDay { skip: 7 });
    assert!(matches!(rules[3], Rule::Suffix(_)), "{rules:?}");
    assert!(matches!(rules[4], Rule::Identifier(_)), "{rules:?}");
    // A number that ends as the suffix does is another number.
    assert_eq!(rules[5], Rule::Free);
}

#[test]
fn numbers_of_a_record_take_as_many_digits_where_one_says_how_many() {
    let mut world = World::new();
    for _ in 0..2 {
        // One digit is the suffix's by chance.
        put(&mut world, "JX/00000012", &["p/12", "0000012", "M2"]);
    }
    let rules = rules(&world, 0);
    for rule in &rules[..2] {
        assert!(matches!(rule, Rule::Serial { count: 7, .. }), "{rules:?}");
    }
    assert_eq!(rules[2], Rule::Free);
}

#[test]
fn a_shape_that_fails_leaves_what_holds() {
    let mut world = World::new();
    put(
        &mut world,
        "P202605270000001",
        &["0000001", "2026-05-27", "M500"],
    );
    put(
        &mut world,
        "P202605270000002",
        &["0000002", "2026-05-27", "M500"],
    );
    // By chance the model is that of the suffix, too.
    put(
        &mut world,
        "P202605270000500",
        &["0000500", "2026-05-26", "M500"],
    );
    let [first, second] = [rules(&world, 0), rules(&world, 1)];
    assert_eq!(second, [first[0], Rule::Free, Rule::Free]);
}

#[test]
fn what_follows_from_the_suffix_once_in_a_while_is_chance() {
    let mut world = World::new();
    for number in 1_000..1_200_u64 {
        let is_chance = number % 20 == 0;
        let other = if is_chance {
            number
        } else {
            number * 7919 % 90_000 + 10_000
        };
        put(
            &mut world,
            &format!("A{number}z{number}"),
            &[&format!("L{other}")],
        );
    }
    assert_eq!(world.dictionary().shapes.len(), 1, "{:?}", rules(&world, 1));
}

#[test]
fn what_differs_in_one_frame_is_another_layout() {
    let mut world = World::new();
    let mut put = |change: fn(&mut Value)| {
        let mut values = vec![value(1, "T", b"x"), value(3, "U", b"y")];
        let before = Record::new(values.clone()).unwrap().encode();
        change(&mut values[1]);
        let record = Record::new(values).unwrap().encode();
        for record in [&before, &record, &before, &record] {
            world.put("88.1", "A", record);
        }
    };
    put(|_| ());
    put(|value| value.index = 2);
    put(|value| value.kind = "V".into());
    put(|value| value.ttl = Ttl::Relative(5));
    put(|value| value.ttl = Ttl::Absolute(5));
    put(|value| value.permissions = Permissions::from_bits(1).unwrap());
    put(|value| value.data = (*b"z").into());
    assert_eq!(world.dictionary().shapes.len(), 6);
    world.check();
}

#[test]
fn what_does_not_always_hold_is_left_to_another_shape() {
    let mut world = World::new();
    for number in 1..200_u32 {
        let serial = format!("{number:07}");
        let url = format!("https://e.cn/p/{number}");
        let day = format!("2026-05-{:02}", number % 28 + 1);
        let suffix = if number % 2 == 0 {
            format!("P{}{serial}", day.replace('-', ""))
        } else {
            format!("JX/{number:08}")
        };
        // The first record, and no other, has a model that its suffix ends with.
        let model = if number < 3 { "M2" } else { "M5" };
        put(&mut world, &suffix, &[&serial, &url, &day, model, "武汉"]);
    }
    let count = world.dictionary().shapes.len();
    assert!(count <= 8, "{count} shapes");
    let (_, nested) = put(
        &mut world,
        "JX/00001000",
        &["0001000", "https://e.cn/p/1000", "2026-05-01", "M5", "武汉"],
    );
    let (_, dated) = put(
        &mut world,
        "P202605010001000",
        &["0001000", "https://e.cn/p/1000", "2026-05-01", "M5", "武汉"],
    );
    // Model and place are always the same here, and so part of the shape.
    assert_eq!((nested.len(), dated.len()), (1 + 3 + 3, 1 + 3));
    world.check();
}

#[test]
fn a_value_that_stays_the_same_becomes_part_of_the_shape() {
    let mut world = World::new();
    let mut bytes = |brand: &str, name: &str| put(&mut world, "x", &[brand, name]).1.len();
    for number in 0..100 {
        bytes("江汉", ["泵", "阀"][number % 2]);
    }
    assert_eq!(bytes("江汉", "泵"), 1 + 3 + 1);
    bytes("东湖", "泵");
    assert_eq!(bytes("东湖", "泵"), 1 + 3 + 2);
    assert_eq!(bytes("江汉", "阀"), 1 + 3 + 1);
}
