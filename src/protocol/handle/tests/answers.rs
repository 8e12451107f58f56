//! Every answer, and every way to ask.

use super::*;
use crate::accounting::Outcome;

pub(super) fn node() -> Resolver {
    let built = Built::new();
    built.secondary("88.118");
    built.firm(1, "88.118.8", Hosting::Hosted);
    built.firm(2, "88.118.9", Hosting::SelfBuilt(None));
    let sites = [
        ("192.0.2.7", SiteProtocol::Tcp, 2_641),
        ("node.example.cn", SiteProtocol::Tcp, 2_641),
        ("192.0.2.53", SiteProtocol::Dns, 53),
        ("2001:db8::7", SiteProtocol::Tcp, 2_641),
    ];
    built.firm(3, "88.118.10", route(&sites));
    let hosts = [
        ("a.example.cn", SiteProtocol::Tcp, 2_641),
        ("b.example.cn", SiteProtocol::Https, 443),
        ("192.0.2.53", SiteProtocol::Dns, 53),
    ];
    built.firm(4, "88.118.11", route(&hosts));
    built.firm(5, "88.118.12", route(&hosts[2..]));
    built.put(
        "88.118.8/Mixed",
        vec![
            value(1, "NAME", "液压泵".as_bytes(), 0b1110),
            value(2, "PRICE", b"9", 0b1100),
            value(3, "URL.MOBILE", b"https://e.example/m", 0b1110),
        ],
    );
    built.put("88.118.8/SECRET", vec![value(1, "PRICE", b"9", 0b1100)]);
    built.put("88.118.8/REMOVED", vec![value(1, "NAME", b"x", 0b1110)]);
    built.remove("88.118.8/REMOVED");
    built.resolver()
}

/// A request of a 2.11 client.
pub(super) struct Ask<'a> {
    pub(super) handle: &'a [u8],
    pub(super) indexes: &'a [u32],
    pub(super) types: &'a [&'a str],
    pub(super) op_code: u32,
    pub(super) op_flags: u32,
    pub(super) suggested: Version,
}

const PUBLIC: u32 = Header::RECURSIVE | Header::CACHE_CERTIFY | Header::PUBLIC_ONLY;

pub(super) fn ask(handle: &str) -> Ask<'_> {
    Ask {
        handle: handle.as_bytes(),
        indexes: &[],
        types: &[],
        op_code: OpCode::RESOLUTION,
        op_flags: PUBLIC,
        suggested: VERSION,
    }
}

impl Ask<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let put = crate::change::put_bytes32;
        let mut body = Vec::new();
        put(&mut body, self.handle);
        body.extend(u32::try_from(self.indexes.len()).unwrap().to_be_bytes());
        self.indexes
            .iter()
            .for_each(|index| body.extend(index.to_be_bytes()));
        body.extend(u32::try_from(self.types.len()).unwrap().to_be_bytes());
        self.types
            .iter()
            .for_each(|kind| put(&mut body, kind.as_bytes()));
        let length = u32::try_from(body.len()).unwrap();
        let mut message = Vec::new();
        let envelope = Envelope {
            version: VERSION,
            suggested: self.suggested,
            flags: 0,
            session_id: 10_001,
            request_id: 5,
            sequence: 0,
            message_length: 24 + length,
        };
        envelope.encode(&mut message);
        let header = Header {
            op_code: self.op_code,
            response_code: 0,
            op_flags: self.op_flags,
            site_serial: 0xffff,
            recursion_count: 0,
            expiration: 99,
            body_length: length,
        };
        header.encode(&mut message);
        message.extend(body);
        message
    }

    /// Its response code, what was said, and what it counts as; none where it is no query.
    fn answer(&self) -> (u32, Said, Option<Outcome>) {
        let resolver = node();
        let mut out = b"before".to_vec();
        let handled = respond(&context(&resolver), &self.encode(), &mut out);
        let outcome = handled.unwrap().outcome();
        let said = Said::read(out.strip_prefix(b"before").unwrap());
        assert_eq!(said.envelope.request_id, 5);
        assert_eq!(said.envelope.suggested, VERSION);
        assert_eq!(said.header.site_serial, 1);
        (said.header.response_code, said, outcome)
    }
}

