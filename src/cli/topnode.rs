//! `topnode`: what the national top-level node is told, as the running node makes it.

mod events;
mod export;
mod filing;
mod monthly;
pub(super) mod rehearse;
mod reports;
#[cfg(test)]
mod tests;
mod workbook;

use serde_json::{Value, json};

use super::arguments::{Language, TopnodeCommand};
use super::client::{Client, Problem, Target, TokenUse};
use super::import::{Locale, language};
use super::table::aligned;
use super::{Exit, Failure, Output};
use crate::config::Config;

/// Pages that are asked for, one after the other: a hundred thousand firms are a hundred.
const PAGES_MAX: usize = 1_000;

/// Subjects of a page.
const PAGE: usize = 1_000;

/// Without it Excel takes UTF-8 for the code page of the machine.
const BYTE_ORDER_MARK: &str = "\u{feff}";

//----------- run ----------------------------------------------------------------

/// Shows what is asked for.
pub(super) fn run(
    config: &Config,
    command: &TopnodeCommand,
    locale: Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    match command {
        TopnodeCommand::Tables(arguments) => {
            let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
            let said = get(&client, "/api/v1/topnode/tables")?;
            if output.is_json() {
                output.json(&said)?;
            } else {
                output.text(&listed(&said, language(arguments.lang, locale)))?;
            }
        }
        TopnodeCommand::Preview(arguments) => {
            let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
            let said = all_pages(&client, &arguments.table, arguments.day)?;
            if output.is_json() {
                output.json(&said)?;
            } else if arguments.csv {
                output.text(&as_csv(&said)?)?;
            } else {
                output.text(&shown(&said))?;
            }
        }
        TopnodeCommand::Reports(arguments) => {
            return reports::reports(config, arguments, locale, output);
        }
        TopnodeCommand::Rehearse(arguments) => {
            return rehearse::run(config, arguments, locale, output);
        }
        TopnodeCommand::Resend(arguments) => return reports::resend(config, arguments, output),
        TopnodeCommand::File(arguments) => return filing::file(config, arguments, output),
        TopnodeCommand::Waive(arguments) => return filing::waive(config, arguments, output),
        TopnodeCommand::Settle(arguments) => return reports::settle(config, arguments, output),
        TopnodeCommand::Events(arguments) => {
            return events::list(config, arguments, locale, output);
        }
        TopnodeCommand::Fault(arguments) => return events::fault(config, arguments, output),
        TopnodeCommand::Recovered(arguments) => {
            return events::recovered(config, arguments, output);
        }
        TopnodeCommand::Monthly(arguments) => return monthly::run(config, arguments, output),
        TopnodeCommand::Export(arguments) => {
            let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
            export::run(&client, arguments, output)?;
        }
    }
    Ok(Exit::Done)
}

/// All rows of a table.
fn all_pages(
    client: &Client,
    table: &str,
    day: Option<jiff::civil::Date>,
) -> Result<Value, Failure> {
    let mut whole = Value::Null;
    let mut after = Some(0);
    for _ in 0..PAGES_MAX {
        let Some(at) = after else { break };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &PAGE.to_string());
        query.append_pair("after", &at.to_string());
        if let Some(day) = day {
            query.append_pair("day", &day.to_string());
        }
        let table = urlencoding(table);
        let path = format!("/api/v1/topnode/tables/{table}?{}", query.finish());
        let mut said = get(client, &path)?;
        after = said["next"].as_u64();
        if whole.is_null() {
            whole = said;
        } else if let (Some(rows), Value::Array(more)) =
            (whole["rows"].as_array_mut(), said["rows"].take())
        {
            rows.extend(more);
        }
    }
    if let Some(body) = whole.as_object_mut() {
        body.remove("next");
    }
    Ok(whole)
}

/// A name in a path.
fn urlencoding(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect()
}

