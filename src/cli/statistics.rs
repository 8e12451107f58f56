//! `statistics`: the figures of the assessment, as the running node has them.

mod columns;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::arguments::{Language, StatisticsArguments, StatisticsOf};
use super::client::{Client, Problem, Reply, Target, TokenUse};
use super::import::{Locale, language};
use super::table::aligned;
use super::{Exit, Failure, Output};
use crate::config::Config;
use columns::{Column, NOW, SUMS, TIMINGS, column};

/// Pages that are asked for, one after the other: a hundred thousand firms are a hundred.
const PAGES_MAX: usize = 1_000;

//----------- run ----------------------------------------------------------------

/// Prints what is asked for.
pub(super) fn run(
    config: &Config,
    arguments: &StatisticsArguments,
    locale: Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    let target = Target::find(config, &arguments.node, TokenUse::Needed)?;
    let client = Client::new(target)?;
    let said = fetch(&client, arguments)?;
    if output.is_json() {
        output.json(&said)?;
    } else {
        let shown = show(&said, arguments.what, language(arguments.lang, locale));
        output.text(&shown)?;
    }
    Ok(Exit::Done)
}

/// Where rows stand in a reply, and the parameter that goes on behind them; none for `now`.
fn rows_of(what: StatisticsOf) -> Option<(&'static str, &'static str)> {
    match what {
        StatisticsOf::Now => None,
        StatisticsOf::Days | StatisticsOf::Timings => Some(("days", "from")),
        StatisticsOf::Months => Some(("months", "from")),
        StatisticsOf::Prefixes => Some(("prefixes", "after")),
    }
}

/// All pages as one reply.
fn fetch(client: &Client, arguments: &StatisticsArguments) -> Result<Value, Failure> {
    let rows = rows_of(arguments.what);
    let mut goes_on: Option<(&str, String)> = None;
    let mut whole: Option<Value> = None;
    for _ in 0..PAGES_MAX {
        let mut said = page(
            client,
            arguments,
            rows.map(|(name, _)| name),
            goes_on.as_ref(),
        )?;
        let next = said.get("next").filter(|next| !next.is_null());
        let next = next.map(|next| {
            next.as_str()
                .map_or_else(|| next.to_string(), str::to_owned)
        });
        if let (Some((name, _)), Some(whole)) = (rows, &mut whole) {
            let more = said.get_mut(name).map(Value::take);
            let list = whole.get_mut(name).and_then(Value::as_array_mut);
            if let (Some(list), Some(Value::Array(more))) = (list, more) {
                list.extend(more);
            }
        } else {
            whole = Some(said);
        }
        match (rows, next) {
            (Some((_, parameter)), Some(next)) => goes_on = Some((parameter, next)),
            _ => break,
        }
    }
    let mut whole = whole.unwrap_or_default();
    if let Some(body) = whole.as_object_mut() {
        body.remove("next");
    }
    Ok(whole)
}

fn page(
    client: &Client,
    arguments: &StatisticsArguments,
    rows: Option<&str>,
    goes_on: Option<&(&str, String)>,
) -> Result<Value, Failure> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(prefix) = &arguments.prefix {
        query.append_pair("prefix", prefix);
    }
    let from = arguments.from.map(|day| ("from", day.to_string()));
    let from = from.filter(|_| goes_on.is_none_or(|(name, _)| *name != "from"));
    let to = arguments.to.map(|day| ("to", day.to_string()));
    let goes_on = goes_on.map(|(name, value)| (*name, value.clone()));
    for (name, value) in from.into_iter().chain(to).chain(goes_on) {
        query.append_pair(name, &value);
    }
    let path = match rows {
        None => "/api/v1/statistics".to_owned(),
        Some(rows) => format!("/api/v1/statistics/{rows}"),
    };
    let reply = client.get(&format!("{path}?{}", query.finish()))?;
    if !reply.status.is_success() {
        return Err(refused(&reply));
    }
    serde_json::from_slice(&reply.body).map_err(|_| {
        let hint = "see whether it is a node of biaoshi that listens there, and of which version";
        Failure::new("the reply is not a node's", hint)
    })
}

fn refused(reply: &Reply) -> Failure {
    let problem = Problem::of(reply);
    let hint = match problem.code.as_str() {
        "unassigned_prefix" => "check the prefix; without --prefix the whole node is shown",
        "bad_query" => "see biaoshi statistics --help",
        "unauthorized" | "not_from_there" => {
            "run this as the node's user with the node's --config, or give --token-file FILE"
        }
        _ => "ask again in a few seconds; the node's log says more",
    };
    Failure::new(problem.told(reply.status), hint)
}

//----------- show ---------------------------------------------------------------

/// A reply for people.
fn show(said: &Value, what: StatisticsOf, language: Language) -> String {
    let heading = |column: &Column| match language {
        Language::Zh => column.zh.to_owned(),
        Language::En => column.en.to_owned(),
    };
    let figure = |row: &Value, pointer: &str| match row.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(value) => value.to_string(),
    };
    let table: Vec<Vec<String>> = match rows_of(what) {
        None => {
            let line = |column: &Column| vec![heading(column), figure(said, column.pointer)];
            NOW.iter().map(line).collect()
        }
        Some((name, _)) => {
            let key = match what {
                StatisticsOf::Days | StatisticsOf::Timings => column("/day", "日期", "day"),
                StatisticsOf::Months => column("/month", "月份", "month"),
                _ => column("/prefix", "企业前缀", "prefix"),
            };
            let of: &[Column] = match what {
                StatisticsOf::Timings => &TIMINGS,
                _ => &SUMS,
            };
            let columns = || std::iter::once(&key).chain(of);
            let rows = said.get(name).and_then(Value::as_array);
            let lines = rows.into_iter().flatten().map(|row| {
                columns()
                    .map(|column| figure(row, column.pointer))
                    .collect()
            });
            std::iter::once(columns().map(heading).collect())
                .chain(lines)
                .collect()
        }
    };
    let scope = figure(said, "/scope/prefix");
    let first = match language {
        Language::Zh => format!(
            "统计口径版本 {} · 托管实测 · 前缀 {scope} · 统计日 {}\n",
            figure(said, "/definitions"),
            figure(said, "/today")
        ),
        Language::En => format!(
            "definitions {} · measured here · prefix {scope} · day {}\n",
            figure(said, "/definitions"),
            figure(said, "/today")
        ),
    };
    first + &aligned(&table)
}
