//! Every answer, every refusal, and what does not fit.

mod messages;
mod names;

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{DNSClass, Name, RData, RecordType},
};

use super::*;
use crate::{
    accounting::Outcome,
    change::{Hosting, SiteProtocol},
    identifier::{Identifier, dns::to_dns_name},
    protocol::{
        Handled,
        tests::{Built, route, value},
    },
    resolver::Resolver,
};

const ZONE: &str = "id.example";
const URI: RecordType = RecordType::Unknown(256);

//----------- A node in a test -------------------------------------------------

fn zone() -> Zone {
    let servers = [
        NameServer {
            name: "ns1.id.example".to_owned(),
            addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        },
        NameServer {
            name: "ns.elsewhere.example".to_owned(),
            addresses: Vec::new(),
        },
    ];
    Zone::new(ZONE, &servers, "IDIS+URL", 60).unwrap()
}

fn long_suffix() -> String {
    "标".repeat(30)
}

fn node() -> Resolver {
    let built = Built::new();
    built.secondary("88.118");
    built.firm(1, "88.118.8", Hosting::Hosted);
    built.firm(2, "88.118.9", Hosting::SelfBuilt(None));
    let web = [
        ("192.0.2.7", SiteProtocol::Tcp, 2_641),
        ("node.example.cn", SiteProtocol::Https, 8443),
        ("2001:db8::7", SiteProtocol::Http, 80),
    ];
    built.firm(3, "88.118.10", route(&web));
    let named = [
        ("ns1.firm.example", SiteProtocol::Dns, 53),
        ("192.0.2.53", SiteProtocol::Dns, 53),
        ("2001:db8::53", SiteProtocol::Dns, 53),
        ("192.0.2.7", SiteProtocol::Tcp, 2_641),
    ];
    built.firm(4, "88.118.11", route(&named));
    built.firm(
        5,
        "88.118.12",
        route(&[("192.0.2.7", SiteProtocol::Tcp, 2_641)]),
    );
    let url = |index, text: &str| value(index, "URL", text.as_bytes(), 0b1110);
    let name = value(2000, "NAME", "液压泵".as_bytes(), 0b1110);
    let secret = value(3000, "PRICE", b"9", 0b1100);
    let product = vec![
        url(1, "https://e.example/p/1"),
        name.clone(),
        secret.clone(),
    ];
    built.put("88.118.8/Abc-1", product.clone());
    built.put("88.118.8/JX/1/00000110", product.clone());
    built.put("88.118.8/123", product.clone());
    built.put(&format!("88.118.8/{}", long_suffix()), product);
    built.put("88.118.8/SECRET1", vec![secret]);
    built.put("88.118.8/NOURL1", vec![name.clone()]);
    built.put(
        "88.118.8/ODD1",
        vec![url(1, r"https://e.example/a!b?c\d"), url(2, "no url")],
    );
    built.put(
        "88.118.8/FAR1",
        vec![url(1, &format!("https://e.example/{}", "x".repeat(240)))],
    );
    built.put(
        "88.118.8/MANY1",
        (1..=40)
            .map(|n| url(n, &format!("https://e.example/{n}")))
            .collect(),
    );
    put_sets(&built, url);
    let piece = |index| value(index, "NAME", "x".repeat(1_000).as_bytes(), 0b1110);
    built.put("88.118.8/BIG1", (1..=20).map(piece).collect());
    let octets = value(1, "RAW", &[0xff, 0, b'"'], 0b1110);
    built.put("88.118.8/RAW1", vec![octets]);
    built.put("88.118.8/REMOVED1", vec![name.clone()]);
    built.remove("88.118.8/REMOVED1");
    built.firm(6, "88.118.13", Hosting::Hosted);
    built.put("88.118.13/a/b", vec![name]);
    built.remove("88.118.13/a/b");
    built.resolver()
}

/// Records that are equal, few and many.
fn put_sets(built: &Built, url: impl Fn(u32, &str) -> crate::record::Value) {
    let same = |index| {
        url(
            index,
            ["https://e.example/a", "https://E.example/a"][index as usize % 2],
        )
    };
    built.put("88.118.8/SAME1", (1..=3).map(same).collect());
    let half = |index| url(index, &format!("https://e.example/{}", index / 2));
    built.put("88.118.8/HALF1", (2..=41).map(half).collect());
}

