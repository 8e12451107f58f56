//! A state, built change by change.

use std::{cell::Cell, sync::Arc};

use crate::{
    change::{
        Certificate, CertificateType, Change, Class, Draft, EnterpriseChange, FOLD_RULE, Filing,
        FilingState, Hosting, Kind, LedgerId, Partition, Place, PrefixChange, PrefixStatus,
        PutChange, RemoveChange,
    },
    identifier::{Identifier, Prefix},
    record::{Permissions, Record, Ttl, Value},
    state::{DATA, State},
};

/// A state, built change by change.
pub(crate) struct Built {
    state: State,
    /// When what comes next happens, in milliseconds since the epoch.
    time_ms: Cell<u64>,
}

impl Built {
    pub(crate) fn new() -> Self {
        let built = Self {
            state: State::new(),
            time_ms: Cell::new(5_000),
        };
        let genesis = Change::Genesis {
            ledger_id: LedgerId([1; 16]),
            fold_rule: FOLD_RULE,
        };
        built.apply(Partition::Control, Kind::Genesis, &[genesis]);
        built
    }

    pub(crate) fn apply(&self, partition: Partition, kind: Kind, changes: &[Change]) {
        let head = self.state.at(&partition).head;
        let mut draft = Draft::new(Place {
            ledger_id: LedgerId([1; 16]),
            partition,
            seq: head.seq + 1,
            previous: head.hash,
            time_ms: self.time_ms.get(),
            control_at: 0,
            kind,
        });
        let push = |change: &Change| draft.push(change).unwrap();
        changes.iter().for_each(push);
        self.state.apply(&draft.finish()).unwrap();
    }

    /// What comes next happens then.
    pub(crate) fn at(&self, time_ms: u64) {
        self.time_ms.set(time_ms);
    }

    pub(crate) fn control(&self, changes: &[Change]) {
        self.apply(Partition::Control, Kind::Changes, changes);
    }

    pub(crate) fn secondary(&self, prefix: &str) {
        self.control(&[Change::SecondaryPrefix(Prefix::parse(prefix).unwrap())]);
    }

    pub(crate) fn firm(&self, number: u64, prefix: &str, hosting: Hosting) {
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
            waiver: "".into(),
        };
        self.control(&[
            Change::Enterprise(Box::new(enterprise)),
            Change::Prefix(Box::new(assigned)),
        ]);
    }

    /// What a product of a test says: where its page is.
    pub(crate) fn values() -> Vec<Value> {
        vec![Value {
            index: 1,
            kind: "URL".into(),
            data: b"https://e.example.cn/"[..].into(),
            ttl: Ttl::Relative(60),
            permissions: Permissions::from_bits(0b1110).unwrap(),
            timestamp_ms: 1,
            references: Vec::new(),
        }]
    }

    pub(crate) fn put(&self, identifier: &str, values: Vec<Value>) {
        self.put_as(Class::New, identifier, values);
    }

    pub(crate) fn put_as(&self, class: Class, identifier: &str, values: Vec<Value>) {
        let identifier = Identifier::parse_registration(identifier).unwrap();
        let record = Record::new(values).unwrap();
        let change = PutChange::new(identifier, class, None, &record);
        self.apply(DATA, Kind::Changes, &[Change::Put(Box::new(change))]);
    }

    pub(crate) fn remove(&self, identifier: &str) {
        let identifier = Identifier::parse_registration(identifier).unwrap();
        let prev = self
            .state
            .index()
            .with(identifier.key().as_bytes(), |slot| slot.position());
        let removed = RemoveChange {
            identifier,
            prev: prev.unwrap(),
        };
        self.apply(DATA, Kind::Changes, &[Change::Remove(Box::new(removed))]);
    }

    pub(crate) fn state_so_far(&self) -> &State {
        &self.state
    }

    pub(crate) fn state(self) -> Arc<State> {
        Arc::new(self.state)
    }
}
