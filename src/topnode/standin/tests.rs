//! The stand-in refuses what it should, or a rehearsal would show nothing.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    books::{Incoming, Taken},
    *,
};
use crate::{
    change::Part,
    topnode::{
        outbox::Message,
        wire::{WireRequest, request},
    },
};

const NOW_MS: u64 = 1_795_536_000_000;

fn secrets() -> Secrets {
    Secrets {
        token: String::new(),
        secret: b"between us".to_vec(),
    }
}

fn incoming(period: u32, revision: u32, part: u32, key: &str) -> Incoming {
    Incoming {
        table: Table::T8,
        period,
        revision,
        part,
        is_last: part == 2,
        key: key.to_owned(),
        rows: vec![vec![json!("88.118.8"), json!(part), Value::Null]],
    }
}

fn refused(taken: &Taken) -> &str {
    match taken {
        Taken::Refused(what) => what,
        Taken::Accepted(_) | Taken::Waiting => panic!("{taken:?}"),
    }
}

#[test]
fn gaps_and_repetitions_are_faults() {
    let (first, second) = (20_261_130, 20_261_201);
    let mut books = Books::default();
    let mut take = |incoming| books.take(incoming, NOW_MS);
    let accepted = take(incoming(first, 1, 1, "a"));
    assert_eq!(
        take(incoming(first, 1, 1, "a")),
        accepted,
        "the same receipt"
    );
    let other = Incoming {
        rows: Vec::new(),
        ..incoming(first, 1, 1, "a")
    };
    assert!(refused(&take(other)).contains("other content"));
    assert!(refused(&take(incoming(first, 1, 1, "b"))).contains("is there already"));
    assert!(refused(&take(incoming(first, 1, 3, "c"))).contains("does not follow the part"));
    assert!(refused(&take(incoming(second + 1, 1, 1, "d"))).contains("does not follow"));
    assert!(matches!(
        take(incoming(first, 1, 2, "e")),
        Taken::Accepted(_)
    ));
    assert!(
        matches!(take(incoming(second, 1, 1, "f")), Taken::Accepted(_)),
        "over the month's end"
    );
    assert!(matches!(
        take(incoming(first, 2, 1, "g")),
        Taken::Accepted(_)
    ));
    assert_eq!(books.faults().len(), 4);
    assert_eq!(books.repeated(), 1);
    let again = books.report(Table::T8, first).unwrap();
    assert_eq!(
        (again.revision, again.rows.len(), again.is_whole),
        (2, 1, false)
    );
}

#[test]
fn rows_are_looked_at() {
    for (row, what) in [
        (vec![json!(""), json!(1)], "标识前缀: missing"),
        (vec![Value::Null, json!(1)], "标识前缀: missing"),
        (
            vec![json!("88.118.8"), json!("1")],
            "标识日注册量: no count",
        ),
        (
            vec![json!("88.118.8"), json!([1])],
            "neither a number nor a text",
        ),
    ] {
        let wrong = Incoming {
            rows: vec![row],
            ..incoming(20_261_130, 1, 1, "a")
        };
        let taken = Books::default().take(wrong, NOW_MS);
        assert!(refused(&taken).contains(what), "{taken:?}");
    }
}

fn said(time_ms: u64) -> WireRequest {
    let message = Message {
        table: Table::T8,
        period: 20_261_125,
        revision: 1,
        part: Part {
            number: 1,
            is_last: true,
            ..Part::default()
        },
        key: "k".to_owned(),
        rows: Arc::new(vec![vec![json!("88.118.8"), json!(1)]]),
    };
    request(&message, &Mapping::default(), &secrets(), time_ms)
}

fn asked(said: WireRequest) -> Asked {
    Asked {
        method: said.method,
        path: said.path,
        headers: said.headers,
        body: said.body,
    }
}

#[test]
fn what_is_not_signed_or_late_is_not_taken() {
    let status = |standin: &mut Standin, asked: &Asked, now_ms| match standin.on(asked, now_ms, 0) {
        Done::Reply(reply) => reply.status,
        Done::Cut => 0,
    };
    let mut standin = Standin::new(secrets());
    let right = asked(said(NOW_MS));
    let mut changed = right.clone();
    changed.body = changed.body.replace(b"88.118.8", b"88.118.9");
    let mut elsewhere = right.clone();
    elsewhere.path = "/reports/T3".to_owned();
    assert_eq!(status(&mut standin, &changed, NOW_MS), 401);
    assert_eq!(status(&mut standin, &elsewhere, NOW_MS), 401);
    assert_eq!(status(&mut standin, &right, NOW_MS + SKEW_MS_MAX + 1), 401);
    assert_eq!(standin.books.reports().count(), 0);
    assert_eq!(status(&mut standin, &right, NOW_MS), 200);
    assert_eq!(standin.books.reports().count(), 1);
    standin.is_down = true;
    assert_eq!(status(&mut standin, &right, NOW_MS), 0);
    assert_eq!(standin.asked(), 5);
}

trait Replace {
    fn replace(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replace(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(self.clone()).unwrap();
        let (from, to) = (
            std::str::from_utf8(from).unwrap(),
            std::str::from_utf8(to).unwrap(),
        );
        assert!(text.contains(from));
        text.replace(from, to).into_bytes()
    }
}
