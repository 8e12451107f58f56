//! Tables against the guide, and rows against a state.

use jiff::civil::date;
use serde_json::{Value, json};

use super::*;
use crate::{
    accounting::{
        Counters,
        figures::{Figures, ScopeTimings},
    },
    change::{Class, Hosting, LedgerId, Route, Site, SiteProtocol},
    state::tests::Built,
    topnode::{Service, TopnodeOptions},
};

/// 2026-11-24T12:00:00 in Shanghai.
const NOON_MS: u64 = 1_795_492_800_000;

fn built() -> Built {
    let built = Built::new();
    built.secondary("88.118");
    built.secondary("88.119");
    built.firm(1, "88.118.8", Hosting::Hosted);
    let site = |protocol, port| Site {
        address: "203.0.113.8".into(),
        protocol,
        port,
    };
    let route = Route {
        sites: vec![site(SiteProtocol::Tcp, 2641), site(SiteProtocol::Udp, 2641)],
    };
    built.firm(2, "88.118.9", Hosting::SelfBuilt(Some(route)));
    built.at(NOON_MS);
    for product in ["88.118.8/A", "88.118.8/B"] {
        built.put(product, Built::values());
    }
    built.remove("88.118.8/A");
    // A day later, which no table of the day before sees.
    built.at(NOON_MS + 24 * 60 * 60 * 1_000);
    built.put("88.118.8/C", Built::values());
    built.put_as(Class::Restored, "88.118.8/A", Built::values());
    built
}

fn page(table: Table, after: usize, limit: usize) -> Page {
    page_with(&TopnodeOptions::default(), table, (after, limit), 0)
}

fn page_with(
    options: &TopnodeOptions,
    table: Table,
    (after, limit): (usize, usize),
    since: u64,
) -> Page {
    let state = built().state();
    let directory = state.directory();
    let counters = Counters::new();
    let figures = Figures::new(&state, &directory, counters.resolutions(&state), &[]);
    let material = Material {
        directory: &directory,
        figures: &figures,
        timings: &|scope| ScopeTimings::of(&state, counters.timings(), scope),
        day: date(2026, 11, 24),
        options,
        events: &state.events(),
        ledger_id: LedgerId([1; 16]),
        only: Only { since, event: None },
    };
    rows(table, &material, after, limit)
}

fn all(table: Table) -> Vec<Vec<Value>> {
    page(table, 0, 100).rows
}

/// What did not change is on no page, and no page follows for it.
#[test]
fn only_what_changed_is_told_by_the_hour() {
    let options = TopnodeOptions::default();
    for table in [Table::T6, Table::T7] {
        let all = page_with(&options, table, (0, 1), 0);
        assert!(all.next.is_some(), "{table:?}");
        let none = page_with(&options, table, (0, 1), u64::MAX);
        assert_eq!((none.rows.len(), none.next), (0, None), "{table:?}");
    }
}

#[test]
fn tables_have_the_fields_of_the_guide() {
    let counts = Table::ALL.map(|table| (table.name(), table.fields().len()));
    let expected = [
        ("T1", 45),
        ("T2", 5),
        ("T3", 6),
        ("T4", 5),
        ("T5", 6),
        ("T6", 42),
        ("T7", 5),
        ("T8", 6),
        ("T9", 17),
        ("T10", 6),
        ("T11", 5),
        // And whose they are.
        ("M1", 13),
        ("M2", 13),
        ("E1", 7),
        ("E2", 7),
        ("F1", 10),
        ("F2", 2),
    ];
    assert_eq!(counts, expected);
    for table in Table::ALL {
        assert_eq!(Table::parse(&table.name().to_lowercase()), Some(table));
        for field in table.fields() {
            assert_eq!(
                field.source.is_none(),
                field.example.is_empty(),
                "{field:?}"
            );
        }
    }
    assert_eq!(Table::parse("T12"), None);
}

#[test]
fn a_row_has_a_value_for_each_field_and_knows_no_more_than_it_says() {
    for table in Table::ALL.into_iter() {
        for row in all(table) {
            assert_eq!(row.len(), table.fields().len(), "{}", table.name());
            for (field, value) in table.fields().iter().zip(&row) {
                assert!(
                    field.source.is_some() || value.is_null(),
                    "{field:?}: {value}"
                );
            }
        }
    }
}

