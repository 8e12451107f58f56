//! Values of records as JSON, both ways.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};

use crate::{
    record::{Permissions, Reference, Text, Ttl, ValueRef},
    registry::RequestedValue,
    resolver::Found,
};

//----------- ValueBody --------------------------------------------------------

/// A value as a client sends it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a value with index, type and data")]
pub(super) struct ValueBody {
    index: u32,
    #[serde(rename = "type")]
    kind: String,
    data: DataBody,
    #[serde(default)]
    ttl: Option<TtlBody>,
    #[serde(default)]
    permissions: Option<String>,
    #[serde(default)]
    references: Vec<ReferenceBody>,
    /// Accepted, so that what was read can be sent back, and ignored: the entry's time counts.
    #[serde(default, rename = "timestamp")]
    _timestamp: serde::de::IgnoredAny,
}

/// Data as text, or with its format.
#[derive(Debug, Deserialize, Serialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = r#"data is a text, or {"format":"string" or "base64","value":"…"}"#
)]
pub(super) enum DataBody {
    /// UTF-8.
    Text(String),
    /// Said to be what.
    Formatted {
        /// How the value is to be read.
        format: Format,
        /// The value.
        value: String,
    },
}

/// How data is written.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// As it is.
    String,
    /// RFC 4648 §4.
    Base64,
}

/// Seconds, or a time.
#[derive(Debug, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "ttl is a number of seconds, or a time such as 2027-01-01T00:00:00Z"
)]
pub(super) enum TtlBody {
    /// From when it was read.
    Seconds(u32),
    /// Until then, RFC 3339.
    Until(String),
}

/// A reference.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a reference with handle and index")]
pub(super) struct ReferenceBody {
    handle: String,
    index: u32,
}

impl ValueBody {
    /// What is asked for, or what is wrong with it.
    pub(super) fn into_requested(self) -> Result<RequestedValue, String> {
        let index = self.index;
        let data = match self.data {
            DataBody::Text(text)
            | DataBody::Formatted {
                format: Format::String,
                value: text,
            } => text.into_bytes(),
            DataBody::Formatted {
                format: Format::Base64,
                value,
            } => BASE64
                .decode(value.as_bytes())
                .map_err(|_| format!("the data of value {index} is not base64"))?,
        };
        let ttl = match self.ttl {
            None => Ttl::default(),
            Some(TtlBody::Seconds(seconds)) => Ttl::Relative(seconds),
            Some(TtlBody::Until(time)) => until(&time).ok_or_else(|| {
                format!("the ttl of value {index} is no time such as 2027-01-01T00:00:00Z")
            })?,
        };
        let permissions = match self.permissions {
            None => Permissions::default(),
            Some(text) => Permissions::parse(&text)
                .map_err(|error| format!("the permissions of value {index}: {error}"))?,
        };
        let references = self.references.into_iter().map(|reference| Reference {
            handle: reference.handle.into(),
            index: reference.index,
        });
        let references = references.collect();
        Ok(RequestedValue {
            index,
            kind: self.kind,
            data,
            ttl,
            permissions,
            references,
        })
    }
}

fn until(time: &str) -> Option<Ttl> {
    let time: jiff::Timestamp = time.parse().ok()?;
    u32::try_from(time.as_second()).ok().map(Ttl::Absolute)
}

//----------- ValueReply -------------------------------------------------------

/// The values of a record that its caller may read, each written as it is unpacked.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValuesReply<'a>(pub(super) &'a Found<'a>);

impl Serialize for ValuesReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_seq(None)?;
        let mut times = Times::default();
        for value in self.0.values() {
            let timestamp = times.text(value.timestamp_ms);
            values.serialize_element(&ValueReply::new(&value, timestamp))?;
        }
        values.end()
    }
}

/// A value as a client gets it.
#[derive(Debug, Serialize)]
struct ValueReply<'a> {
    index: u32,
    #[serde(rename = "type")]
    kind: &'a str,
    data: DataReply<'a>,
    ttl: TtlBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    timestamp: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<ReferenceBody>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum DataReply<'a> {
    #[serde(serialize_with = "text_reply")]
    Text(Text<'a>),
    Formatted {
        format: Format,
        value: String,
    },
}

impl<'a> ValueReply<'a> {
    fn new(value: &ValueRef<'a>, timestamp: &'a str) -> Self {
        let data = value.data.text().map_or_else(
            || DataReply::Formatted {
                format: Format::Base64,
                value: BASE64.encode(&value.data.to_cow()),
            },
            DataReply::Text,
        );
        Self {
            index: value.index,
            kind: value.kind,
            data,
            ttl: ttl_reply(value.ttl),
            permissions: permissions_reply(value.permissions),
            timestamp,
            references: references_reply(value),
        }
    }
}

/// Times as RFC 3339: most values of a record have one, which is written once.
#[derive(Debug, Default)]
pub(super) struct Times {
    last: Option<(u64, String)>,
}

impl Times {
    /// The text of a time.
    pub(super) fn text(&mut self, ms: u64) -> &str {
        if self.last.as_ref().is_none_or(|(last, _)| *last != ms) {
            self.last = Some((ms, time_ms(ms)));
        }
        self.last.as_ref().map_or("", |(_, text)| text)
    }
}

/// A text as JSON, piece by piece.
pub(super) fn text_reply<S: Serializer>(text: &Text<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match text {
        Text::Plain(text) => serializer.serialize_str(text),
        Text::Made(_) => serializer.collect_str(text),
    }
}

/// A ttl as JSON, in both dialects.
pub(super) fn ttl_reply(ttl: Ttl) -> TtlBody {
    match ttl {
        Ttl::Relative(seconds) => TtlBody::Seconds(seconds),
        Ttl::Absolute(seconds) => TtlBody::Until(time_ms(u64::from(seconds) * 1000)),
    }
}

/// Permissions where they are not the usual ones.
pub(super) fn permissions_reply(permissions: Permissions) -> Option<String> {
    (permissions != Permissions::default()).then(|| permissions.to_string())
}

/// References as JSON, in both dialects.
pub(super) fn references_reply(value: &ValueRef<'_>) -> Vec<ReferenceBody> {
    let reply = |reference: crate::record::ReferenceRef<'_>| ReferenceBody {
        handle: reference.handle.to_owned(),
        index: reference.index,
    };
    value.references().map(reply).collect()
}

/// A time as RFC 3339.
pub(super) fn time_ms(time_ms: u64) -> String {
    let time = i64::try_from(time_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
