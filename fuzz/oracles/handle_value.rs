//! What must hold of any record that may be registered, as each protocol says it.

use std::sync::{LazyLock, Mutex, PoisonError};

use biaoshi::{
    identifier::{Identifier, dns::to_dns_name},
    protocol::{
        dns::{self, SaidAnswer, Transport, Zone, question},
        handle::{
            self, ENVELOPE_BYTES, HEADER_BYTES, Header, SaidValue, SaidValues, resolution_request,
        },
    },
    record::{RecordRef, Ttl, ValueRef},
    resolver::Resolver,
};

use crate::node::Node;

const IDENTIFIER: &str = "88.118.8/ASKED-1";
const TXT: u16 = 16;

/// One at a time: each input is registered under the same identifier.
static NODE: LazyLock<Mutex<Node>> = LazyLock::new(|| Mutex::new(Node::build()));

/// Checks one input: a record, or what is taken for values.
pub(crate) fn check(data: &[u8]) {
    if let Ok(said) = SaidValues::decode(data) {
        assert!(
            said.values.len() * 26 <= data.len(),
            "no more than there was"
        );
    }
    if let Ok(found) = handle::interfaces(data) {
        assert!(found.len() * 6 <= data.len(), "no more than there was");
    }
    let Ok(record) = RecordRef::parse(data) else {
        return;
    };
    let node = NODE.lock().unwrap_or_else(PoisonError::into_inner);
    node.put(
        IDENTIFIER,
        &record.to_record().expect("it is within the limits"),
    );
    let resolver = node.resolver();
    let public: Vec<ValueRef<'_>> = record
        .values()
        .filter(|value| value.permissions.public_read())
        .collect();
    check_handle(&resolver, &public, record.values().next().is_none());
    check_dns(&resolver, &public);
}

fn check_handle(resolver: &Resolver, public: &[ValueRef<'_>], is_empty: bool) {
    let context = handle::Context {
        resolver: Some(resolver),
        site: b"site",
        site_serial: 1,
        challenge: &|| None,
    };
    let mut out = Vec::new();
    let request = resolution_request(1, IDENTIFIER, &[]);
    handle::respond(&context, &request, &mut out).expect("it is a request");
    let header = Header::decode(&out[ENVELOPE_BYTES..]).expect("it is a header");
    if public.is_empty() {
        assert_eq!(
            header.response_code, 200,
            "nothing for everybody: {is_empty}"
        );
        return;
    }
    assert_eq!(header.response_code, 1);
    let body = &out[ENVELOPE_BYTES + HEADER_BYTES..];
    let said = SaidValues::decode(body).expect("values can be read");
    assert_eq!(said.values.len(), public.len());
    for (said, value) in said.values.iter().zip(public) {
        check_value(said, value);
    }
}

fn check_value(said: &SaidValue<'_>, value: &ValueRef<'_>) {
    assert_eq!(
        (said.index, said.kind),
        (value.index, value.kind.as_bytes())
    );
    assert_eq!(value.data, *said.data);
    assert_eq!(said.permissions, value.permissions.bits());
    let (Ttl::Relative(seconds) | Ttl::Absolute(seconds)) = value.ttl;
    assert_eq!(said.ttl, seconds);
}

fn check_dns(resolver: &Resolver, public: &[ValueRef<'_>]) {
    let zone = Zone::new("id.example", &[], "IDIS+URL", 60).expect("it is a zone");
    let context = dns::Context {
        resolver: Some(resolver),
        zone: &zone,
        transport: Transport::Tcp,
    };
    let identifier = Identifier::parse_query(IDENTIFIER).expect("it is one");
    let name = to_dns_name(&identifier, "id.example").expect("it has a name");
    for kind in [TXT, 35, 256] {
        let mut out = Vec::new();
        dns::respond(
            &context,
            &question(1, &name, kind).expect("it is a name"),
            &mut out,
        );
        let said = SaidAnswer::decode(&out).expect("an answer can be read");
        // A record that no message holds is an error; nothing is half said.
        if kind != TXT || said.code == 2 {
            continue;
        }
        let texts: Vec<&[u8]> = said.answers.iter().map(|one| one.data.as_slice()).collect();
        let expected: Vec<Vec<u8>> = public.iter().map(text).collect();
        assert_eq!(texts, expected);
    }
}

fn text(value: &ValueRef<'_>) -> Vec<u8> {
    let mut text = format!("{} {}=", value.index, value.kind).into_bytes();
    value.data.append_to(&mut text);
    text
}
