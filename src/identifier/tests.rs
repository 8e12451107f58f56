//! Names as people write them, at their limits, and as nobody should.

use super::*;

fn query(text: &str) -> Identifier {
    Identifier::parse_query(text).unwrap()
}

fn refused(text: &str) -> &'static str {
    Identifier::parse_registration(text)
        .map(|_| "accepted")
        .unwrap_or_else(|error| error.code())
}

//----------- Registration -----------------------------------------------------

#[test]
fn what_may_be_registered() {
    for text in [
        "88.118.8/JXDY2106023",
        "88.101.0042/a",
        "88.118.8/伺服电机-000001",
        "88.118.8/JX/4/00000001",
        "88.300.0003/JX/1/00000001-M002／A",
        "88.118.8/a b",
        "88.118.8/é",
        "88.118.8/\u{e000}",
        "88.118.8//",
        "88.118.8/=1+1",
    ] {
        assert_eq!(refused(text), "accepted", "{text}");
    }
}

#[test]
fn each_fault_has_its_code() {
    for (text, code) in [
        ("", "missing_field"),
        ("88.118.8-X", "no_slash"),
        ("88.118.8/", "empty_suffix"),
        ("88.１１８.8/1", "bad_prefix"),
        ("/x", "bad_prefix"),
        ("88..8/x", "bad_prefix"),
        (".88/x", "bad_prefix"),
        ("0.NA/88.118.8", "bad_prefix"),
        (" 88.118.8/x", "outer_blank"),
        ("88.118.8/x\u{3000}", "outer_blank"),
        ("88.118.8/x\ty", "control_character"),
        ("88.118.8/x\u{7}", "control_character"),
        ("88.118.8/x\u{85}y", "control_character"),
        ("88.118.8/x\u{2028}y", "control_character"),
        ("88.118.8/x\u{200b}y", "zero_width"),
        ("88.118.8/\u{feff}x", "zero_width"),
        ("88.118.8/x\u{ad}y", "zero_width"),
        ("88.118.8/x\u{fe0f}", "zero_width"),
        ("88.118.8/x\u{202e}y", "bidi"),
        ("88.118.8/x\u{200f}", "bidi"),
        ("88.118.8/x\u{378}", "unassigned_character"),
        ("88.118.8/x\u{fffe}", "unassigned_character"),
        ("88.118.8/e\u{301}", "not_nfc"),
        ("88.118.8/\u{212b}", "not_nfc"),
    ] {
        assert_eq!(refused(text), code, "{text:?}");
    }
}

#[test]
fn the_gravest_fault_counts_wherever_it_stands() {
    // Each text has all the faults of those behind it; they come off one by one.
    let rest = "e\u{301}".repeat(200);
    for (text, code) in [
        (" x\u{378}\u{202e}\u{200b}\u{7}", "control_character"),
        (" x\u{378}\u{202e}\u{200b}", "zero_width"),
        (" x\u{378}\u{202e}", "bidi"),
        (" x\u{378}", "unassigned_character"),
        (" x", "outer_blank"),
        ("x", "no_slash"),
        ("x/", "bad_prefix"),
        ("88/", "identifier_too_long"),
    ] {
        assert_eq!(refused(&format!("{text}{rest}")), code, "{text:?}");
    }
    let told = Identifier::parse_registration("88.1/\u{200b}\u{200b}\u{202e}");
    let first = IdentifierError::ZeroWidth {
        position: 6,
        code_point: 0x200B,
    };
    assert_eq!(told, Err(first));
}

#[test]
fn limits_hold_at_one_over_and_far_over() {
    let with = |characters: usize, filler: &str| {
        format!("88.118.8/{}", filler.repeat(characters - "88.118.8/".len()))
    };
    for filler in ["x", "标", "𠀀"] {
        assert_eq!(refused(&with(255, filler)), "accepted");
        assert_eq!(refused(&with(256, filler)), "identifier_too_long");
        assert!(Identifier::parse_query(&with(255, filler)).is_ok());
        assert!(Identifier::parse_query(&with(256, filler)).is_err());
        assert_eq!(refused(&with(100_000, filler)), "identifier_too_long");
    }
    let prefix = |digits: usize| format!("88.118.{}", "7".repeat(digits));
    assert!(Prefix::parse(&prefix(64 - 7)).is_ok());
    assert_eq!(Prefix::parse(&prefix(65 - 7)), Err(PrefixError::TooLong));
    assert_eq!(Prefix::parse(&prefix(100_000)), Err(PrefixError::TooLong));
    assert_eq!(refused(&format!("{}/x", prefix(58))), "bad_prefix");
}

