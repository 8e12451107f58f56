//! Seeds in binary formats.

use biaoshi::{
    change::{
        Certificate, CertificateType, Change, Class, CounterCell, CounterTotals, Draft,
        EnterpriseChange, FOLD_RULE, Filing, FilingState, Hash, Hosting, Kind, LedgerId, Partition,
        Place, Position, PrefixChange, PrefixStatus, PutChange, RemoveChange, RequestChange,
        RequestOutcome, Route, Site, SiteProtocol,
    },
    identifier::{Identifier, Prefix},
    record::{Permissions, Record, Reference, Ttl, Value},
};

/// A seed: its target, its name and its bytes.
pub(crate) type Seed = (&'static str, &'static str, Vec<u8>);

/// All of them.
pub(crate) fn all() -> Vec<Seed> {
    let product = product().encode();
    let empty = Record::new(Vec::new()).expect("no values are a record");
    let mut seeds = vec![
        ("record", "cut", product[..40].to_vec()),
        ("record", "product", product),
        ("record", "empty", empty.encode()),
        ("record", "reference", referring().encode()),
        ("record", "newer", vec![2, 0, 0]),
    ];
    let mut draft = Draft::new(place());
    for (name, change) in changes() {
        draft.push(&change).expect("a few changes fit an entry");
        seeds.push(("entry", name, change.encode()));
    }
    let entry = draft.finish();
    let header = entry.header().encode();
    let length = u8::try_from(header.len()).expect("a header has 57 bytes");
    let whole = [&[length], header.as_slice(), entry.payload()].concat();
    seeds.push(("entry", "header", header));
    seeds.push(("entry", "whole", whole));
    seeds.push(("entry", "totals", totals().encode()));
    seeds
}

fn place() -> Place {
    Place {
        ledger_id: LedgerId([7; 16]),
        partition: Partition::Data(1),
        seq: 1,
        previous: Hash::default(),
        time_ms: 1_793_500_000_000,
        control_at: 3,
        kind: Kind::Changes,
    }
}

fn value(index: u32, kind: &str, data: &str) -> Value {
    Value {
        index,
        kind: kind.into(),
        data: data.as_bytes().into(),
        ttl: Ttl::default(),
        permissions: Permissions::default(),
        timestamp_ms: 1_793_500_000_000,
        references: Vec::new(),
    }
}

fn product() -> Record {
    let values = [
        ("NAME", "液压泵"),
        ("MODEL", "D121"),
        ("BATCH", "L26053"),
        ("SERIAL", "0000001"),
        ("PRODUCED", "2026-05-27"),
        ("GTIN", "6964912215850"),
        ("BRAND", "江汉"),
        ("URL", "https://e001.example.cn/p/1"),
        ("MAKER", "十堰江汉装备制造有限公司"),
    ];
    let values = (2000..)
        .zip(values)
        .map(|(index, (kind, data))| value(index, kind, data));
    Record::new(values.collect()).expect("nine small values are a record")
}

fn referring() -> Record {
    let mut value = value(100, "HS_ADMIN", "x");
    value.ttl = Ttl::Absolute(1_800_000_000);
    value.references = vec![Reference {
        handle: "0.NA/88.118.8".into(),
        index: 300,
    }];
    Record::new(vec![value]).expect("a value with a reference is a record")
}

fn changes() -> Vec<(&'static str, Change)> {
    let prefix = Prefix::parse("88.118.8").expect("digits and dots");
    let identifier = Identifier::parse_registration("88.118.8/A-1").expect("it is one");
    let prev = Position {
        partition: 1,
        seq: 1,
        item: 0,
    };
    let sites = vec![Site {
        address: "192.0.2.1".into(),
        protocol: SiteProtocol::Tcp,
        port: 2641,
    }];
    let put = PutChange::new(identifier.clone(), Class::New, Some(prev), &product());
    let request = RequestChange {
        key_hash: Hash::of(&[b"key"]),
        body_hash: Hash::of(&[b"body"]),
        chunk: 0,
        outcome: RequestOutcome::Created,
    };
    vec![
        (
            "genesis",
            Change::Genesis {
                ledger_id: LedgerId([7; 16]),
                fold_rule: FOLD_RULE,
            },
        ),
        ("marker", Change::Marker { nonce: [1; 16] }),
        ("secondary", Change::SecondaryPrefix(prefix.clone())),
        ("enterprise", Change::Enterprise(Box::new(enterprise()))),
        (
            "prefix",
            Change::Prefix(Box::new(assigned(prefix.clone(), Some(Route { sites })))),
        ),
        (
            "gate",
            Change::PrefixGate {
                prefix,
                closed: true,
                nonce: [2; 16],
            },
        ),
        (
            "clock",
            Change::ClockAccepted {
                time_ms: 1_793_500_000_000,
            },
        ),
        ("put", Change::Put(Box::new(put))),
        (
            "remove",
            Change::Remove(Box::new(RemoveChange { identifier, prev })),
        ),
        ("request", Change::Request(request)),
    ]
}

/// Of a partition of its own.
fn totals() -> Change {
    let prefix = Prefix::parse("88.118.8").expect("digits and dots");
    let cells = [(1, None), (2, Some(prefix))].map(|(total, prefix)| CounterCell {
        day: 20_261_124,
        prefix,
        subject: 1,
        protocol: 1,
        outcome: 1,
        origin: 1,
        total,
    });
    let cells = cells.to_vec();
    Change::CounterTotals(CounterTotals { cells })
}

fn enterprise() -> EnterpriseChange {
    EnterpriseChange {
        enterprise: 1,
        prev: None,
        certificate: Certificate {
            kind: CertificateType::UnifiedSocialCredit,
            number: "91420300QW9L2G0403".into(),
        },
        org_name: "十堰江汉装备制造有限公司".into(),
        province: "420000".into(),
        city: "420300".into(),
        industry: "C35".into(),
        website: "https://e001.example.cn".into(),
        sealed: Vec::new(),
    }
}

fn assigned(prefix: Prefix, route: Option<Route>) -> PrefixChange {
    PrefixChange {
        prefix,
        prev: None,
        enterprise: 1,
        status: PrefixStatus::Active,
        hosting: Hosting::SelfBuilt(route),
        filing: Filing {
            state: FilingState::Passed,
            date: 20_261_123,
            reason: "导入".into(),
        },
        waiver: "".into(),
    }
}
