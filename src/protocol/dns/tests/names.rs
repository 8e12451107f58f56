//! Names that exist though nothing stands at them, and names that only look like others.

use super::*;

fn code_of(name: &str, kind: RecordType) -> ResponseCode {
    let (message, outcome) = ask(name, kind).answer();
    assert_eq!(outcome, Outcome::Auxiliary, "{name}");
    assert!(has_soa(&message) && message.answers.is_empty(), "{name}");
    message.metadata.response_code
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
