//! `topnode file` and `topnode waive`: what was decided about an enterprise prefix.

use serde_json::{Value, json};

use super::urlencoding;
use crate::cli::arguments::{FileArguments, FilingSaid, NodeArguments, WaiveArguments};
use crate::cli::client::{Client, Problem, Target, TokenUse};
use crate::cli::{Exit, Failure, Output};
use crate::config::Config;

/// What is said of a prefix.
struct Said<'a> {
    node: &'a NodeArguments,
    prefix: &'a str,
    /// The last part of the route.
    route: &'static str,
    body: Value,
    is_dry_run: bool,
    /// What is shown behind the outcome.
    shown: &'a str,
}

/// Says what the national node decided.
pub(super) fn file(
    config: &Config,
    arguments: &FileArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let state = match arguments.state {
        FilingSaid::Passed => "passed",
        FilingSaid::Refused => "refused",
        FilingSaid::Pending => "pending",
        FilingSaid::InReview => "in_review",
    };
    let date = arguments.date.map(|day| day.to_string());
    let said = Said {
        node: &arguments.node,
        prefix: &arguments.prefix,
        route: "filing",
        body: json!({ "state": state, "date": date, "reason": arguments.reason }),
        is_dry_run: arguments.dry_run,
        shown: state,
    };
    said.say(config, output)
}

/// Says what an operator lets a prefix do.
pub(super) fn waive(
    config: &Config,
    arguments: &WaiveArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let said = Said {
        node: &arguments.node,
        prefix: &arguments.prefix,
        route: "waiver",
        body: json!({ "reason": arguments.reason }),
        is_dry_run: arguments.dry_run,
        shown: "",
    };
    said.say(config, output)
}

impl Said<'_> {
    fn say(&self, config: &Config, output: &Output) -> Result<Exit, Failure> {
        let client = Client::new(Target::find(config, self.node, TokenUse::Needed)?)?;
        let dry_run = if self.is_dry_run { "?dry_run=true" } else { "" };
        let (prefix, route) = (urlencoding(self.prefix), self.route);
        let path = format!("/api/v1/enterprises/{prefix}/{route}{dry_run}");
        let body = self.body.to_string();
        // The same said again changes nothing: the key is of what is said.
        let key = crate::change::Hash::of(&[path.as_bytes(), body.as_bytes()]).to_string();
        let reply = client.wait(client.post(&path, &key, body.into()))?;
        if !reply.status.is_success() {
            let problem = Problem::of(&reply);
            let hint = match problem.code.as_str() {
                "unassigned_prefix" => "see GET /api/v1/enterprises for the prefixes of this node",
                "missing_field" | "bad_json" => "see biaoshi topnode --help",
                "conflict" => "nothing was changed",
                _ => "nothing was changed; the node's log says more",
            };
            return Err(Failure::new(problem.told(reply.status), hint));
        }
        let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        if output.is_json() {
            output.json(&said)?;
            return Ok(Exit::Done);
        }
        let outcome = said["outcome"].as_str().unwrap_or_default();
        let would = if self.is_dry_run { "would be " } else { "" };
        let shown = match self.shown {
            "" => String::new(),
            shown => format!(", {shown}"),
        };
        output.text(&format!("{}: {would}{outcome}{shown}", self.prefix))?;
        Ok(Exit::Done)
    }
}
