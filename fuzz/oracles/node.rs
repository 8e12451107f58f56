//! A small node to ask: no sockets, no disk.

use std::sync::Arc;

use biaoshi::{
    change::{
        Certificate, CertificateType, Change, Class, Draft, EnterpriseChange, FOLD_RULE, Filing,
        FilingState, Hosting, Kind, LedgerId, Partition, Place, PrefixChange, PrefixStatus,
        PutChange, Route, Site, SiteProtocol,
    },
    identifier::{Identifier, Prefix},
    record::{Permissions, Record, Ttl, Value},
    resolver::Resolver,
    state::{DATA, State},
};

/// A state, built change by change.
pub(crate) struct Node(Arc<State>);

impl Node {
    /// Some identifiers, an enterprise with a route and one with name servers.
    pub(crate) fn build() -> Self {
        let node = Self(Arc::new(State::new()));
        let genesis = Change::Genesis {
            ledger_id: LedgerId([1; 16]),
            fold_rule: FOLD_RULE,
        };
        node.apply(Partition::Control, Kind::Genesis, &genesis);
        let own = Prefix::parse("88.118").expect("digits and dots");
        node.control(&Change::SecondaryPrefix(own));
        node.firm(1, "88.118.8", Hosting::Hosted);
        node.firm(2, "88.118.9", route("192.0.2.7", SiteProtocol::Tcp, 2_641));
        node.firm(3, "88.118.10", route("192.0.2.53", SiteProtocol::Dns, 53));
        let record = Record::new(vec![
            value(1, "URL", b"https://e.example/p?a=1!b"),
            value(2_000, "NAME", "液压泵".as_bytes()),
            value(2_001, "NOTE", &[b'x'; 700]),
        ]);
        let record = record.expect("three values are a record");
        for identifier in ["88.118.8/A-1", "88.118.8/1", "88.118.8/标/1"] {
            node.put(identifier, &record);
        }
        node
    }

    /// Registers an identifier, or gives it another record.
    pub(crate) fn put(&self, identifier: &str, record: &Record) {
        let identifier = Identifier::parse_registration(identifier).expect("it is one");
        let key = identifier.key();
        let prev = self.0.index().with(key.as_bytes(), |slot| slot.position());
        let put = PutChange::new(identifier, Class::New, prev, record);
        self.apply(DATA, Kind::Changes, &Change::Put(Box::new(put)));
    }

    /// Whoever answers from it.
    pub(crate) fn resolver(&self) -> Resolver {
        Resolver::new(Arc::clone(&self.0))
    }

    fn control(&self, change: &Change) {
        self.apply(Partition::Control, Kind::Changes, change);
    }

    fn apply(&self, partition: Partition, kind: Kind, change: &Change) {
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
        draft.push(change).expect("one change fits an entry");
        self.0.apply(&draft.finish()).expect("it is the next entry");
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
        self.control(&Change::Enterprise(Box::new(enterprise)));
        let assigned = PrefixChange {
            prefix: Prefix::parse(prefix).expect("digits and dots"),
            prev: None,
            enterprise: number,
            status: PrefixStatus::Active,
            hosting,
            filing: Filing {
                state: FilingState::Passed,
                date: 20_261_123,
                reason: "".into(),
            },
            waiver: "".into(),
        };
        self.control(&Change::Prefix(Box::new(assigned)));
    }
}

fn route(address: &str, protocol: SiteProtocol, port: u16) -> Hosting {
    let site = Site {
        address: address.into(),
        protocol,
        port,
    };
    Hosting::SelfBuilt(Some(Route { sites: vec![site] }))
}

/// A value that everybody may read.
pub(crate) fn value(index: u32, kind: &str, data: &[u8]) -> Value {
    Value {
        index,
        kind: kind.into(),
        data: data.into(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        timestamp_ms: 1_000,
        references: Vec::new(),
    }
}
