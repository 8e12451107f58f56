//! `topnode file`: what the national node decided about an enterprise prefix.

use serde_json::{Value, json};

use super::urlencoding;
use crate::cli::arguments::{FileArguments, FilingSaid};
use crate::cli::client::{Client, Problem, Target, TokenUse};
use crate::cli::{Exit, Failure, Output};
use crate::config::Config;

/// Says it to the node.
pub(super) fn run(
    config: &Config,
    arguments: &FileArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let state = match arguments.state {
        FilingSaid::Passed => "passed",
        FilingSaid::Refused => "refused",
        FilingSaid::Pending => "pending",
    };
    let prefix = &arguments.prefix;
    let dry_run = if arguments.dry_run {
        "?dry_run=true"
    } else {
        ""
    };
    let path = format!(
        "/api/v1/enterprises/{}/filing{dry_run}",
        urlencoding(prefix)
    );
    let date = arguments.date.map(|day| day.to_string());
    let body = json!({ "state": state, "date": date, "reason": arguments.reason }).to_string();
    // The same said again changes nothing: the key is of what is said.
    let key = format!(
        "{}",
        crate::change::Hash::of(&[path.as_bytes(), body.as_bytes()])
    );
    let reply = client.wait(client.post(&path, &key, body.into()))?;
    if !reply.status.is_success() {
        let problem = Problem::of(&reply);
        let hint = match problem.code.as_str() {
            "unassigned_prefix" => "see GET /api/v1/enterprises for the prefixes of this node",
            "missing_field" | "bad_json" => "see biaoshi topnode file --help",
            "conflict" => "nothing was changed",
            _ => "nothing was changed; the node's log says more",
        };
        return Err(Failure::new(problem.told(reply.status), hint));
    }
    let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if output.is_json() {
        output.json(&said)?;
    } else {
        let outcome = said["outcome"].as_str().unwrap_or_default();
        let would = if arguments.dry_run { "would be " } else { "" };
        output.text(&format!("{prefix}: {would}{outcome}, {state}"))?;
    }
    Ok(Exit::Done)
}
