//! Listings of a prefix, in both dialects.

use super::*;
use crate::{
    change::{Change, Draft, Kind, Partition, Place, PrefixStatus},
    protocol::http::listing::{Listings, live, page},
    state::{PINS_MAX, PrefixView},
};

const LIST: &str = "/api/v1/identifiers?prefix=88.118.8";

/// A node with 25 identifiers of 88.118.8, registered in no order of their names; the 4th and the
/// 11th are removed.
async fn listed() -> (Site, Vec<String>) {
    let site = site().await;
    let names: Vec<String> = (0..25)
        .map(|n| format!("88.118.8/N{:02}-号", n * 7 % 25))
        .collect();
    let items: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut item = url_record("https://e.example.cn/1");
            item["identifier"] = json!(name);
            item
        })
        .collect();
    let answer = site.post("/api/v1/identifiers/batch", &json!(items)).await;
    assert_eq!(answer.json["summary"]["created"], 25, "{}", answer.text);
    for n in [3, 10] {
        let path = format!(
            "/api/v1/identifiers/{}",
            crate::identifier::url::to_path(
                &crate::identifier::Identifier::parse_query(&names[n]).unwrap(),
            )
        );
        let removed = site.send(admin("DELETE", &path).body(Body::empty()).unwrap());
        assert_eq!(removed.await.status, 200);
    }
    (site, names)
}

fn identifiers(answer: &Answer) -> Vec<String> {
    let items = answer.json["identifiers"].as_array().unwrap();
    let name = |item: &Value| item["identifier"].as_str().unwrap().to_owned();
    items.iter().map(name).collect()
}

