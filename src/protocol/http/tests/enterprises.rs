//! `/api/v1/enterprises`.

use super::*;

const ENTERPRISES: &str = "/api/v1/enterprises";

#[tokio::test]
async fn one_enterprise_has_a_status_and_many_have_verdicts() {
    let site = empty().await;
    let one = firm("88.118.8", "hosted");
    let created = site.post(ENTERPRISES, &one).await;
    assert_eq!(
        (created.status, &created.json["outcome"]),
        (201, &json!("created"))
    );
    let again = site.post(ENTERPRISES, &one).await;
    assert_eq!(
        (again.status, &again.json["outcome"]),
        (200, &json!("unchanged"))
    );
    let mut other = one.clone();
    other["org_name"] = json!("另一家");
    site.post(ENTERPRISES, &other)
        .await
        .is_problem(409, "conflict");
    site.post(ENTERPRISES, &firm("88.119.8", "hosted"))
        .await
        .is_problem(422, "foreign_prefix");
    site.post(ENTERPRISES, &firm("88.118.8.1", "hosted"))
        .await
        .is_problem(422, "bad_prefix");
    let many = json!([one, other, firm("88.118.9", "self-built"), {"prefix": "88.118.10"}]);
    let answer = site.post(ENTERPRISES, &many).await;
    let summary = json!({ "created": 1, "unchanged": 1, "conflict": 1, "refused": 1 });
    assert_eq!((answer.status, &answer.json["summary"]), (200, &summary));
    assert_eq!(answer.json["results"][2]["prefix"], "88.118.9");
    assert_eq!(answer.json["results"][3]["code"], "bad_item");
}

#[tokio::test]
async fn a_dry_run_admits_nobody() {
    let site = empty().await;
    let one = firm("88.118.8", "hosted");
    let dry = format!("{ENTERPRISES}?dry_run=true");
    let answer = site.post(&dry, &one).await;
    assert_eq!(
        (answer.status, &answer.json["outcome"]),
        (200, &json!("created"))
    );
    let answer = site.post(&dry, &json!([one])).await;
    assert_eq!(answer.json["summary"]["created"], 1);
    let list = site.get_as_admin(ENTERPRISES).await;
    assert_eq!(list.json["enterprises"], json!([]));
}

#[tokio::test]
async fn a_repeated_admission_is_marked() {
    let site = empty().await;
    let send = async |body: &Value| {
        let builder = admin("POST", ENTERPRISES).header("idempotency-key", "firm-1");
        site.send(json_body(builder, body)).await
    };
    let first = send(&firm("88.118.8", "hosted")).await;
    let again = send(&firm("88.118.8", "hosted")).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json));
    assert_eq!(again.header("idempotency-replayed"), "true");
    send(&firm("88.118.9", "hosted"))
        .await
        .is_problem(409, "key_reused");
}

#[tokio::test]
async fn what_is_no_enterprise_names_what_is_wrong() {
    let site = empty().await;
    let with = |member: &str, value: Value| {
        let mut firm = firm("88.118.8", "self-built");
        firm[member] = value;
        firm
    };
    let sites = |count: usize, address: &str, port: u32| {
        let site = json!({ "address": address, "protocol": "udp", "port": port });
        json!({ "sites": vec![site; count] })
    };
    let long = "a".repeat(256);
    let cases = [
        with("unknown", json!(1)),
        with("hosting", json!("both")),
        with("certificate", json!({ "type": "uscc" })),
        with("certificate", json!({ "type": "passport", "number": "1" })),
        with("filing", json!({ "state": "maybe" })),
        with("filing", json!({ "state": "passed", "date": "2026-02-30" })),
        with("route", sites(0, "192.0.2.1", 1)),
        with("route", sites(17, "192.0.2.1", 1)),
        with("route", sites(1, "", 1)),
        with("route", sites(1, &long, 1)),
        with("route", sites(1, "a b", 1)),
        with("route", sites(1, "192.0.2.1", 0)),
        with("route", sites(1, "192.0.2.1", 65_536)),
    ];
    for firm in cases {
        site.post(ENTERPRISES, &firm)
            .await
            .is_problem(400, "bad_json");
    }
    let mut hosted = with("route", sites(1, "192.0.2.1", 1));
    hosted["hosting"] = json!("hosted");
    site.post(ENTERPRISES, &hosted)
        .await
        .is_problem(400, "bad_json");
    let most = with("route", sites(16, &"a".repeat(255), 65_535));
    let answer = site.post(ENTERPRISES, &most).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let long_name = with("org_name", json!("企".repeat(256)));
    site.post(ENTERPRISES, &long_name)
        .await
        .is_problem(422, "value_too_long");
}

#[tokio::test]
async fn pages_come_in_the_order_of_assignment() {
    let site = empty().await;
    let firms: Vec<_> = (1..=1_005)
        .rev()
        .map(|n| firm(&format!("88.118.{n}"), "hosted"))
        .collect();
    site.post(ENTERPRISES, &json!(firms)).await;
    let mut after = json!(0);
    let mut seen = Vec::new();
    while !after.is_null() {
        let page = site
            .get_as_admin(&format!("{ENTERPRISES}?limit=400&after={after}"))
            .await;
        let prefixes = page.json["enterprises"].as_array().unwrap();
        seen.extend(
            prefixes
                .iter()
                .map(|one| one["prefix"].as_str().unwrap().to_owned()),
        );
        after = page.json["next"].clone();
    }
    let expected: Vec<_> = (1..=1_005).rev().map(|n| format!("88.118.{n}")).collect();
    assert_eq!(seen, expected);
    let count = |answer: &Answer| answer.json["enterprises"].as_array().unwrap().len();
    assert_eq!(count(&site.get_as_admin(ENTERPRISES).await), 100);
    let most = site
        .get_as_admin(&format!("{ENTERPRISES}?limit=1000"))
        .await;
    assert_eq!((count(&most), &most.json["next"]), (1_000, &json!(1_000)));
    let certificate = &most.json["enterprises"][0]["enterprise"]["certificate"];
    assert_eq!(certificate["number"], "N88.118.1005");
    let past = site
        .get_as_admin(&format!("{ENTERPRISES}?after=18446744073709551615"))
        .await;
    assert_eq!((count(&past), &past.json["next"]), (0, &Value::Null));
    for query in ["limit=0", "limit=1001", "limit=x", "after=-1", "after=x"] {
        site.get_as_admin(&format!("{ENTERPRISES}?{query}"))
            .await
            .is_problem(400, "bad_query");
    }
    site.get(ENTERPRISES).await.is_problem(401, "unauthorized");
}
