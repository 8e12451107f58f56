//! What must hold of any bytes as a message of DNS.

use std::sync::LazyLock;

use biaoshi::{
    protocol::{
        Handled,
        dns::{Context, SaidAnswer, Transport, UDP_BYTES_MAX, Zone, cut_short, respond},
    },
    resolver::Resolver,
};

use crate::node::Node;

static RESOLVER: LazyLock<Resolver> = LazyLock::new(|| Node::build().resolver());
static ZONE: LazyLock<Zone> =
    LazyLock::new(|| Zone::new("id.example", &[], "IDIS+URL", 60).expect("it is a zone"));

/// A header, and the question with the name as it came.
const HEADER_BYTES: usize = 12;

/// Checks one input.
pub(crate) fn check(data: &[u8]) {
    let _ = SaidAnswer::decode(data);
    for transport in [Transport::Udp, Transport::Tcp] {
        check_over(transport, data);
    }
    let mut short = Vec::new();
    cut_short(data, &mut short);
    assert!(short.len() <= data.len(), "never more than was asked with");
}

fn check_over(transport: Transport, data: &[u8]) {
    let context = Context {
        resolver: Some(&RESOLVER),
        zone: &ZONE,
        transport,
    };
    let mut out = Vec::new();
    let handled = respond(&context, data, &mut out);
    let is_answer = data.get(2).is_some_and(|flags| flags & 0x80 != 0);
    if data.len() < HEADER_BYTES || is_answer {
        assert_eq!((handled, out.len()), (Handled::Malformed, 0));
        return;
    }
    assert!(out.len() >= HEADER_BYTES);
    assert_eq!(out[..2], data[..2], "an answer to somebody else");
    assert_eq!(
        out[2] & 0xf8,
        0x80 | data[2] & 0x78,
        "an answer, of its operation"
    );
    assert_eq!(out[2] & 1, data[2] & 1, "RD comes back");
    assert_eq!(out[3] & 0xf0, 0, "nobody recurses here");
    if transport == Transport::Udp {
        assert!(out.len() <= usize::from(UDP_BYTES_MAX));
    } else {
        assert_eq!(out[2] & 0x02, 0, "TC over TCP");
    }
    if handled == Handled::Malformed || out.len() == HEADER_BYTES {
        assert_eq!(out.len(), HEADER_BYTES);
        return;
    }
    let said = SaidAnswer::decode(&out).expect("an answer can be read");
    assert!(said.answers.is_empty() || said.code == 0, "{said:?}");
    // Without compression the question comes back byte for byte.
    if let Some(end) = question_end(data) {
        assert_eq!(out[HEADER_BYTES..end], data[HEADER_BYTES..end]);
    }
}

/// Where a question without pointers ends.
fn question_end(data: &[u8]) -> Option<usize> {
    let mut at = HEADER_BYTES;
    loop {
        match data.get(at)? {
            0 => return Some(at + 5).filter(|end| *end <= data.len()),
            length @ 1..=63 => at += 1 + usize::from(*length),
            _ => return None,
        }
    }
}
