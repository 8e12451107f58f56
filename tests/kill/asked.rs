//! What clients ask of the node: names, contents, requests.
//!
//! A content follows from its name and its version, so that the oracle need not hold any.

use std::io;

use serde_json::{Value, json};

use crate::common::{self, Client};

/// Enterprises of the sample whose identifiers live here.
const PREFIXES: [&str; 3] = ["88.118.0002", "88.300.0003", "88.488.0004"];

/// Names of this many neighbours are of one kind: short contents, or long ones.
const KIND_BLOCK: u32 = 256;

/// One block in so many is long: its batches are over the megabyte that an entry holds, and stand
/// in several.
const LONG_BLOCKS: u32 = 20;

/// What a long content is filled up with.
const LONG_BYTES: usize = 10_000;

//----------- Name -------------------------------------------------------------

/// Who made an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Maker {
    /// An importer, by its number.
    Importer(u8),
    /// A client that registers one at a time.
    Single,
    /// The first identifier of an enterprise that was admitted during the run.
    Admitted,
}

/// An identifier of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) maker: Maker,
    pub(crate) number: u32,
}

impl Name {
    pub(crate) fn text(self) -> String {
        let number = self.number;
        let prefix = PREFIXES[number as usize % PREFIXES.len()];
        match self.maker {
            Maker::Importer(importer) => format!("{prefix}/I{importer}-{number}"),
            Maker::Single => format!("{prefix}/S-{number}"),
            Maker::Admitted => format!("{}/FIRST", admitted_prefix(number)),
        }
    }

    pub(crate) fn path(self) -> String {
        format!("/api/v1/identifiers/{}", self.text())
    }

    /// The values that it has in a version, as requests and answers write them.
    pub(crate) fn values(self, version: u32) -> Value {
        let is_long = self.number / KIND_BLOCK % LONG_BLOCKS == LONG_BLOCKS - 1;
        let filler = match self.maker {
            Maker::Importer(_) if is_long && version == 0 => LONG_BYTES,
            _ => (self.number as usize * 7 + version as usize * 31) % 200,
        };
        let data = format!("{} 第{version}版 {}", self.text(), "液".repeat(filler / 3));
        let name = json!({ "index": 2000, "type": "NAME", "data": data, "ttl": 3600 + version });
        if version % 3 != 1 {
            return json!([name]);
        }
        let url = format!("https://example.cn/{version}");
        json!([name, { "index": 2007, "type": "URL", "data": url, "ttl": 60 }])
    }
}

/// The prefix of an enterprise that is admitted during the run.
pub(crate) fn admitted_prefix(number: u32) -> String {
    format!("88.709.{}", 500_000 + number)
}

//----------- Asked ------------------------------------------------------------

/// A request that changes something.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) what: What,
    /// Its idempotency key, if the client has one.
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// Registers new identifiers, each in its version 0.
    Batch(Vec<Name>),
    /// Registers an identifier or replaces its record.
    Put(Name, u32),
    Remove(Name),
    /// Admits an enterprise.
    Admit(u32),
}

impl What {
    /// The identifiers it is about.
    pub(crate) fn names(&self) -> Vec<Name> {
        match self {
            Self::Batch(names) => names.clone(),
            Self::Put(name, _) | Self::Remove(name) => vec![*name],
            Self::Admit(_) => Vec::new(),
        }
    }

    fn request(&self) -> (&'static str, String, String) {
        match self {
            Self::Batch(names) => {
                let items = names
                    .iter()
                    .map(|name| json!({ "identifier": name.text(), "values": name.values(0) }));
                let body: Value = items.collect();
                let path = "/api/v1/identifiers/batch".to_owned();
                ("POST", path, body.to_string())
            }
            Self::Put(name, version) => {
                let body = json!({ "values": name.values(*version) });
                ("PUT", name.path(), body.to_string())
            }
            Self::Remove(name) => ("DELETE", name.path(), String::new()),
            Self::Admit(number) => {
                let path = "/api/v1/enterprises".to_owned();
                ("POST", path, enterprise(*number).to_string())
            }
        }
    }
}

fn enterprise(number: u32) -> Value {
    json!({
        "prefix": admitted_prefix(number),
        "org_name": format!("企业{number}"),
        "certificate": { "type": "other", "number": format!("kill-{number}") },
        "hosting": "hosted",
        "filing": { "state": "passed", "date": "2026-11-23", "reason": "导入" },
    })
}

impl Asked {
    /// Sends it; an error says that nobody knows what became of it.
    pub(crate) fn send(&self, client: &mut Client, token: &str) -> io::Result<Answer> {
        let (method, path, body) = self.what.request();
        let token = format!("authorization: Bearer {token}");
        let mut headers = vec![token.as_str(), "content-type: application/json"];
        let key = self
            .key
            .as_ref()
            .map(|key| format!("idempotency-key: {key}"));
        headers.extend(key.as_deref());
        let answer = client.try_request(method, &path, &headers, body.as_bytes())?;
        Ok(Answer::from(answer))
    }
}

//----------- Answer -----------------------------------------------------------

/// What the node answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// It says that it was asked before.
    pub(crate) is_replayed: bool,
    pub(crate) body: Value,
}

impl From<common::Answer> for Answer {
    fn from(answer: common::Answer) -> Self {
        Self {
            status: answer.status,
            is_replayed: answer
                .head
                .iter()
                .any(|line| line == "idempotency-replayed: true"),
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
        }
    }
}

/// Where a change stands in its partition: the sequence of its entry, and its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) seq: u64,
    pub(crate) item: u32,
}

impl At {
    /// The `position` of an answer.
    pub(crate) fn of(body: &Value) -> Option<Self> {
        let mut parts = body["position"].as_str()?.rsplit(':');
        let item = parts.next()?.parse().ok()?;
        let seq = parts.next()?.parse().ok()?;
        Some(Self { seq, item })
    }
}
