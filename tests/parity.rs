//! The same question over each protocol: the same answer, counted the same.

mod common;

use std::{collections::BTreeMap, fs};

use biaoshi::{
    identifier::{Identifier, url},
    protocol::dns::{NO_REACHABLE_AUTHORITY, NOT_AUTHORITATIVE, SaidAnswer},
};
use common::{
    Client, Node, data, dns,
    handle::{ask, request, udp},
    settled,
};

/// What an answer was, in words of no protocol.
type Tally = BTreeMap<&'static str, u64>;

/// What a status of version 1 says.
fn by_http(status: u16) -> &'static str {
    match status {
        200 | 300 => "success",
        404 => "not_found",
        410 => "gone",
        421 => "not_responsible",
        401 => "denied",
        503 => "error",
        other => panic!("HTTP {other}"),
    }
}

/// What a response code of the Handle protocol says; removed ones are not told from absent ones.
fn by_handle(code: u32) -> &'static str {
    match code {
        1 | 302 | 303 => "success",
        100 => "not_found",
        301 => "not_responsible",
        402 => "denied",
        3 => "error",
        other => panic!("response code {other}"),
    }
}

/// What an answer to TXT says; a cut one is asked again over TCP.
///
/// DNS has one code for what is not registered, was removed, or is another node's.
fn by_dns(said: &SaidAnswer) -> &'static str {
    let is_delegated = said.authorities.iter().any(|one| one.kind == dns::NS);
    match (said.code, said.answers.len()) {
        (0, 0) if is_delegated => "success",
        (0, 0) if said.extended == Some(NO_REACHABLE_AUTHORITY) => "error",
        (0, 0) => "denied",
        (0, _) => "success",
        (3, 0) if said.extended == Some(NOT_AUTHORITATIVE) => "not_responsible",
        (3, 0) => "not_found",
        other => panic!("response code {other:?}"),
    }
}

/// Asserts what the node has counted of a protocol.
#[track_caller]
fn check_counted(node: &Node, protocol: &str, expected: &Tally) {
    let found = settled(expected, || counted(node, protocol));
    assert_eq!(found, *expected, "{protocol}");
}

fn counted(node: &Node, protocol: &str) -> Tally {
    let outcomes = [
        "success",
        "not_found",
        "gone",
        "not_responsible",
        "denied",
        "error",
        "truncated",
        "limited",
    ];
    let count = |outcome: &'static str| {
        let labels = format!("origin=\"internal\",outcome=\"{outcome}\",protocol=\"{protocol}\"");
        let count = node.metric(&format!("biaoshi_resolutions_total{{{labels}}}"));
        (outcome, format!("{count}").parse().expect("it is whole"))
    };
    let all = outcomes.into_iter().map(count);
    all.filter(|(_, count)| *count > 0).collect()
}

/// Answers over all three protocols, and over DNS, which has no name for some.
#[derive(Debug, Default)]
struct Tallies {
    all: Tally,
    dns: Tally,
}

/// Asks over each, and compares answer by answer.
fn ask_all<'a>(node: &Node, queries: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Tallies {
    let mut http = Client::connect(node.address());
    let (handle, names) = (udp(node), dns::udp(node));
    let mut tallies = Tallies::default();
    for (id, (query, expected)) in (1..).zip(queries) {
        let identifier = Identifier::parse_query(query).expect("each can be asked");
        let path = format!("/api/v1/identifiers/{}", url::to_path(&identifier));
        let (status, body) = http.request("GET", &path, &[], b"");
        let over_http = by_http(status);
        let (found, code, payload) = ask(&handle, &request(id, query, &[]));
        assert_eq!(found, id);
        let over_handle = by_handle(code);
        let same = if over_http == "gone" {
            "not_found"
        } else {
            over_http
        };
        assert_eq!(
            over_handle, same,
            "{query:?}: HTTP {status}, response code {code}"
        );
        if let Some(expected) = expected {
            let outcome = match expected {
                "found" | "view" => "success",
                // The sample's self-built enterprises have no route yet.
                "referral" => "error",
                "not_found" | "unassigned" => "not_found",
                other => {
                    assert_eq!(other, "not_responsible", "{query:?}");
                    "not_responsible"
                }
            };
            assert_eq!(over_http, outcome, "{query:?}");
        }
        if status == 200 && !query.to_ascii_uppercase().starts_with("0.NA/") {
            check_values(query, &body, &payload);
        }
        *tallies.all.entry(over_http).or_default() += 1;
        if let Some(name) = dns::name_of(query) {
            let id = u16::try_from(id & 0xffff).expect("it is cut to that");
            let said = dns::ask(&names, id, &name, dns::TXT);
            assert_eq!((said.id, by_dns(&said)), (id, same), "{query:?}: {said:?}");
            if over_http == "success" {
                check_texts(query, &body, &said);
            }
            *tallies.dns.entry(over_http).or_default() += 1;
        }
    }
    tallies
}