/// The name of an identifier, with a dot at its end.
fn name_of(identifier: &str) -> String {
    let identifier = Identifier::parse_query(identifier).unwrap();
    format!("{}.", to_dns_name(&identifier, ZONE).unwrap())
}

//----------- Asking -----------------------------------------------------------

struct Ask {
    message: Message,
    transport: Transport,
}

/// A question as a resolver asks it, with EDNS.
fn ask(name: &str, kind: RecordType) -> Ask {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    message.add_query(Query::query(name, kind));
    let mut edns = Edns::new();
    edns.set_max_payload(4_096);
    message.set_edns(edns);
    Ask {
        message,
        transport: Transport::Udp,
    }
}

impl Ask {
    fn tcp(mut self) -> Self {
        self.transport = Transport::Tcp;
        self
    }

    fn plain(mut self) -> Self {
        self.message.edns = None;
        self
    }

    fn answer(&self) -> (Message, Outcome) {
        let (bytes, handled) = octets(&node(), self.transport, &self.message.to_vec().unwrap());
        let Some(outcome) = handled.outcome() else {
            panic!("not read: {:?}", self.message);
        };
        let message = Message::from_vec(&bytes).unwrap();
        assert_eq!(message.metadata.id, 7);
        assert_eq!(message.metadata.message_type, MessageType::Response);
        assert!(!message.metadata.recursion_available);
        (message, outcome)
    }
}

fn octets(resolver: &Resolver, transport: Transport, message: &[u8]) -> (Vec<u8>, Handled) {
    let zone = zone();
    let context = Context {
        resolver: Some(resolver),
        zone: &zone,
        transport,
    };
    let mut out = b"before".to_vec();
    let handled = respond(&context, message, &mut out);
    (out.strip_prefix(b"before").unwrap().to_vec(), handled)
}

/// Code, outcome, records of the answer as text.
fn told(name: &str, kind: RecordType) -> (ResponseCode, Outcome, Vec<String>) {
    let (message, outcome) = ask(name, kind).answer();
    let answers = message.answers.iter();
    let texts = answers.map(|record| match &record.data {
        RData::TXT(txt) => String::from_utf8_lossy(&txt.txt_data.concat()).into_owned(),
        RData::Unknown { rdata, .. } => {
            assert_eq!(rdata.anything[..4], [0, 10, 0, 1]);
            String::from_utf8_lossy(&rdata.anything[4..]).into_owned()
        }
        other => other.to_string(),
    });
    (message.metadata.response_code, outcome, texts.collect())
}

fn has_soa(message: &Message) -> bool {
    let [record] = &message.authorities[..] else {
        return false;
    };
    matches!(&record.data, RData::SOA(soa) if soa.minimum == 60) && record.ttl == 60
}

//----------- Identifiers ------------------------------------------------------

#[test]
fn an_identifier_has_its_values_in_three_types() {
    for identifier in ["88.118.8/abc-1", "88.118.8/jx/1/00000110", "88.118.8/123"] {
        let name = name_of(identifier);
        let naptr = r#"100 10 "u" "IDIS+URL" "!^.*$!https://e.example/p/1!" ."#;
        let expected = [
            (RecordType::NAPTR, vec![naptr.to_owned()]),
            (URI, vec!["https://e.example/p/1".to_owned()]),
            (
                RecordType::TXT,
                vec![
                    "1 URL=https://e.example/p/1".to_owned(),
                    "2000 NAME=液压泵".to_owned(),
                ],
            ),
        ];
        for (kind, records) in expected {
            let found = told(&name, kind);
            assert_eq!(
                found,
                (ResponseCode::NoError, Outcome::Success, records),
                "{name} {kind}"
            );
        }
    }
    let name = name_of(&format!("88.118.8/{}", long_suffix()));
    assert_eq!(told(&name, RecordType::NAPTR).1, Outcome::Success);
}

