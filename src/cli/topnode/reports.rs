//! `topnode reports`, `resend`, `settle`: how it stands with telling, and what a person decides.

use std::{fs::File, io::Read as _, path::Path};

use serde_json::{Value, json};

use super::{get, interval, text, urlencoding};
use crate::change::Hash;
use crate::cli::arguments::{Language, ReportsArguments, ResendArguments, SettleArguments};
use crate::cli::client::{Client, Problem, Target, TokenUse};
use crate::cli::import::{Locale, language};
use crate::cli::table::aligned;
use crate::cli::{Exit, Failure, Output};
use crate::config::Config;

/// The largest proof: a scan of some pages.
const PROOF_BYTES_MAX: u64 = 64 * 1024 * 1024;

//----------- reports ------------------------------------------------------------

/// Shows all tables, or the periods of one.
pub(super) fn reports(
    config: &Config,
    arguments: &ReportsArguments,
    locale: Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let language = language(arguments.lang, locale);
    let path = match &arguments.table {
        None => "/api/v1/topnode/reports".to_owned(),
        Some(table) => format!("/api/v1/topnode/reports/{}", urlencoding(table)),
    };
    let said = get(&client, &path)?;
    if output.is_json() {
        output.json(&said)?;
    } else if arguments.table.is_some() {
        output.text(&periods(&said, language))?;
    } else {
        output.text(&standing(&said, language))?;
    }
    // Whoever watches by this command is told by its code.
    let waits = |table: &Value| {
        table["waiting"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    };
    let is_waited_for = said["tables"].as_array().into_iter().flatten().any(waits);
    Ok(if is_waited_for {
        Exit::Failed
    } else {
        Exit::Done
    })
}

fn standing(said: &Value, language: Language) -> String {
    let (by, heading, waiting) = match language {
        Language::Zh => (
            "报送方式",
            ["表", "周期", "已报送至", "待报", "滞后", "状态", "失败次数"],
            "待人工处理：修正后 biaoshi topnode resend，或以回执 biaoshi topnode settle",
        ),
        Language::En => (
            "reports go by",
            [
                "table",
                "interval",
                "told until",
                "due",
                "lag",
                "doing",
                "failures",
            ],
            "for a person: mend it and biaoshi topnode resend, or biaoshi topnode settle with a receipt",
        ),
    };
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    let (mut failures, mut people) = (String::new(), String::new());
    for table in said["tables"].as_array().into_iter().flatten() {
        let seconds = table["lag_seconds"].as_u64().unwrap_or_default();
        lines.push(vec![
            text(&table["table"]),
            interval(&table["interval"], language),
            text(&table["told_until"]),
            text(&table["due"]),
            lag(seconds),
            text(&table["doing"]),
            text(&table["failures"]),
        ]);
        let name = text(&table["table"]);
        if table["failures"].as_u64() > Some(0) {
            failures += &format!("  {name}: {}\n", text(&table["last_failure"]));
        }
        for one in table["waiting"].as_array().into_iter().flatten() {
            people += &format!(
                "  {name} {}: {}\n",
                text(&one["period"]),
                text(&one["note"])
            );
        }
    }
    let mut out = format!("{by} {}\n{}", text(&said["by"]), aligned(&lines));
    out += &filings(&said["filings"], language);
    let filing = &said["filings"];
    if filing["failures"].as_u64() > Some(0) {
        failures += &format!("  F1, F2: {}\n", text(&filing["last_failure"]));
    }
    if !failures.is_empty() {
        out += &format!("\n{failures}");
    }
    if !people.is_empty() {
        out += &format!("\n{waiting}\n{people}");
    }
    out
}

/// How many prefixes there are, by how their filing stands.
fn filings(said: &Value, language: Language) -> String {
    let (title, names) = match language {
        Language::Zh => ("前缀备案", ["待报", "审核中", "已备案", "被驳回"]),
        Language::En => (
            "filings of prefixes",
            ["pending", "in review", "passed", "refused"],
        ),
    };
    let states = ["pending", "in_review", "passed", "refused"];
    let counts = names.iter().zip(states);
    let counts = counts.map(|(name, state)| format!("{name} {}", text(&said["states"][state])));
    format!("{title}: {}\n", counts.collect::<Vec<_>>().join(", "))
}

/// So many days and hours, or whatever is shorter.
fn lag(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) if seconds == 0 => "-".to_owned(),
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn periods(said: &Value, language: Language) -> String {
    let heading = match language {
        Language::Zh => [
            "期次",
            "结果",
            "修订",
            "报文数",
            "行数",
            "时间 (UTC)",
            "回执或原因",
        ],
        Language::En => [
            "period",
            "outcome",
            "revision",
            "parts",
            "rows",
            "ended",
            "receipt or reason",
        ],
    };
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    for one in said["periods"].as_array().into_iter().flatten() {
        let fields = [
            "period", "outcome", "revision", "parts", "rows", "ended", "note",
        ];
        lines.push(fields.map(|field| text(&one[field])).to_vec());
    }
    aligned(&lines)
}

//----------- decide -------------------------------------------------------------

/// Has a period sent again.
pub(super) fn resend(
    config: &Config,
    arguments: &ResendArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let note = &arguments.reason;
    let (table, period) = (&arguments.table, &arguments.period);
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let said = decide(&client, table, period, "resend", note)?;
    tell(
        output,
        &said,
        &format!("{table} {period} is sent again with its next revision"),
    )
}

/// Says that the national node has a period, with proof.
pub(super) fn settle(
    config: &Config,
    arguments: &SettleArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let proof = arguments.proof.as_deref().map(digest).transpose()?;
    let proof = proof.map_or_else(String::new, |digest| format!(" (proof sha256:{digest})"));
    let note = format!("{}{proof}", arguments.receipt);
    let (table, period) = (&arguments.table, &arguments.period);
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let said = decide(&client, table, period, "settle", &note)?;
    tell(
        output,
        &said,
        &format!("{table} {period} is settled: {note}"),
    )
}

fn decide(
    client: &Client,
    table: &str,
    period: &str,
    decision: &str,
    note: &str,
) -> Result<Value, Failure> {
    let path = format!(
        "/api/v1/topnode/reports/{}/{}",
        urlencoding(table),
        urlencoding(period)
    );
    let body = json!({ "decision": decision, "note": note }).to_string();
    // Said twice it is decided once.
    let reply = client.wait(client.post(&path, decision, body.into()))?;
    if reply.status.is_success() {
        return Ok(serde_json::from_slice(&reply.body).unwrap_or_default());
    }
    let problem = Problem::of(&reply);
    let hint = match problem.code.as_str() {
        "unknown_table" => "biaoshi topnode tables lists them",
        "undecided" => "biaoshi topnode reports shows how it stands",
        _ => "nothing was changed; the node's log says more",
    };
    Err(Failure::new(problem.told(reply.status), hint))
}

fn tell(output: &Output, said: &Value, line: &str) -> Result<Exit, Failure> {
    if output.is_json() {
        output.json(said)?;
    } else {
        output.text(line)?;
    }
    Ok(Exit::Done)
}

/// What a proof hashes to: the file stays with the operator.
fn digest(file: &Path) -> Result<String, Failure> {
    let unread = |error: std::io::Error| {
        let hint = "name a file that can be read, such as a scan of the receipt";
        Failure::new(format!("{}: {error}", file.display()), hint)
    };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unread)?;
    opened
        .take(PROOF_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unread)?;
    if bytes.len() as u64 > PROOF_BYTES_MAX {
        return Err(Failure::new(
            format!("{} is over 64 MiB", file.display()),
            "name a smaller file: its SHA-256 is all that is kept",
        ));
    }
    Ok(Hash::of(&[&bytes]).to_string())
}
