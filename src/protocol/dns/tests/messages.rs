//! Messages that are too long, wrong, or other than plain questions.

use hickory_proto::rr::{Record, rdata::HINFO};

use super::*;

//----------- What does not fit ------------------------------------------------

#[test]
fn what_does_not_fit_is_asked_again_over_tcp() {
    let many = name_of("88.118.8/MANY1");
    let (message, outcome) = ask(&many, RecordType::NAPTR).answer();
    assert_eq!(outcome, Outcome::Truncated);
    assert!(message.metadata.truncation && message.answers.is_empty());
    assert!(message.edns.is_some());
    let (message, outcome) = ask(&many, RecordType::NAPTR).tcp().answer();
    assert_eq!((outcome, message.answers.len()), (Outcome::Success, 40));
    assert!(!message.metadata.truncation);
    // Within 1,232 octets, not within 512.
    let odd = name_of("88.118.8/FAR1");
    assert_eq!(ask(&odd, URI).plain().answer().1, Outcome::Success);
    let big = name_of("88.118.8/BIG1");
    assert_eq!(ask(&big, RecordType::TXT).answer().1, Outcome::Truncated);
    assert_eq!(
        ask(&big, RecordType::TXT).tcp().answer().1,
        Outcome::Success
    );
}

#[test]
fn no_answer_is_longer_than_it_may_be() {
    let resolver = node();
    for identifier in [
        "88.118.8/MANY1",
        "88.118.8/BIG1",
        "88.118.8/ABC-1",
        "88.118.8/FAR1",
    ] {
        for kind in [RecordType::NAPTR, RecordType::TXT, URI] {
            for size in [0, 511, 512, 600, 1_231, 1_232, 1_233, 65_535] {
                let mut asked = ask(&name_of(identifier), kind);
                // Smaller ones are taken for 512 (RFC 6891 §6.2.3).
                asked.message.edns.as_mut().unwrap().set_max_payload(size);
                let (bytes, _) =
                    octets(&resolver, Transport::Udp, &asked.message.to_vec().unwrap());
                assert!(
                    bytes.len() <= usize::from(size.clamp(512, 1_232)),
                    "{identifier} {kind} {size}"
                );
            }
            let asked = ask(&name_of(identifier), kind).plain();
            let (bytes, _) = octets(&resolver, Transport::Udp, &asked.message.to_vec().unwrap());
            assert!(bytes.len() <= 512);
        }
    }
}

#[test]
fn a_record_that_no_message_holds_is_an_error() {
    let built = Built::new();
    built.secondary("88.118");
    built.firm(1, "88.118.8", Hosting::Hosted);
    // A record that may be registered; the library repeats a long name after some hundred records.
    let (data, name) = ("x".repeat(290), format!("88.118.8/HUGE-{}", "x".repeat(50)));
    let one = |index| value(index, "NAME", data.as_bytes(), 0b1110);
    built.put(&name, (1..=200).map(one).collect());
    let asked = ask(&name_of(&name), RecordType::TXT).tcp();
    let asked = asked.message.to_vec().unwrap();
    let (bytes, handled) = octets(&built.resolver(), Transport::Tcp, &asked);
    assert_eq!(handled.outcome(), Some(Outcome::Error));
    let message = Message::from_vec(&bytes).unwrap();
    assert_eq!(message.metadata.response_code, ResponseCode::ServFail);
    assert!(!message.metadata.truncation);
}

//----------- Messages ---------------------------------------------------------

#[test]
fn questions_for_others_are_refused() {
    for (name, kind) in [
        ("example.", RecordType::NS),
        (".", RecordType::NS),
        ("xid.example.", RecordType::A),
        ("abc-1.8.118.88.id.example.org.", RecordType::NAPTR),
        ("id.example.", RecordType::AXFR),
        ("id.example.", RecordType::IXFR),
    ] {
        let (message, outcome) = ask(name, kind).answer();
        let code = message.metadata.response_code;
        assert_eq!(
            (code, outcome),
            (ResponseCode::Refused, Outcome::Auxiliary),
            "{name}"
        );
        assert!(!message.metadata.authoritative && message.authorities.is_empty());
    }
    let mut chaos = ask("version.bind.", RecordType::TXT);
    chaos.message.queries[0].set_query_class(DNSClass::CH);
    assert_eq!(
        chaos.answer().0.metadata.response_code,
        ResponseCode::Refused
    );
}

