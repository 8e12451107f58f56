//! What the benches register: products as a clerk's file has them.

// Each bench uses a part of this.
#![allow(dead_code, reason = "shared by benches that use different parts of it")]

use biaoshi::{
    change::{
        Certificate, CertificateType, Change, Class, Draft, EnterpriseChange, Entry, FOLD_RULE,
        Filing, FilingState, Hosting, Kind, LedgerId, Partition, Place, PrefixChange, PrefixStatus,
        PutChange,
    },
    identifier::{Identifier, Prefix},
    ledger::Head,
    record::{Permissions, Record, Ttl, Value},
    registry::{ClockReading, ReadClock},
    state::{DATA, State},
};

/// When everything here happens.
const TIME_MS: u64 = 1_793_500_000_000;

/// The nine values of a product.
pub(crate) fn product(n: usize) -> Record {
    let serial = format!("{n:07}");
    let url = format!("https://e001.example.cn/p/{n}");
    let values = [
        ("NAME", "液压泵"),
        ("MODEL", "D121"),
        ("BATCH", "L26053"),
        ("SERIAL", &serial),
        ("PRODUCED", "2026-05-27"),
        ("GTIN", "6964912215850"),
        ("BRAND", "江汉"),
        ("URL", &url),
        ("MAKER", "十堰江汉装备制造有限公司"),
    ];
    let value = |(index, (kind, data)): (u32, (&str, &str))| Value {
        index,
        kind: kind.into(),
        data: data.as_bytes().into(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        timestamp_ms: TIME_MS,
        references: Vec::new(),
    };
    Record::new((2000..).zip(values).map(value).collect()).expect("nine values are a record")
}

/// The `n`th identifier.
pub(crate) fn identifier(n: usize) -> Identifier {
    let text = format!("88.118.0002/P0320260527{n:07}");
    Identifier::parse_registration(&text).expect("it is one")
}

/// Begins an entry behind `head`.
pub(crate) fn draft(partition: &Partition, head: Head, kind: Kind) -> Draft {
    Draft::new(Place {
        ledger_id: LedgerId([1; 16]),
        partition: partition.clone(),
        seq: head.seq + 1,
        previous: head.hash,
        time_ms: TIME_MS,
        control_at: 0,
        kind,
    })
}

/// An entry of `count` registrations, from the `first` on.
pub(crate) fn registrations(head: Head, first: usize, count: usize) -> Entry {
    let mut draft = draft(&DATA, head, Kind::Changes);
    for n in first..first + count {
        let change = PutChange::new(identifier(n), Class::New, None, &product(n));
        draft
            .push(&Change::Put(Box::new(change)))
            .expect("2,000 products fit an entry");
    }
    draft.finish()
}

/// The first entry of a ledger.
pub(crate) fn genesis() -> Entry {
    let change = Change::Genesis {
        ledger_id: LedgerId([1; 16]),
        fold_rule: FOLD_RULE,
    };
    let mut genesis = draft(&Partition::Control, Head::default(), Kind::Genesis);
    genesis.push(&change).expect("one change fits");
    genesis.finish()
}

/// The entry behind the first: who holds the prefix of the products.
pub(crate) fn directory(head: Head) -> Entry {
    let firm = EnterpriseChange {
        enterprise: 1,
        prev: None,
        certificate: Certificate {
            kind: CertificateType::Other,
            number: "1".into(),
        },
        org_name: "十堰江汉装备制造有限公司".into(),
        province: "420000".into(),
        city: "420300".into(),
        industry: "C35".into(),
        website: "https://e001.example.cn".into(),
        sealed: Vec::new(),
    };
    let prefix = PrefixChange {
        prefix: Prefix::parse("88.118.0002").expect("digits and dots"),
        prev: None,
        enterprise: 1,
        status: PrefixStatus::Active,
        hosting: Hosting::Hosted,
        filing: Filing {
            state: FilingState::Passed,
            date: 20_261_123,
            reason: "".into(),
        },
        waiver: "".into(),
    };
    let own = Prefix::parse("88.118").expect("digits and dots");
    let mut entry = draft(&Partition::Control, head, Kind::Changes);
    for change in [
        Change::SecondaryPrefix(own),
        Change::Enterprise(Box::new(firm)),
        Change::Prefix(Box::new(prefix)),
    ] {
        entry.push(&change).expect("three changes fit");
    }
    entry.finish()
}

/// A state of `count` products.
pub(crate) fn state(count: usize) -> State {
    let state = State::new();
    for entry in [genesis(), directory(Head::after(&genesis()))] {
        state.apply(&entry).expect("it is the next");
    }
    for first in (0..count).step_by(2_000) {
        let entry = registrations(state.at(&DATA).head, first, 2_000.min(count - first));
        state.apply(&entry).expect("it is the next");
    }
    state
}

/// A clock that stands at the time of the entries.
pub(crate) struct Stopped;

impl ReadClock for Stopped {
    fn read(&self) -> ClockReading {
        ClockReading {
            wall_ms: TIME_MS,
            boot_ms: 1_000,
        }
    }
}