#[test]
fn prefixes_know_their_place() {
    let prefix = |text: &str| Prefix::parse(text).unwrap();
    let own = prefix("88.118");
    assert!(prefix("88.118.8").is_child_of(&own));
    assert!(prefix("88.118.8.5").is_below(&own) && !prefix("88.118.8.5").is_child_of(&own));
    assert!(!prefix("88.1180").is_below(&own) && !own.is_below(&own));
    assert_ne!(prefix("88.101.0042"), prefix("88.101.42"));
    assert_eq!(
        prefix("88.101.0042").segments().collect::<Vec<_>>(),
        ["88", "101", "0042"]
    );
}

//----------- Queries ----------------------------------------------------------

#[test]
fn queries_are_split_at_the_first_slash() {
    for (text, authority, local) in [
        ("88.118.8/JX/4", "88.118.8", "JX/4"),
        ("88.118.8/", "88.118.8", ""),
        ("/x", "", "x"),
        ("88.118.8", "0.NA", "88.118.8"),
        ("0.na/88.118", "0.na", "88.118"),
    ] {
        let read = query(text);
        assert_eq!(
            (read.authority(), read.local()),
            (authority, local),
            "{text}"
        );
    }
    assert!(query("88.118").is_prefix_view() && query("0.na/88.118").is_prefix_view());
    assert!(!query("0.NAX/88.118").is_prefix_view());
}

#[test]
fn a_nul_is_in_no_name() {
    assert!(Identifier::parse_query("88.118.8/a\0").is_err());
    assert!(Identifier::parse_query("0.NA/88\0").is_err());
    assert!(Key::from_bytes(b"\x0188.118.8/A\0").is_err());
}

