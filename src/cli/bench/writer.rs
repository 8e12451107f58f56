//! Questions, as each protocol has them.

use super::plan::Plan;
use crate::cli::Failure;
use crate::cli::arguments::{BenchArguments, BenchVia};
use crate::identifier::{Identifier, dns::to_dns_name, url};
use crate::protocol::{dns, handle};

//----------- Writer -------------------------------------------------------------

/// Writes questions of one protocol.
pub(super) enum Writer {
    Dns { zone: String, kind: u16 },
    Handle { types: Vec<String> },
    Http { host: String, path: String },
}

impl Writer {
    /// As was typed.
    ///
    /// # Errors
    /// Where nothing of that type is asked for.
    pub(super) fn of(plan: &Plan, arguments: &BenchArguments) -> Result<Self, Failure> {
        let ask = arguments.ask.as_deref();
        Ok(match plan.via {
            BenchVia::Dns | BenchVia::Echo => Self::Dns {
                zone: plan.zone.clone(),
                kind: record_type(ask.unwrap_or("naptr"))?,
            },
            BenchVia::Handle | BenchVia::HandleTcp => Self::Handle {
                types: ask.into_iter().map(str::to_owned).collect(),
            },
            BenchVia::Http => Self::Http {
                host: plan.address.to_string(),
                path: arguments.path.clone(),
            },
        })
    }

    /// Appends the question for an identifier; nothing where there is none over this protocol.
    pub(super) fn write(&self, text: &str, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Dns { zone, kind } => {
                let identifier = Identifier::parse_query(text).ok()?;
                let name = to_dns_name(&identifier, zone)?;
                out.extend(dns::question(0, &name, *kind).ok()?);
            }
            Self::Handle { types } => {
                let types: Vec<&str> = types.iter().map(String::as_str).collect();
                out.extend(handle::resolution_request(0, text, &types));
            }
            Self::Http { host, path } => {
                let identifier = Identifier::parse_query(text).ok()?;
                let path = path.replace("{identifier}", &url::to_path(&identifier));
                let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
                out.extend(request.into_bytes());
            }
        }
        Some(())
    }
}

/// Numbers of types (RFC 1035 §3.2.2, RFC 3403, RFC 7553).
fn record_type(word: &str) -> Result<u16, Failure> {
    match word.to_ascii_lowercase().as_str() {
        "naptr" => Ok(35),
        "uri" => Ok(256),
        "txt" => Ok(16),
        _ => Err(Failure::usage(
            format!("{word:?} is not asked for over DNS here"),
            "give --ask naptr, --ask uri or --ask txt",
        )),
    }
}
