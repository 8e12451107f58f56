//! Nodes that are away, refuse or make no sense, and files that are none.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::registry::import::FileKind;

/// A sender that does not wait long, and what it is told with.
fn sender(node: &FakeNode) -> (Sender, Progress) {
    let desk = Desk::new("");
    let arguments = NodeArguments {
        node: Some(node.url.clone()),
        token_file: None,
    };
    let target = Target::find(&desk.config, &arguments, TokenUse::Needed).unwrap();
    let client = Client::new(target).unwrap();
    let sender = Sender::new(client, FileKind::Products, false, [7; 16]);
    let progress = Progress::start("importing", None);
    (sender.with_pause(Duration::from_millis(1)), progress)
}

fn one() -> Bytes {
    Bytes::from_static(br#"[{"identifier":"88.118.2/a","values":[]}]"#)
}

#[test]
fn a_batch_is_sent_again_under_the_same_key() {
    let mut tries = 0;
    let node = FakeNode::start(move |asked| {
        tries += 1;
        match tries {
            1 => created(asked),
            2 => None,
            3 => answer(
                "503 No",
                &json!({"code": "overloaded", "detail": "too much"}),
            ),
            _ => created(asked),
        }
    });
    let (sender, progress) = sender(&node);
    sender.send(&one(), 1, &progress).unwrap();
    let verdicts = sender.send(&one(), 1, &progress).unwrap();
    assert_eq!(verdicts[0].outcome, Outcome::Created);
    let keys: Vec<String> = node.asked().into_iter().map(|asked| asked.key).collect();
    assert_eq!(keys.len(), 4);
    assert_ne!(keys[0], keys[1]);
    assert!(keys[1] == keys[2] && keys[2] == keys[3], "{keys:?}");
}

#[test]
fn a_node_that_stays_away_is_given_up() {
    let node = FakeNode::start(|_| answer("503 No", &json!({"code": "read_only", "detail": "no"})));
    let (sender, progress) = sender(&node);
    let failure = sender.send(&one(), 1, &progress).unwrap_err();
    assert!(failure.error.contains("read_only"), "{failure:?}");
    assert_eq!(node.asked().len(), 8);
}

#[test]
fn a_node_that_was_never_there_is_not_waited_for() {
    let node = FakeNode::start(|_| None);
    let (sender, progress) = sender(&node);
    sender.send(&one(), 1, &progress).unwrap_err();
    assert_eq!(node.asked().len(), 1);
}

#[test]
fn a_reply_without_a_verdict_per_row_is_none() {
    for results in [
        json!([]),
        json!([{"item": 1, "outcome": "created"}]),
        json!([{"item": 0, "outcome": "created"}, {"item": 1, "outcome": "created"}]),
        json!([{"item": 0, "outcome": "done"}]),
        json!("x"),
    ] {
        let body = json!({"results": results});
        let node = FakeNode::start(move |_| answer("200 OK", &body));
        let (sender, progress) = sender(&node);
        let failure = sender.send(&one(), 1, &progress).unwrap_err();
        assert!(failure.error.contains("verdict per row"), "{failure:?}");
    }
}

#[test]
fn a_token_that_opens_nothing_is_told_with_what_to_do() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let mut desk = Desk::new(products(&["a"]));
        let node = FakeNode::start(move |_| answer(status, &json!({"detail": "no", "code": "x"})));
        let failure = desk.import(&node).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed);
        assert!(failure.hint.contains("--token-file"), "{failure:?}");
        assert_eq!(files(desk.folder.path()), 2, "no half of a report is left");
    }
}

#[test]
fn an_import_that_stops_says_how_far_it_was() {
    let mut desk = Desk::new(products(&["a", "b", "c"]));
    desk.arguments.batch = 2;
    let node = FakeNode::start(|asked| match asked.json().as_array().unwrap().len() {
        2 => created(asked),
        _ => answer("500 Internal Server Error", &json!({})),
    });
    let failure = desk.import(&node).unwrap_err();
    let told = "2 rows are done; it is safe to run the same again";
    assert!(failure.hint.ends_with(told), "{failure:?}");
}

#[test]
fn without_a_token_nothing_is_asked() {
    let mut desk = Desk::new(products(&["a"]));
    fs::remove_file(desk.path("admin-token")).unwrap();
    let node = FakeNode::start(created);
    let failure = desk.import(&node).unwrap_err();
    assert!(failure.error.contains("admin-token"), "{failure:?}");
    assert_eq!(node.asked(), []);
}

