//! For each fuzz target of a protocol the dearest inputs that could be thought of, at sizes that
//! double: twice the input may cost twice as much, and no more.

use std::{net::SocketAddr, sync::Arc};

use biaoshi::{
    protocol::{
        dns::{self, Transport, Zone, question},
        handle::{
            self, ENVELOPE_BYTES, Envelope, Reassembly, VERSION, fragments, resolution_request,
        },
    },
    record::{Record, Value},
    resolver::Resolver,
};

#[path = "../../fuzz/oracles/node.rs"]
mod node;

use node::{Node, value};

/// An input, and what is done with it.
pub(crate) struct Case {
    /// Bytes of the input.
    pub(crate) bytes: usize,
    /// Does it once; what comes back is only there to be used.
    pub(crate) work: Box<dyn FnMut() -> usize>,
}

/// A kind of input: its name begins with its fuzz target's.
pub(crate) type Kind = (&'static str, fn(usize) -> Case);

/// The parts of the largest input: 8, 4, 2 and 1 of them are measured.
pub(crate) const PARTS: [usize; 4] = [8, 4, 2, 1];

/// All kinds, by how large a part of the largest input they are to make.
pub(crate) const KINDS: [Kind; 9] = [
    ("handle_message_types", types),
    ("handle_message_indexes", indexes),
    ("handle_reassembly_parts", parts),
    ("handle_reassembly_strangers", strangers),
    ("handle_value_many", |part| values(part, Way::Handle)),
    ("handle_value_many_dns", |part| values(part, Way::Dns)),
    ("dns_message_labels", labels),
    ("dns_message_pointers", pointers),
    ("dns_message_options", options),
];

const IDENTIFIER: &str = "88.118.8/WORST-1";
const NAME: &str = "worst-1.8.118.88.id.example";

//----------- Handle -----------------------------------------------------------

/// Types as long as they can be that all but one letter are the record's.
fn types(part: usize) -> Case {
    let kind = |n: usize| format!("{}{n:04}", "T".repeat(200));
    let record = values_of((0..256).map(|n| value(n + 1, &kind(n as usize), b"")));
    let node = Node::build();
    node.put(IDENTIFIER, &record);
    let wanted: Vec<String> = (0..256 / part).map(|n| kind(n + 1_000)).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    answer_handle(node.resolver(), resolution_request(1, IDENTIFIER, &wanted))
}

/// Indexes that no value has.
fn indexes(part: usize) -> Case {
    let node = Node::build();
    node.put(
        IDENTIFIER,
        &values_of((0..256).map(|n| value(n + 1, "T", b""))),
    );
    let mut request = resolution_request(1, IDENTIFIER, &[]);
    let count = 256 / part;
    let at = ENVELOPE_BYTES + handle::HEADER_BYTES + 4 + IDENTIFIER.len();
    request[at..at + 4].copy_from_slice(&u32::try_from(count).unwrap_or_default().to_be_bytes());
    let wanted =
        (0..count).flat_map(|n| u32::try_from(n + 1_000).unwrap_or_default().to_be_bytes());
    request.splice(at + 4..at + 4, wanted);
    for length_at in [
        ENVELOPE_BYTES - 4,
        ENVELOPE_BYTES + handle::HEADER_BYTES - 4,
    ] {
        let length = &mut request[length_at..length_at + 4];
        let before = u32::from_be_bytes(length.try_into().unwrap_or_default());
        let after = before + 4 * u32::try_from(count).unwrap_or_default();
        length.copy_from_slice(&after.to_be_bytes());
    }
    answer_handle(node.resolver(), request)
}

fn answer_handle(resolver: Resolver, request: Vec<u8>) -> Case {
    let bytes = request.len();
    let mut out = Vec::with_capacity(128 * 1024);
    let work = move || {
        let context = handle::Context {
            resolver: Some(&resolver),
            site: b"site",
            site_serial: 1,
            challenge: &|| None,
        };
        out.clear();
        let handled = handle::respond(&context, &request, &mut out);
        assert!(handled.is_ok(), "it can be read");
        out.len()
    };
    Case {
        bytes,
        work: Box::new(work),
    }
}

/// One long message in parts, the last first.
fn parts(part: usize) -> Case {
    let mut datagrams = Vec::new();
    fragments(&message(72 * 1_000 / part), |one| {
        datagrams.insert(0, one.to_vec());
    });
    put_together(datagrams.into_iter().map(|one| (peer(1), one)).collect())
}

/// A first part from each of many: the table is full, and the oldest goes each time.
fn strangers(part: usize) -> Case {
    let mut first = Vec::new();
    fragments(&message(70_000), |one| {
        if first.is_empty() {
            first = one.to_vec();
        }
    });
    let ports = 1..=u16::try_from(1_024 / part).unwrap_or_default();
    put_together(ports.map(|port| (peer(port), first.clone())).collect())
}

fn peer(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn message(bytes: usize) -> Vec<u8> {
    let envelope = Envelope {
        version: VERSION,
        suggested: VERSION,
        flags: 0,
        session_id: 0,
        request_id: 1,
        sequence: 0,
        message_length: u32::try_from(bytes).unwrap_or_default(),
    };
    let mut out = Vec::new();
    envelope.encode(&mut out);
    out.resize(out.len() + bytes, 7);
    out
}

fn put_together(datagrams: Vec<(SocketAddr, Vec<u8>)>) -> Case {
    let mut table = Reassembly::new();
    let bytes = datagrams.iter().map(|(_, one)| one.len()).sum();
    let work = move || {
        for (peer, datagram) in &datagrams {
            std::hint::black_box(table.take(*peer, datagram, 0));
        }
        datagrams.len()
    };
    Case {
        bytes,
        work: Box::new(work),
    }
}

//----------- Values -----------------------------------------------------------

/// Which protocol says them.
#[derive(Clone, Copy)]
enum Way {
    Handle,
    Dns,
}

/// As many values as a record has, as long as they can be; its size is the input's.
fn values(part: usize, way: Way) -> Case {
    let data = [b'"'; 200];
    let count = u32::try_from(256 / part).unwrap_or_default();
    let record = values_of((0..count).map(|n| value(n + 1, "TYPE", &data)));
    let node = Node::build();
    node.put(IDENTIFIER, &record);
    let bytes = record.encode().len();
    let case = match way {
        Way::Handle => answer_handle(node.resolver(), resolution_request(1, IDENTIFIER, &[])),
        Way::Dns => {
            let asked = question(1, NAME, 16).expect("it is a name");
            answer_dns(node.resolver(), asked, Transport::Tcp)
        }
    };
    Case { bytes, ..case }
}

fn values_of(values: impl Iterator<Item = Value>) -> Record {
    Record::new(values.collect()).expect("it is within the limits")
}

//----------- DNS --------------------------------------------------------------

/// The longest question that is read.
const DNS_BYTES: usize = 4_096;

/// A name of as many labels as there is room for, each of which may be a part of a prefix: whether
/// somebody above it has name servers of its own is looked up for each.
fn labels(part: usize) -> Case {
    let name = format!("{}118.88.id.example", "1.".repeat(112 / part));
    let request = question(1, &name, 35).expect("it is a name");
    answer_dns(Node::build().resolver(), request, Transport::Udp)
}

/// Records that no question has, each with a name that points to the longest there is.
fn pointers(part: usize) -> Case {
    let mut request = question(1, NAME, 16).expect("it is a name");
    let at = request.len();
    let mut name = [1, b'a'].repeat(126);
    name.push(0);
    fill(
        &mut request,
        at + name.len() + UNKNOWN_RECORD.len(),
        &[name.as_slice(), &UNKNOWN_RECORD].concat(),
    );
    let pointer = u16::try_from(0xc000 + at).unwrap_or_default().to_be_bytes();
    fill(
        &mut request,
        DNS_BYTES / part,
        &[pointer.as_slice(), &UNKNOWN_RECORD].concat(),
    );
    answer_dns(Node::build().resolver(), request, Transport::Udp)
}

/// An unknown type, class IN, no time to live, one octet: a library keeps it as it came.
const UNKNOWN_RECORD: [u8; 11] = [0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 7];

/// EDNS with as many empty options as there is room for.
fn options(part: usize) -> Case {
    let mut request = question(1, NAME, 16).expect("it is a name");
    // `question` ends with an OPT record without options.
    let length_at = request.len() - 2;
    let mut option = 65_001_u16;
    while request.len() + 4 <= DNS_BYTES / part {
        request.extend(option.to_be_bytes());
        request.extend([0, 0]);
        option = option.checked_add(1).unwrap_or(1_000);
    }
    let length = u16::try_from(request.len() - length_at - 2).unwrap_or_default();
    request[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    answer_dns(Node::build().resolver(), request, Transport::Udp)
}

/// Appends a record while there is room, and counts it among the additional ones.
fn fill(request: &mut Vec<u8>, room: usize, record: &[u8]) {
    let mut count = u16::from_be_bytes([request[10], request[11]]);
    while request.len() + record.len() <= room {
        request.extend(record);
        count += 1;
    }
    request[10..12].copy_from_slice(&count.to_be_bytes());
}

fn answer_dns(resolver: Resolver, request: Vec<u8>, transport: Transport) -> Case {
    let zone = Arc::new(Zone::new("id.example", &[], "IDIS+URL", 60).expect("it is a zone"));
    let bytes = request.len();
    let mut out = Vec::with_capacity(128 * 1024);
    let work = move || {
        let context = dns::Context {
            resolver: Some(&resolver),
            zone: &zone,
            transport,
        };
        out.clear();
        dns::respond(&context, &request, &mut out);
        out.len()
    };
    Case {
        bytes,
        work: Box::new(work),
    }
}