#[tokio::test]
async fn pages_come_in_the_order_of_registration_and_each_identifier_once() {
    let (site, names) = listed().await;
    let (mut seen, mut next) = (Vec::new(), json!(0));
    while let Some(cursor) = next.as_u64() {
        let page = site
            .get_as_admin(&format!("{LIST}&limit=4&cursor={cursor}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        // One more is registered after each page.
        let more = page.json["registered"].as_u64().unwrap() - 25;
        assert_eq!(page.json["live"], 23 + more);
        assert!(identifiers(&page).len() <= 4);
        seen.extend(identifiers(&page));
        next = page.json["next"].clone();
        // What is registered or changed meanwhile moves nothing.
        let answer = site
            .put(
                &format!("/api/v1/identifiers/88.118.8/{}", 2 * cursor),
                &url_record("https://e.example.cn/2"),
            )
            .await;
        assert!(answer.status < 300, "{}", answer.text);
        if seen.len() > 30 {
            break;
        }
    }
    let live = names
        .iter()
        .enumerate()
        .filter(|(n, _)| ![3, 10].contains(n));
    let live: Vec<&String> = live.map(|(_, name)| name).collect();
    assert_eq!(seen[..23].iter().collect::<Vec<_>>(), live);
}

#[tokio::test]
async fn removed_ones_are_listed_where_they_are_asked_for() {
    let (site, names) = listed().await;
    let all = site.get_as_admin(&format!("{LIST}&removed=true")).await;
    assert_eq!(identifiers(&all), names);
    let items = all.json["identifiers"].as_array().unwrap();
    let removed = items.iter().map(|item| item.get("removed_at").is_some());
    assert!(
        removed
            .enumerate()
            .all(|(n, is)| is == [3, 10].contains(&n))
    );
    assert_eq!(all.json["next"], Value::Null);
    assert!(all.json["seq"].as_u64().unwrap() > 0);
    assert!(
        items[0]["position"]
            .as_str()
            .unwrap()
            .starts_with("data/1:")
    );
}

#[tokio::test]
async fn a_listing_says_what_is_wrong_with_it() {
    let (site, _) = listed().await;
    site.get(LIST).await.is_problem(401, "unauthorized");
    for (query, status, code) in [
        ("", 400, "bad_query"),
        ("?prefix=88.118.8&limit=0", 400, "bad_query"),
        ("?prefix=88.118.8&limit=1001", 400, "bad_query"),
        ("?prefix=88.118.8&cursor=x", 400, "bad_query"),
        ("?prefix=88.118.8&cursor=4294967296", 400, "bad_query"),
        ("?prefix=88.118.8&removed=yes", 400, "bad_query"),
        ("?prefix=88.118.77", 404, "unassigned_prefix"),
        ("?prefix=88.118.9", 404, "self_built"),
        ("?prefix=88.119.1", 421, "foreign_prefix"),
    ] {
        let path = format!("/api/v1/identifiers{query}");
        site.get_as_admin(&path).await.is_problem(status, code);
    }
    let behind = site.get_as_admin(&format!("{LIST}&cursor=1000")).await;
    assert_eq!((behind.status, identifiers(&behind).len()), (200, 0));
    assert_eq!(behind.json["next"], Value::Null);
}

#[tokio::test]
async fn handles_are_listed_as_handle_net_lists_them() {
    let (site, names) = listed().await;
    let all = site.get_as_admin("/api/handles?prefix=0.NA/88.118.8").await;
    assert_eq!((all.status, &all.json["responseCode"]), (200, &json!(1)));
    assert_eq!(all.json["totalCount"], "23", "a text, as Handle.Net has it");
    assert_eq!(all.json["prefix"], "0.NA/88.118.8");
    assert!(all.json.get("page").is_none());
    let handles = all.json["handles"].as_array().unwrap().clone();
    assert_eq!(handles.len(), 23);
    assert_eq!(handles[0], json!(names[0]));
    let mut paged = Vec::new();
    for page in 0..4 {
        let path = format!("/api/handles?prefix=88.118.8&page={page}&pageSize=8");
        let answer = site.get_as_admin(&path).await;
        assert_eq!(
            (&answer.json["page"], &answer.json["pageSize"]),
            (&json!(page), &json!(8))
        );
        paged.extend(answer.json["handles"].as_array().unwrap().clone());
    }
    assert_eq!(paged, handles);
    for (query, code) in [
        ("", 4),
        ("?prefix=88.118.77", 301),
        ("?prefix=88.118.9", 301),
        ("?prefix=88.119.1", 301),
        ("?prefix=88.118.8&page=x", 4),
        ("?prefix=88.118.8&page=0&pageSize=x", 4),
        ("?prefix=88.118.8&page=0&pageSize=10001", 4),
    ] {
        let answer = site.get_as_admin(&format!("/api/handles{query}")).await;
        assert_eq!(
            (answer.status, &answer.json["responseCode"]),
            (400, &json!(code)),
            "{query}"
        );
    }
    let anybody = site.get("/api/handles?prefix=88.118.8").await;
    assert_eq!(
        (anybody.status, &anybody.json["responseCode"]),
        (401, &json!(402))
    );
}

#[tokio::test]
async fn pages_of_handles_are_asked_for_as_at_handle_net() {
    let (site, names) = listed().await;
    let ask = |query: &str| {
        let path = format!("/api/handles?prefix=0.na/88.118.8{query}");
        let site = &site;
        async move { site.get_as_admin(&path).await.json }
    };
    let count = |json: &Value| json["handles"].as_array().unwrap().len();
    // Without a size, or with a negative number, all are meant; without a page too.
    for query in [
        "",
        "&page=1",
        "&pageSize=8",
        "&page=-1&pageSize=8",
        "&page=1&pageSize=-8",
    ] {
        let all = ask(query).await;
        assert_eq!((count(&all), &all["page"]), (23, &Value::Null), "{query}");
        assert_eq!(all["prefix"], "0.na/88.118.8", "as it was asked");
    }
    for query in ["&pageSize=0", "&page=0&pageSize=0", "&page=7&pageSize=0"] {
        let none = ask(query).await;
        assert_eq!(
            (count(&none), &none["totalCount"]),
            (0, &json!("23")),
            "{query}"
        );
    }
    // The 4th was removed, so it is no part of a page.
    assert_eq!(ask("&page=1&pageSize=3").await["handles"][0], names[4]);
    for page in ["8", "1000000", "9223372036854775807"] {
        let behind = ask(&format!("&page={page}&pageSize=10000")).await;
        assert_eq!(
            (behind["responseCode"].as_u64(), count(&behind)),
            (Some(1), 0)
        );
    }
}

#[tokio::test]
async fn too_many_handles_are_to_be_asked_for_by_page() {
    let site = site().await;
    for batch in 0..6 {
        let last = if batch == 5 { 1 } else { 2_000 };
        let items: Vec<Value> = (0..last)
            .map(|n| {
                let mut item = url_record("https://e.example.cn/1");
                item["identifier"] = json!(format!("88.118.8/{batch}-{n}"));
                item
            })
            .collect();
        let answer = site.post("/api/v1/identifiers/batch", &json!(items)).await;
        assert_eq!(answer.json["summary"]["created"], last, "{}", answer.text);
        if batch == 4 {
            let all = site.get_as_admin("/api/handles?prefix=88.118.8").await;
            assert_eq!(all.json["handles"].as_array().unwrap().len(), 10_000);
        }
    }
    let all = site.get_as_admin("/api/handles?prefix=88.118.8").await;
    assert_eq!((all.status, &all.json["responseCode"]), (400, &json!(4)));
    let path = "/api/handles?prefix=88.118.8&page=1&pageSize=10000";
    let second = site.get_as_admin(path).await;
    assert_eq!(second.json["handles"], json!(["88.118.8/5-0"]));
    assert_eq!(second.json["totalCount"], "10001");
    let count = site.get_as_admin("/api/handles?prefix=88.118.8&pageSize=0");
    assert_eq!(count.await.json["totalCount"], "10001");
}

fn pinned(site: &Site) -> PrefixView {
    let node = site.api.node().unwrap();
    node.state.pin_prefix("88.118.8").unwrap()
}

#[tokio::test]
async fn a_request_looks_at_so_many_and_goes_on_behind_them() {
    let (site, names) = listed().await;
    let view = pinned(&site);
    // The 4th is removed: it is looked at, and not listed.
    let (some, next) = page(&view, 2, 10, false, 3).unwrap();
    assert_eq!((some.len(), next), (2, Some(5)));
    let (none, next) = page(&view, 3, 10, false, 1).unwrap();
    assert_eq!((none.len(), next), (0, Some(4)), "empty, and not the last");
    let (some, next) = page(&view, 20, 10, false, 5).unwrap();
    assert_eq!((some.len(), next), (5, None), "the last, at the bound");

    assert_eq!(live(&view, 20, 5, 24), Ok(None), "one is missing");
    assert_eq!(live(&view, 20, 5, 25), Ok(Some(names[22..].to_vec())));
    assert_eq!(live(&view, 20, 2, 24), Ok(Some(names[22..24].to_vec())));
    drop(view);
    // Removed ones behind the last live one leave no page unfinished.
    for name in &names[20..] {
        let path = format!("{IDENTIFIERS}{}", name.replace('号', "%E5%8F%B7"));
        assert_eq!(site.delete(&path).await.status, 200);
    }
    let view = pinned(&site);
    assert_eq!(live(&view, 16, 5, 20), Ok(Some(names[18..20].to_vec())));
}

#[tokio::test]
async fn a_prefix_without_identifiers_has_an_empty_listing() {
    let site = site().await;
    let list = site.get_as_admin(LIST).await;
    assert_eq!((list.status, identifiers(&list).len()), (200, 0));
    assert_eq!(
        (
            &list.json["registered"],
            &list.json["live"],
            &list.json["next"]
        ),
        (&json!(0), &json!(0), &Value::Null)
    );
    let handles = site.get_as_admin("/api/handles?prefix=88.118.8").await;
    assert_eq!(
        (&handles.json["totalCount"], &handles.json["handles"]),
        (&json!("0"), &json!([]))
    );
}

/// Gives 88.118.8 another status, by an entry of its own.
fn set_status(site: &Site, status: PrefixStatus) {
    let state = &site.api.node().unwrap().state;
    let directory = state.directory();
    let known = directory.prefix("88.118.8").unwrap();
    let mut facts = known.facts.clone();
    (facts.prev, facts.status) = (Some(known.position), status);
    let head = state.at(&Partition::Control).head;
    let mut draft = Draft::new(Place {
        ledger_id: state.ledger_id().unwrap(),
        partition: Partition::Control,
        seq: head.seq + 1,
        previous: head.hash,
        time_ms: NOW,
        control_at: 0,
        kind: Kind::Changes,
    });
    draft.push(&Change::Prefix(Box::new(facts))).unwrap();
    state.apply(&draft.finish()).unwrap();
}

#[tokio::test]
async fn a_prefix_is_listed_as_long_as_it_resolves() {
    let (site, _) = listed().await;
    set_status(&site, PrefixStatus::Suspended);
    assert_eq!(site.get_as_admin(LIST).await.status, 200);
    set_status(&site, PrefixStatus::Withdrawn);
    let withdrawn = site.get_as_admin(LIST).await;
    withdrawn.is_problem(404, "unassigned_prefix");
    let handles = site.get_as_admin("/api/handles?prefix=88.118.8").await;
    assert_eq!(handles.json["responseCode"], 301);
}

#[tokio::test]
async fn a_listing_is_for_administrators_here_only() {
    let (site, _) = listed().await;
    for path in [LIST, "/api/handles?prefix=88.118.8"] {
        for (token, from, status, code) in [
            (token().reveal(), ELSEWHERE, 403, "not_from_there"),
            ("0".repeat(64), HERE, 401, "unauthorized"),
        ] {
            let asked = Request::builder().uri(path).extension(from);
            let asked = asked.header("authorization", format!("Bearer {token}"));
            let answer = site.send(asked.body(Body::empty()).unwrap()).await;
            answer.is_problem(status, code);
        }
        let anybody = site.get(path).await;
        assert_eq!(anybody.status, 401);
        assert!(anybody.header("www-authenticate").starts_with("Bearer "));
        assert!(!anybody.text.contains("88.118.8/"), "{}", anybody.text);
        let head = site
            .send(admin("HEAD", path).body(Body::empty()).unwrap())
            .await;
        assert_eq!((head.status, head.text.len()), (200, 0));
    }
}

#[tokio::test]
async fn where_all_pins_are_held_a_listing_waits() {
    let (site, _) = listed().await;
    let held: Vec<PrefixView> = (0..PINS_MAX).map(|_| pinned(&site)).collect();
    for path in [LIST, "/api/handles?prefix=88.118.8"] {
        let busy = site.get_as_admin(path).await;
        busy.is_problem(503, "busy");
        assert_eq!(busy.header("retry-after"), "2");
    }
    drop(held);
    // Nor was a permit kept by those that were sent away.
    assert_eq!(site.get_as_admin(LIST).await.status, 200);
}

#[tokio::test]
async fn few_list_at_one_time() {
    let listings = Listings::default();
    let (first, second) = (listings.enter().unwrap(), listings.enter().unwrap());
    assert!(listings.enter().is_none() && listings.enter().is_none());
    drop(first);
    let third = listings.enter().unwrap();
    assert!(listings.enter().is_none());
    drop((second, third));
    let (site, _) = listed().await;
    let held = (
        site.api.listings.enter().unwrap(),
        site.api.listings.enter().unwrap(),
    );
    let paths = [LIST, "/api/handles?prefix=88.118.8"];
    for path in paths {
        let busy = site.get_as_admin(path).await;
        busy.is_problem(503, "busy");
        assert_eq!(busy.header("retry-after"), "2");
    }
    drop(held);
    for path in paths {
        assert_eq!(site.get_as_admin(path).await.status, 200);
    }
}