#[test]
fn only_ascii_case_is_folded() {
    assert_eq!(query("88.118.8/abcÉ").key(), query("88.118.8/ABCÉ").key());
    assert_ne!(query("88.118.8/é").key(), query("88.118.8/É").key());
    assert_ne!(query("88.118.8/x ").key(), query("88.118.8/x").key());
    assert_ne!(query("88.118.08/x").key(), query("88.118.8/x").key());
    assert_eq!(format!("{:?}", query("88.1/a").key()), r#"Key("88.1/A")"#);
}

#[test]
fn bytes_that_are_no_key_are_refused() {
    let key = |characters: usize, filler: &str| {
        format!("\u{1}88.1/{}", filler.repeat(characters - "88.1/".len())).into_bytes()
    };
    for filler in ["A", "标", "𠀀"] {
        assert!(Key::from_bytes(&key(255, filler)).is_ok());
        assert_eq!(Key::from_bytes(&key(256, filler)), Err(KeyError));
        assert_eq!(Key::from_bytes(&key(100_000, filler)), Err(KeyError));
    }
    for bytes in [
        &b""[..],
        b"\x01",
        b"\x0088.1/A",
        b"\x021.2.156/A",
        b"\x0788.1/A",
        b"\x0188.1/\xff",
        b"\x0188.1/a",
        b"\x0188.1",
    ] {
        assert_eq!(Key::from_bytes(bytes), Err(KeyError), "{bytes:?}");
    }
}

#[test]
fn a_key_knows_its_parts() {
    let key = query("88.118/a/血糖").key();
    assert_eq!(key.system(), System::Handle);
    assert_eq!((key.authority(), key.local()), ("88.118", "A/血糖"));
}

#[test]
fn the_table_has_each_system_once() {
    for (tag, row) in (1..).zip(&SYSTEMS) {
        assert_eq!(row.system as u8, tag);
        assert_eq!(System::from_tag(tag), Some(row.system));
    }
    assert_eq!((System::from_tag(0), System::from_tag(7)), (None, None));
}

//----------- Other forms ------------------------------------------------------

fn labels(name: &str) -> Vec<&[u8]> {
    name.split('.').map(str::as_bytes).collect()
}

#[test]
fn names_in_the_dns() {
    let zone = "id.example";
    for (text, name) in [
        ("88.118.8/ABC-1", "abc-1.8.118.88.id.example"),
        ("88.101.0042/x", "x.0042.101.88.id.example"),
        ("88.118.8/123", "64p36._x.8.118.88.id.example"),
        ("88.118.8/a b", "c4g64._x.8.118.88.id.example"),
        ("88.118.8/-a", "5lgg._x.8.118.88.id.example"),
    ] {
        assert_eq!(
            dns::to_dns_name(&query(text), zone).as_deref(),
            Some(name),
            "{text}"
        );
    }
    let at_limit = format!("88.118.8/{}a", "1".repeat(62));
    assert!(
        dns::to_dns_name(&query(&at_limit), zone)
            .unwrap()
            .starts_with("1111")
    );
    let over = dns::to_dns_name(&query(&format!("{at_limit}b")), zone).unwrap();
    assert!(
        over.split('.')
            .next()
            .is_some_and(|label| label.len() == 63)
            && over.contains("._x.")
    );
    assert_eq!(
        dns::to_dns_name(&query(&format!("88.118.8/{}", "标".repeat(200))), zone),
        None
    );
    assert_eq!(dns::to_dns_name(&query("88.118.8/"), zone), None);
    assert_eq!(dns::to_dns_name(&query("a/b"), zone), None);
}

#[test]
fn only_the_canonical_name_is_accepted() {
    for (name, text) in [
        ("abc-1.8.118.88", Some("88.118.8/abc-1")),
        ("ABC-1.8.118.88", Some("88.118.8/abc-1")),
        ("64P36._X.8.118.88", Some("88.118.8/123")),
        // `abc` encoded, though it is a label; a split that is not at 63; digits as a label.
        ("c5h66._x.8.118.88", None),
        ("64p.36._x.8.118.88", None),
        ("123.8.118.88", None),
        ("_x.8.118.88", None),
        ("64p36._x", None),
        ("abc", None),
        ("", None),
        ("b._x.8.118.88", None),
    ] {
        let read = dns::from_dns_labels(&labels(name));
        assert_eq!(read.as_ref().map(Identifier::text), text, "{name}");
    }
    assert_eq!(dns::from_dns_labels(&[]), None);
    assert_eq!(dns::from_dns_labels(&[&b"\xff"[..], b"88"]), None);
    assert_eq!(dns::from_dns_labels(&vec![&b"a"[..]; 100_000]), None);
    assert_eq!(dns::from_dns_labels(&[&[b'a'; 100_000], b"88"]), None);
}

#[test]
fn a_dot_inside_a_label_is_no_dot_between_labels() {
    // Read as text both would be `abc.8.8`, which is the name of `8.8/abc`.
    let plain: [&[u8]; 3] = [b"abc", b"8", b"8"];
    assert!(dns::from_dns_labels(&plain).is_some());
    let dotted: [&[&[u8]]; 5] = [
        &[b"abc", b"8.8"],
        &[b"abc", b"8.8.8"],
        &[b"abc.8", b"8"],
        &[b"64p36", b"_x", b"8.8"],
        &[b"64p36._x", b"8"],
    ];
    for labels in dotted {
        assert_eq!(dns::from_dns_labels(labels), None, "{labels:?}");
    }
}

#[test]
fn names_in_urls() {
    for (text, path) in [
        ("88.118.8/JX/4", "88.118.8/JX/4"),
        ("88.118.8/a b?#%", "88.118.8/a%20b%3F%23%25"),
        ("88.118.8/标", "88.118.8/%E6%A0%87"),
        ("88.118.8/../x", "88.118.8%2F..%2Fx"),
        ("88.118.8//x", "88.118.8%2F%2Fx"),
    ] {
        assert_eq!(url::to_path(&query(text)), path);
        assert_eq!(url::from_path(path).as_deref(), Ok(text));
    }
    assert_eq!(
        url::from_path("88.118.8%2fJX/4").as_deref(),
        Ok("88.118.8/JX/4")
    );
    assert_eq!(url::from_path("%FF"), Err(url::PathError::NotUtf8));
    assert_eq!(url::from_path("88.1/a%00"), Err(url::PathError::Nul));
    assert_eq!(url::from_path("%252F+").as_deref(), Ok("%2F+"));
    for path in ["%", "%2", "a%zz", "%%41"] {
        assert_eq!(
            url::from_path(path),
            Err(url::PathError::BadEscape),
            "{path}"
        );
    }
    let longest = "%41".repeat(url::PATH_BYTES_MAX / 3);
    assert!(url::from_path(&longest).is_ok());
    assert_eq!(
        url::from_path(&format!("{longest}a")),
        Err(url::PathError::TooLong)
    );
}