/// T3 counts prefixes, T8 identifiers; what a self-built node does is its own to say.
#[test]
fn t3_counts_prefixes_and_t8_identifiers() {
    let null = Value::Null;
    // Both were filed the day before.
    let expected = [
        vec![
            json!("88.118"),
            json!(0),
            json!(2),
            json!(0),
            json!(0),
            null.clone(),
        ],
        vec![
            json!("88.119"),
            json!(0),
            json!(0),
            json!(0),
            json!(0),
            null.clone(),
        ],
    ];
    assert_eq!(all(Table::T3), expected);
    let own = [json!("88.118.8"), json!(2), json!(1), json!(0), json!(0)];
    let other = vec![
        json!("88.118.9"),
        null.clone(),
        null.clone(),
        null.clone(),
        null.clone(),
    ];
    let expected = [own.to_vec(), other].map(|row| [row, vec![null.clone()]].concat());
    assert_eq!(all(Table::T8), expected);
}

#[test]
fn routes_stand_by_address_and_enterprises_with_what_is_known() {
    let routes = all(Table::T7);
    assert_eq!(
        routes[0][..3],
        [json!("Handle"), json!("88.118.8"), Value::Null]
    );
    let expected = [
        "Handle",
        "88.118.9",
        "IPv4",
        "203.0.113.8",
        "TCP:2641;UDP:2641",
    ];
    assert_eq!(routes[1], expected.map(|text| json!(text)));
    let firms = all(Table::T6);
    assert_eq!(firms.len(), 2);
    let known = firms[0].iter().filter(|value| !value.is_null());
    let expected = [
        "江汉装备",
        "其他",
        "88.118.8",
        "C35",
        "35",
        "https://e.example.cn/",
        "420000",
    ];
    assert_eq!(
        known.collect::<Vec<_>>(),
        expected.map(|text| json!(text)).each_ref()
    );
}

/// What the operator says of the node, and nothing else of what it cannot know.
#[test]
fn an_operator_says_who_and_where() {
    let options = TopnodeOptions {
        resolution: ["203.0.113.8 TCP:2641 UDP:2641", "2001:db8::8 HTTP:8000"]
            .map(|text| Service::parse(text).unwrap())
            .to_vec(),
        operator: vec![(0, "湖北标识科技有限公司".to_owned()), (44, "x".to_owned())],
    };
    let rows = |table| page_with(&options, table, (0, 100), 0).rows;
    let own = &rows(Table::T1)[0];
    assert_eq!(
        (&own[0], &own[44]),
        (&json!("湖北标识科技有限公司"), &json!("x"))
    );
    assert_eq!(own.iter().filter(|value| !value.is_null()).count(), 2);
    let row = |prefix: &str, kind: &str, address: &str, ports: &str| {
        ["Handle", prefix, kind, address, ports]
            .map(|text| json!(text))
            .to_vec()
    };
    let both = |prefix: &str| {
        [
            row(prefix, "IPv4", "203.0.113.8", "TCP:2641;UDP:2641"),
            row(prefix, "IPv6", "2001:db8::8", "HTTP:8000"),
        ]
    };
    assert_eq!(rows(Table::T2), [both("88.118"), both("88.119")].concat());
    // A self-built node is where it says.
    let own = row("88.118.9", "IPv4", "203.0.113.8", "TCP:2641;UDP:2641");
    assert_eq!(
        rows(Table::T7),
        [both("88.118.8").to_vec(), vec![own]].concat()
    );
}

#[test]
fn pages_follow_each_other() {
    let first = page(Table::T8, 0, 1);
    assert_eq!((first.rows.len(), first.next), (1, Some(1)));
    let second = page(Table::T8, 1, 1);
    assert_eq!((second.rows.len(), second.next), (1, None));
    assert_eq!([first.rows, second.rows].concat(), all(Table::T8));
    assert_eq!(page(Table::T8, 9, 1).rows.len(), 0);
}

/// The page is made from the fields: `BIAOSHI_ACCEPT=1 cargo test tables_are_on_their_page`.
#[test]
fn tables_are_on_their_page() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/topnode-tables.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let front = page.split("\n## T1 ").next().unwrap_or_default();
    let mut made = front.trim_end().to_owned();
    for table in Table::ALL {
        let (name, title) = (table.name(), table.title());
        made += &format!("\n\n## {name} {title}\n\n{}\n\n", table.interval().zh());
        made += "| # | field | meaning | source | example |\n|---|---|---|---|---|\n";
        let rows = (1..).zip(table.fields()).map(|(number, field)| {
            let source = field.source.unwrap_or("not known here");
            let (zh, en, example) = (field.zh, field.en, field.example);
            format!("| {number} | {zh} | {en} | {source} | {example} |\n")
        });
        made += rows.collect::<String>().trim_end();
    }
    made.push('\n');
    if std::env::var_os("BIAOSHI_ACCEPT").is_some() {
        std::fs::write(path, &made).unwrap();
    } else {
        assert_eq!(page, made, "BIAOSHI_ACCEPT=1 writes the page anew");
    }
}
