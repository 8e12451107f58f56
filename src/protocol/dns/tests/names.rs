//! Names that exist though nothing stands at them, and names that only look like others.

use super::*;

/// What a zone with that server in it says, while a node answers.
fn ask_zone_of(server: &str, asked: &Ask) -> Message {
    let server = NameServer {
        name: server.to_owned(),
        addresses: vec!["192.0.2.1".parse().unwrap()],
    };
    let zone = Zone::new(ZONE, &[server], "IDIS+URL", 60).unwrap();
    let resolver = node();
    let context = Context {
        resolver: Some(&resolver),
        zone: &zone,
        transport: Transport::Udp,
    };
    let mut out = Vec::new();
    respond(&context, &asked.message.to_vec().unwrap(), &mut out);
    Message::from_vec(&out).unwrap()
}

fn code_of(name: &str, kind: RecordType) -> ResponseCode {
    let (message, outcome) = ask(name, kind).answer();
    assert_eq!(outcome, Outcome::Auxiliary, "{name}");
    assert!(has_soa(&message) && message.answers.is_empty(), "{name}");
    message.metadata.response_code
}

//----------- Above identifiers of others --------------------------------------

#[test]
fn below_another_route_every_name_that_can_be_exists() {
    // The enterprise's node knows which do: whoever asks label by label must not stop here.
    for prefix in ["9", "10", "12"] {
        let long = name_of(&format!("88.118.{prefix}/{}", long_suffix()));
        let behind = long.split_once('.').unwrap().1;
        let above = format!("_x.{prefix}.118.88.id.example.");
        for kind in [RecordType::A, RecordType::NS, RecordType::NAPTR] {
            assert_eq!(code_of(behind, kind), ResponseCode::NoError, "{behind}");
            assert_eq!(code_of(&above, kind), ResponseCode::NoError, "{above}");
        }
    }
    for name in [
        "zz._x.10.118.88.id.example.",
        "a.abc-1.10.118.88.id.example.",
        "_y.10.118.88.id.example.",
        "_x.5.10.118.88.id.example.",
        "_x.77.118.88.id.example.",
    ] {
        assert_eq!(code_of(name, RecordType::A), ResponseCode::NXDomain);
    }
}

//----------- A label that is a star -------------------------------------------

#[test]
fn a_star_is_a_label_as_others_are() {
    for name in [
        "*.id.example.",
        "*.8.118.88.id.example.",
        "*.10.118.88.id.example.",
        "*.abc-1.8.118.88.id.example.",
    ] {
        for kind in [RecordType::SOA, RecordType::NS, RecordType::NAPTR] {
            assert_eq!(code_of(name, kind), ResponseCode::NXDomain, "{name}");
        }
    }
    let (message, outcome) = ask("*.11.118.88.id.example.", RecordType::NAPTR).answer();
    assert_eq!(outcome, Outcome::Auxiliary);
    assert!(!message.metadata.authoritative && message.answers.is_empty());
    assert_eq!(message.authorities.len(), 3);
    for record in &message.authorities {
        assert_eq!(record.name.to_ascii(), "11.118.88.id.example.");
    }
}

//----------- Above name servers -----------------------------------------------

#[test]
fn names_above_a_name_server_exist_and_are_empty() {
    for (server, name, code) in [
        (
            "ns1.dns.id.example",
            "Dns.id.example.",
            ResponseCode::NoError,
        ),
        (
            "a.b.dns.id.example",
            "b.dns.id.example.",
            ResponseCode::NoError,
        ),
        (
            "ns.77.118.88.id.example",
            "77.118.88.id.example.",
            ResponseCode::NoError,
        ),
        (
            "ns1.dns.id.example",
            "ns.id.example.",
            ResponseCode::NXDomain,
        ),
        (
            "ns1.dns.id.example",
            "x.ns1.dns.id.example.",
            ResponseCode::NXDomain,
        ),
        (
            "ns1.xdns.id.example",
            "dns.id.example.",
            ResponseCode::NXDomain,
        ),
    ] {
        let message = ask_zone_of(server, &ask(name, RecordType::A));
        assert_eq!(message.metadata.response_code, code, "{name}");
        assert!(has_soa(&message) && message.metadata.authoritative);
    }
}

//----------- While the node starts --------------------------------------------

#[test]
fn a_node_that_starts_knows_no_serial() {
    let zone = zone();
    let told = |name: &str, kind| {
        let context = Context {
            resolver: None,
            zone: &zone,
            transport: Transport::Udp,
        };
        let mut out = Vec::new();
        let asked = ask(name, kind).message.to_vec().unwrap();
        let handled = respond(&context, &asked, &mut out);
        assert_eq!(handled.outcome(), Some(Outcome::Auxiliary), "{name}");
        SaidAnswer::decode(&out).unwrap()
    };
    // Every answer that has SOA, in whichever section.
    for (name, kind) in [
        ("id.example.", RecordType::SOA),
        ("id.example.", RecordType::A),
        ("ns1.id.example.", RecordType::TXT),
        ("www.id.example.", RecordType::A),
        ("*.id.example.", RecordType::A),
    ] {
        let said = told(name, kind);
        assert_eq!((said.code, said.extended), (2, Some(14)), "{name} {kind}");
        assert!(!said.is_authoritative && said.answers.is_empty());
        assert!(said.authorities.is_empty(), "{name} {kind}");
    }
    assert_eq!(told("id.example.", RecordType::NS).answers.len(), 2);
    assert_eq!(told("ns1.id.example.", RecordType::A).answers.len(), 1);
    assert_eq!(told("example.org.", RecordType::SOA).code, 5);
}

//----------- Sets -------------------------------------------------------------

/// RFC 2181 §5: whether they are compared or hashed.
#[test]
fn no_set_has_two_equal_records() {
    for kind in [RecordType::NAPTR, records::URI] {
        assert_eq!(told(&name_of("88.118.8/SAME1"), kind).2.len(), 1, "{kind}");
        let (message, _) = ask(&name_of("88.118.8/HALF1"), kind).tcp().answer();
        assert_eq!(message.answers.len(), 20, "{kind}");
    }
    // Each has its index there.
    assert_eq!(told(&name_of("88.118.8/SAME1"), RecordType::TXT).2.len(), 3);
}
