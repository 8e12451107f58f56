//! The whole node on real input: import, resolve, kill, start, import again.

mod common;

use std::{collections::HashSet, fs, process::Stdio, time::Duration};

use biaoshi::identifier::{Identifier, url};
use common::{Client, Node, data, registered_in};
use serde_json::{Value, json};

/// Products of the sample file, each with its own identifier.
const PRODUCTS: u64 = 30_000;

/// Products of the GB18030 file: the first of the others once more.
const PRODUCTS_GB18030: u64 = 2_000;

/// Firms of the sample file.
const FIRMS: u64 = 60;

fn codes(summary: &Value) -> &Value {
    &summary["codes"]
}

/// The identifiers of the product file, folded.
fn registered() -> HashSet<String> {
    let mut file = csv::Reader::from_path(data("products.csv")).expect("the sample is there");
    let fold = |record: csv::StringRecord| {
        record[0]
            .trim_start_matches('\u{feff}')
            .to_ascii_uppercase()
    };
    file.records()
        .map(|record| fold(record.expect("the sample is sound")))
        .collect()
}

/// Asks every query of the sample and checks who is found.
fn resolve_all(node: &Node, registered: &HashSet<String>) {
    let queries = fs::read_to_string(data("queries.txt")).expect("the sample is there");
    let mut client = Client::connect(node.address());
    let mut found = 0;
    for query in queries.lines() {
        let identifier = Identifier::parse_query(query).expect("each query can be asked");
        let path = format!("/api/v1/identifiers/{}", url::to_path(&identifier));
        let (status, body) = client.request("GET", &path, &[], b"");
        let is_registered = registered.contains(&query.to_ascii_uppercase());
        let expected = match identifier.authority() {
            _ if is_registered => 200,
            "88.999.1" => 421,
            _ => 404,
        };
        assert_eq!(status, expected, "{query:?}");
        if is_registered {
            let body: Value = serde_json::from_slice(&body).expect("an answer is JSON");
            assert_eq!(body["identifier"], query, "the caller's spelling");
            assert!(
                !body["values"]
                    .as_array()
                    .expect("a record has values")
                    .is_empty()
            );
            found += 1;
        }
    }
    assert_eq!(found, 19_182);
}

#[test]
fn everything_is_there_after_the_node_was_killed() {
    let mut node = Node::start();
    let (code, summary) = node.import("enterprises.csv", &[]);
    assert_eq!(
        (code, codes(&summary)),
        (0, &json!({ "ok": FIRMS })),
        "{summary}"
    );
    let (code, summary) = node.import("products.csv", &[]);
    assert_eq!(
        (code, codes(&summary)),
        (0, &json!({ "ok": PRODUCTS })),
        "{summary}"
    );
    let (code, summary) = node.import("products-gb18030.csv", &[]);
    assert_eq!(
        (code, codes(&summary)),
        (0, &json!({ "unchanged": PRODUCTS_GB18030 })),
        "{summary}"
    );
    let registered = registered();
    resolve_all(&node, &registered);
    let before = node.verify();

    node.kill();
    node.start_again();
    resolve_all(&node, &registered);
    assert_eq!(registered_in(&node.verify()), registered_in(&before));
    let (code, summary) = node.import("enterprises.csv", &[]);
    assert_eq!(
        (code, codes(&summary)),
        (0, &json!({ "unchanged": FIRMS })),
        "{summary}"
    );
    assert!(node.stop(), "it ends well when it is asked to");
}

