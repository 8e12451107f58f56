//! What becomes of rows, and how it is told.

use super::*;

#[test]
fn products_are_sent_as_the_node_takes_them() {
    let file = "标识编码,产品名称,生产日期,网址\n\
                88.118.2/a,\"泵\n大\",2026/5/7,https://e.cn\n 88.118.2/b,阀,,\n";
    let mut desk = Desk::new(file);
    let node = FakeNode::start(created);
    let summary = desk.import(&node).unwrap();
    assert_eq!((summary.rows, summary.refused()), (2, 0));
    let asked = node.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "POST /api/v1/identifiers/batch");
    assert_eq!(asked[0].authorization, format!("Bearer {TOKEN}"));
    let expected = json!([
        {"identifier": "88.118.2/a", "values": [
            {"index": 2000, "type": "NAME", "data": "泵\n大"},
            {"index": 2004, "type": "PRODUCED", "data": "2026-05-07"},
            {"index": 2007, "type": "URL", "data": "https://e.cn"}]},
        {"identifier": "88.118.2/b", "values": [{"index": 2000, "type": "NAME", "data": "阀"}]},
    ]);
    assert_eq!(asked[0].json(), expected);
    assert_eq!(
        desk.report(),
        ["1,2,ok_date_normalised,,", "2,3,ok_trimmed,,"]
    );
}

#[test]
fn enterprises_are_sent_without_personal_data() {
    let file = "prefix,org_name,uscc,province,city,industry,hosting,website,contact,phone\n\
                88.118.2,江汉,91420300QW9L2G0403,420000,420300,C35,self-built,https://e.cn,张三,139\n\
                88.118.3,江汉,not-a-code,,,,hosted,,张三,139\n";
    let mut desk = Desk::new(file);
    let node = FakeNode::start(created);
    let summary = desk.import(&node).unwrap();
    assert_eq!((summary.rows, summary.refused()), (2, 1));
    let asked = node.asked();
    assert_eq!(asked[0].line, "POST /api/v1/enterprises");
    let expected = json!([{
        "prefix": "88.118.2", "org_name": "江汉", "hosting": "self-built",
        "certificate": {"type": "uscc", "number": "91420300QW9L2G0403"},
        "province": "420000", "city": "420300", "industry": "C35", "website": "https://e.cn",
        "filing": {"state": "passed", "date": today(), "reason": "导入"},
    }]);
    assert_eq!(asked[0].json(), expected);
    let report = fs::read_to_string(desk.path("report.csv")).unwrap();
    for secret in ["张三", "139"] {
        assert!(!asked[0].body.contains(secret) && !report.contains(secret));
    }
    assert_eq!(desk.report()[1], "2,3,bad_check_digit,uscc,not-a-code");
}

#[test]
fn the_nodes_verdicts_come_in_the_order_of_rows() {
    let file = products(&["new", "same", "other", "theirs"]) + "合计,4,\n,,\nbad,泵,\n";
    let mut desk = Desk::new(file);
    let node = FakeNode::start(|asked| {
        verdicts(asked, |name| match name {
            "88.118.2/new" => json!({"outcome": "created", "position": "data/1:1:0"}),
            "88.118.2/same" => json!({"outcome": "unchanged"}),
            "88.118.2/other" => json!({"outcome": "conflict", "detail": "it is there"}),
            _ => json!({"outcome": "refused", "code": "self_built", "field": "identifier"}),
        })
    });
    let summary = desk.import(&node).unwrap();
    let expected = [
        "1,2,ok,,",
        "2,3,unchanged,,",
        "3,4,conflict,identifier,88.118.2/other",
        "4,5,self_built,identifier,88.118.2/theirs",
        "5,6,skipped_total,,",
        "6,7,skipped_empty,,",
        "7,8,no_slash,identifier,bad",
    ];
    assert_eq!(desk.report(), expected);
    assert_eq!((summary.rows, summary.refused()), (7, 3));
    assert_eq!(
        node.asked().len(),
        1,
        "a prefix is asked only where it is sound"
    );
}