/// Every value that HTTP shows is in the other answer too.
fn check_values(query: &str, body: &[u8], payload: &[u8]) {
    let body: serde_json::Value = serde_json::from_slice(body).expect("it is JSON");
    let has = |text: &str| {
        payload
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(has(query), "the caller's spelling: {query:?}");
    for value in body["values"].as_array().expect("a record has values") {
        let (kind, data) = (&value["type"], &value["data"]);
        let kind = kind.as_str().expect("a type is text");
        let data = data.as_str().expect("the sample's data is text");
        assert!(has(kind) && has(data), "{query:?}: {kind} {data:?}");
    }
}

/// What DNS says of a record is what HTTP says of it.
fn check_texts(query: &str, body: &[u8], said: &SaidAnswer) {
    let body: serde_json::Value = serde_json::from_slice(body).expect("it is JSON");
    let values = body["values"].as_array().expect("a record has values");
    let text = |value: &serde_json::Value| {
        let (index, kind, data) = (&value["index"], &value["type"], &value["data"]);
        let (kind, data) = (kind.as_str(), data.as_str());
        let both = kind.zip(data).expect("the sample's are text");
        format!("{index} {}={}", both.0, both.1).into_bytes()
    };
    let mut expected: Vec<Vec<u8>> = values.iter().map(text).collect();
    let mut found: Vec<Vec<u8>> = said.answers.iter().map(|one| one.data.clone()).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "{query:?}");
}

#[test]
fn each_query_has_one_answer() {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products.csv", &[]).0, 0);
    let mixed = fs::read_to_string(data("queries-mixed.tsv")).expect("the sample is there");
    let mixed = mixed.lines().skip(1).map(|line| {
        let (query, expected) = line.split_once('\t').expect("two columns");
        (query, Some(expected))
    });
    let plain = fs::read_to_string(data("queries.txt")).expect("the sample is there");
    let plain = plain.lines().map(|query| (query, None));
    let tallies = ask_all(&node, mixed.chain(plain));
    for tally in [&tallies.all, &tallies.dns] {
        assert!(tally.len() >= 4 && tally["success"] > 1_000, "{tally:?}");
    }
    check_counted(&node, "http", &tallies.all);
    check_counted(&node, "handle", &tallies.all);
    check_counted(&node, "dns", &tallies.dns);
}

#[test]
fn what_was_removed_or_is_private_has_one_answer() {
    let node = Node::start();
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    let mut client = Client::connect(node.address());
    let path = |name: &str| format!("/api/v1/identifiers/88.118.0002/{name}");
    for (name, permissions) in [("REMOVED", "1110"), ("PRIVATE", "1100")] {
        let body = format!(
            r#"{{"values":[{{"index":1,"type":"NAME","data":"x","permissions":"{permissions}"}}]}}"#
        );
        let (status, answer) = client.request("PUT", &path(name), &headers, body.as_bytes());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(
        client.request("DELETE", &path("REMOVED"), &headers, b"").0,
        200
    );
    assert_eq!(client.request("GET", &path("REMOVED"), &[], b"").0, 410);
    assert_eq!(client.request("GET", &path("PRIVATE"), &[], b"").0, 401);
    let handle = udp(&node);
    assert_eq!(ask(&handle, &request(1, "88.118.0002/REMOVED", &[])).1, 100);
    // The client asks for what is public, and nothing is.
    assert_eq!(ask(&handle, &request(2, "88.118.0002/PRIVATE", &[])).1, 200);
    let expected = Tally::from([("gone", 1), ("denied", 1)]);
    check_counted(&node, "http", &expected);
    let names = dns::udp(&node);
    for (identifier, code, outcome) in [
        ("88.118.0002/REMOVED", 3, "not_found"),
        ("88.118.0002/PRIVATE", 0, "denied"),
    ] {
        let name = dns::name_of(identifier).expect("it has a name");
        let said = dns::ask(&names, 1, &name, dns::TXT);
        assert_eq!((said.code, by_dns(&said)), (code, outcome), "{identifier}");
    }
    check_counted(&node, "handle", &expected);
    check_counted(&node, "dns", &expected);
}

/// Prefix, sites, and what each protocol says: HTTP, Handle, DNS. Where they differ the Handle
/// protocol has nothing to say it with (`docs/handle.md`): it has no host names and no DNS.
const SELF_BUILT: [(&str, &str, [&str; 3]); 4] = [
    (
        "88.118.61",
        r#"[{"address":"node.example.cn","protocol":"https","port":8443}]"#,
        ["success", "error", "success"],
    ),
    (
        "88.118.62",
        r#"[{"address":"192.0.2.7","protocol":"tcp","port":2641},
            {"address":"2001:db8::7","protocol":"udp","port":2641}]"#,
        ["success", "success", "success"],
    ),
    (
        "88.118.63",
        r#"[{"address":"ns1.firm.example","protocol":"dns","port":53},
            {"address":"192.0.2.53","protocol":"dns","port":53}]"#,
        ["success", "error", "success"],
    ),
    ("88.118.64", "", ["error", "error", "error"]),
];

