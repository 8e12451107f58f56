//! `resolve`: asks the running node.

mod address;
mod dns;
mod handle;
mod shown;
#[cfg(test)]
mod tests;

use hyper::StatusCode;
use serde_json::{Value, json};

pub(super) use address::reachable;

use super::arguments::{ResolveArguments, Via};
use super::client::{Client, Problem, Reply, Target, TokenUse};
use super::{Exit, Failure, Output};
use crate::config::Config;
use crate::identifier::{Identifier, url};

//----------- run ----------------------------------------------------------------

/// Prints what the identifier resolves to.
pub(super) fn run(
    config: &Config,
    arguments: &ResolveArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let (node, asked) = (
        arguments.node.node.as_deref(),
        arguments.identifier.as_str(),
    );
    let said = match arguments.via {
        Via::Http => None,
        Via::Handle => Some(handle::resolve(config, node, asked)?),
        Via::Dns => Some(dns::resolve(config, node, &parse(asked)?)?),
    };
    if let Some((status, said)) = said {
        if output.is_json() {
            output.json(&said)?;
        } else {
            let shown = shown::show(status, &said.to_string(), asked);
            output.text(&shown.unwrap_or_default())?;
        }
        return Ok(Exit::Done);
    }
    let target = Target::find(config, &arguments.node, TokenUse::Helpful)?;
    output.text(&resolve(target, &arguments.identifier, output.is_json())?)?;
    Ok(Exit::Done)
}

fn parse(asked: &str) -> Result<Identifier, Failure> {
    Identifier::parse_query(asked).map_err(|error| Failure {
        exit: Exit::Usage,
        error: format!("{asked:?} is no identifier: {error}"),
        hint: "write prefix/suffix, such as 88.118.0002/P03202605270000001".to_owned(),
    })
}

/// What there is to print: lines, or the node's own words.
fn resolve(target: Target, asked: &str, as_json: bool) -> Result<String, Failure> {
    let identifier = parse(asked)?;
    let client = Client::new(target)?;
    let reply = client.get(&format!(
        "/api/v1/identifiers/{}",
        url::to_path(&identifier)
    ))?;
    if !matches!(reply.status, StatusCode::OK | StatusCode::MULTIPLE_CHOICES) {
        return Err(refused(&reply));
    }
    let text = String::from_utf8(reply.body.to_vec()).map_err(|_| unintelligible(&reply))?;
    let shown = shown::show(reply.status, &text, asked).ok_or_else(|| unintelligible(&reply))?;
    Ok(if as_json { text } else { shown })
}

/// What another protocol says of an enterprise's own node, in the words of version 1's replies.
fn referral(asked: &str, sites: &[Value]) -> (StatusCode, Value) {
    let said = json!({ "identifier": asked, "sites": sites });
    (StatusCode::MULTIPLE_CHOICES, said)
}

//----------- Refusals -----------------------------------------------------------

fn refused(reply: &Reply) -> Failure {
    let problem = Problem::of(reply);
    let hint = match (reply.status, problem.code.as_str()) {
        (_, "unassigned_prefix") => {
            "check the prefix; enterprises are admitted before their products"
        }
        (StatusCode::NOT_FOUND, _) => "check its spelling; it may not be registered yet",
        (StatusCode::GONE, _) => "it was removed by its enterprise",
        (StatusCode::MISDIRECTED_REQUEST, _) => "ask the node of that prefix, or the national node",
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            "run this as the node's user with the node's --config, or give --token-file FILE"
        }
        (StatusCode::SERVICE_UNAVAILABLE, "no_route") => {
            "ask the enterprise where its own node listens"
        }
        (StatusCode::SERVICE_UNAVAILABLE, _) => "ask again in a few seconds",
        _ => "the node's log says more",
    };
    Failure::new(problem.told(reply.status), hint)
}

fn unintelligible(reply: &Reply) -> Failure {
    Failure::new(
        format!("the reply ({}) is not a node's", reply.status),
        "see whether it is a node of biaoshi that listens there, and of which version",
    )
}
