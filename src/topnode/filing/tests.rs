//! Filings against a stand-in whose audits take hours, over faults, crashes and people.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::*;
use crate::topnode::{
    standin::{Asked, Done, Fault, Standin},
    wire::{Mapping, Secrets, WireReply, answer, request},
};

/// 2026-12-01T09:00:00 in Shanghai.
const NOW_MS: u64 = 1_796_086_800_000;

const MINUTE_MS: u64 = 60_000;

/// A node with prefixes that are to be filed.
struct Node {
    now_ms: u64,
    desk: FilingDesk,
    standin: Standin,
    /// How each filing stands, since which change, and the firm's name.
    filings: BTreeMap<u32, (Filing, u64, String)>,
    seq: u64,
    /// It is heard, and hears no answer.
    is_deaf: bool,
    crash_every: Option<u32>,
    crashes: u32,
    rng: StdRng,
    mapping: Mapping,
    secrets: Secrets,
}

fn pending() -> Filing {
    Filing {
        state: FilingState::Pending,
        date: 0,
        reason: "".into(),
    }
}

impl Node {
    fn new(seed: u64, names: &[&str]) -> Self {
        let secrets = Secrets {
            token: String::new(),
            secret: b"between us".to_vec(),
        };
        let filings = (0..).zip(names);
        let filings = filings.map(|(number, name)| {
            let since = u64::from(number) + 1;
            (number, (pending(), since, (*name).to_owned()))
        });
        Self {
            now_ms: NOW_MS,
            desk: FilingDesk::default(),
            standin: Standin::new(secrets.clone()),
            filings: filings.collect(),
            seq: 1_000,
            is_deaf: false,
            crash_every: None,
            crashes: 0,
            rng: StdRng::seed_from_u64(seed),
            mapping: Mapping::default(),
            secrets,
        }
    }

    fn file(&mut self, number: u32, filing: Filing) {
        self.seq += 1;
        let known = self.filings.get_mut(&number).unwrap();
        (known.0, known.1) = (filing, self.seq);
    }

    fn on(&mut self, event: Event) -> Option<Action> {
        let prefix = |number: &u32| Prefix::parse(&format!("88.118.{number}")).unwrap();
        let is_open =
            |filing: &Filing| matches!(filing.state, FilingState::Pending | FilingState::InReview);
        let open = self
            .filings
            .iter()
            .filter(|(_, (filing, ..))| is_open(filing));
        let applicants: Vec<_> = open
            .map(|(number, (filing, seq, _))| Applicant {
                prefix: prefix(number),
                ordinal: *number,
                filing: filing.clone(),
                filed_at: Position {
                    partition: 0,
                    seq: *seq,
                    item: 0,
                },
            })
            .collect();
        let filings = &self.filings;
        let row = |table: Table, of: &Prefix| {
            let mut filings = filings.iter();
            let (_, (filing, _, name)) = filings.find(|(number, _)| prefix(number) == *of)?;
            let mut row = vec![Value::Null; table.fields().len()];
            row[0] = json!(of.as_str());
            row[1] = match table {
                Table::F1 => json!(name),
                _ => json!(filing.reason),
            };
            Some(row)
        };
        let facts = Facts {
            ledger_id: LedgerId([7; 16]),
            applicants: &applicants,
            row: &row,
        };
        self.desk.on(event, &facts, self.now_ms, self.rng.random())
    }

    /// Takes what is due now, with all that follows.
    fn look(&mut self) {
        let mut event = Event::Look;
        for _ in 0..1_000 {
            let Some(action) = self.on(event) else { return };
            let crash = self
                .crash_every
                .is_some_and(|every| self.rng.random_ratio(1, every));
            if crash && self.rng.random() {
                return self.crash();
            }
            event = match action {
                Action::Send(message) => Event::Answered(self.send(&message)),
                Action::Note {
                    prefix,
                    expected,
                    filing,
                } => Event::Noted(self.note(&prefix, &expected, filing)),
            };
            if crash {
                return self.crash();
            }
        }
        panic!("it goes round");
    }

    fn crash(&mut self) {
        self.crashes += 1;
        self.desk = FilingDesk::default();
    }

    fn note(&mut self, prefix: &Prefix, expected: &Filing, filing: Filing) -> Result<(), String> {
        let number = prefix.as_str().rsplit('.').next().unwrap().parse().unwrap();
        if self.filings[&number].0 != *expected {
            return Err("it is something else by now".to_owned());
        }
        self.file(number, filing);
        Ok(())
    }

    fn send(&mut self, message: &Message) -> Answer {
        let said = request(message, &self.mapping, &self.secrets, self.now_ms);
        let asked = Asked {
            method: said.method,
            path: said.path,
            headers: said.headers,
            body: said.body,
        };
        let failed = |reason: &str| Answer::Failed {
            reason: reason.to_owned(),
            retry_after_ms: None,
        };
        match self.standin.on(&asked, self.now_ms, self.rng.random()) {
            _ if self.is_deaf => failed("time-out"),
            Done::Cut => failed("cut"),
            Done::Reply(reply) => {
                let reply = WireReply {
                    status: reply.status,
                    headers: reply.headers,
                    body: reply.body,
                };
                answer(message, &self.mapping, &self.secrets, &reply, self.now_ms)
            }
        }
    }

