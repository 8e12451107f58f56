//! Listings of a prefix, in both dialects.

use super::*;
use crate::protocol::http::listing::Listings;

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
        ("?prefix=88.118.8&page=x", 4),
        ("?prefix=88.118.8&pageSize=0", 4),
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
