//! One message in, one message out.

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{
        DNSClass, Name, RData, Record, RecordType,
        rdata::{HINFO, opt::EdnsOption},
    },
};

use super::{
    names::{Below, Place},
    records, referral,
    zone::Zone,
};
use crate::{
    access::Caller,
    accounting::{Act, Outcome, Subject},
    change::Route,
    identifier::Identifier,
    protocol::{Handled, act_of},
    resolver::{Node, Resolution, Resolver},
    state::directory::Whose,
};

/// Octets of a header (RFC 1035 §4.1.1).
const HEADER_BYTES: usize = 12;

/// The most octets of a label, and of a name with its last one (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;
const NAME_BYTES_MAX: usize = 255;

/// The longest message that is read: a question and its options are a few hundred octets.
const REQUEST_BYTES_MAX: usize = 4_096;

/// The most records of a question, by section: none answer it, IXFR says what it has (RFC 1995 §3),
/// and OPT and TSIG stand behind it. More would only cost to read.
const REQUEST_RECORDS_MAX: [u16; 3] = [0, 1, 2];

/// The longest answer over UDP without EDNS (RFC 1035 §4.2.1).
const PLAIN_UDP_BYTES_MAX: u16 = 512;

/// The longest answer over UDP: it fits any path without being cut (DNS flag day 2020).
pub const UDP_BYTES_MAX: u16 = 1_232;

/// The longest answer over TCP: its length is two octets (RFC 1035 §4.2.2).
pub const TCP_BYTES_MAX: u16 = u16::MAX;

/// Extended errors (RFC 8914 §4).
pub(super) const EXTENDED_ERROR: u16 = 15;
const NOT_READY: u16 = 14;
const PROHIBITED: u16 = 18;
/// The prefix is another node's, or the name is in no zone of this one.
pub const NOT_AUTHORITATIVE: u16 = 20;
/// The enterprise has named no node yet.
pub const NO_REACHABLE_AUTHORITY: u16 = 22;

//----------- Context ----------------------------------------------------------

/// What an answer depends on besides the message.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who answers from the state; none while the node starts.
    pub resolver: Option<&'a Resolver>,
    /// The zone that this node answers for.
    pub zone: &'a Zone,
    /// What the message came over.
    pub transport: Transport,
}

/// What a message came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams: what is too long is cut, and the client comes over TCP.
    Udp,
    /// A connection.
    Tcp,
}

//----------- respond ----------------------------------------------------------

/// Answers a message: appends the answer to `out`, or nothing where nobody should be told
/// anything, and says what it was.
pub fn respond(context: &Context<'_>, message: &[u8], out: &mut Vec<u8>) -> Handled {
    let Some(header) = message.first_chunk::<HEADER_BYTES>() else {
        return Handled::Malformed;
    };
    // An answer to an answer would go on for ever.
    if header[2] & 0x80 != 0 {
        return Handled::Malformed;
    }
    if header[2] & 0x78 != 0 {
        put_header(header, ResponseCode::NotImp, out);
        return Handled::Answered(Act::auxiliary());
    }
    let read = (is_question(header) && message.len() <= REQUEST_BYTES_MAX)
        .then(|| Message::from_vec(message).ok())
        .flatten();
    let Some((request, query)) = read
        .as_ref()
        .and_then(|one| Some((one, one.queries.first()?)))
    else {
        put_header(header, ResponseCode::FormErr, out);
        return Handled::Malformed;
    };
    let mut answer = Answer::begin(context, request, query);
    let outcome = answer.answer();
    let act = answer.act;
    Handled::Answered(act.with(answer.finish(outcome, out)))
}

/// Tells a client to come over TCP, in the fewest octets: appends a header and the question.
pub fn cut_short(message: &[u8], out: &mut Vec<u8>) {
    let Some(header) = message.first_chunk::<HEADER_BYTES>() else {
        return;
    };
    let start = out.len();
    put_header(header, ResponseCode::NoError, out);
    out[start + 2] |= 0x02;
    // A resolver takes no answer for its own that does not repeat the question (RFC 5452 §9.1).
    if let Some(question) = question_of(message) {
        out[start + 5] = 1;
        out.extend(question);
    }
}

/// What tells a question from the others of its client: its number, and the octets of the question.
#[must_use]
pub fn identity(message: &[u8]) -> Option<(u32, &[u8])> {
    let id = message.first_chunk().copied().map(u16::from_be_bytes)?;
    Some((id.into(), question_of(message)?))
}

/// The octets of the question, where it is one and its name is spelt out.
fn question_of(message: &[u8]) -> Option<&[u8]> {
    if message.get(4..6)? != [0, 1] {
        return None;
    }
    let mut at = HEADER_BYTES;
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1 + length;
        match length {
            0 => break,
            // Room for the root is left.
            1..=LABEL_BYTES_MAX if at - HEADER_BYTES < NAME_BYTES_MAX => {}
            _ => return None,
        }
    }
    // Type and class.
    message.get(HEADER_BYTES..at + 4)
}