#[test]
fn what_the_node_says_of_a_prefix_outranks_a_later_fault() {
    let mut file = "标识编码,产品名称,网址\n".to_owned();
    for prefix in [
        "88.118.2", "88.118.3", "88.118.4", "88.118.5", "99.1.1", "88.118.3",
    ] {
        file += &format!("{prefix}/x,泵,no-url\n");
    }
    let mut desk = Desk::new(file);
    let node = FakeNode::start(|asked| {
        let view = |hosting: &str, status: &str| {
            let body =
                json!({"prefix": "x", "secondary": false, "hosting": hosting, "status": status});
            answer("200 OK", &body)
        };
        match asked
            .line
            .strip_prefix("GET /api/v1/identifiers/0.NA/")
            .unwrap()
        {
            "88.118.2" => view("hosted", "active"),
            "88.118.3" => view("self-built", "active"),
            "88.118.5" => view("hosted", "suspended"),
            "99.1.1" => answer(
                "421 Misdirected Request",
                &json!({"code": "foreign_prefix"}),
            ),
            _ => answer("404 Not Found", &json!({"code": "unassigned_prefix"})),
        }
    });
    desk.import(&node).unwrap();
    let expected = [
        "1,2,bad_url,url,no-url",
        "2,3,self_built,identifier,88.118.3/x",
        "3,4,unassigned_prefix,identifier,88.118.4/x",
        "4,5,unassigned_prefix,identifier,88.118.5/x",
        "5,6,foreign_prefix,identifier,99.1.1/x",
        "6,7,self_built,identifier,88.118.3/x",
    ];
    assert_eq!(desk.report(), expected);
    assert_eq!(node.asked().len(), 5, "each prefix is asked once");
}

#[test]
fn batches_have_a_limit_and_a_key_each() {
    let names: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut desk = Desk::new(products(&names));
    desk.arguments.batch = 10;
    let node = FakeNode::start(created);
    let summary = desk.import(&node).unwrap();
    assert_eq!(summary.rows, 25);
    let asked = node.asked();
    let sizes: Vec<usize> = asked
        .iter()
        .map(|a| a.json().as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 10, 5]);
    let keys: std::collections::BTreeSet<&str> = asked.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(keys.len(), 3);
    let (run, _) = asked[0].key.rsplit_once('-').unwrap();
    assert!(keys.iter().all(|key| key.starts_with(run)), "{keys:?}");
}

#[test]
fn a_batch_is_never_longer_than_the_node_takes() {
    let name = "值".repeat(255);
    let mut file = "identifier,name,model,batch,serial,brand,maker\n".to_owned();
    for n in 0..2_000 {
        file += &format!("88.118.2/{n},{name},{name},{name},{name},{name},{name}\n");
    }
    let mut desk = Desk::new(file);
    desk.arguments.batch = 2_000;
    let node = FakeNode::start(created);
    let summary = desk.import(&node).unwrap();
    assert_eq!(summary.rows, 2_000);
    let asked = node.asked();
    assert!(asked.len() > 1);
    for asked in asked {
        assert!(asked.body.len() <= 4 * 1024 * 1024, "{}", asked.body.len());
    }
}

#[test]
fn a_dry_run_says_so_to_the_node() {
    let mut desk = Desk::new(products(&["a"]));
    desk.arguments.dry_run = true;
    desk.arguments.report = None;
    let node = FakeNode::start(created);
    desk.import(&node).unwrap();
    assert_eq!(
        node.asked()[0].line,
        "POST /api/v1/identifiers/batch?dry_run=true"
    );
    assert_eq!(files(desk.folder.path()), 2);
}

#[test]
fn the_report_says_what_to_do_in_the_clerks_language() {
    let mut desk = Desk::new("标识编码,产品名称\nbad,泵\n88.118.2/a,泵\n");
    let node = FakeNode::start(|asked| {
        verdicts(
            asked,
            |_| json!({"outcome": "refused", "code": "of_tomorrow", "detail": "do so"}),
        )
    });
    desk.arguments.node.node = Some(node.url);
    let summary = import(&desk.config, &desk.arguments, Language::Zh).unwrap();
    assert_eq!(summary.refused(), 2);
    let report = fs::read_to_string(desk.path("report.csv")).unwrap();
    assert!(report.contains("请补上斜杠"), "{report}");
    assert!(report.contains("of_tomorrow,,,do so"), "{report}");
}
