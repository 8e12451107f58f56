//! The report as a page to print: A4, nothing loaded from elsewhere.

use std::fmt::Write as _;

use super::{Report, TO_FILL_IN, number, percent};

const STYLE: &str = "\
@page { size: A4; margin: 25mm 22mm }
body { font: 16px/1.8 'Noto Serif CJK SC','Songti SC',SimSun,serif; max-width: 42em; margin: 2em auto;
  color: #111; padding: 0 1em }
h1 { font-size: 26px; text-align: center; margin: 1.5em 0 .3em }
h2 { font-size: 19px; margin: 1.6em 0 .4em }
h3 { font-size: 17px; margin: 1.2em 0 .3em }
.front { text-align: center }
p { text-indent: 2em; margin: .4em 0 }
table { border-collapse: collapse; width: 100%; margin: .4em 0 1em; page-break-inside: avoid }
caption { font-size: 15px; padding: .3em }
th, td { border: 1px solid #444; padding: .25em .6em; text-align: center }
td.text { text-align: left }
footer { font-size: 13px; color: #555; margin-top: 3em; border-top: 1px solid #bbb }
@media print { body { margin: 0; max-width: none } footer { color: #333 } }
";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let unit = report.unit.as_deref().unwrap_or(TO_FILL_IN);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>二级节点系统运行月度报告（{month}）</title>\n<style>{STYLE}</style></head><body>\n\
         <h1>二级节点系统运行月度报告</h1>\n<div class=\"front\">（{month}）<br>{unit}</div>\n",
        month = escaped(&report.month),
        unit = escaped(unit),
    );
    let until = escaped(&report.until);
    out += &format!(
        "<h2>一、摘要</h2>\n<p>二级节点系统上运行的工业互联网与物联网标识业务在 {} 的服务可用性（SLA）为 {}%。</p>\n\
         <h2>二、业务运行状况</h2>\n<h3>服务等级协议 SLA</h3>\n\
         <p>截至 {until}，二级节点系统保持 SLA 指标 {}%，见表 1。</p>\n",
        escaped(&report.month),
        percent(report.service),
        percent(report.service),
    );
    let service = |(month, service, _): &(String, Option<f64>, Option<f64>)| {
        (month.clone(), with_unit(&percent(*service), "%"))
    };
    let rows = report.months.iter().map(service);
    let average = with_unit(&percent(report.service_average), "%");
    out += &table("表 1 二级节点系统 SLA", rows, ("平均 SLA", &average));
    let _ = writeln!(
        out,
        "<p>截至 {until}，二级节点系统服务 SLA 指标详情，见表 2。</p>\n\
         <table><caption>表 2 二级节点系统服务 SLA</caption>\
         <tr><th>项目</th><th>实际运行情况</th><th>说明</th></tr>"
    );
    for (item, value, what) in &report.details {
        let _ = writeln!(
            out,
            "<tr><td>{item}</td><td>{}</td><td class=\"text\">{what}</td></tr>",
            escaped(value)
        );
    }
    let _ = writeln!(
        out,
        "</table>\n<h3>运营时长</h3>\n<p>截至 {until}，二级节点系统当月运营时长 {} 小时，平均运营时长达 {} 小时，见表 3。</p>",
        number(report.hours, 2),
        number(report.hours_average, 2),
    );
    let hours = |(month, _, hours): &(String, Option<f64>, Option<f64>)| {
        (month.clone(), with_unit(&number(*hours, 2), " 小时"))
    };
    let rows = report.months.iter().map(hours);
    let average = with_unit(&number(report.hours_average, 2), " 小时");
    out += &table("表 3 平均运营时长", rows, ("平均运营时长", &average));
    out += "<h2>三、本月重要系统及服务维护与紧急情况</h2>\n";
    out += &list("停机维护", &report.maintenance, "本月未发生停机维护。");
    out += &list("紧急情况", &report.emergencies, "本月未发生紧急情况。");
    out += &format!(
        "<footer>{}</footer>\n</body></html>\n",
        super::workbook::SOURCE
    );
    out
}

fn table(
    caption: &str,
    rows: impl Iterator<Item = (String, String)>,
    (name, average): (&str, &str),
) -> String {
    let row = |name: &str, value: &str| {
        format!(
            "<tr><td>{}</td><td>{}</td></tr>\n",
            escaped(name),
            escaped(value)
        )
    };
    let rows: String = rows.map(|(name, value)| row(&name, &value)).collect();
    format!(
        "<table><caption>{caption}</caption>\n<tr><th>月份</th><th>二级节点系统</th></tr>\n{rows}{}</table>\n",
        row(name, average)
    )
}

fn list(title: &str, lines: &[String], none: &str) -> String {
    let mut out = format!("<h3>{title}</h3>\n");
    if lines.is_empty() {
        let _ = writeln!(out, "<p>{none}</p>");
    }
    for (number, line) in (1..).zip(lines) {
        let _ = writeln!(out, "<p>{number}. 本月，二级节点系统{}</p>", escaped(line));
    }
    out
}

fn with_unit(value: &str, unit: &str) -> String {
    if value == "—" {
        value.to_owned()
    } else {
        format!("{value}{unit}")
    }
}

/// What operators and clerks wrote is text, never markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
