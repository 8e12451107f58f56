//! A stand-in of the national node, for rehearsals: it takes reports as the default mapping says
//! them, checks what can be checked of them, and has faults when it is told to.
//!
//! It is not the national node, whose interface is not public: that a rehearsal passes shows that
//! nothing is lost or told twice between this node and one that speaks the mapping, no more.

mod books;
mod fault;
mod filings;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use books::{Books, Received, Taken};
pub use fault::Fault;
pub use filings::{AUDIT_MS, Filings, INCOMPLETE};

use crate::{
    change::Hash,
    topnode::{
        tables::Table,
        wire::{Algorithm, Mapping, Secrets, sign},
    },
};
use books::Incoming;

/// By how much the clock of who reports may differ: a signature that was heard is not good for long.
const SKEW_MS_MAX: u64 = 5 * 60 * 1_000;

/// By how much a clock is off that is wrong.
const FAULT_SKEW_MS: u64 = 20 * 60 * 1_000;

//----------- Standin ----------------------------------------------------------

/// The stand-in.
#[derive(Debug)]
pub struct Standin {
    mapping: Mapping,
    secrets: Secrets,
    /// What it has.
    pub books: Books,
    /// Filings of prefixes.
    pub filings: Filings,
    fault: Option<Fault>,
    /// Whether it hears nobody.
    pub is_down: bool,
    /// A reply that was held back, where replies come in another order.
    held: Option<Reply>,
    asked: u64,
}

/// A request, as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What is done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// It is answered, after a while.
    Reply(Reply),
    /// The connection is cut.
    Cut,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// How long it takes, in milliseconds.
    pub delay_ms: u64,
}

impl Standin {
    /// One that shares these secrets.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self {
            mapping: Mapping::default(),
            secrets,
            books: Books::default(),
            filings: Filings::default(),
            fault: None,
            is_down: false,
            held: None,
            asked: 0,
        }
    }

    /// Has a fault from now on, or none.
    pub fn set_fault(&mut self, fault: Option<Fault>) {
        self.fault = fault;
        self.held = None;
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Takes a request. Of those it gets while it has a fault every other one is hit, by `entropy`.
    pub fn on(&mut self, asked: &Asked, now_ms: u64, entropy: u32) -> Done {
        self.asked += 1;
        if self.is_down {
            return Done::Cut;
        }
        let fault = self.fault.filter(|_| !entropy.is_multiple_of(2));
        match fault {
            Some(Fault::CutBefore) => return Done::Cut,
            Some(Fault::ServerError) => return Done::Reply(plain(503, "busy")),
            _ => {}
        }
        let skew_ms = if fault == Some(Fault::SkewedClock) {
            FAULT_SKEW_MS
        } else {
            0
        };
        let mut reply = self.answer(asked, now_ms + skew_ms);
        match fault {
            Some(Fault::Slow) => reply.delay_ms = fault::SLOW_MS,
            Some(Fault::CutAfter) => return Done::Cut,
            Some(Fault::LostAck) => return Done::Reply(plain(504, "gateway time-out")),
            Some(Fault::DoubledAck) => {
                // What it said before, once more.
                reply = self.held.replace(reply.clone()).unwrap_or(reply);
            }
            Some(Fault::ReorderedAck) => {
                let before = self.held.replace(reply);
                reply = before.unwrap_or_else(|| plain(504, "gateway time-out"));
            }
            Some(Fault::WrongSignature) => {
                reply.headers = vec![signature_header("00".repeat(32))];
            }
            _ => {}
        }
        Done::Reply(reply)
    }

    fn answer(&mut self, asked: &Asked, now_ms: u64) -> Reply {
        let header = |name: &str| {
            let mut headers = asked.headers.iter();
            let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map_or("", |(_, value)| value.as_str())
        };
        let (key, time) = (header("idempotency-key"), header("x-time"));
        let body_sha256 = Hash::of(&[&asked.body]);
        let (method, path) = (&asked.method, &asked.path);
        let signed = format!("{method}\n{path}\n{time}\n{key}\n{body_sha256}");
        let expected = sign(Algorithm::HmacSha256, &self.secrets, &signed);
        if header("x-signature") != expected {
            return self.say(401, key, "-1", "the signature is wrong", "");
        }
        let time_ms: u64 = time.parse().unwrap_or_default();
        if time_ms.abs_diff(now_ms) > SKEW_MS_MAX {
            return self.say(401, key, "-1", "the time is wrong", "");
        }
        let incoming = match self.read(&asked.body) {
            Ok(incoming) => incoming,
            Err(what) => return self.say(400, key, "-2", &what, ""),
        };
        if incoming.key != key {
            return self.say(400, key, "-2", "two keys in one message", "");
        }
        let taken = if incoming.table.is_of_filing() {
            self.filings.take(&incoming, now_ms)
        } else {
            self.books.take(incoming, now_ms)
        };
        match taken {
            Taken::Accepted(receipt) => self.say(200, key, "1", "", &receipt),
            Taken::Refused(what) => self.say(200, key, "-2", &what, ""),
            Taken::Waiting => self.say(200, key, "0", "in review", ""),
        }
    }

    /// A reply that is signed.
    fn say(&self, status: u16, key: &str, code: &str, message: &str, receipt: &str) -> Reply {
        let body = json!({ "status": code, "key": key, "message": message, "receipt": receipt });
        let body = body.to_string().into_bytes();
        let signed = format!("{key}\n{}", Hash::of(&[&body]));
        let signature = sign(Algorithm::HmacSha256, &self.secrets, &signed);
        Reply {
            status,
            headers: vec![signature_header(signature)],
            body,
            delay_ms: 0,
        }
    }

    fn read(&self, body: &[u8]) -> Result<Incoming, String> {
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let number = |name: &str| {
            let number = body[name]
                .as_u64()
                .and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| format!("{name} is missing"))
        };
        let table = body["table"].as_str().and_then(Table::parse);
        let table = table.ok_or("table is none")?;
        let names = self.mapping.fields(table);
        let rows = body["rows"].as_array().ok_or("rows are missing")?;
        let row = |row: &Value| {
            let row = row.as_object().ok_or("a row is no object")?;
            if let Some(name) = row.keys().find(|name| !names.contains(&name.as_str())) {
                return Err(format!("{} has no field {name}", table.name()));
            }
            let value = |name: &&str| row.get(*name).cloned().unwrap_or_default();
            Ok(names.iter().map(value).collect())
        };
        Ok(Incoming {
            table,
            period: number("period")?,
            revision: number("revision")?,
            part: number("part")?,
            is_last: body["last"].as_bool().ok_or("last is missing")?,
            key: body["key"].as_str().ok_or("key is missing")?.to_owned(),
            rows: rows.iter().map(row).collect::<Result<_, String>>()?,
        })
    }
}

fn signature_header(signature: String) -> (String, String) {
    ("X-Signature".to_owned(), signature)
}

/// A reply of something that stands between.
fn plain(status: u16, what: &str) -> Reply {
    Reply {
        status,
        body: what.as_bytes().to_vec(),
        ..Reply::default()
    }
}