fn self_built() -> Node {
    let node = Node::start();
    let token = format!("Authorization: Bearer {}", node.token());
    let headers = [token.as_str(), "Content-Type: application/json"];
    for (prefix, sites, _) in SELF_BUILT {
        let route = match sites {
            "" => String::new(),
            sites => format!(r#","route":{{"sites":{sites}}}"#),
        };
        let body = format!(
            r#"{{"prefix":"{prefix}","org_name":"自建","hosting":"self-built",
                "certificate":{{"type":"other","number":"{prefix}"}}{route}}}"#
        );
        let mut client = Client::connect(node.address());
        let (status, answer) =
            client.request("POST", "/api/v1/enterprises", &headers, body.as_bytes());
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
    }
    node
}

#[test]
fn enterprises_with_nodes_of_their_own_are_told_as_far_as_each_protocol_can() {
    let node = self_built();
    let mut tallies = [Tally::new(), Tally::new(), Tally::new()];
    for (prefix, _, expected) in SELF_BUILT {
        let identifier = format!("{prefix}/A1");
        let (status, _) = node.get(&format!("/api/v1/identifiers/{identifier}"));
        let code = ask(&udp(&node), &request(1, &identifier, &[])).1;
        let name = dns::name_of(&identifier).expect("it has a name");
        let said = dns::ask(&dns::udp(&node), 1, &name, dns::TXT);
        let found = [by_http(status), by_handle(code), by_dns(&said)];
        assert_eq!(found, expected, "{prefix}");
        for (tally, outcome) in tallies.iter_mut().zip(expected) {
            *tally.entry(outcome).or_default() += 1;
        }
    }
    for (protocol, tally) in ["http", "handle", "dns"].into_iter().zip(&tallies) {
        check_counted(&node, protocol, tally);
    }
}

#[test]
fn the_command_line_names_the_same_sites_over_each_protocol() {
    let node = self_built();
    let ask = |via: &str, more: &[&str]| {
        let output = node.run(&[&["resolve", "--via", via], more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (shown, told) = (text(&output.stdout), text(&output.stderr));
        (output.status.code(), shown, told)
    };
    for (prefix, sites, outcomes) in SELF_BUILT {
        let identifier = format!("{prefix}/A1");
        for (via, outcome) in ["http", "handle", "dns"].into_iter().zip(outcomes) {
            let (code, shown, told) = ask(via, &["--json", &identifier]);
            let what = format!("{prefix} over {via}: {shown}{told}");
            if outcome != "success" {
                assert_eq!(code, Some(1), "{what}");
                let is_own = told.contains("own node") || told.contains("no_route");
                assert!(is_own, "{what}");
                assert!(!told.contains("another node"), "{what}");
                continue;
            }
            assert_eq!(code, Some(0), "{what}");
            let shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
            let sites: serde_json::Value = serde_json::from_str(sites).expect("it is JSON");
            assert_eq!(shown["identifier"], identifier.as_str(), "{what}");
            assert_eq!(shown["sites"], sites, "{what}");
            let lines = ask(via, &[&identifier]);
            assert_eq!(lines, ask("http", &[&identifier]), "the same lines");
        }
    }
    let (code, _, told) = ask("handle", &["88.999.1/A1"]);
    assert!(
        code == Some(1) && told.contains("is another node's"),
        "{told}"
    );
}
