//! Every resolution and site request that was captured between Handle.Net's client and server,
//! asked of us: each field of the reply is the same, or listed as meant to differ.

use super::*;
use crate::record::Reference;
use crate::record::{Permissions, Ttl, Value};

/// Messages as they were seen on the wire between Handle.Net 9.3.1's client and server.
pub(super) const CAPTURED: &str = include_str!("../../../../tests/data/handle-captured.txt");

/// A captured exchange: what was asked, and what was said, whole messages both.
struct Exchange {
    section: String,
    asked: Vec<u8>,
    said: Vec<u8>,
}

/// The first request of each section and its reply, where the request is about resolving.
fn exchanges() -> Vec<Exchange> {
    let mut found: Vec<Exchange> = Vec::new();
    for section in CAPTURED.split("\n## ").skip(1) {
        let (name, lines) = section.split_once('\n').unwrap_or((section, ""));
        let mut from_client = false;
        let (mut asked, mut said): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
        for line in lines.lines() {
            if line.starts_with('#') {
                let is_client = line.contains("C>S");
                if is_client && !said.is_empty() {
                    break;
                }
                from_client = is_client;
            } else if let Ok(bytes) = data_encoding::HEXLOWER.decode(line.trim().as_bytes()) {
                let whole = if from_client { &mut asked } else { &mut said };
                // Fragments repeat the envelope.
                let rest = if whole.is_empty() { 0 } else { ENVELOPE_BYTES };
                whole.extend(bytes.get(rest..).unwrap_or_default());
            }
        }
        let is_plain = |message: &[u8]| {
            let flags = message.get(2).copied().unwrap_or_default();
            message.len() > 44 && flags & Envelope::ENCRYPTED == 0
        };
        let op_code = asked.get(20..24).unwrap_or_default();
        let is_asked = [[0, 0, 0, 1], [0, 0, 0, 2]]
            .iter()
            .any(|code| code == op_code);
        if is_asked && is_plain(&asked) && is_plain(&said) {
            found.push(Exchange {
                section: name.to_owned(),
                asked,
                said,
            });
        }
    }
    found
}

/// The values of a successful reply.
fn values(body: &[u8]) -> (String, Vec<Value>) {
    let said = SaidValues::decode(body).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let value = |said: &SaidValue<'_>| Value {
        index: said.index,
        kind: text(said.kind).into(),
        data: said.data.into(),
        ttl: if said.ttl_is_absolute {
            Ttl::Absolute(said.ttl)
        } else {
            Ttl::Relative(said.ttl)
        },
        permissions: Permissions::from_bits(said.permissions).unwrap(),
        timestamp_ms: u64::from(said.timestamp_seconds) * 1_000,
        references: said
            .references
            .iter()
            .map(|(handle, index)| Reference {
                handle: text(handle).into(),
                index: *index,
            })
            .collect(),
    };
    (text(said.handle), said.values.iter().map(value).collect())
}

/// A node that holds what the captured replies of one section show, and what was private there.
fn node_of(exchange: &Exchange) -> Resolver {
    let built = Built::new();
    built.secondary("88.1000");
    built.firm(1, "88.1000", Hosting::Hosted);
    let said = Said::read(&exchange.said);
    let (mut handle, mut held) = ("88.1000/TEST1".to_owned(), Vec::new());
    if said.header.op_code == 1 && said.header.response_code == 1 {
        let digest = usize::from(said.header.has(Header::REQUEST_DIGEST)) * 33;
        (handle, held) = values(&said.body[digest..]);
    } else if said.header.response_code == 402 {
        let query = exchange.asked[ENVELOPE_BYTES + HEADER_BYTES..].to_vec();
        handle = String::from_utf8(Query::decode(&query).unwrap().handle.to_vec()).unwrap();
        held.push(value(1, "SECRET", b"x", 0b1100));
    }
    if held.is_empty() {
        held.push(value(1, "OTHER", b"x", 0b1110));
    }
    held.sort_by_key(|value| value.index);
    built.put(&handle, held);
    built.resolver()
}

/// Why a field is not the same, where it is meant not to be.
fn meant(exchange: &Exchange, field: &str) -> Option<&'static str> {
    let said = Said::read(&exchange.said);
    let is_certified = said.header.has(Header::CERTIFY);
    match field {
        "credential" if is_certified => Some("answers are not signed yet"),
        "flags" if is_certified => Some("so the flag that promises it is not set"),
        "body" if said.header.op_code == 2 => Some("it is another site"),
        "body" if said.header.response_code == 402 => Some("a nonce is never the same"),
        "body" if said.header.response_code == 301 => Some("the text is our own"),
        "session" if said.header.response_code == 402 => Some("challenges have our own numbers"),
        _ => None,
    }
}

#[test]
fn each_field_of_a_reply_is_the_same_or_meant_to_differ() {
    let exchanges = exchanges();
    assert!(exchanges.len() >= 26, "two runs: {}", exchanges.len());
    let mut differ = Vec::new();
    for exchange in &exchanges {
        let resolver = node_of(exchange);
        let mut out = Vec::new();
        respond(&context(&resolver), &exchange.asked, &mut out).unwrap();
        let (ours, theirs) = (Said::read(&out), Said::read(&exchange.said));
        let (us, them) = (ours.envelope, theirs.envelope);
        let fields = [
            ("version", us.version == them.version),
            ("suggested", us.suggested == them.suggested),
            ("session", us.session_id == them.session_id),
            ("request", us.request_id == them.request_id),
            ("operation", ours.header.op_code == theirs.header.op_code),
            (
                "response",
                ours.header.response_code == theirs.header.response_code,
            ),
            ("flags", ours.header.op_flags == theirs.header.op_flags),
            (
                "serial",
                ours.header.site_serial == theirs.header.site_serial,
            ),
            (
                "expiration",
                ours.header.expiration == theirs.header.expiration,
            ),
            ("body", ours.body == theirs.body),
            ("credential", ours.credential == theirs.credential),
        ];
        for (field, is_same) in fields {
            if !is_same && meant(exchange, field).is_none() {
                differ.push(format!(
                    "{}: {field}: {ours:?}, not {theirs:?}",
                    exchange.section
                ));
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}

/// A reply that came in fragments leaves in the same ones.
#[test]
fn fragments_are_cut_as_theirs_are() {
    let is_big = |exchange: &&Exchange| exchange.section.contains("fragmented");
    let exchanges = exchanges();
    let big = exchanges.iter().find(is_big).unwrap();
    let resolver = node_of(big);
    let mut out = Vec::new();
    respond(&context(&resolver), &big.asked, &mut out).unwrap();
    let mut ours = Vec::new();
    fragments(&out, |datagram| ours.push(datagram.to_vec()));
    assert!(ours.len() > 2);
    let section = CAPTURED
        .split("\n## ")
        .find(|text| text.contains("fragmented"));
    let theirs: Vec<Vec<u8>> = section
        .unwrap()
        .lines()
        .filter_map(|line| data_encoding::HEXLOWER.decode(line.as_bytes()).ok())
        .filter(|bytes| bytes.len() > ENVELOPE_BYTES)
        .skip(1)
        .take(ours.len())
        .collect();
    assert_eq!(ours, theirs);
}
