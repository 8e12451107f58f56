//! What the node knows of prefixes, for rows that are refused here.
//!
//! A row that is refused for its values says nothing of whose its identifier is, and that comes
//! first: a clerk who corrects the date of somebody else's product has corrected nothing.

use std::collections::HashMap;

use hyper::StatusCode;
use serde::Deserialize;

use super::send::Sender;
use crate::cli::Failure;
use crate::cli::client::Problem;
use crate::cli::progress::Progress;
use crate::identifier::{Identifier, url};
use crate::registry::import::Code;

/// The most prefixes that are remembered, some MiB: more than any node has enterprises. Further
/// ones are asked each time.
const REMEMBERED_MAX: usize = 100_000;

//----------- Standing -----------------------------------------------------------

/// Whose a prefix is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Products are registered under it here.
    Ours,
    /// Its enterprise has a node of its own.
    SelfBuilt,
    /// It is assigned to nobody.
    Unassigned,
    /// It is another node's.
    Foreign,
}

impl Standing {
    /// What a product under it is refused with.
    pub(super) fn fault(self) -> Option<Code> {
        match self {
            Self::Ours => None,
            Self::SelfBuilt => Some(Code::SelfBuilt),
            Self::Unassigned => Some(Code::UnassignedPrefix),
            Self::Foreign => Some(Code::ForeignPrefix),
        }
    }
}

//----------- Prefixes -----------------------------------------------------------

/// Asks about each prefix once.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    known: HashMap<Box<str>, Standing>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct View {
    hosting: String,
    status: String,
    secondary: bool,
}

impl Prefixes {
    /// Whose a prefix is.
    ///
    /// # Errors
    /// Where the node cannot be reached for long enough, or says what is not understood.
    pub(super) fn standing(
        &mut self,
        prefix: &str,
        sender: &Sender,
        progress: &Progress,
    ) -> Result<Standing, Failure> {
        if let Some(standing) = self.known.get(prefix) {
            return Ok(*standing);
        }
        let standing = ask(prefix, sender, progress)?;
        if self.known.len() < REMEMBERED_MAX {
            self.known.insert(prefix.into(), standing);
        }
        Ok(standing)
    }
}

fn ask(prefix: &str, sender: &Sender, progress: &Progress) -> Result<Standing, Failure> {
    // What cannot be asked for is nobody's.
    let Ok(view) = Identifier::parse_query(&format!("0.NA/{prefix}")) else {
        return Ok(Standing::Unassigned);
    };
    let path = format!("/api/v1/identifiers/{}", url::to_path(&view));
    let reply = sender.ask(&path, progress)?;
    match reply.status {
        StatusCode::OK => {
            let view: View = serde_json::from_slice(&reply.body).unwrap_or_default();
            Ok(match view.hosting.as_str() {
                "self-built" => Standing::SelfBuilt,
                // Products belong to enterprises whose prefix is in use, not to the node's own.
                _ if view.secondary || view.status != "active" => Standing::Unassigned,
                _ => Standing::Ours,
            })
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Standing::Unassigned),
        StatusCode::MISDIRECTED_REQUEST => Ok(Standing::Foreign),
        status => {
            let told = Problem::of(&reply).told(status);
            let hint = "see whether the node and this command are of the same version";
            Err(Failure::new(
                format!("asking about prefix {prefix}: {told}"),
                hint,
            ))
        }
    }
}