/// Whether the sections are as large as a question's.
fn is_question(header: &[u8; HEADER_BYTES]) -> bool {
    let count = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let records = [count(6), count(8), count(10)];
    // More than one question has no meaning (RFC 9619).
    count(4) == 1
        && records
            .iter()
            .zip(REQUEST_RECORDS_MAX)
            .all(|(records, most)| *records <= most)
}

/// A header alone: nothing of the message is known to be readable.
fn put_header(header: &[u8; HEADER_BYTES], code: ResponseCode, out: &mut Vec<u8>) {
    let [id_high, id_low, flags, ..] = *header;
    // Operation and RD come back.
    let flags = 0x80 | (flags & 0x79);
    out.extend([id_high, id_low, flags, code.low()]);
    out.extend([0; 8]);
}

//----------- Answer -----------------------------------------------------------

/// An answer that is being written.
struct Answer<'a> {
    context: &'a Context<'a>,
    query: &'a Query,
    reply: Message,
    bytes_max: u16,
    /// Whether the additional records may be left out.
    is_glue_optional: bool,
    /// Whose the question is, and what it is about.
    act: Act,
}

impl<'a> Answer<'a> {
    fn begin(context: &'a Context<'a>, request: &Message, query: &'a Query) -> Self {
        let mut reply = Message::response(request.metadata.id, OpCode::Query);
        reply.metadata.message_type = MessageType::Response;
        reply.metadata.recursion_desired = request.metadata.recursion_desired;
        // With its letters as they came (draft-vixie-dnsext-dns0x20).
        reply.add_query(query.clone());
        let mut udp_bytes_max = PLAIN_UDP_BYTES_MAX;
        if let Some(asked) = &request.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(UDP_BYTES_MAX);
            edns.set_dnssec_ok(asked.flags().dnssec_ok);
            reply.set_edns(edns);
            udp_bytes_max = asked
                .max_payload()
                .clamp(PLAIN_UDP_BYTES_MAX, UDP_BYTES_MAX);
            if asked.version() > 0 {
                reply.metadata.response_code = ResponseCode::BADVERS;
            }
        }
        Self {
            context,
            query,
            reply,
            bytes_max: match context.transport {
                Transport::Udp => udp_bytes_max,
                Transport::Tcp => TCP_BYTES_MAX,
            },
            is_glue_optional: true,
            act: Act::auxiliary(),
        }
    }

    /// Encodes what was written; what does not fit goes, by whole sets (RFC 2181 §9).
    fn finish(mut self, outcome: Outcome, out: &mut Vec<u8>) -> Outcome {
        if self.put(out) {
            return outcome;
        }
        if self.is_glue_optional && !self.reply.additionals.is_empty() {
            self.reply.additionals.clear();
            if self.put(out) {
                return outcome;
            }
        }
        self.reply.answers.clear();
        self.reply.authorities.clear();
        self.reply.additionals.clear();
        let outcome = match (self.context.transport, outcome) {
            (Transport::Udp, outcome) => {
                self.reply.metadata.truncation = true;
                match outcome {
                    Outcome::Success => Outcome::Truncated,
                    other => other,
                }
            }
            // More than a message can hold.
            (Transport::Tcp, outcome) => {
                self.reply.metadata.response_code = ResponseCode::ServFail;
                match outcome {
                    Outcome::Success => Outcome::Error,
                    other => other,
                }
            }
        };
        // A question and its options: it fits.
        let _ = self.put(out);
        outcome
    }

    /// Appends the answer if it fits.
    fn put(&self, out: &mut Vec<u8>) -> bool {
        // The library cuts what is over 65,535 octets by itself, and says so in the header only.
        let is_cut = |bytes: &[u8]| bytes.get(2).is_some_and(|flags| flags & 0x02 != 0);
        match self.reply.to_vec() {
            Ok(bytes)
                if bytes.len() <= usize::from(self.bytes_max)
                    && is_cut(&bytes) == self.reply.metadata.truncation =>
            {
                out.extend(bytes);
                true
            }
            _ => false,
        }
    }

    fn code(&mut self, code: ResponseCode) {
        self.reply.metadata.response_code = code;
    }

    /// Why, for whoever asks with EDNS (RFC 8914).
    fn explain(&mut self, code: u16, text: &str) {
        if let Some(edns) = &mut self.reply.edns {
            let mut octets = code.to_be_bytes().to_vec();
            octets.extend(text.as_bytes());
            let option = EdnsOption::Unknown(EXTENDED_ERROR, octets);
            edns.options_mut().insert(option);
        }
    }

    //--- Questions

    fn answer(&mut self) -> Outcome {
        if self.reply.metadata.response_code != ResponseCode::NoError {
            return Outcome::Auxiliary;
        }
        let kind = self.query.query_type();
        let refused = match kind {
            _ if self.query.query_class() != DNSClass::IN => Some(ResponseCode::Refused),
            RecordType::AXFR | RecordType::IXFR => Some(ResponseCode::Refused),
            // These stand in messages and are nobody's (RFC 6891 §6.1.1, 8945 §4.2, 2930 §2).
            RecordType::OPT | RecordType::TSIG | RecordType::Unknown(249) => {
                Some(ResponseCode::FormErr)
            }
            // MAILB and MAILA, long obsolete.
            RecordType::Unknown(253 | 254) => Some(ResponseCode::NotImp),
            _ => None,
        };
        if let Some(code) = refused {
            self.code(code);
            return Outcome::Auxiliary;
        }
        let zone = self.context.zone;
        match zone.place(self.query.name()) {
            Place::Outside => {
                self.code(ResponseCode::Refused);
                self.explain(NOT_AUTHORITATIVE, "not this server's zone");
                Outcome::Auxiliary
            }
            Place::Apex => self.apex(kind),
            Place::Server(server) => {
                let name = self.query.name();
                let records = zone
                    .addresses()
                    .filter(|record| record.name == server.name && record.record_type() == kind);
                let owned = records.map(|mut record| {
                    record.name = name.clone();
                    record
                });
                let records: Vec<Record> = owned.collect();
                self.records(records);
                Outcome::Auxiliary
            }
            Place::Nothing => {
                self.no_name();
                Outcome::Auxiliary
            }
            Place::Below(below) => self.below(&below),
        }
    }

    fn apex(&mut self, kind: RecordType) -> Outcome {
        let (zone, name) = (self.context.zone, self.query.name());
        let records = match kind {
            RecordType::SOA => match self.serial() {
                Some(serial) => vec![zone.soa(name.clone(), serial)],
                None => Vec::new(),
            },
            RecordType::NS => zone.servers(name).collect(),
            _ => Vec::new(),
        };
        if kind == RecordType::NS {
            self.reply.additionals.extend(zone.addresses());
        }
        self.records(records);
        Outcome::Auxiliary
    }

    fn below(&mut self, below: &Below) -> Outcome {
        let asked = below
            .identifier
            .as_ref()
            .filter(|_| records::is_resolution(self.query.query_type()));
        if below.has_suffix {
            self.act.subject = Subject::Identifier;
        }
        let Some(resolver) = self.context.resolver else {
            self.not_ready();
            return if asked.is_some() {
                Outcome::Error
            } else {
                Outcome::Auxiliary
            };
        };
        let cut = self.delegated_at(resolver, below);
        match (asked, cut) {
            (Some(_), Some(labels)) if labels == below.authority_labels => {
                self.act.subject = Subject::Route;
                Outcome::Success
            }
            // The prefix below the cut is assigned to nobody, as the other protocols say.
            (Some(_), Some(_)) => Outcome::NotFound,
            (Some(identifier), None) => self.resolve(resolver, identifier, below),
            (None, cut) => {
                if cut.is_none() {
                    self.other(resolver, below);
                }
                Outcome::Auxiliary
            }
        }
    }

    /// How many labels the prefix has with name servers of its own that the name is at or below: then
    /// it says so.
    fn delegated_at(&mut self, resolver: &Resolver, below: &Below) -> Option<usize> {
        let mut authority = below.authority.as_str();
        let mut labels = below.authority_labels;
        loop {
            let is_cut = resolver.node(authority, |node, whose| {
                // The deepest that is anybody's: what is above it is less told apart.
                if self.act.whose == Whose::NOBODY {
                    self.act.whose = whose;
                }
                match node {
                    Node::Referral(Some(route)) => self.delegate(below, labels, route),
                    _ => false,
                }
            });
            if is_cut {
                return Some(labels);
            }
            let (above, _) = authority.rsplit_once('.')?;
            (authority, labels) = (above, labels - 1);
        }
    }

    /// Sends the client to the enterprise's own name servers, if it has named them.
    fn delegate(&mut self, below: &Below, labels: usize, route: &Route) -> bool {
        // What a delegation is signed with is the parent's (RFC 4035 §3.1.4.1).
        let is_at_cut = !below.has_suffix && labels == below.authority_labels;
        if is_at_cut && self.query.query_type() == RecordType::DS {
            return false;
        }
        let cut = self
            .query
            .name()
            .trim_to(self.context.zone.labels() + labels);
        let Some(made) = referral::delegation(&cut, route) else {
            return false;
        };
        self.reply.authorities = made.servers;
        self.reply.additionals = made.glue;
        self.is_glue_optional = false;
        true
    }

    /// NAPTR, URI or TXT of an identifier.
    fn resolve(&mut self, resolver: &Resolver, identifier: &Identifier, below: &Below) -> Outcome {
        let (zone, name, kind) = (
            self.context.zone,
            self.query.name(),
            self.query.query_type(),
        );
        let (outcome, is_there, records) =
            resolver.resolve(identifier, Caller::Anonymous, |resolution, whose| {
                self.act = act_of(&resolution, whose);
                let outcome = self.act.outcome;
                match &resolution {
                    Resolution::Found(found) => {
                        (outcome, true, records::of_found(zone, name, kind, found))
                    }
                    Resolution::Referral(Some(route)) => {
                        let records = referral::of_route(zone, name, kind, route, identifier);
                        (outcome, true, records)
                    }
                    Resolution::Referral(None) => {
                        self.explain(
                            NO_REACHABLE_AUTHORITY,
                            "the enterprise has named no node yet",
                        );
                        (outcome, true, Vec::new())
                    }
                    Resolution::Denied => {
                        self.explain(PROHIBITED, "nothing of this record is public");
                        (outcome, true, Vec::new())
                    }
                    Resolution::NotResponsible => {
                        self.explain(NOT_AUTHORITATIVE, "the prefix is another node's");
                        (outcome, false, Vec::new())
                    }
                    Resolution::View(_) | Resolution::NotFound(_) | Resolution::Gone { .. } => {
                        (outcome, false, Vec::new())
                    }
                }
            });
        if is_there || self.has_below(resolver, below) {
            let is_empty = records.is_empty();
            self.records(records);
            // No data was returned: it does not count as a success.
            return match outcome {
                Outcome::Success if is_empty => Outcome::NotFound,
                other => other,
            };
        }
        self.no_name();
        outcome
    }

    /// Another type, or a name that is no identifier's.
    fn other(&mut self, resolver: &Resolver, below: &Below) {
        let is_identifier = |identifier: &Identifier| {
            resolver.resolve(identifier, Caller::Anonymous, |resolution, _| {
                matches!(
                    resolution,
                    Resolution::Found(_) | Resolution::Denied | Resolution::Referral(_)
                )
            })
        };
        let exists = if below.has_suffix {
            below.identifier.as_ref().is_some_and(is_identifier) || self.has_below(resolver, below)
        } else {
            resolver.node(&below.authority, |node, _| !matches!(node, Node::Nothing))
        };
        if exists {
            self.records(Vec::new());
        } else {
            self.no_name();
        }
    }

    fn has_below(&self, resolver: &Resolver, below: &Below) -> bool {
        let Some(name) = below.tree_name.as_deref() else {
            return false;
        };
        // A prefix that does not resolve any more hides what is below it.
        let (is_own, is_firms) = resolver.node(&below.authority, |node, _| {
            let is_firms = matches!(node, Node::Referral(_));
            (matches!(node, Node::Above), is_firms)
        });
        // Which names an enterprise's own node has is not known here, so all that lead to one exist:
        // a resolver that asks label by label would end at the first that does not (RFC 8020, 9156).
        is_firms || (is_own && resolver.has_below(name))
    }

    //--- Answers

    /// The records of a name that exists: none is no data.
    fn records(&mut self, mut records: Vec<Record>) {
        self.reply.metadata.authoritative = true;
        if self.query.query_type() == RecordType::ANY {
            let hinfo = HINFO::new("RFC8482".to_owned(), String::new());
            let name = self.query.name().clone();
            records = vec![Record::from_rdata(name, 0, RData::HINFO(hinfo))];
        }
        if records.is_empty() {
            self.negative_soa();
        }
        self.reply.answers = records;
    }

    fn no_name(&mut self) {
        if self.context.zone.is_above_server(self.query.name()) {
            // Something is below it: it exists, and is empty (RFC 8020).
            return self.records(Vec::new());
        }
        self.reply.metadata.authoritative = true;
        self.code(ResponseCode::NXDomain);
        self.negative_soa();
    }

    fn negative_soa(&mut self) {
        let Some(serial) = self.serial() else {
            return self.not_ready();
        };
        let zone = self.context.zone;
        // Spelt as it was asked, so that it is compressed.
        let origin: Name = self.query.name().trim_to(zone.labels());
        let soa = zone.negative_soa(origin, serial);
        self.reply.add_authority(soa);
    }

    fn not_ready(&mut self) {
        self.reply.metadata.authoritative = false;
        self.code(ResponseCode::ServFail);
        self.explain(NOT_READY, "the node is starting");
    }

    /// Grows with every change (RFC 1982 compares around the end of 32 bits); not known before the
    /// ledger is read, and a lower one would be taken for older or newer than what others have.
    fn serial(&self) -> Option<u32> {
        let serial = self.context.resolver?.serial();
        u32::try_from(serial & u64::from(u32::MAX)).ok()
    }
}
