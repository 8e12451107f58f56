//! `topnode monthly`: the monthly report (docking guide, annex 3), as a workbook and as a page to print.
//!
//! In Chinese, as the national node wants it. What the node does not know, such as how a fault was
//! mended where nobody said, is left for a person to fill in: yellow in the workbook, a line on the page.

mod page;
#[cfg(test)]
mod tests;
mod workbook;

use jiff::{ToSpan, civil::Date};
use serde_json::Value;

use super::{export, get};
use crate::cli::arguments::MonthlyArguments;
use crate::cli::client::{Client, Target, TokenUse};
use crate::cli::{Exit, Failure, Output};
use crate::config::Config;

/// Writes both; files that are there are replaced whole.
pub(super) fn run(
    config: &Config,
    arguments: &MonthlyArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let month = match &arguments.month {
        Some(month) => month.clone(),
        None => last_month(&client)?,
    };
    let path = format!(
        "/api/v1/topnode/monthly?month={}",
        super::urlencoding(&month)
    );
    let said = get(&client, &path)?;
    if output.is_json() {
        output.json(&said)?;
        return Ok(Exit::Done);
    }
    let report = Report::of(&said);
    let book = workbook::workbook(&report).map_err(|error| {
        let hint = "the page has the same; please report this";
        Failure::new(format!("the workbook cannot be made: {error}"), hint)
    })?;
    let page = page::page(&report);
    let files = [("xlsx", book), ("html", page.into_bytes())];
    let written = export::write_all(
        &arguments.to,
        files.map(|(kind, bytes)| (format!("monthly-{month}.{kind}"), bytes)),
    )?;
    let mut told = written.join("\n");
    if said["is_over"] != true {
        told += "\nthe month is not over: this is what it is so far";
    }
    output.text(&told)?;
    Ok(Exit::Done)
}

/// The last month that is over, by the node's clock.
fn last_month(client: &Client) -> Result<String, Failure> {
    let said = get(client, "/api/v1/topnode/monthly")?;
    let this = format!("{}-01", super::text(&said["month"]));
    let this: Date = this.parse().map_err(|_| {
        let hint = "name a month, such as 2026-11";
        Failure::new("the node says no month", hint)
    })?;
    let before = this.saturating_sub(1.month());
    Ok(format!("{:04}-{:02}", before.year(), before.month()))
}

//----------- Report -----------------------------------------------------------

/// What both are made of: the texts of annex 3, filled in.
#[derive(Debug)]
struct Report {
    /// 20XX 年 X 月.
    month: String,
    /// X 月 X 日.
    until: String,
    unit: Option<String>,
    service: Option<f64>,
    hours: Option<f64>,
    /// A month, its SLA in percent, its hours.
    months: Vec<(String, Option<f64>, Option<f64>)>,
    service_average: Option<f64>,
    hours_average: Option<f64>,
    /// Item, value, what it is.
    details: [(&'static str, String, &'static str); 3],
    maintenance: Vec<String>,
    emergencies: Vec<String>,
}

impl Report {
    fn of(said: &Value) -> Self {
        let months = said["months"].as_array().into_iter().flatten();
        let months: Vec<_> = months
            .map(|row| {
                let month = month_zh(row["month"].as_str().unwrap_or_default());
                let [service, hours] =
                    ["service_percent", "operating_hours"].map(|name| row[name].as_f64());
                (month, service, hours)
            })
            .collect();
        let last = months.last();
        let until: Option<Date> = said["until"].as_str().and_then(|day| day.parse().ok());
        let list = |name: &str| said[name].as_array().cloned().unwrap_or_default();
        Self {
            month: month_zh(said["month"].as_str().unwrap_or_default()),
            until: until.map_or_else(String::new, |day| {
                format!("{} 月 {} 日", day.month(), day.day())
            }),
            unit: said["unit"].as_str().map(str::to_owned),
            service: last.and_then(|(_, service, _)| *service),
            hours: last.and_then(|(.., hours)| *hours),
            service_average: said["service_percent_average"].as_f64(),
            hours_average: said["operating_hours_average"].as_f64(),
            details: details(said),
            maintenance: list("maintenance").iter().map(maintenance).collect(),
            emergencies: list("emergencies").iter().map(emergency).collect(),
            months,
        }
    }
}

fn details(said: &Value) -> [(&'static str, String, &'static str); 3] {
    let ms = |name: &str| number(said[name].as_f64(), 3);
    [
        (
            "标识注册 RTT",
            format!("{} 毫秒", ms("registration_ms")),
            "当月标识注册平均响应时间",
        ),
        (
            "标识解析 RTT",
            format!("{} 毫秒", ms("resolution_ms")),
            "当月标识解析平均响应时间",
        ),
        (
            "标识注册生效时间",
            format!("{} 小时", number(said["effective_hours"].as_f64(), 9)),
            "从标识注册数据通过所有标识注册审核后进入标识数据库到标识解析生效的时间。\
             本系统注册应答即已生效，故取当月标识注册平均响应时间",
        ),
    ]
}

fn maintenance(span: &Value) -> String {
    match span["until"].as_str() {
        Some(until) => format!("于 {} 开始停机维护，于 {until} 恢复服务。", from(span)),
        None => format!("于 {} 开始停机维护，尚未恢复。", from(span)),
    }
}

fn emergency(fault: &Value) -> String {
    let class = match fault["class"].as_u64() {
        Some(1) => "网络故障",
        Some(2) => "系统异常",
        Some(3) => "安全攻击",
        _ => "其他",
    };
    let cause = fault["cause"].as_str().filter(|text| !text.is_empty());
    let solution = fault["solution"].as_str().filter(|text| !text.is_empty());
    let over = match fault["until"].as_str() {
        Some(until) => format!("服务于 {until} 完成恢复"),
        None => "服务尚未恢复".to_owned(),
    };
    format!(
        "于 {} 发生紧急情况（{class}），{over}。经定位分析，该问题的详细情况为：{}。实际解决方案为：{}。",
        from(fault),
        cause.unwrap_or(TO_FILL_IN),
        solution.unwrap_or(TO_FILL_IN),
    )
}

/// Where a person fills something in.
const TO_FILL_IN: &str = "＿＿＿＿＿＿";

fn from(span: &Value) -> &str {
    span["from"].as_str().unwrap_or(TO_FILL_IN)
}

fn month_zh(month: &str) -> String {
    match month.split_once('-') {
        Some((year, month)) => format!("{year} 年 {} 月", month.trim_start_matches('0')),
        None => month.to_owned(),
    }
}

/// A number with so many digits behind the point, where it is known.
fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value:.digits$}"))
}

/// A share with the digits that it has: 99.95, 100.
fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value}"))
}