#[test]
fn what_is_no_plain_question_is_told_so() {
    let resolver = node();
    let good = ask(&name_of("88.118.8/ABC-1"), RecordType::NAPTR).message;
    let bytes = good.to_vec().unwrap();
    let code = |message: &[u8]| {
        let (bytes, handled) = octets(&resolver, Transport::Udp, message);
        let flags = bytes
            .get(2..4)
            .map(|flags| (flags[0] & 0xf8, flags[1] & 0xf));
        (flags, handled)
    };
    let malformed = Handled::Malformed;
    assert_eq!(code(&bytes[..11]), (None, malformed));
    assert_eq!(code(b""), (None, malformed));
    let mut response = bytes.clone();
    response[2] |= 0x80;
    assert_eq!(code(&response), (None, malformed));
    for opcode in 1..16_u8 {
        let mut other = bytes.clone();
        other[2] = opcode << 3 | 1;
        let auxiliary = Handled::Answered(crate::accounting::Act::auxiliary());
        assert_eq!(code(&other), (Some((0x80 | opcode << 3, 4)), auxiliary));
    }
    for questions in [0, 2, 65_535_u16] {
        let mut other = bytes.clone();
        other[4..6].copy_from_slice(&questions.to_be_bytes());
        assert_eq!(code(&other), (Some((0x80, 1)), malformed));
    }
    for end in 12..bytes.len() {
        assert_eq!(
            code(&bytes[..end]),
            (Some((0x80, 1)), malformed),
            "cut at {end}"
        );
    }
    let mut twice = good;
    twice
        .additionals
        .push((&twice.edns.clone().unwrap()).into());
    assert_eq!(code(&twice.to_vec().unwrap()), (Some((0x80, 1)), malformed));
    let long = [bytes.as_slice(), &[0; 4_096]].concat();
    assert_eq!(code(&long), (Some((0x80, 1)), malformed));
    for kind in [41, 249, 250] {
        let (message, _) = ask("id.example.", RecordType::from(kind)).answer();
        assert_eq!(
            message.metadata.response_code,
            ResponseCode::FormErr,
            "{kind}"
        );
    }
    for kind in [253, 254] {
        let (message, _) = ask("id.example.", RecordType::from(kind)).answer();
        assert_eq!(
            message.metadata.response_code,
            ResponseCode::NotImp,
            "{kind}"
        );
    }
}

#[test]
fn what_no_question_carries_is_not_read() {
    let resolver = node();
    let good = ask(&name_of("88.118.8/ABC-1"), RecordType::NAPTR).message;
    let record = || {
        let name = Name::from_ascii("x.example.").unwrap();
        Record::from_rdata(name, 0, RData::HINFO(HINFO::new("x".into(), "y".into())))
    };
    // IXFR and TSIG have one each, beside OPT (RFC 1995 §3, 8945 §5.1).
    for (answers, authorities, additionals, is_read) in [
        (0, 1, 1, true),
        (1, 0, 0, false),
        (0, 2, 0, false),
        (0, 0, 2, false),
    ] {
        let mut message = good.clone();
        message.answers = vec![record(); answers];
        message.authorities = vec![record(); authorities];
        message.additionals = vec![record(); additionals];
        let (bytes, handled) = octets(&resolver, Transport::Udp, &message.to_vec().unwrap());
        let expected = if is_read {
            (0, Some(Outcome::Success))
        } else {
            (1, None)
        };
        let sections = (answers, authorities, additionals);
        assert_eq!(
            (bytes[3] & 0xf, handled.outcome()),
            expected,
            "{sections:?}"
        );
    }
}

#[test]
fn edns_is_answered_with_edns() {
    let mut asked = ask("id.example.", RecordType::SOA);
    asked.message.metadata.recursion_desired = true;
    let edns = asked.message.edns.as_mut().unwrap();
    edns.set_dnssec_ok(true);
    let (message, _) = asked.answer();
    assert!(message.metadata.recursion_desired);
    let edns = message.edns.unwrap();
    assert_eq!((edns.max_payload(), edns.version()), (1_232, 0));
    assert!(edns.flags().dnssec_ok);
    let mut later = ask("id.example.", RecordType::SOA);
    later.message.edns.as_mut().unwrap().set_version(1);
    let (message, outcome) = later.answer();
    // The library has another name for the same number.
    assert_eq!(
        u16::from(message.metadata.response_code),
        u16::from(ResponseCode::BADVERS)
    );
    assert_eq!((message.answers.len(), outcome), (0, Outcome::Auxiliary));
    assert_eq!(message.edns.unwrap().version(), 0);
}

