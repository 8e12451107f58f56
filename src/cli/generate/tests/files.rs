//! Files, as the importer and the node read them.

use super::*;
use crate::cli::arguments::Records;
use crate::cli::import::item;

#[test]
fn products_are_what_the_importer_takes() {
    let shape = shape();
    // Where counters have outgrown their zeros, too.
    for range in [0..5_000, 99_999_000..100_000_000] {
        let requests = imported(file(&Text::Products, &shape, range.clone()));
        assert_eq!(requests.len() as u64, range.end - range.start);
        for (n, request) in range.zip(requests) {
            // The item of a batch is the row's, to the byte: one content, one digest.
            let mut sent = Vec::new();
            text::add_item(&shape, n, &mut sent);
            assert_eq!(
                String::from_utf8(sent).unwrap(),
                item(&request, Some("2026-11-23"))
            );
            let Request::Product(row) = request else {
                panic!("{request:?} is no product")
            };
            assert_eq!(row.values.len(), 9);
        }
    }
}

#[test]
fn values_stand_where_the_profile_of_the_importer_puts_them() {
    let profile = Profile::parse(PRODUCTS).unwrap();
    assert_eq!(profile.kind, FileKind::Products);
    let columns = profile.columns.iter().filter_map(|column| {
        let (index, kind) = column.value.as_ref()?;
        Some((column.field.as_str(), *index, kind.as_str()))
    });
    assert_eq!(columns.collect::<Vec<_>>(), product::FIELDS);
}

#[test]
fn firms_are_what_the_importer_takes() {
    for shape in [shape(), Shape::new(9, 1, 3_000)] {
        let firms = 0..u64::from(shape.firms());
        let requests = imported(file(&Text::Enterprises, &shape, firms));
        assert_eq!(requests.len(), shape.firms() as usize);
        for (firm, request) in (0..).zip(requests) {
            let expected = shape.enterprise(firm).into_row();
            assert_eq!(request, Request::Enterprise(expected));
        }
    }
}

#[test]
fn firms_of_the_sample_are_none_of_these() {
    let prefix = |request: Request| match request {
        Request::Enterprise(row) => row.prefix,
        Request::Product(row) => panic!("{row:?} is no firm"),
    };
    let sample = include_str!("../../../../tests/data/enterprises.csv");
    let sample: Vec<String> = imported(sample.to_owned())
        .into_iter()
        .map(prefix)
        .collect();
    assert_eq!(sample.len(), 60);
    let shape = Shape::new(1, 1, 60_000);
    let own: HashSet<String> = (0..60_000)
        .map(|firm| shape.enterprise(firm).prefix)
        .collect();
    assert!(sample.iter().all(|prefix| !own.contains(prefix)));
}

#[test]
fn lines_of_json_are_items() {
    let shape = shape();
    let text = file(&Text::Ndjson, &shape, 0..3);
    for (n, line) in (0..).zip(text.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let product = shape.product(n);
        assert_eq!(line["identifier"], product.identifier);
        let url = json!({"index": 2007, "type": "URL", "data": product.url});
        assert_eq!(line["values"][7], url);
    }
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn identifiers_have_a_line_each() {
    let shape = shape();
    let text = file(&Text::Identifiers, &shape, 5..7);
    assert_eq!(
        text,
        format!("{}\n{}\n", shape.identifier(5), shape.identifier(6))
    );
    let text = file(&Text::Absent, &shape, 5..6);
    assert_eq!(text, format!("{}\n", shape.absent(5)));
}

#[test]
fn a_zone_has_the_records_that_are_asked_for() {
    let shape = Shape::new(1, 10, 60);
    let config = crate::config::parse(None, []).unwrap().config;
    let zone = |records: &[Records]| {
        let zone = ZoneFile::new(&config, Some("ids.example"), records).unwrap();
        file(&Text::Zone(Box::new(zone)), &shape, 0..1)
    };
    let product = shape.product(0);
    let name = Identifier::parse_query(&product.identifier).unwrap();
    let name = crate::identifier::dns::to_dns_name(&name, "").unwrap();
    let url = &product.url;
    let expected = format!(
        "\
$ORIGIN ids.example.
$TTL 86400
ids.example. 3600 IN SOA ns.ids.example. hostmaster.ids.example. 1 3600 600 1209600 60
ids.example. 3600 IN NS ns.ids.example.
ns.ids.example. 3600 IN A 127.0.0.1
{name} NAPTR 100 10 \"u\" \"IDIS+URL\" \"!^.*$!{url}!\" .
 URI 10 1 \"{url}\"
"
    );
    assert_eq!(zone(&[Records::Naptr, Records::Uri]), expected);
    let all = zone(&[]);
    assert!(all.starts_with(&expected), "{all}");
    assert_eq!(all.matches("\n TXT \"200").count(), 9, "{all}");
    let alone = zone(&[Records::Txt]);
    assert!(
        alone.contains(&format!("\n{name} TXT \"2000 NAME=")),
        "{alone}"
    );
    let failure = ZoneFile::new(&config, Some("a..b"), &[]).err().unwrap();
    assert_eq!(failure.exit, Exit::Usage);
}

#[test]
fn a_plan_tells_how_much_and_which() {
    let shape = Shape::new(1, 50_000, 60);
    let plan = Plan::of(&shape, &Text::Products, &(10_000..50_000));
    let plan = plan.to_json();
    let bytes = file(&Text::Products, &shape, 10_000..50_000).len() as u64;
    let about = plan["bytes_about"].as_u64().unwrap();
    assert!(about.abs_diff(bytes) < bytes / 100, "{about} for {bytes}");
    assert_eq!(plan["records"], 40_000);
    let first = [10_000, 10_001, 10_002].map(|n| shape.identifier(n));
    assert_eq!(plan["first"], json!(first));
    assert_eq!(plan["last"], shape.identifier(49_999));
}