/// Imports the products while the node is killed again and again, then once more.
#[test]
fn an_import_that_was_killed_is_finished_by_the_next() {
    let mut clean = Node::start();
    clean.import("enterprises.csv", &[]);
    clean.import("products.csv", &[]);
    clean.stop();

    let mut node = Node::start();
    node.import("enterprises.csv", &[]);
    let mut kept = 0;
    for registered_at_least in [1, 7_000, 15_000] {
        let mut import = node
            .command()
            .arg("import")
            .arg(data("products.csv"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the import starts");
        wait_for(&node, registered_at_least);
        node.kill();
        import.kill().expect("the import can be killed");
        import.wait().expect("it ends");
        let registrations = registrations(&node.verify());
        assert!(
            (registered_at_least..PRODUCTS).contains(&registrations),
            "{registrations}"
        );
        assert!(registrations >= kept, "{registrations} of {kept} are left");
        kept = registrations;
        node.start_again();
    }
    let (code, summary) = node.import("products.csv", &[]);
    let expected = json!({ "unchanged": kept, "ok": PRODUCTS - kept });
    assert_eq!(
        (code, codes(&summary)),
        (0, &expected),
        "nothing lost and nothing twice"
    );
    resolve_all(&node, &registered());
    node.kill();

    let (clean, killed) = (clean.verify(), node.verify());
    assert_eq!(registrations(&killed), PRODUCTS);
    assert_eq!(content_digests(&killed), content_digests(&clean));
    assert_ne!(killed["ledger_id"], clean["ledger_id"]);
}

/// Waits until so many products of the file are registered, by asking for the last of them.
fn wait_for(node: &Node, count: u64) {
    let mut file = csv::Reader::from_path(data("products.csv")).expect("the sample is there");
    let row = usize::try_from(count).expect("a row's number") - 1;
    let record = file
        .records()
        .nth(row)
        .expect("there are so many")
        .expect("the sample is sound");
    let identifier = Identifier::parse_query(&record[0]).expect("it is one");
    let path = format!("/api/v1/identifiers/{}", url::to_path(&identifier));
    for _ in 0..6_000 {
        if node.get(&path).0 == 200 {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("product {count} was not registered in time");
}

fn registrations(verified: &Value) -> u64 {
    let count = verified
        .pointer("/totals/registrations")
        .and_then(Value::as_u64);
    count.unwrap_or_else(|| panic!("no registrations in {verified}"))
}

fn content_digests(verified: &Value) -> Vec<String> {
    let partitions = verified["partitions"]
        .as_array()
        .expect("there are partitions");
    let digest = |partition: &Value| partition["content_digest"].to_string();
    partitions.iter().map(digest).collect()
}

#[test]
fn each_row_of_the_messy_file_gets_its_code_from_a_real_node() {
    let node = Node::start();
    node.import("enterprises.csv", &[]);
    let report = node.path("report.csv");
    let report_arg = report.to_str().expect("its path is text");
    let (code, _) = node.import("products-messy.csv", &["--report", report_arg]);
    assert_eq!(code, 3, "finished, with rows to look at");
    let told = fs::read(&report).expect("there is a report");
    assert!(
        told.starts_with(b"\xef\xbb\xbf"),
        "a spreadsheet reads it as UTF-8"
    );
    let mut told = csv::Reader::from_reader(&told[3..]);
    let mut told = told.records();
    let mut expected =
        csv::Reader::from_path(data("products-messy.expected.csv")).expect("the sample is there");
    for line in expected.records() {
        let line = line.expect("the sample is sound");
        let row = told
            .next()
            .expect("each row is told")
            .expect("the report is sound");
        assert_eq!((&row[0], &row[2]), (&line[0], &line[1]), "{}", &line[2]);
    }
    assert!(told.next().is_none());
}

#[test]
fn a_dry_run_registers_nothing() {
    let node = Node::start();
    node.import("enterprises.csv", &[]);
    let before = node.verify();
    let (code, summary) = node.import("products-gb18030.csv", &["--dry-run"]);
    assert_eq!(
        (code, codes(&summary)),
        (0, &json!({ "ok": PRODUCTS_GB18030 })),
        "{summary}"
    );
    assert_eq!(node.verify(), before);
}

#[test]
fn personal_data_of_a_file_is_stored_nowhere() {
    let mut node = Node::start();
    let output = node.run(&[
        "import",
        data("enterprises.csv").to_str().expect("a path is text"),
    ]);
    assert!(output.status.success());
    node.stop();
    let mut haystacks = vec![output.stdout, output.stderr];
    let ledger = node.data_dir().join("ledger/control");
    for file in fs::read_dir(ledger).expect("there is a ledger") {
        haystacks.push(fs::read(file.expect("it can be listed").path()).expect("and read"));
    }
    for needle in ["13800000000", "张三"] {
        let needle = needle.as_bytes();
        let holds = |bytes: &Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!haystacks.iter().any(holds));
    }
}

#[test]
fn a_damaged_ledger_is_named_and_not_served() {
    let mut node = Node::start();
    node.import("enterprises.csv", &[]);
    node.import("products-gb18030.csv", &[]);
    assert!(node.stop());
    let file = node
        .data_dir()
        .join("ledger/data-1/segment-00000001.sqlite");
    let mut bytes = fs::read(&file).expect("there is a ledger");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64]
        .iter_mut()
        .for_each(|byte| *byte ^= 0x55);
    fs::write(&file, &bytes).expect("it can be damaged");
    // A snapshot knows what the damaged part held: the node resolves, reads its ledger over again,
    // and takes no registration on top of it.
    node.start_again();
    let closed = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let (status, body) = node.get("/readyz?writes");
        (status == 503).then(|| String::from_utf8_lossy(&body).into_owned())
    });
    assert!(closed.is_some_and(|body| body.contains(r#""cause":"ledger""#)));
    assert_eq!(node.get("/readyz").0, 200);
    node.kill();
    // Without one, nothing is served.
    fs::remove_dir_all(node.data_dir().join("snapshots")).expect("it stopped with a snapshot");
    for command in [&["serve"][..], &["ledger", "verify"]] {
        let output = node.run(&[command].concat());
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        for word in ["data/1", "sequence", "backup", "hint:"] {
            assert!(told.contains(word), "{command:?}: no {word:?} in {told}");
        }
    }
    assert_eq!(
        fs::read(&file).expect("it is still there"),
        bytes,
        "nothing was changed"
    );
}