    fn minutes(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.now_ms += MINUTE_MS;
            self.look();
        }
    }

    fn states(&self) -> Vec<FilingState> {
        let filings = self.filings.values();
        filings.map(|(filing, ..)| filing.state).collect()
    }
}

#[test]
fn a_filing_is_applied_for_reviewed_and_decided() {
    use FilingState::{InReview, Passed, Pending, Refused};
    let mut node = Node::new(1, &["甲", "乙（材料不全）"]);
    assert_eq!(node.states(), [Pending, Pending]);
    node.look();
    assert_eq!(node.states(), [InReview, InReview]);
    let receipts = node
        .filings
        .values()
        .map(|(filing, ..)| filing.reason.clone());
    let receipts: Vec<_> = receipts.collect();
    assert!(
        receipts.iter().all(|receipt| receipt.starts_with("B")),
        "{receipts:?}"
    );
    node.minutes(30);
    assert_eq!(node.states(), [InReview, InReview], "audits take longer");
    node.minutes(60);
    assert_eq!(node.states(), [Passed, Refused]);
    let (passed, ..) = &node.filings[&0];
    assert_eq!(passed.date, 20_261_201);
    assert!(node.filings[&1].0.reason.contains("材料不全"));
    // It is filed again, under another key, when a person has mended it.
    let asked = node.standin.asked();
    node.minutes(30);
    assert_eq!(
        node.standin.asked(),
        asked,
        "nothing is asked that is decided"
    );
    node.filings.get_mut(&1).unwrap().2 = "乙".to_owned();
    node.file(1, pending());
    node.minutes(90);
    assert_eq!(node.states(), [Passed, Passed]);
    assert_eq!(node.standin.filings.applications(), 3);
    assert!(node.standin.filings.faults().is_empty());
}

#[test]
fn no_fault_and_no_crash_files_anything_twice() {
    for (seed, fault) in (10..).zip(Fault::ALL) {
        let mut node = Node::new(seed, &["甲", "乙", "丙", "丁（材料不全）"]);
        node.crash_every = Some(4);
        node.standin.set_fault(Some(fault));
        node.minutes(200);
        node.standin.set_fault(None);
        node.crash_every = None;
        node.minutes(200);
        use FilingState::{Passed, Refused};
        assert_eq!(
            node.states(),
            [Passed, Passed, Passed, Refused],
            "{fault:?}"
        );
        let filings = &node.standin.filings;
        assert!(filings.faults().is_empty(), "{:?}", filings.faults());
        assert_eq!(filings.applications(), 4, "{fault:?}");
        assert!(node.crashes > 0);
    }
}

/// What a person decides while it is asked about stands.
#[test]
fn a_person_is_not_overruled() {
    let mut node = Node::new(2, &["甲"]);
    let Some(Action::Send(message)) = node.on(Event::Look) else {
        panic!("it is to be filed");
    };
    let answer = node.send(&message);
    let by_hand = Filing {
        state: FilingState::Passed,
        date: 20_261_130,
        reason: "回执 7".into(),
    };
    node.file(0, by_hand.clone());
    let Some(Action::Note {
        prefix,
        expected,
        filing,
    }) = node.on(Event::Answered(answer))
    else {
        panic!("it was answered");
    };
    let noted = node.note(&prefix, &expected, filing);
    assert!(noted.is_err());
    assert_eq!(node.on(Event::Noted(noted)), None);
    node.minutes(30);
    assert_eq!(node.filings[&0].0, by_hand);
}

/// One that always fails, or whose audit takes for ever, keeps no other waiting.
#[test]
fn each_is_asked_about_in_its_turn() {
    let mut node = Node::new(3, &["甲", "乙"]);
    node.is_deaf = true;
    let mut asked = Vec::new();
    for _ in 0..6 {
        node.now_ms += 10 * MINUTE_MS;
        let Some(Action::Send(message)) = node.on(Event::Look) else {
            panic!("it is tried again");
        };
        asked.push(message.period);
        let answer = node.send(&message);
        assert_eq!(node.on(Event::Answered(answer)), None, "it rests");
    }
    assert_eq!(asked, [1, 2, 1, 2, 1, 2]);
    assert_eq!(node.desk.failures(), (6, "time-out"));
    node.is_deaf = false;
    node.minutes(10);
    assert_eq!(node.desk.failures().0, 0);
    assert_eq!(node.standin.filings.applications(), 2);
}

#[test]
fn an_answer_of_another_message_is_none() {
    let mut node = Node::new(4, &["甲"]);
    node.on(Event::Look);
    let answers = [
        Answer::Accepted {
            key: "0".repeat(32),
            receipt: "B9".to_owned(),
        },
        Answer::Refused {
            key: "0".repeat(32),
            reason: "x".to_owned(),
        },
    ];
    for answer in answers {
        assert_eq!(node.on(Event::Answered(answer)), None);
        assert!(node.desk.failures().1.contains("another message"));
        node.now_ms += 10 * MINUTE_MS;
        assert!(matches!(node.on(Event::Look), Some(Action::Send(_))));
    }
    // What is long or commands a terminal is cut to what the ledger keeps.
    let before = pending();
    let long = decided(FilingState::Refused, &"长".repeat(200), &before, NOW_MS);
    assert_eq!(long.reason.len(), 255);
    let nothing = decided(FilingState::Refused, " \n", &before, NOW_MS);
    assert!(!nothing.reason.trim().is_empty(), "a refusal has a reason");
}
