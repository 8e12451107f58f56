//! Asking over DNS: TXT, which has every public value, at the identifier's name.

use std::io::{self, Read, Write};
use std::net::IpAddr;

use data_encoding::BASE64;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::address::Addresses;
use super::referral;
use crate::cli::{Exit, Failure};
use crate::config::Config;
use crate::identifier::{Identifier, dns::to_dns_name};
use crate::protocol::dns::{
    NO_REACHABLE_AUTHORITY, NOT_AUTHORITATIVE, SaidAnswer, SaidRecord, question,
};

/// The number of TXT (RFC 1035 §3.2.2) and of NS.
const TXT: u16 = 16;
const NS: u16 = 2;

/// Where name servers are found.
const DNS_PORT: u16 = 53;

/// Response codes (RFC 1035 §4.1.1).
const NO_ERROR: u16 = 0;
const NO_NAME: u16 = 3;
const REFUSED: u16 = 5;

/// What TXT of an enterprise's own node begins with.
const REFERRAL: &[u8] = b"referral ";

//----------- resolve ------------------------------------------------------------

/// What the node says, in the words of version 1's replies.
pub(super) fn resolve(
    config: &Config,
    node: Option<&str>,
    asked: &Identifier,
) -> Result<(StatusCode, Value), Failure> {
    let zone = &config.server.node.zone;
    let name = to_dns_name(asked, zone).ok_or_else(|| {
        let error = format!("{} has no name in DNS", asked.text());
        Failure::new(error, "ask with --via http or --via handle")
    })?;
    let addresses = Addresses::find(node, &config.server.dns.listen, "dns", "DNS")?;
    let told = |error: &dyn std::fmt::Display| {
        let error = format!("no answer from {addresses} over DNS: {error}");
        Failure::new(error, "see whether the node runs, and [dns] listen")
    };
    let message = question(1, &name, TXT).map_err(|error| told(&error))?;
    let message = ask(&addresses, &message).map_err(|error| told(&error))?;
    let said = SaidAnswer::decode(&message).map_err(|error| told(&error))?;
    read(&said, asked.text(), &name)
}

/// One question over TCP, and the message that comes back.
fn ask(addresses: &Addresses, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = addresses.connect()?;
    let length = u16::try_from(question.len()).unwrap_or_default();
    stream.write_all(&[&length.to_be_bytes(), question].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

fn read(said: &SaidAnswer, asked: &str, name: &str) -> Result<(StatusCode, Value), Failure> {
    if said.code != NO_ERROR {
        return Err(refused(said, asked, name));
    }
    let told = said.answers.iter().filter_map(site_json);
    let sites: Vec<Value> = told.chain(servers(said)).collect();
    if !sites.is_empty() {
        return Ok(referral(asked, &sites));
    }
    if said.answers.is_empty() {
        return Err(refused(said, asked, name));
    }
    let mut values: Vec<(u32, Value)> = said.answers.iter().filter_map(value_json).collect();
    values.sort_by_key(|(index, _)| *index);
    let values: Vec<Value> = values.into_iter().map(|(_, value)| value).collect();
    let record = json!({ "identifier": asked, "registered_as": asked, "values": values });
    Ok((StatusCode::OK, record))
}

/// `referral <protocol>://<address>:<port>`.
fn site_json(record: &SaidRecord) -> Option<Value> {
    let text = std::str::from_utf8(record.data.strip_prefix(REFERRAL)?).ok()?;
    let (protocol, place) = text.split_once("://")?;
    let (address, port) = place.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let bare = address
        .strip_prefix('[')
        .and_then(|one| one.strip_suffix(']'));
    let address = bare.unwrap_or(address);
    Some(json!({ "address": address, "protocol": protocol, "port": port }))
}

/// The name servers of a delegation, by their addresses where those came along.
fn servers(said: &SaidAnswer) -> impl Iterator<Item = Value> {
    let servers = said.authorities.iter().filter(|record| record.kind == NS);
    servers.map(|server| {
        let name = String::from_utf8_lossy(&server.data);
        let is_its = |record: &&SaidRecord| record.name.eq_ignore_ascii_case(&name);
        let glue = said.additionals.iter().find(is_its);
        let glue = glue.map(|record| String::from_utf8_lossy(&record.data));
        let address = glue
            .filter(|text| text.parse::<IpAddr>().is_ok())
            .unwrap_or_else(|| name.trim_end_matches('.').into());
        json!({ "address": address, "protocol": "dns", "port": DNS_PORT })
    })
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
    let (what, hint) = match said.code {
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
