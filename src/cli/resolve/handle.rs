//! Asking over the Handle protocol.

use std::io::{self, Read, Write};

use data_encoding::BASE64;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::address::Addresses;
use super::{referral, shown::visible};
use crate::cli::{Exit, Failure};
use crate::config::Config;
use crate::protocol::handle::{
    ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, Interface, ResponseCode, SaidValue, SaidValues,
    interfaces, resolution_request,
};

/// Response codes that more than a word is said of.
const SUCCESS: u32 = ResponseCode::Success as u32;
const TOO_BUSY: u32 = ResponseCode::ServerTooBusy as u32;
const SERVICE_REFERRAL: u32 = ResponseCode::ServiceReferral as u32;
const PREFIX_REFERRAL: u32 = ResponseCode::PrefixReferral as u32;

//----------- resolve ------------------------------------------------------------

/// What the node says, in the words of version 1's replies.
pub(super) fn resolve(
    config: &Config,
    node: Option<&str>,
    asked: &str,
) -> Result<(StatusCode, Value), Failure> {
    let listen = &config.server.handle.listen;
    let addresses = Addresses::find(node, listen, "handle", "the Handle protocol")?;
    let told = |error| {
        let error = format!("no answer from {addresses} over the Handle protocol: {error}");
        Failure::new(error, "see whether the node runs, and [handle] listen")
    };
    let message = ask(&addresses, asked).map_err(told)?;
    let said = Said::read(&message)?;
    match said.code {
        SUCCESS => record(&said),
        SERVICE_REFERRAL | PREFIX_REFERRAL => sites(&said, asked),
        TOO_BUSY => Err(unanswered(&said, asked)),
        code => Err(refused(code, asked)),
    }
}

/// One request over TCP, and the message that comes back.
fn ask(addresses: &Addresses, asked: &str) -> io::Result<Vec<u8>> {
    let mut stream = addresses.connect()?;
    stream.write_all(&resolution_request(1, asked, &[]))?;
    let mut message = vec![0; ENVELOPE_BYTES];
    stream.read_exact(&mut message)?;
    let envelope = Envelope::decode(&message).map_err(io::Error::other)?;
    message.resize(ENVELOPE_BYTES + envelope.length(), 0);
    stream.read_exact(&mut message[ENVELOPE_BYTES..])?;
    Ok(message)
}

/// What came back.
struct Said<'m> {
    code: u32,
    body: &'m [u8],
}

impl<'m> Said<'m> {
    fn read(message: &'m [u8]) -> Result<Self, Failure> {
        let payload = message.get(ENVELOPE_BYTES..).unwrap_or_default();
        let header = Header::decode(payload).map_err(|_| unintelligible())?;
        Ok(Self {
            code: header.response_code,
            body: payload.get(HEADER_BYTES..).unwrap_or_default(),
        })
    }

    fn values(&self) -> Result<SaidValues<'m>, Failure> {
        SaidValues::decode(self.body).map_err(|_| unintelligible())
    }
}

fn record(said: &Said<'_>) -> Result<(StatusCode, Value), Failure> {
    let said = said.values()?;
    let values: Vec<Value> = said.values.iter().map(value_json).collect();
    let handle = String::from_utf8_lossy(said.handle);
    let record = json!({ "identifier": handle, "registered_as": handle, "values": values });
    Ok((StatusCode::OK, record))
}

fn sites(said: &Said<'_>, asked: &str) -> Result<(StatusCode, Value), Failure> {
    let mut sites = Vec::new();
    for value in said.values()?.values {
        let found = interfaces(value.data).map_err(|_| unintelligible())?;
        sites.extend(found.iter().map(site_json));
    }
    if sites.is_empty() {
        return Err(refused(said.code, asked));
    }
    Ok(referral(asked, &sites))
}

fn site_json(site: &Interface) -> Value {
    json!({ "address": site.address, "protocol": site.protocol.name(), "port": site.port })
}

fn value_json(value: &SaidValue<'_>) -> Value {
    let data = std::str::from_utf8(value.data).map_or_else(
        |_| json!({ "format": "base64", "value": BASE64.encode(value.data) }),
        |text| json!(text),
    );
    json!({
        "index": value.index,
        "type": String::from_utf8_lossy(value.kind),
        "data": data,
        "ttl": value.ttl,
    })
}

fn unintelligible() -> Failure {
    let hint = "see whether it is a node that listens there";
    Failure::new("the reply is not one of the Handle protocol", hint)
}

/// The code is the same for a node that starts, for one of an enterprise that has named none, and
/// for one that the protocol cannot name: the text that comes along says which.
fn unanswered(said: &Said<'_>, asked: &str) -> Failure {
    let length = said.body.first_chunk().copied().map(u32::from_be_bytes);
    let length = length.and_then(|length| usize::try_from(length).ok());
    let text = length.and_then(|length| said.body.get(4..)?.get(..length));
    let text = visible(&String::from_utf8_lossy(text.unwrap_or_default()));
    Failure {
        exit: Exit::Failed,
        error: format!("{asked} is not answered (response code {TOO_BUSY}): {text}"),
        hint: "ask over HTTP, which has words for more; or ask again in a few seconds".to_owned(),
    }
}

fn refused(code: u32, asked: &str) -> Failure {
    let (what, hint) = match code {
        100 => ("is not registered, or was removed", "check its spelling"),
        200 => (
            "has no value for everybody",
            "ask over HTTP as the node's user",
        ),
        301 => (
            "is another node's",
            "ask the node of that prefix, or the national node",
        ),
        SERVICE_REFERRAL | PREFIX_REFERRAL => (
            "is answered by its enterprise's own node",
            "ask over HTTP where that is",
        ),
        _ => ("was not answered", "the node's log says more"),
    };
    Failure {
        exit: Exit::Failed,
        error: format!("{asked} {what} (response code {code})"),
        hint: hint.to_owned(),
    }
}
