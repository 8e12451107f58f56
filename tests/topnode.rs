//! What the national top-level node would be told of the sample, against what was done with it.

mod common;
#[path = "topnode/events.rs"]
mod events;
#[path = "topnode/filed.rs"]
mod filed;
#[path = "topnode/folder.rs"]
mod folder;
#[path = "topnode/history.rs"]
mod history;
#[path = "topnode/killed.rs"]
mod killed;
#[allow(dead_code, reason = "shared by tests that use different parts of it")]
#[path = "kill/random.rs"]
mod random;
#[path = "topnode/rehearsed.rs"]
mod rehearsed;
#[path = "topnode/secure.rs"]
mod secure;

use std::{collections::BTreeMap, fs, io::Write};

use common::{Node, data, handle, settled};
use serde_json::Value;

/// Questions of the sample that are asked.
const QUESTIONS: usize = 3_000;

/// A product of the sample.
const PRODUCT: &str = "88.118.0002/P03202605270000001";

/// A node with the sample, for which this machine is somebody else's.
fn node() -> Node {
    let elsewhere = ("BIAOSHI_ACCOUNTING_INTERNAL_NETWORKS", "192.0.2.0/24");
    let node = Node::start_with(&[elsewhere]);
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products.csv", &[]).0, 0);
    node
}

fn table(node: &Node, name: &str) -> Value {
    let output = node.run(&["topnode", "preview", name, "--json"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The values of a field, by the first of each row.
fn column(table: &Value, field: &str) -> BTreeMap<String, Option<u64>> {
    let fields = table["fields"].as_array().expect("a list");
    let place = fields.iter().position(|one| one == field);
    let place = place.expect("the table has that field");
    let rows = table["rows"].as_array().expect("a list").iter();
    rows.map(|row| {
        let first = row[0].as_str().expect("a prefix").to_owned();
        (first, row[place].as_u64())
    })
    .collect()
}

fn sum(column: &BTreeMap<String, Option<u64>>) -> u64 {
    column.values().flatten().sum()
}

/// Asks for the first identifiers of the sample; how often, and how often each prefix was found.
fn ask(node: &Node) -> BTreeMap<String, (u64, u64)> {
    let questions = fs::read_to_string(data("queries.txt")).expect("it is there");
    let mut stream = handle::tcp(node);
    let mut tally: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (id, identifier) in (1..).zip(questions.lines().take(QUESTIONS)) {
        let message = handle::request(id, identifier, &[]);
        stream.write_all(&message).expect("it takes it");
        let (answered, code, _) = handle::next(&mut stream);
        assert_eq!(answered, id);
        let (prefix, _) = identifier.split_once('/').expect("it has a prefix");
        let (asked, found) = tally.entry(prefix.to_owned()).or_default();
        *asked += 1;
        *found += u64::from(code == 1);
    }
    tally
}

#[test]
fn t3_counts_prefixes_and_t8_what_was_registered_and_asked() {
    let node = node();
    let t3 = table(&node, "t3");
    let held = column(&t3, "标识注册总量");
    assert_eq!(held.len(), 6);
    assert!(held.values().all(|held| *held == Some(10)), "{held:?}");
    let t8 = table(&node, "T8");
    let total = column(&t8, "标识注册总量");
    assert_eq!((total.len(), sum(&total)), (60, 30_000));
    assert_eq!(column(&t8, "标识日注册量"), total, "all of it today");
    // What a self-built node does is its own to say.
    assert_eq!(total.values().filter(|total| total.is_none()).count(), 10);

    let tally = ask(&node);
    let hosted = |prefix: &str| total.get(prefix).is_some_and(Option::is_some);
    let expected: BTreeMap<String, (u64, u64)> = (tally.into_iter())
        .filter(|(prefix, _)| hosted(prefix))
        .collect();
    assert!(expected.len() > 40, "{expected:?}");
    let counted = || {
        let t8 = table(&node, "T8");
        let (requests, successes) = (
            column(&t8, "单日解析请求量"),
            column(&t8, "单日解析成功响应量"),
        );
        let both = requests.into_iter().filter_map(|(prefix, requests)| {
            let both = (requests?, successes[&prefix]?);
            (both.0 > 0).then_some((prefix, both))
        });
        both.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(settled(&expected, counted), expected);
    // Each product with what the clerk's columns say of it.
    let t9 = table(&node, "T9");
    let rows = t9["rows"].as_array().expect("a list");
    assert_eq!(rows.len(), 30_000);
    assert!(rows.iter().all(|row| row[3] == 1 && row[1] == t9["day"]));
    let first = rows.iter().find(|row| row[0] == PRODUCT);
    let first = first.expect("it is among them").as_array().expect("a row");
    let known = first[4..9].iter().filter(|value| !value.is_null()).count();
    assert_eq!(known, 4, "brand, name, maker and day: {first:?}");
    let m2 = table(&node, "M2");
    let most = column(&m2, "最大每秒解析量");
    assert_eq!(most.len(), 60);
}

#[test]
fn tables_are_shown_in_every_form_and_what_is_wrong_is_said() {
    let node = Node::start_with(&[
        (
            "BIAOSHI_TOPNODE_RESOLUTION",
            "203.0.113.8 TCP:2641 UDP:2641",
        ),
        (
            "BIAOSHI_TOPNODE_OPERATOR",
            "单位名称 = 湖北标识科技有限公司",
        ),
    ]);
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    let t2 = table(&node, "T2");
    assert_eq!(t2["rows"].as_array().map(Vec::len), Some(6));
    assert_eq!(t2["rows"][0][4], "TCP:2641;UDP:2641");
    let t1 = table(&node, "T1");
    assert_eq!(t1["rows"][0][0], "湖北标识科技有限公司");
    assert!(
        t1["rows"][0][1].is_null(),
        "what nobody said is not made up"
    );
    let run = |arguments: &[&str]| {
        let output = node.run(arguments);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (is_done, listed, _) = run(&["topnode", "tables", "--lang", "zh"]);
    assert!(
        is_done && listed.contains("T9") && listed.contains("每小时"),
        "{listed}"
    );
    let (is_done, csv, _) = run(&["topnode", "preview", "T7", "--csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(
        is_done && lines[0].contains("标识编码类型,标识前缀或范围"),
        "{csv}"
    );
    assert_eq!(lines.len(), 1 + 60);
    let (is_done, firms, _) = run(&["topnode", "preview", "T6"]);
    assert!(is_done && firms.contains("统一社会信用代码"), "{firms}");
    for (arguments, said) in [
        (vec!["T12"], "biaoshi topnode tables lists them"),
        (vec!["T8", "--day", "2999-01-01"], "day is not after today"),
    ] {
        let arguments = [vec!["topnode", "preview"], arguments].concat();
        let (is_done, _, told) = run(&arguments);
        assert!(!is_done && told.contains(said), "{arguments:?}: {told}");
    }
    assert_eq!(node.get("/api/v1/topnode/tables").0, 401);
}
