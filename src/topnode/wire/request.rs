//! A message as a request.

use serde_json::{Map, Value, json};

use super::{
    mapping::{Mapping, Shape},
    signature::{Secrets, sign},
    template::{Place, Template},
};
use crate::{change::Hash, topnode::outbox::Message};

/// A request, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// Its method.
    pub method: String,
    /// Its path and query, behind the address that is configured.
    pub path: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body: JSON.
    pub body: Vec<u8>,
}

/// Says a message.
#[must_use]
pub fn request(
    message: &Message,
    mapping: &Mapping,
    secrets: &Secrets,
    time_ms: u64,
) -> WireRequest {
    let body = body(message, mapping);
    let said = Said {
        message,
        mapping,
        secrets,
        time_ms,
        body_sha256: Hash::of(&[&body]).to_string(),
    };
    let path = said.path();
    let place = |place| said.place(place, &path, "");
    let signed = mapping.request.signed.filled(place);
    let signature = sign(mapping.request.signature, secrets, &signed);
    let header = |(name, template): (&String, &Template)| {
        let value = template.filled(|place| said.place(place, &path, &signature));
        (name.clone(), value)
    };
    WireRequest {
        method: mapping.request.method.clone(),
        headers: mapping.request.headers.iter().map(header).collect(),
        path,
        body,
    }
}

/// What places stand for.
struct Said<'a> {
    message: &'a Message,
    mapping: &'a Mapping,
    secrets: &'a Secrets,
    time_ms: u64,
    body_sha256: String,
}

impl Said<'_> {
    fn path(&self) -> String {
        let template = self.mapping.path(self.message.table);
        template.filled(|place| self.place(place, "", ""))
    }

    fn place(&self, place: Place, path: &str, signature: &str) -> String {
        let message = self.message;
        match place {
            Place::Method => self.mapping.request.method.clone(),
            Place::Path => path.to_owned(),
            Place::Table => self.mapping.name(message.table).to_owned(),
            Place::Period => message.period.to_string(),
            Place::Revision => message.revision.to_string(),
            Place::Part => message.part.number.to_string(),
            Place::Key => message.key.clone(),
            Place::TimeMs => self.time_ms.to_string(),
            Place::TimeS => (self.time_ms / 1_000).to_string(),
            Place::Token => self.secrets.token.clone(),
            Place::Signature => signature.to_owned(),
            Place::BodySha256 => self.body_sha256.clone(),
        }
    }
}

fn body(message: &Message, mapping: &Mapping) -> Vec<u8> {
    let names = mapping.fields(message.table);
    let rows: Vec<Value> = match mapping.request.rows {
        Shape::Arrays => message.rows.iter().map(|row| json!(row)).collect(),
        Shape::Objects => {
            let row = |row: &Vec<Value>| {
                let fields = names.iter().zip(row);
                let known = fields.filter(|(_, value)| !value.is_null());
                let known = known.map(|(name, value)| ((*name).to_owned(), value.clone()));
                Value::Object(known.collect())
            };
            message.rows.iter().map(row).collect()
        }
    };
    let members = &mapping.request.body;
    let mut body = Map::new();
    for (name, value) in [
        (&members.table, json!(mapping.name(message.table))),
        (&members.period, json!(message.period)),
        (&members.revision, json!(message.revision)),
        (&members.part, json!(message.part.number)),
        (&members.is_last, json!(message.part.is_last)),
        (&members.key, json!(message.key)),
        (&members.rows, Value::Array(rows)),
    ] {
        if !name.is_empty() {
            body.insert(name.clone(), value);
        }
    }
    serde_json::to_vec(&body).expect("names, numbers and texts are JSON")
}