//----------- Files --------------------------------------------------------------

#[test]
fn a_file_that_is_none_is_refused_with_what_to_do() {
    let node = FakeNode::start(created);
    for (file, hint) in [
        (&b"PK\x03\x04workbook"[..], "CSV UTF-8"),
        (b"\xff\xfea\x00", "CSV UTF-8"),
        (b"", "names the columns"),
        (b"what,is,this\n1,2,3\n", "names the columns"),
    ] {
        let failure = Desk::new(file).import(&node).unwrap_err();
        assert_eq!(failure.exit, Exit::Failed);
        assert!(failure.hint.contains(hint), "{failure:?}");
    }
    let mut desk = Desk::new("");
    for path in ["missing.csv", "."] {
        desk.arguments.file = desk.path(path);
        assert!(desk.import(&node).unwrap_err().hint.contains("CSV file"));
    }
    assert_eq!(node.asked(), []);
}

#[test]
fn rows_before_a_place_that_cannot_be_read_are_done() {
    let endless = format!("88.118.2/b,\"{}", "x".repeat(2 * 1024 * 1024));
    let mut desk = Desk::new(products(&["a"]) + &endless);
    let node = FakeNode::start(created);
    let failure = desk.import(&node).unwrap_err();
    assert!(failure.error.contains("sheet line 3"), "{failure:?}");
    assert!(failure.hint.contains("1 rows are done"), "{failure:?}");
    assert_eq!(node.asked().len(), 1);
}

#[test]
fn gb18030_is_read_as_what_it_says() {
    let text = products(&["泵"]);
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let mut desk = Desk::new(&bytes);
    let node = FakeNode::start(created);
    desk.import(&node).unwrap();
    assert_eq!(node.asked()[0].json()[0]["identifier"], "88.118.2/泵");
}

#[test]
fn an_operators_profile_replaces_the_programs() {
    let mut desk = Desk::new("代号,产品名称\n88.118.2/a,泵\n");
    let profile = "version = 1\nkind = \"products\"\n\
        [[column]]\nfield = \"identifier\"\nkind = \"identifier\"\nrequired = true\n\
        headings = [\"代号\"]\n\
        [[column]]\nfield = \"name\"\nkind = \"text\"\nheadings = [\"产品名称\"]\n\
        index = 7\ntype = \"TITLE\"\n";
    fs::write(desk.path("own.toml"), profile).unwrap();
    desk.arguments.profile = Some(desk.path("own.toml"));
    let node = FakeNode::start(created);
    desk.import(&node).unwrap();
    assert_eq!(node.asked()[0].json()[0]["values"][0]["type"], "TITLE");
    // The program's own is not fallen back to: the operator meant this one.
    fs::write(desk.path("file.csv"), products(&["a"])).unwrap();
    let failure = desk.import(&node).unwrap_err();
    assert!(failure.error.contains("代号"), "{failure:?}");
    fs::write(desk.path("own.toml"), "version = 2").unwrap();
    assert!(desk.import(&node).unwrap_err().error.contains("own.toml"));
}

#[test]
fn the_report_does_not_replace_the_file() {
    let mut desk = Desk::new(products(&["a"]));
    desk.arguments.report = Some(desk.path("./file.csv"));
    let node = FakeNode::start(created);
    let failure = desk.import(&node).unwrap_err();
    assert!(failure.error.contains("would replace"), "{failure:?}");
    desk.arguments.report = Some(desk.path("no/such/folder.csv"));
    let failure = desk.import(&node).unwrap_err();
    assert!(
        failure.error.contains("cannot write the report"),
        "{failure:?}"
    );
    assert_eq!(node.asked(), []);
}

#[test]
fn batches_that_are_submitted_together_have_keys_of_their_own() {
    let node = FakeNode::start(created);
    let (sender, progress) = sender(&node);
    let note = |text: &str| progress.note(text);
    let (first, second) = (one(), one());
    let both = async {
        let (first, second) = (
            sender.submit(&first, 1, note),
            sender.submit(&second, 1, note),
        );
        tokio::join!(first, second)
    };
    let (first, second) = sender.wait(both);
    assert_eq!(first.unwrap(), second.unwrap());
    let mut keys: Vec<String> = node.asked().into_iter().map(|asked| asked.key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 2);
}