fn strings(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[test]
fn each_resolution_has_its_code_and_outcome() {
    for (handle, code, outcome) in [
        ("88.118.8/mixed", 1, Outcome::Success),
        ("88.118.8/NONE", 100, Outcome::NotFound),
        ("88.118.8/REMOVED", 100, Outcome::Gone),
        ("88.118.8/SECRET", 200, Outcome::Denied),
        ("88.118.77/A", 100, Outcome::NotFound),
        ("88.118.9/A", 3, Outcome::Error),
        ("88.118.10/A", 303, Outcome::Success),
        ("88.118.11/A", 3, Outcome::Error),
        ("88.118.12/A", 3, Outcome::Error),
        ("88.999.1/A", 301, Outcome::NotResponsible),
        ("0.NA/88.118.8", 1, Outcome::Success),
        ("0.NA/88.118", 1, Outcome::Success),
        ("0.NA/88.999", 301, Outcome::NotResponsible),
        ("", 100, Outcome::NotFound),
        // What CAICT's client asks to see whether anybody is there: any answer will do.
        ("0", 301, Outcome::NotResponsible),
    ] {
        let (found, said, counted) = ask(handle).answer();
        assert_eq!(
            (found, counted),
            (code, Some(outcome)),
            "{handle}: {said:?}"
        );
    }
    let invalid = Ask {
        handle: b"88.118.8/\xff",
        ..ask("")
    };
    assert_eq!(invalid.answer().0, 100, "no text is nobody's name");
}

#[test]
fn the_callers_spelling_comes_back() {
    let (_, said, _) = ask("88.118.8/mIxEd").answer();
    assert!(strings(&said.body).contains("88.118.8/mIxEd"));
    assert!(!strings(&said.body).contains("Mixed"));
    assert_eq!(
        said.envelope.session_id, 10_001,
        "a session that nobody knows is let be"
    );
    assert_eq!(said.credential, [0; 4]);
}

#[test]
fn private_values_are_passed_over_or_asked_about() {
    let (code, said, _) = ask("88.118.8/MIXED").answer();
    assert_eq!(code, 1);
    assert!(!strings(&said.body).contains("PRICE"));
    let all = Ask {
        op_flags: Header::RECURSIVE,
        ..ask("88.118.8/MIXED")
    };
    let (code, said, outcome) = all.answer();
    assert_eq!((code, outcome), (402, Some(Outcome::Denied)));
    assert!(said.header.has(Header::REQUEST_DIGEST));
    assert_eq!(said.envelope.session_id, 77);
    let expected = [&[3][..], &crate::change::Hash::of(&[&all.encode()[20..]]).0].concat();
    assert_eq!(said.body[..33], expected);
    assert_eq!(
        said.body[33..],
        [&16_u32.to_be_bytes()[..], &[9; 16]].concat()
    );
    // Nothing that is asked for is hidden.
    let public = Ask {
        types: &["NAME"],
        ..all
    };
    assert_eq!(public.answer().0, 1);
    let hidden = Ask {
        indexes: &[2],
        ..ask("88.118.8/MIXED")
    };
    assert_eq!(hidden.answer().0, 200);
}

#[test]
fn only_what_is_asked_for_can_be_denied() {
    let all = Header::RECURSIVE;
    let denied = Some(Outcome::Denied);
    let nothing = Some(Outcome::NotFound);
    for handle in ["88.118.8/SECRET", "88.118.8/MIXED"] {
        for (kind, op_flags, code, outcome) in [
            ("PRICE", all, 402, denied),
            ("NONE", all, 200, nothing),
            ("PRICE", PUBLIC, 200, denied),
            ("NONE", PUBLIC, 200, nothing),
        ] {
            let asked = Ask {
                types: &[kind],
                op_flags,
                ..ask(handle)
            };
            let (found, _, counted) = asked.answer();
            let said = (found, counted);
            assert_eq!(said, (code, outcome), "{handle} {kind} {op_flags:x}");
        }
    }
}

#[test]
fn indexes_and_types_select() {
    let select = |indexes, types| Ask {
        indexes,
        types,
        ..ask("88.118.8/MIXED")
    };
    let (code, said, _) = select(&[], &["url."]).answer();
    assert_eq!(code, 1);
    assert!(strings(&said.body).contains("URL.MOBILE") && !strings(&said.body).contains("NAME"));
    assert_eq!(select(&[], &["URL"]).answer().0, 200);
    let (_, said, _) = select(&[1], &["url."]).answer();
    assert!(strings(&said.body).contains("URL.MOBILE") && strings(&said.body).contains("NAME"));
    assert_eq!(select(&[9], &[]).answer().0, 200);
}

#[test]
fn the_older_version_of_both_is_spoken() {
    let speak = |major, minor| {
        let (_, said, _) = Ask {
            suggested: Version { major, minor },
            ..ask("88.118.10/A")
        }
        .answer();
        (said.envelope.version, said.header.response_code)
    };
    assert_eq!(
        speak(2, 10),
        (
            Version {
                major: 2,
                minor: 10
            },
            303
        )
    );
    assert_eq!(
        speak(3, 0),
        (VERSION, 303),
        "DO-IRP 3.0 is answered in 2.11"
    );
    assert_eq!(speak(2, 4), (Version { major: 2, minor: 4 }, 302));
    // RFC 3652's 2.1 has flags where the suggestion is: it suggests itself.
    assert_eq!(speak(0, 0), (VERSION, 303));
}

#[test]
fn a_referral_names_the_sites_that_have_an_address() {
    let (code, said, _) = ask("88.118.10/A").answer();
    assert_eq!(code, 303);
    assert_eq!(
        said.body[..8],
        [0, 0, 0, 0, 0, 0, 0, 2],
        "no service handle, two sites"
    );
    assert!(strings(&said.body).contains("HS_SITE.PREFIX"));
    let octets = [192, 0, 2, 7];
    assert!(said.body.windows(4).any(|window| window == octets));
    let values = SaidValues::decode(&said.body).unwrap().values;
    let sites = values.iter().map(|one| interfaces(one.data).unwrap());
    let sites: Vec<_> = sites
        .flatten()
        .map(|one| (one.address.to_string(), one.protocol, one.port))
        .collect();
    let expected = [
        ("192.0.2.7".to_owned(), SiteProtocol::Tcp, 2_641),
        ("2001:db8::7".to_owned(), SiteProtocol::Tcp, 2_641),
    ];
    assert_eq!(sites, expected);
    for end in 0..values[0].data.len() {
        assert!(interfaces(&values[0].data[..end]).is_err(), "{end}");
    }
    let refused = Ask {
        op_flags: PUBLIC | Header::DO_NOT_REFER,
        ..ask("88.118.10/A")
    };
    assert_eq!(refused.answer().0, 301);
}

#[test]
fn a_node_that_has_no_address_is_named() {
    for (handle, expected) in [
        (
            "88.118.11/A",
            "the enterprise's own node is at host a.example.cn, b.example.cn; this protocol has \
             no host names",
        ),
        (
            "88.118.12/A",
            "the enterprise's own node has name servers only; this protocol has no place for them",
        ),
    ] {
        let (_, said, _) = ask(handle).answer();
        assert_eq!(strings(&said.body[4..]), expected);
        let refused = Ask {
            op_flags: PUBLIC | Header::DO_NOT_REFER,
            ..ask(handle)
        };
        let (code, _, outcome) = refused.answer();
        assert_eq!((code, outcome), (301, Some(Outcome::NotResponsible)));
    }
}

/// The values of a prefix: index, type and data.
fn view(handle: &str, types: &[&str]) -> Vec<(u32, String, Vec<u8>)> {
    let asked = Ask {
        types,
        ..ask(handle)
    };
    let (code, said, _) = asked.answer();
    assert_eq!(code, 1, "{handle}");
    let said = SaidValues::decode(&said.body).unwrap();
    let row = |value: &SaidValue<'_>| (value.index, strings(value.kind), value.data.to_vec());
    said.values.iter().map(row).collect()
}

#[test]
fn a_prefix_says_where_its_own_node_is() {
    let site_of = |address: &str| {
        site(
            1,
            &[Interface {
                address: address.parse().unwrap(),
                protocol: SiteProtocol::Tcp,
                port: 2_641,
            }],
        )
    };
    let sites = vec![
        (10, "HS_SITE".to_owned(), site_of("192.0.2.7")),
        (11, "HS_SITE".to_owned(), site_of("2001:db8::7")),
    ];
    assert_eq!(view("0.NA/88.118.10", &["hs_site"]), sites);
    let all = view("0.NA/88.118.10", &[]);
    let indexes: Vec<_> = all.iter().map(|(index, _, _)| *index).collect();
    assert_eq!(indexes, [1, 2, 10, 11]);
    assert_eq!(all[2..], sites);
    assert_eq!(view("0.NA/88.118.10", &["DESC"]).len(), 1);
    for prefix in ["0.NA/88.118.8", "0.NA/88.118.9", "0.NA/88.118.11"] {
        assert_eq!(view(prefix, &[]).len(), 2, "{prefix}");
    }
}

#[test]
fn the_site_is_sent_as_it_is() {
    let site = Ask {
        op_code: OpCode::GET_SITE_INFO,
        ..ask("/")
    };
    let (code, said, outcome) = site.answer();
    assert_eq!((code, outcome), (1, Some(Outcome::Auxiliary)));
    assert_eq!(said.body, SITE);
}

#[test]
fn what_is_not_offered_is_refused() {
    for op_code in [0, 3, 100, 200, 400, 2_001, u32::MAX] {
        let (code, said, outcome) = Ask {
            op_code,
            ..ask("88.118.8/MIXED")
        }
        .answer();
        assert_eq!((code, outcome), (5, Some(Outcome::Auxiliary)), "{op_code}");
        assert_eq!(said.header.op_code, op_code);
    }
}

/// By hand, with another implementation: header and body of the request below.
#[test]
fn a_digest_comes_first_where_it_is_wanted() {
    let sha1 = "0221d5a267ce84f011770ca80cd782eb7095a224b4";
    let sha256 = "03031a21ab8560b556ca4c5829acca82c429e0f2c1c500c0b3f99250bcae1b634e";
    for (major, minor, digest) in [
        (2, 0, "00000010b2141d0e8040458f8a0ea66ddf410164"),
        (2, 1, sha1),
        (2, 6, sha1),
        (2, 7, sha256),
        (2, 11, sha256),
        (3, 0, sha256),
    ] {
        let wanted = Ask {
            op_flags: PUBLIC | Header::REQUEST_DIGEST,
            suggested: Version { major, minor },
            ..ask("88.118.8/NONE")
        };
        let (code, said, _) = wanted.answer();
        assert_eq!(code, 100);
        let digest = format!("{digest}00000000");
        assert_eq!(
            data_encoding::HEXLOWER.encode(&said.body),
            digest,
            "{major}.{minor}"
        );
    }
    // A challenge has one whether it was asked for or not.
    let asked = Ask {
        op_flags: Header::RECURSIVE,
        suggested: Version { major: 2, minor: 6 },
        ..ask("88.118.8/SECRET")
    };
    let (code, said, _) = asked.answer();
    assert_eq!((code, said.body[0], said.body.len()), (402, 2, 21 + 20));
}

#[test]
fn what_cannot_be_read_is_answered_to_nobody_in_particular() {
    let resolver = node();
    let whole = ask("88.118.8/MIXED").encode();
    let mut encrypted = whole.clone();
    encrypted[2] |= Envelope::ENCRYPTED;
    let mut large = whole.clone();
    large[16..20].copy_from_slice(&[0xff; 4]);
    for message in [&whole[..20], &whole[..30], &encrypted, &large] {
        let mut out = Vec::new();
        let handled = respond(&context(&resolver), message, &mut out);
        let said = Said::read(&out);
        assert!(handled.is_err());
        assert_eq!(said.envelope.request_id, u32::MAX);
        assert_eq!((said.header.op_code, said.header.response_code), (0, 4));
        assert_eq!(said.header.op_flags, 0x1900_0000);
    }
    // A body that makes no sense is answered to whoever sent it.
    let mut cut = whole;
    let end = cut.len();
    cut[end - 8..end - 4].copy_from_slice(&[0, 0, 0, 9]);
    let mut out = Vec::new();
    let handled = respond(&context(&resolver), &cut, &mut out);
    assert_eq!(handled, Ok(Handled::Malformed));
    let said = Said::read(&out);
    assert_eq!(
        (said.envelope.request_id, said.header.response_code),
        (5, 4)
    );
}

#[test]
fn a_node_that_starts_and_one_that_is_flooded_say_so() {
    let resolver = node();
    let asked = ask("88.118.8/MIXED").encode();
    let starting = Context {
        resolver: None,
        ..context(&resolver)
    };
    let mut out = Vec::new();
    let handled = respond(&starting, &asked, &mut out);
    assert_eq!(handled.unwrap().outcome(), Some(Outcome::Error));
    assert_eq!(Said::read(&out).header.response_code, 3);
    let mut short = Vec::new();
    too_busy(&asked, &mut short);
    let said = Said::read(&short);
    assert_eq!(
        (said.envelope.request_id, said.header.response_code),
        (5, 3)
    );
    assert_eq!(
        short.len(),
        ENVELOPE_BYTES + HEADER_BYTES,
        "never more than was asked with"
    );
    assert!(short.len() < asked.len());
    let mut nothing = Vec::new();
    too_busy(b"garbage", &mut nothing);
    assert!(nothing.is_empty());
}
