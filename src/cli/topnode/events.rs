//! `topnode events`, `fault`, `recovered`: what happened to the node and to enterprises' nodes.

use serde_json::{Value, json};

use super::{get, text};
use crate::change::Hash;
use crate::cli::arguments::{
    EventsArguments, FaultArguments, FaultSaid, Language, NodeArguments, RecoveredArguments,
};
use crate::cli::client::{Client, Problem, Target, TokenUse};
use crate::cli::import::{Locale, language};
use crate::cli::table::aligned;
use crate::cli::{Exit, Failure, Output};
use crate::config::Config;

/// Shows the last of them; exit code 1 where a fault is not over.
pub(super) fn list(
    config: &Config,
    arguments: &EventsArguments,
    locale: Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let said = get(&client, "/api/v1/topnode/events")?;
    if output.is_json() {
        output.json(&said)?;
    } else {
        output.text(&shown(&said, language(arguments.lang, locale)))?;
    }
    let is_open = |event: &Value| event["is_open"] == true;
    Ok(if all(&said).any(is_open) {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// Says that there is a fault.
pub(super) fn fault(
    config: &Config,
    arguments: &FaultArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let class = match arguments.class {
        FaultSaid::Network => "network",
        FaultSaid::System => "system",
        FaultSaid::Attack => "attack",
        FaultSaid::Other => "other",
    };
    let body = json!({
        "event": "fault",
        "class": class,
        "prefix": arguments.prefix,
        "at": arguments.at.map(|at| at.to_string()),
        "note": arguments.note,
    });
    say(config, &arguments.node, &body, output)
}

/// Says that a fault is over.
pub(super) fn recovered(
    config: &Config,
    arguments: &RecoveredArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let body = json!({
        "event": "recovered",
        "of": arguments.of,
        "prefix": arguments.prefix,
        "at": arguments.at.map(|at| at.to_string()),
        "note": arguments.note,
    });
    say(config, &arguments.node, &body, output)
}

fn say(
    config: &Config,
    node: &NodeArguments,
    body: &Value,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = Client::new(Target::find(config, node, TokenUse::Needed)?)?;
    let body = body.to_string();
    let key = Hash::of(&[body.as_bytes()]).to_string();
    let reply = client.wait(client.post("/api/v1/topnode/events", &key, body.into()))?;
    if !reply.status.is_success() {
        let problem = Problem::of(&reply);
        let hint = match problem.code.as_str() {
            "unassigned_prefix" => "see GET /api/v1/enterprises for the prefixes of this node",
            "conflict" => "biaoshi topnode events shows which faults are not over",
            "bad_time" => "say a time that is over, such as 2026-11-25T14:00:00+08:00",
            _ => "nothing was noted; the node's log says more",
        };
        return Err(Failure::new(problem.told(reply.status), hint));
    }
    let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if output.is_json() {
        output.json(&said)?;
    } else {
        output.text("noted; biaoshi topnode events shows it with its number")?;
    }
    Ok(Exit::Done)
}

fn all(said: &Value) -> impl Iterator<Item = &Value> {
    let logs = [&said["node"], &said["enterprises"]].into_iter();
    logs.flat_map(|log| log.as_array().into_iter().flatten())
}

fn shown(said: &Value, language: Language) -> String {
    let (heading, up, own, none) = match language {
        Language::Zh => (
            [
                "编号",
                "对象",
                "状态",
                "时间 (UTC)",
                "类型",
                "对应",
                "原因或处理",
            ],
            "运行自",
            "本节点",
            "无事件",
        ),
        Language::En => (
            [
                "number",
                "of",
                "event",
                "at",
                "class",
                "fault",
                "cause or how it was mended",
            ],
            "up since",
            "this node",
            "no events",
        ),
    };
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    for event in all(said) {
        let of = event["prefix"].as_str().unwrap_or(own).to_owned();
        let kind = match (
            text(&event["event"]).as_str(),
            event["is_open"] == true,
            language,
        ) {
            ("fault", true, Language::Zh) => "异常（未恢复）",
            ("fault", false, Language::Zh) => "异常",
            ("fault", true, Language::En) => "fault, not over",
            ("fault", false, Language::En) => "fault",
            (_, _, Language::Zh) => "恢复正常",
            (_, _, Language::En) => "recovered",
        };
        lines.push(vec![
            text(&event["number"]),
            of,
            kind.to_owned(),
            text(&event["at"]),
            class(&event["class"], language),
            text(&event["of"]),
            text(&event["note"]),
        ]);
    }
    let listed = if lines.len() > 1 {
        aligned(&lines)
    } else {
        format!("{none}\n")
    };
    format!("{up} {}\n{listed}", text(&said["up_since"]))
}

fn class(class: &Value, language: Language) -> String {
    let zh = match class.as_str() {
        Some("network") => "网络故障",
        Some("system") => "系统异常",
        Some("attack") => "安全攻击",
        Some("other") => "其他",
        _ => return text(class),
    };
    match language {
        Language::Zh => zh.to_owned(),
        Language::En => text(class),
    }
}
