//! The protocol against what Handle.Net and others were seen to say.

mod answers;
mod captured;

use std::sync::Arc;

use super::*;
use crate::{
    change::{
        Certificate, CertificateType, Change, Class, Draft, EnterpriseChange, FOLD_RULE, Filing,
        FilingState, Hosting, Kind, LedgerId, Partition, Place, PrefixChange, PrefixStatus,
        PutChange, RemoveChange, Route, Site, SiteProtocol,
    },
    identifier::{Identifier, Prefix},
    record::{Permissions, Record, Ttl, Value},
    resolver::Resolver,
    state::{DATA, State},
};

//----------- A node in a test -------------------------------------------------

/// A state, built change by change.
struct Built(State);

impl Built {
    fn new() -> Self {
        let built = Self(State::new());
        let genesis = Change::Genesis {
            ledger_id: LedgerId([1; 16]),
            fold_rule: FOLD_RULE,
        };
        built.apply(Partition::Control, Kind::Genesis, &[genesis]);
        built
    }

    fn apply(&self, partition: Partition, kind: Kind, changes: &[Change]) {
        let head = self.0.at(&partition).head;
        let mut draft = Draft::new(Place {
            ledger_id: LedgerId([1; 16]),
            partition,
            seq: head.seq + 1,
            previous: head.hash,
            time_ms: 5_000,
            control_at: 0,
            kind,
        });
        let push = |change: &Change| draft.push(change).unwrap();
        changes.iter().for_each(push);
        self.0.apply(&draft.finish()).unwrap();
    }

    fn control(&self, changes: &[Change]) {
        self.apply(Partition::Control, Kind::Changes, changes);
    }

    fn secondary(&self, prefix: &str) {
        self.control(&[Change::SecondaryPrefix(Prefix::parse(prefix).unwrap())]);
    }

    fn firm(&self, number: u64, prefix: &str, hosting: Hosting) {
        let enterprise = EnterpriseChange {
            enterprise: number,
            prev: None,
            certificate: Certificate {
                kind: CertificateType::Other,
                number: prefix.into(),
            },
            org_name: "江汉装备".into(),
            province: "420000".into(),
            city: "".into(),
            industry: "C35".into(),
            website: "https://e.example.cn/".into(),
            sealed: Vec::new(),
        };
        let assigned = PrefixChange {
            prefix: Prefix::parse(prefix).unwrap(),
            prev: None,
            enterprise: number,
            status: PrefixStatus::Active,
            hosting,
            filing: Filing {
                state: FilingState::Passed,
                date: 20_261_123,
                reason: "".into(),
            },
        };
        self.control(&[
            Change::Enterprise(Box::new(enterprise)),
            Change::Prefix(Box::new(assigned)),
        ]);
    }

    fn put(&self, identifier: &str, values: Vec<Value>) {
        let identifier = Identifier::parse_registration(identifier).unwrap();
        let record = Record::new(values).unwrap();
        let change = PutChange::new(identifier, Class::New, None, &record);
        self.apply(DATA, Kind::Changes, &[Change::Put(Box::new(change))]);
    }

    fn resolver(self) -> Resolver {
        Resolver::new(Arc::new(self.0))
    }
}

fn value(index: u32, kind: &str, data: &[u8], permissions: u8) -> Value {
    Value {
        index,
        kind: kind.into(),
        data: data.into(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::from_bits(permissions).unwrap(),
        timestamp_ms: 1_000,
        references: Vec::new(),
    }
}

//----------- Asking -----------------------------------------------------------

const SITE: &[u8] = b"the site";

fn context(resolver: &Resolver) -> Context<'_> {
    Context {
        resolver: Some(resolver),
        site: SITE,
        site_serial: 1,
        challenge: &|| Some((77, [9; 16])),
    }
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    envelope: Envelope,
    header: Header,
    body: Vec<u8>,
    credential: Vec<u8>,
}

impl Said {
    fn read(message: &[u8]) -> Self {
        let envelope = Envelope::decode(message).unwrap();
        let payload = &message[ENVELOPE_BYTES..];
        assert_eq!(payload.len(), envelope.length());
        let header = Header::decode(payload).unwrap();
        let end = HEADER_BYTES + usize::try_from(header.body_length).unwrap();
        Self {
            envelope,
            header,
            body: payload[HEADER_BYTES..end].to_vec(),
            credential: payload[end..].to_vec(),
        }
    }
}