#[test]
fn a_node_that_starts_and_one_that_is_flooded_say_so() {
    let zone = zone();
    let context = Context {
        resolver: None,
        zone: &zone,
        transport: Transport::Udp,
    };
    let asked = ask(&name_of("88.118.8/ABC-1"), RecordType::NAPTR)
        .message
        .to_vec()
        .unwrap();
    let mut out = Vec::new();
    assert_eq!(
        respond(&context, &asked, &mut out).outcome(),
        Some(Outcome::Error)
    );
    let message = Message::from_vec(&out).unwrap();
    assert_eq!(message.metadata.response_code, ResponseCode::ServFail);
}

#[test]
fn who_gets_too_much_is_sent_to_tcp_with_its_own_question() {
    let short = |asked: &[u8]| {
        let mut out = b"before".to_vec();
        cut_short(asked, &mut out);
        out.strip_prefix(b"before").unwrap().to_vec()
    };
    let long = name_of(&format!("88.118.8/{}", long_suffix()));
    for name in ["aBC-1.8.118.88.iD.example.", &long, "."] {
        let asked = ask(name, RecordType::NAPTR);
        let octets = asked.message.to_vec().unwrap();
        let short = short(&octets);
        assert!(short.len() < octets.len(), "never more than was asked with");
        let message = Message::from_vec(&short).unwrap();
        assert!(message.metadata.truncation && message.metadata.id == 7);
        // A resolver takes no answer for its own that repeats another question (RFC 5452 §9.1).
        assert_eq!(message.queries, asked.message.queries);
        let name = message.queries[0].name().to_ascii();
        assert_eq!(name, asked.message.queries[0].name().to_ascii());
        assert!(message.edns.is_none() && message.answers.is_empty());
        let plain = asked.plain().message.to_vec().unwrap();
        assert_eq!(short.len(), plain.len());
    }
    // Where the question ends nobody knows: a header, as for all that cannot be read.
    let good = ask(&name_of("88.118.8/ABC-1"), RecordType::NAPTR).plain();
    let good = good.message.to_vec().unwrap();
    for end in 12..good.len() {
        assert_eq!(short(&good[..end])[2..], [0x82, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    let mut pointer = good.clone();
    pointer[12..14].copy_from_slice(&[0xc0, 0]);
    let mut two = good.clone();
    two[5] = 2;
    let endless = [&good[..12], &[1, b'a'].repeat(200)[..]].concat();
    for odd in [pointer, two, endless] {
        assert_eq!(short(&odd).len(), 12);
    }
    assert!(short(&good[..11]).is_empty());
}

#[test]
fn what_is_asked_for_can_be_read_again() {
    let name = name_of("88.118.8/ABC-1");
    let message = question(9, &name, 16).unwrap();
    let (bytes, _) = octets(&node(), Transport::Udp, &message);
    let said = SaidAnswer::decode(&bytes).unwrap();
    assert_eq!((said.id, said.code, said.is_truncated), (9, 0, false));
    assert!(said.is_authoritative && said.authorities.is_empty());
    assert_eq!(said.answers[0].data, b"1 URL=https://e.example/p/1");
    assert_eq!(
        (said.answers[0].kind, said.answers[0].ttl_seconds),
        (16, 86_400)
    );
    assert_eq!(said.answers[0].name, name);
    assert!(SaidAnswer::decode(&message).is_err());
    assert!(question(9, "a..b", 16).is_err());
}

#[test]
fn what_is_no_zone_is_refused() {
    assert!(Zone::new("", &[], "IDIS+URL", 60).is_err());
    assert!(Zone::new("a..b", &[], "IDIS+URL", 60).is_err());
    assert_eq!(
        Zone::new(ZONE, &[], &"x".repeat(256), 60).unwrap_err(),
        ZoneError::Service
    );
    let bare = Zone::new("Id.Example.", &[], "IDIS+URL", 60).unwrap();
    assert_eq!(bare.origin(), "Id.Example");
}
