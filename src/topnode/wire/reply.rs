//! What a reply means.

use jiff::fmt::rfc2822;
use serde_json::Value;

use super::{
    mapping::{Mapping, ReplyMapping},
    signature::{Secrets, is_signed},
    template::Place,
};
use crate::{
    change::Hash,
    topnode::outbox::{Answer, Message},
};

/// How much of a reply that is not understood is shown.
const SHOWN_CHARACTERS: usize = 200;

/// Clocks that differ by less are those of two machines.
const SKEW_S_SHOWN: u64 = 30;

/// A reply, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WireReply {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl WireReply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What a reply to a message means. Only one that is understood is an answer: all else, such as a
/// proxy's page, says nothing of the message.
#[must_use]
pub fn answer(
    message: &Message,
    mapping: &Mapping,
    secrets: &Secrets,
    reply: &WireReply,
    now_ms: u64,
) -> Answer {
    let understood = understand(message, &mapping.reply, secrets, reply);
    understood.unwrap_or_else(|reason| {
        let after = reply.header("retry-after");
        let after_s = after.and_then(|after| after.trim().parse::<u64>().ok());
        Answer::Failed {
            reason: format!("HTTP {}: {reason}{}", reply.status, skew(reply, now_ms)),
            retry_after_ms: after_s.map(|seconds| seconds.saturating_mul(1_000)),
        }
    })
}

fn understand(
    message: &Message,
    mapping: &ReplyMapping,
    secrets: &Secrets,
    reply: &WireReply,
) -> Result<Answer, String> {
    let body: Value = serde_json::from_slice(&reply.body).map_err(|_| shown(&reply.body))?;
    let member = |name: &str| match body.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => None,
        Some(other) => Some(other.to_string()),
    };
    let said = member(&mapping.message).unwrap_or_default();
    let status = member(&mapping.status).unwrap_or_default();
    let (is_accepted, is_refused) = (
        mapping.accepted.contains(&status),
        mapping.refused.contains(&status),
    );
    let is_waiting = mapping.waiting.contains(&status);
    if !is_accepted && !is_refused && !is_waiting {
        return Err(if said.is_empty() {
            shown(&reply.body)
        } else {
            format!("{status} {said}")
        });
    }
    if !mapping.signature_header.is_empty() {
        let signature = reply.header(&mapping.signature_header).unwrap_or_default();
        let body_sha256 = Hash::of(&[&reply.body]).to_string();
        let signed = mapping.signed.filled(|place| match place {
            Place::Key => message.key.clone(),
            Place::BodySha256 => body_sha256.clone(),
            _ => String::new(),
        });
        if !is_signed(secrets, &signed, signature) {
            return Err("the reply is not signed as it should be, and says nothing".to_owned());
        }
    }
    let key = member(&mapping.key).filter(|_| !mapping.key.is_empty());
    let key = key.unwrap_or_else(|| message.key.clone());
    if is_waiting && key == message.key {
        return Ok(Answer::Waiting);
    }
    Ok(if is_accepted {
        let receipt = member(&mapping.receipt).unwrap_or_default();
        Answer::Accepted { key, receipt }
    } else {
        let reason = format!("{status} {said}").trim().to_owned();
        Answer::Refused { key, reason }
    })
}

/// The beginning of a body, on one line.
fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN_CHARACTERS * 4)]);
    let line: String = text.chars().take(SHOWN_CHARACTERS).collect();
    let line = line.replace(char::is_control, " ");
    if line.trim().is_empty() {
        "no reply that is understood".to_owned()
    } else {
        format!("not understood: {}", line.trim())
    }
}

/// By how much the clocks differ, where that may be why it failed.
fn skew(reply: &WireReply, now_ms: u64) -> String {
    let date = reply.header("date");
    let date = date.and_then(|date| rfc2822::parse(date).ok());
    let Some(theirs) = date.map(|date| date.timestamp().as_second()) else {
        return String::new();
    };
    let ours = i64::try_from(now_ms / 1_000).unwrap_or(i64::MAX);
    let differ_s = theirs.abs_diff(ours);
    if differ_s < SKEW_S_SHOWN {
        return String::new();
    }
    let which = if theirs > ours { "ahead" } else { "behind" };
    format!("; its clock is {differ_s} s {which} of this node's")
}