#[test]
fn the_spelling_of_the_question_comes_back() {
    let (message, _) = ask("aBC-1.8.118.88.iD.eXAMPLE.", RecordType::NAPTR).answer();
    assert_eq!(
        message.queries[0].name().to_ascii(),
        "aBC-1.8.118.88.iD.eXAMPLE."
    );
    assert_eq!(
        message.answers[0].name.to_ascii(),
        "aBC-1.8.118.88.iD.eXAMPLE."
    );
    assert!(message.metadata.authoritative);
    let (message, _) = ask("nONE1.8.118.88.iD.eXAMPLE.", RecordType::NAPTR).answer();
    assert_eq!(message.authorities[0].name.to_ascii(), "iD.eXAMPLE.");
    // Names that are the same are said once.
    let bytes = message.to_vec().unwrap();
    let (own, _) = octets(
        &node(),
        Transport::Udp,
        &ask("nONE1.8.118.88.iD.eXAMPLE.", RecordType::NAPTR)
            .message
            .to_vec()
            .unwrap(),
    );
    assert_eq!(own.len(), bytes.len());
}

#[test]
fn urls_fit_their_field_or_stay_out_of_it() {
    let odd = name_of("88.118.8/ODD1");
    let (_, _, naptr) = told(&odd, RecordType::NAPTR);
    assert_eq!(
        naptr,
        [r#"100 10 "u" "IDIS+URL" "!^.*$!https://e.example/a%21b?c%5Cd!" ."#]
    );
    assert_eq!(told(&odd, URI).2, [r"https://e.example/a!b?c\d"]);
    assert_eq!(
        told(&odd, RecordType::TXT).2.len(),
        2,
        "what is no URL is still a value"
    );
    let far = name_of("88.118.8/FAR1");
    let (code, outcome, naptr) = told(&far, RecordType::NAPTR);
    assert_eq!(
        (code, outcome, naptr.len()),
        (ResponseCode::NoError, Outcome::NotFound, 0)
    );
    assert_eq!(told(&far, URI).2.len(), 1);
    let raw = ask(&name_of("88.118.8/RAW1"), RecordType::TXT).answer().0;
    let RData::TXT(txt) = &raw.answers[0].data else {
        panic!("{raw:?}");
    };
    assert_eq!(txt.txt_data.concat(), b"1 RAW=\xff\0\"");
}

#[test]
fn what_cannot_be_told_has_no_data_or_no_name() {
    let none: Vec<String> = Vec::new();
    for (identifier, code, outcome) in [
        ("88.118.8/NOURL1", ResponseCode::NoError, Outcome::NotFound),
        ("88.118.8/SECRET1", ResponseCode::NoError, Outcome::Denied),
        ("88.118.9/A1", ResponseCode::NoError, Outcome::Error),
        ("88.118.8/NONE1", ResponseCode::NXDomain, Outcome::NotFound),
        ("88.118.8/REMOVED1", ResponseCode::NXDomain, Outcome::Gone),
        ("88.118.77/A1", ResponseCode::NXDomain, Outcome::NotFound),
        ("88.118/A1", ResponseCode::NXDomain, Outcome::NotFound),
        ("88.118.8.5/A1", ResponseCode::NXDomain, Outcome::NotFound),
        (
            "88.999.1/A1",
            ResponseCode::NXDomain,
            Outcome::NotResponsible,
        ),
    ] {
        let name = name_of(identifier);
        let found = told(&name, RecordType::NAPTR);
        assert_eq!(found, (code, outcome, none.clone()), "{identifier}");
        let (message, _) = ask(&name, RecordType::NAPTR).answer();
        assert!(
            has_soa(&message) && message.metadata.authoritative,
            "{identifier}"
        );
        // Another type is no query for the identifier.
        let (message, outcome) = ask(&name, RecordType::A).answer();
        assert_eq!(message.metadata.response_code, code, "{identifier}");
        assert_eq!((message.answers.len(), outcome), (0, Outcome::Auxiliary));
        assert!(has_soa(&message), "{identifier}");
    }
}

#[test]
fn why_is_told_to_whoever_asks_with_edns() {
    let name = name_of("88.999.1/A1");
    let (message, _) = ask(&name, RecordType::NAPTR).answer();
    let option = message.edns.unwrap().options().get(15.into()).cloned();
    let option: Vec<u8> = (&option.unwrap()).try_into().unwrap();
    assert_eq!(option[..2], [0, 20]);
    let (message, _) = ask(&name, RecordType::NAPTR).plain().answer();
    assert!(message.edns.is_none());
}

//----------- Names above ------------------------------------------------------

#[test]
fn names_above_identifiers_exist_and_are_empty() {
    let long = name_of(&format!("88.118.8/{}", long_suffix()));
    let behind = long.split_once('.').unwrap().1;
    for name in [
        "88.id.example.",
        "118.88.id.example.",
        "8.118.88.id.example.",
        "13.118.88.id.example.",
        "9.118.88.id.example.",
        "_x.8.118.88.id.example.",
        "_X.8.118.88.ID.example.",
        behind,
    ] {
        for kind in [RecordType::NS, RecordType::NAPTR, RecordType::TXT] {
            let (message, outcome) = ask(name, kind).answer();
            let code = message.metadata.response_code;
            assert_eq!(
                (code, outcome),
                (ResponseCode::NoError, Outcome::Auxiliary),
                "{name}"
            );
            assert!(has_soa(&message) && message.answers.is_empty(), "{name}");
        }
    }
    for name in [
        "99.id.example.",
        "8.id.example.",
        "77.118.88.id.example.",
        "5.8.118.88.id.example.",
        "1.88.id.example.",
        "www.id.example.",
        "a.abc-1.8.118.88.id.example.",
        "a_b.8.118.88.id.example.",
        // What was there was removed.
        "_x.13.118.88.id.example.",
        "zz._x.8.118.88.id.example.",
        // A dot within a label does not make two of it.
        "0.id.example.",
    ] {
        let (message, outcome) = ask(name, RecordType::NAPTR).answer();
        let code = message.metadata.response_code;
        assert_eq!(
            (code, outcome),
            (ResponseCode::NXDomain, Outcome::Auxiliary),
            "{name}"
        );
        assert!(has_soa(&message), "{name}");
    }
}

#[test]
fn a_dot_within_a_label_is_no_border() {
    let labels: [&[u8]; 5] = [b"_x.8", b"118", b"88", b"id", b"example"];
    let mut asked = ask(".", RecordType::NAPTR);
    let name = Name::from_labels(labels).unwrap();
    asked.message.queries[0].set_name(name);
    assert_eq!(
        asked.answer().0.metadata.response_code,
        ResponseCode::NXDomain
    );
}

#[test]
fn a_removed_name_with_something_below_it_is_empty() {
    let built = Built::new();
    built.secondary("88.118");
    built.firm(1, "88.118.8", Hosting::Hosted);
    let long = format!("88.118.8/{}", long_suffix());
    let name = value(1, "NAME", b"x", 0b1110);
    built.put(&long, vec![name.clone()]);
    // The identifier whose name is the one above the long one's.
    let above = name_of(&long).split_once('.').unwrap().1.to_owned();
    let labels: Vec<&[u8]> = above
        .split('.')
        .take_while(|label| *label != "id")
        .map(str::as_bytes)
        .collect();
    if let Some(identifier) = crate::identifier::dns::from_dns_labels(&labels) {
        built.put(identifier.text(), vec![name]);
        built.remove(identifier.text());
        let asked = ask(&above, RecordType::NAPTR);
        let (bytes, handled) = octets(
            &built.resolver(),
            Transport::Udp,
            &asked.message.to_vec().unwrap(),
        );
        assert_eq!(handled.outcome(), Some(Outcome::Gone));
        let message = Message::from_vec(&bytes).unwrap();
        assert_eq!(message.metadata.response_code, ResponseCode::NoError);
        assert!(has_soa(&message));
    }
}

#[test]
fn the_zone_speaks_for_itself() {
    let (message, outcome) = ask("id.example.", RecordType::SOA).answer();
    assert_eq!(outcome, Outcome::Auxiliary);
    let RData::SOA(soa) = &message.answers[0].data else {
        panic!("{message:?}");
    };
    assert_eq!(soa.mname.to_ascii(), "ns1.id.example.");
    assert_eq!(soa.rname.to_ascii(), "hostmaster.id.example.");
    assert!(soa.serial > 10, "it grows with every entry");
    assert_eq!(message.answers[0].ttl, 3_600);
    let (message, _) = ask("id.example.", RecordType::NS).answer();
    assert_eq!((message.answers.len(), message.additionals.len()), (2, 2));
    let (code, _, found) = told("Ns1.id.example.", RecordType::A);
    assert_eq!(
        (code, found),
        (ResponseCode::NoError, vec!["192.0.2.1".to_owned()])
    );
    assert_eq!(told("ns1.id.example.", RecordType::AAAA).2, ["2001:db8::1"]);
    let (message, _) = ask("ns1.id.example.", RecordType::TXT).answer();
    assert!(message.answers.is_empty() && has_soa(&message));
    let (message, _) = ask("id.example.", RecordType::A).answer();
    assert!(message.answers.is_empty() && has_soa(&message));
    let (_, outcome, any) = told(&name_of("88.118.8/ABC-1"), RecordType::ANY);
    assert_eq!(
        (outcome, any),
        (Outcome::Auxiliary, vec![r#"RFC8482 "#.to_owned()])
    );
}

//----------- Referrals --------------------------------------------------------

#[test]
fn enterprises_with_name_servers_are_delegated() {
    for (name, kind, outcome) in [
        (
            "x1.11.118.88.Id.example.",
            RecordType::NAPTR,
            Outcome::Success,
        ),
        (
            "x1.11.118.88.Id.example.",
            RecordType::A,
            Outcome::Auxiliary,
        ),
        ("11.118.88.Id.example.", RecordType::NS, Outcome::Auxiliary),
        (
            "a.b.11.118.88.Id.example.",
            RecordType::TXT,
            Outcome::Auxiliary,
        ),
        // Assigned to nobody, whoever answers for it.
        ("x1.5.11.118.88.Id.example.", URI, Outcome::NotFound),
    ] {
        let (message, counted) = ask(name, kind).answer();
        assert_eq!(
            (message.metadata.response_code, counted),
            (ResponseCode::NoError, outcome)
        );
        assert!(!message.metadata.authoritative, "the enterprise is");
        assert!(message.answers.is_empty());
        let servers: Vec<String> = message
            .authorities
            .iter()
            .map(|one| {
                assert_eq!(one.name.to_ascii(), "11.118.88.Id.example.");
                one.data.to_string()
            })
            .collect();
        assert_eq!(
            servers,
            [
                "ns1.firm.example.",
                "ns2.11.118.88.Id.example.",
                "ns3.11.118.88.Id.example."
            ]
        );
        let glue: Vec<String> = message
            .additionals
            .iter()
            .map(|one| one.data.to_string())
            .collect();
        assert_eq!(glue, ["192.0.2.53", "2001:db8::53"]);
    }
    // What a delegation is signed with is asked above it.
    let (message, _) = ask("11.118.88.id.example.", RecordType::DS).answer();
    assert!(has_soa(&message) && message.metadata.authoritative);
}

#[test]
fn other_routes_are_told_as_far_as_dns_can() {
    let name = name_of("88.118.10/a/1");
    let (code, outcome, found) = told(&name, URI);
    assert_eq!((code, outcome), (ResponseCode::NoError, Outcome::Success));
    assert_eq!(
        found,
        [
            "https://node.example.cn:8443/88.118.10/a/1",
            "http://[2001:db8::7]/88.118.10/a/1"
        ]
    );
    assert_eq!(told(&name, RecordType::NAPTR).2.len(), 2);
    assert_eq!(
        told(&name, RecordType::TXT).2[0],
        "referral tcp://192.0.2.7:2641"
    );
    let name = name_of("88.118.12/a1");
    assert_eq!(told(&name, RecordType::NAPTR).1, Outcome::NotFound);
    assert_eq!(told(&name, RecordType::TXT).1, Outcome::Success);
}