fn get(client: &Client, path: &str) -> Result<Value, Failure> {
    let reply = client.get(path)?;
    if reply.status.is_success() {
        return serde_json::from_slice(&reply.body).map_err(|_| {
            let hint =
                "see whether it is a node of biaoshi that listens there, and of which version";
            Failure::new("the reply is not a node's", hint)
        });
    }
    let problem = Problem::of(&reply);
    let hint = match problem.code.as_str() {
        "unknown_table" => "biaoshi topnode tables lists them",
        "bad_query" => "see biaoshi topnode preview --help",
        "unauthorized" | "not_from_there" => {
            "run this as the node's user with the node's --config, or give --token-file FILE"
        }
        _ => "ask again in a few seconds; the node's log says more",
    };
    Err(Failure::new(problem.told(reply.status), hint))
}

//----------- Showing ------------------------------------------------------------

/// The tables, a line each.
fn listed(said: &Value, language: Language) -> String {
    let heading = match language {
        Language::Zh => ["表", "周期", "字段数", "本节点掌握", "名称"],
        Language::En => ["table", "interval", "fields", "known here", "title"],
    };
    let mut lines = vec![heading.map(str::to_owned).to_vec()];
    for table in said["tables"].as_array().into_iter().flatten() {
        let fields = table["fields"].as_array().map(Vec::as_slice);
        let fields = fields.unwrap_or_default();
        let known = fields.iter().filter(|field| !field["source"].is_null());
        lines.push(vec![
            text(&table["table"]),
            interval(&table["interval"], language),
            fields.len().to_string(),
            known.count().to_string(),
            text(&table["title"]),
        ]);
    }
    aligned(&lines)
}

fn interval(name: &Value, language: Language) -> String {
    let zh = match name.as_str() {
        Some("real_time") => "实时",
        Some("hourly") => "每小时",
        Some("daily") => "每日",
        Some("monthly") => "每月",
        _ => return text(name),
    };
    match language {
        Language::Zh => zh.to_owned(),
        Language::En => text(name),
    }
}

/// Rows under each other, field by field where there are many.
fn shown(said: &Value) -> String {
    let mut out = format!(
        "{} {} · {}\n",
        text(&said["table"]),
        text(&said["title"]),
        text(&said["day"])
    );
    let fields: Vec<String> = said["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    let rows: Vec<Vec<String>> = (said["rows"].as_array().into_iter().flatten())
        .map(|row| row.as_array().into_iter().flatten().map(text).collect())
        .collect();
    /// More columns than that fit no terminal.
    const COLUMNS_MAX: usize = 8;
    if fields.len() <= COLUMNS_MAX {
        let lines: Vec<Vec<String>> = std::iter::once(fields).chain(rows).collect();
        return out + &aligned(&lines);
    }
    for row in rows {
        let pairs = fields.iter().zip(row);
        let lines: Vec<_> = pairs
            .map(|(field, value)| vec![field.clone(), value])
            .collect();
        out.push_str(&aligned(&lines));
        out.push('\n');
    }
    out
}

/// What is not known here is shown as `-`.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The rows with the guide's headings; what is not known here is empty.
fn as_csv(said: &Value) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let empty = json!([]);
    let cells = |row: &Value| -> Vec<String> {
        let row = row.as_array().into_iter().flatten();
        row.map(|value| {
            if value.is_null() {
                String::new()
            } else {
                text(value)
            }
        })
        .collect()
    };
    let rows = said["rows"]
        .as_array()
        .unwrap_or_else(|| empty.as_array().expect("it is one"));
    let written = std::iter::once(&said["fields"])
        .chain(rows)
        .try_for_each(|row| writer.write_record(cells(row)));
    let bytes = written
        .map_err(|error| error.to_string())
        .and_then(|()| writer.into_inner().map_err(|error| error.to_string()));
    let bytes =
        bytes.map_err(|error| Failure::new(error, "this is a fault of biaoshi; report it"))?;
    Ok(BYTE_ORDER_MARK.to_owned() + &String::from_utf8_lossy(&bytes))
}
