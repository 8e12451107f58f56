//! Every answer a query can come to.

use super::*;
use crate::{
    change::{
        Certificate, CertificateType, Change, Class, Draft, EnterpriseChange, Entry, FOLD_RULE,
        Filing, FilingState, Kind, LedgerId, Partition, Place, PrefixChange, PutChange,
        RemoveChange, Route, Site, SiteProtocol,
    },
    identifier::Prefix,
    record::{Permissions, Record, Ttl, Value},
    state::DATA,
};

fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).unwrap()
}

fn assigned(text: &str, hosting: Hosting, status: PrefixStatus) -> Change {
    Change::Prefix(Box::new(PrefixChange {
        prefix: prefix(text),
        prev: None,
        enterprise: 1,
        status,
        hosting,
        filing: Filing {
            state: FilingState::Passed,
            date: 20_261_123,
            reason: "".into(),
        },
        waiver: "".into(),
    }))
}

fn value(index: u32, permissions: u8) -> Value {
    Value {
        index,
        kind: "NAME".into(),
        data: b"x".as_slice().into(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::from_bits(permissions).unwrap(),
        timestamp_ms: 0,
        references: Vec::new(),
    }
}

fn put(text: &str, permissions: &[u8]) -> Change {
    let values = (2000..)
        .zip(permissions)
        .map(|(index, bits)| value(index, *bits))
        .collect();
    let identifier = Identifier::parse_registration(text).unwrap();
    let record = Record::new(values).unwrap();
    Change::Put(Box::new(PutChange::new(
        identifier,
        Class::New,
        None,
        &record,
    )))
}

fn entry(state: &State, partition: Partition, kind: Kind, changes: &[Change]) -> Entry {
    let head = state.at(&partition).head;
    let mut draft = Draft::new(Place {
        ledger_id: LedgerId([1; 16]),
        partition,
        seq: head.seq + 1,
        previous: head.hash,
        time_ms: 5_000,
        control_at: 0,
        kind,
    });
    changes
        .iter()
        .for_each(|change| draft.push(change).unwrap());
    draft.finish()
}

fn resolver() -> Resolver {
    let state = State::new();
    let enterprise = EnterpriseChange {
        enterprise: 1,
        prev: None,
        certificate: Certificate {
            kind: CertificateType::Other,
            number: "A".into(),
        },
        org_name: "企业".into(),
        province: "".into(),
        city: "".into(),
        industry: "".into(),
        website: "".into(),
        sealed: Vec::new(),
    };
    let sites = vec![Site {
        address: "192.0.2.1".into(),
        protocol: SiteProtocol::Http,
        port: 8000,
    }];
    let control = [
        Change::Genesis {
            ledger_id: LedgerId([1; 16]),
            fold_rule: FOLD_RULE,
        },
        Change::SecondaryPrefix(prefix("88.118")),
        Change::Enterprise(Box::new(enterprise)),
        assigned("88.118.8", Hosting::Hosted, PrefixStatus::Active),
        assigned("88.118.9", Hosting::SelfBuilt(None), PrefixStatus::Active),
        assigned(
            "88.118.10",
            Hosting::SelfBuilt(Some(Route { sites })),
            PrefixStatus::Active,
        ),
        assigned("88.118.11", Hosting::Hosted, PrefixStatus::Suspended),
        assigned("88.118.12", Hosting::Hosted, PrefixStatus::Withdrawn),
    ];
    state
        .apply(&entry(&state, Partition::Control, Kind::Genesis, &control))
        .unwrap();
    let removed = Identifier::parse_registration("88.118.8/REMOVED").unwrap();
    let data = [
        put("88.118.8/Public", &[0b1110]),
        put("88.118.8/MIXED", &[0b1110, 0b1100]),
        put("88.118.8/PRIVATE", &[0b1100]),
        put("88.118.8/REMOVED", &[0b1110]),
        put("88.118.11/A", &[0b1110]),
        put("88.118.12/A", &[0b1110]),
        Change::Remove(Box::new(RemoveChange {
            identifier: removed,
            prev: Position {
                partition: 1,
                seq: 1,
                item: 3,
            },
        })),
    ];
    state
        .apply(&entry(&state, DATA, Kind::Changes, &data))
        .unwrap();
    Resolver::new(Arc::new(state))
}

/// The answer in one word, with the number of values seen.
fn word(resolution: &Resolution<'_>) -> String {
    match resolution {
        Resolution::Found(found) => format!("found {}", found.values().count()),
        Resolution::View(view) => format!("view {}", view.prefix()),
        Resolution::Referral(None) => "no route".to_owned(),
        Resolution::Referral(Some(route)) => format!("referral {}", route.sites.len()),
        Resolution::NotFound(NotFoundReason::Unregistered) => "not found".to_owned(),
        Resolution::NotFound(NotFoundReason::UnassignedPrefix) => "unassigned".to_owned(),
        Resolution::Gone { removed_at_ms } => format!("gone {removed_at_ms}"),
        Resolution::NotResponsible => "not responsible".to_owned(),
        Resolution::Denied => "denied".to_owned(),
    }
}

fn ask(resolver: &Resolver, text: &str, caller: Caller) -> String {
    let query = Identifier::parse_query(text).unwrap();
    resolver.resolve(&query, caller, |resolution, _| word(&resolution))
}

#[test]
fn every_answer() {
    let resolver = resolver();
    let cases = [
        ("88.118.8/Public", "found 1"),
        ("88.118.8/PUBLIC", "found 1"),
        ("88.118.8/public", "found 1"),
        ("88.118.8/public ", "not found"),
        ("88.118.8/", "not found"),
        ("88.118.8/MIXED", "found 1"),
        ("88.118.8/PRIVATE", "denied"),
        ("88.118.8/REMOVED", "gone 5000"),
        ("88.118.9/A/B", "no route"),
        ("88.118.10/21", "referral 1"),
        ("88.118.11/A", "found 1"),
        ("88.118.12/A", "unassigned"),
        ("88.118.8.5/x", "unassigned"),
        ("88.118.999/x", "unassigned"),
        ("88.118/x", "unassigned"),
        ("88.1189.1/x", "not responsible"),
        ("88.999.1/x", "not responsible"),
        ("10.1000/182", "not responsible"),
        ("0.NA/88.118.8", "view 88.118.8"),
        ("0.na/88.118.8", "view 88.118.8"),
        ("88.118.8", "view 88.118.8"),
        ("0.NA/88.118", "view 88.118"),
        ("0.NA/88.118.12", "unassigned"),
        ("0.NA/88.118.13", "unassigned"),
        ("0.NA/88.999.1", "not responsible"),
    ];
    for (query, expected) in cases {
        assert_eq!(
            ask(&resolver, query, Caller::Anonymous),
            expected,
            "{query}"
        );
    }
}

#[test]
fn an_administrator_sees_what_is_private() {
    let resolver = resolver();
    for (query, expected) in [
        ("88.118.8/MIXED", "found 2"),
        ("88.118.8/PRIVATE", "found 1"),
    ] {
        assert_eq!(
            ask(&resolver, query, Caller::Administrator),
            expected,
            "{query}"
        );
    }
}

#[test]
fn a_reply_can_say_that_it_hides_something() {
    let resolver = resolver();
    for (query, expected) in [("88.118.8/MIXED", true), ("88.118.8/Public", false)] {
        let query = Identifier::parse_query(query).unwrap();
        let hides = resolver.resolve(
            &query,
            Caller::Anonymous,
            |resolution, _| matches!(resolution, Resolution::Found(found) if found.hides_some()),
        );
        assert_eq!(hides, expected);
    }
}

#[test]
fn a_record_can_be_looked_at_before_it_is_denied() {
    let resolver = resolver();
    let query = Identifier::parse_query("88.118.8/PRIVATE").unwrap();
    let look = |caller| {
        resolver.look_up(&query, caller, |resolution, _| match resolution {
            Resolution::Found(found) => {
                let seen = found.values().count();
                let hides = [2_000, 7].map(|wanted| found.hides(|index, _| index == wanted));
                (seen, hides, found.hides_all())
            }
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(look(Caller::Anonymous), (0, [true, false], true));
    assert_eq!(look(Caller::Administrator), (1, [false, false], false));
}
