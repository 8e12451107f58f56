//! Asking over DNS: TXT, which has every public value, at the identifier's name.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::address;
use crate::cli::{Exit, Failure};
use crate::config::Config;
use crate::identifier::{Identifier, dns::to_dns_name};
use crate::protocol::dns::{
    NO_REACHABLE_AUTHORITY, NOT_AUTHORITATIVE, SaidAnswer, SaidRecord, question,
};

/// Longer than any answer takes on a line that works.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The number of TXT (RFC 1035 §3.2.2) and of NS.
const TXT: u16 = 16;
const NS: u16 = 2;

/// Response codes (RFC 1035 §4.1.1).
const NO_ERROR: u16 = 0;
const NO_NAME: u16 = 3;
const REFUSED: u16 = 5;

//----------- resolve ------------------------------------------------------------

/// What the node says, in the words of version 1's replies.
pub(super) fn resolve(
    config: &Config,
    node: Option<&str>,
    asked: &Identifier,
) -> Result<Value, Failure> {
    let zone = &config.server.node.zone;
    let name = to_dns_name(asked, zone).ok_or_else(|| {
        let error = format!("{} has no name in DNS", asked.text());
        Failure::new(error, "ask with --via http or --via handle")
    })?;
    let address = address::find(node, &config.server.dns.listen, "dns", "DNS")?;
    let told = |error: &dyn std::fmt::Display| {
        let error = format!("no answer from {address} over DNS: {error}");
        Failure::new(error, "see whether the node runs, and [dns] listen")
    };
    let message = question(1, &name, TXT).map_err(|error| told(&error))?;
    let message = ask(address, &message).map_err(|error| told(&error))?;
    let said = SaidAnswer::decode(&message).map_err(|error| told(&error))?;
    read(&said, asked.text(), &name)
}

/// One question over TCP, and the message that comes back.
fn ask(address: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let length = u16::try_from(question.len()).unwrap_or_default();
    stream.write_all(&[&length.to_be_bytes(), question].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

fn read(said: &SaidAnswer, asked: &str, name: &str) -> Result<Value, Failure> {
    let referral = b"referral ";
    let is_referral = |record: &SaidRecord| record.data.starts_with(referral);
    if said.code != NO_ERROR || said.answers.is_empty() || said.answers.iter().any(is_referral) {
        return Err(refused(said, asked, name));
    }
    let mut values: Vec<(u32, Value)> = said.answers.iter().filter_map(value_json).collect();
    values.sort_by_key(|(index, _)| *index);
    let values: Vec<Value> = values.into_iter().map(|(_, value)| value).collect();
    Ok(json!({ "identifier": asked, "registered_as": asked, "values": values }))
}

/// `<index> <type>=<data>`.
fn value_json(record: &SaidRecord) -> Option<(u32, Value)> {
    let space = record.data.iter().position(|byte| *byte == b' ')?;
    let (index, rest) = (&record.data[..space], &record.data[space + 1..]);
    let index: u32 = std::str::from_utf8(index).ok()?.parse().ok()?;
    let equals = rest.iter().position(|byte| *byte == b'=')?;
    let (kind, data) = (&rest[..equals], &rest[equals + 1..]);
    let data = std::str::from_utf8(data).map_or_else(
        |_| json!({ "format": "base64", "value": BASE64.encode(data) }),
        |text| json!(text),
    );
    let value = json!({
        "index": index,
        "type": String::from_utf8_lossy(kind),
        "data": data,
        "ttl": record.ttl_seconds,
    });
    Some((index, value))
}

fn refused(said: &SaidAnswer, asked: &str, name: &str) -> Failure {
    let is_delegated = said.authorities.iter().any(|record| record.kind == NS);
    let (what, hint) = match said.code {
        NO_ERROR if is_delegated || !said.answers.is_empty() => (
            "is answered by its enterprise's own node",
            "ask over HTTP where that is",
        ),
        NO_ERROR if said.extended == Some(NO_REACHABLE_AUTHORITY) => (
            "is answered by its enterprise's own node, which has no route yet",
            "ask the enterprise where its own node listens",
        ),
        NO_ERROR => (
            "has no value for everybody",
            "ask over HTTP as the node's user",
        ),
        NO_NAME if said.extended == Some(NOT_AUTHORITATIVE) => (
            "is another node's",
            "ask the node of that prefix, or the national node",
        ),
        NO_NAME => (
            "is not registered, or was removed",
            "check its spelling; ask over HTTP, which says which",
        ),
        REFUSED => (
            "is not in the zone of the node that was asked",
            "check [node] zone",
        ),
        _ => ("cannot be answered now", "ask again in a few seconds"),
    };
    Failure {
        exit: Exit::Failed,
        error: format!("{asked} {what} (response code {} for {name})", said.code),
        hint: hint.to_owned(),
    }
}
