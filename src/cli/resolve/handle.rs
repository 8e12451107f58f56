//! Asking over the Handle protocol.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::address;
use crate::cli::{Exit, Failure};
use crate::config::Config;
use crate::protocol::handle::{
    ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, ResponseCode, SaidValue, SaidValues,
    resolution_request,
};

/// Longer than any answer takes on a line that works.
const TIMEOUT: Duration = Duration::from_secs(10);

//----------- resolve ------------------------------------------------------------

/// What the node says, in the words of version 1's replies.
pub(super) fn resolve(config: &Config, node: Option<&str>, asked: &str) -> Result<Value, Failure> {
    let listen = &config.server.handle.listen;
    let address = address::find(node, listen, "handle", "the Handle protocol")?;
    let message = ask(address, asked).map_err(|error| {
        let error = format!("no answer from {address} over the Handle protocol: {error}");
        Failure::new(error, "see whether the node runs, and [handle] listen")
    })?;
    read(&message, asked)
}

/// One request over TCP, and the message that comes back.
fn ask(address: SocketAddr, asked: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(&resolution_request(1, asked, &[]))?;
    let mut message = vec![0; ENVELOPE_BYTES];
    stream.read_exact(&mut message)?;
    let envelope = Envelope::decode(&message).map_err(io::Error::other)?;
    message.resize(ENVELOPE_BYTES + envelope.length(), 0);
    stream.read_exact(&mut message[ENVELOPE_BYTES..])?;
    Ok(message)
}

fn read(message: &[u8], asked: &str) -> Result<Value, Failure> {
    let unintelligible = || {
        let hint = "see whether it is a node that listens there";
        Failure::new("the reply is not one of the Handle protocol", hint)
    };
    let payload = message.get(ENVELOPE_BYTES..).unwrap_or_default();
    let header = Header::decode(payload).map_err(|_| unintelligible())?;
    let body = payload.get(HEADER_BYTES..).unwrap_or_default();
    if header.response_code != ResponseCode::Success as u32 {
        return Err(refused(header.response_code, asked));
    }
    let said = SaidValues::decode(body).map_err(|_| unintelligible())?;
    let values: Vec<Value> = said.values.iter().map(value_json).collect();
    let handle = String::from_utf8_lossy(said.handle);
    Ok(json!({ "identifier": handle, "registered_as": handle, "values": values }))
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
        302 | 303 => (
            "is answered by its enterprise's own node",
            "ask over HTTP where that is",
        ),
        3 => ("cannot be answered now", "ask again in a few seconds"),
        _ => ("was not answered", "the node's log says more"),
    };
    Failure {
        exit: Exit::Failed,
        error: format!("{asked} {what} (response code {code})"),
        hint: hint.to_owned(),
    }
}
