//! The report's texts, from what a node says.

use serde_json::json;

use super::*;

fn said() -> Value {
    let months = (6..=11).map(|month| {
        let known = month >= 10;
        json!({
            "month": format!("2026-{month:02}"),
            "service_percent": known.then_some(if month == 10 { 100.0 } else { 99.444 }),
            "operating_hours": known.then_some(717.0),
        })
    });
    json!({
        "month": "2026-11", "unit": "甲<乙>&丙", "until": "2026-11-30", "is_over": true,
        "months": months.collect::<Vec<_>>(),
        "service_percent_average": 99.722, "operating_hours_average": 717.0,
        "registration_ms": 3.6, "resolution_ms": null, "effective_hours": 0.000_001,
        "maintenance": [{ "from": "2026-11-01 01:00", "until": "2026-11-01 03:00" }],
        "emergencies": [
            { "number": 1, "class": 2, "from": "2026-11-10 08:00", "until": "2026-11-10 09:00",
              "cause": "<script>", "solution": "" },
            { "number": 3, "class": 3, "from": "2026-11-30 23:00", "until": null,
              "cause": "攻击", "solution": "" },
        ],
    })
}

#[test]
fn the_page_has_the_texts_of_the_annex_filled_in() {
    let page = page::page(&Report::of(&said()));
    for text in [
        "（2026 年 11 月）<br>甲&lt;乙&gt;&amp;丙",
        "截至 11 月 30 日，二级节点系统保持 SLA 指标 99.444%，见表 1。",
        "<tr><td>2026 年 6 月</td><td>—</td></tr>",
        "<tr><td>2026 年 10 月</td><td>100%</td></tr>",
        "<tr><td>平均 SLA</td><td>99.722%</td></tr>",
        "<td>标识注册 RTT</td><td>3.600 毫秒</td>",
        "<td>标识解析 RTT</td><td>— 毫秒</td>",
        "<td>0.000001000 小时</td>",
        "<tr><td>平均运营时长</td><td>717.00 小时</td></tr>",
        "于 2026-11-01 01:00 开始停机维护，于 2026-11-01 03:00 恢复服务。",
        "（系统异常），服务于 2026-11-10 09:00 完成恢复。",
        "&lt;script&gt;。实际解决方案为：＿＿＿＿＿＿。",
        "（安全攻击），服务尚未恢复。",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(
        !page.contains("<script"),
        "what a person wrote is no markup"
    );
    assert!(!page.contains("http"), "nothing comes from elsewhere");
}

#[test]
fn a_quiet_month_says_so() {
    let mut said = said();
    said["maintenance"] = json!([]);
    said["emergencies"] = json!([]);
    said["unit"] = Value::Null;
    let page = page::page(&Report::of(&said));
    assert!(page.contains("本月未发生停机维护。") && page.contains("本月未发生紧急情况。"));
    assert!(page.contains("<br>＿＿＿＿＿＿</div>"));
}

/// A workbook is a zip; what is in it openpyxl reads, in tests/real-clients/run.sh.
#[test]
fn a_workbook_is_made_of_every_month() {
    let mut nothing = said();
    for list in ["months", "maintenance", "emergencies"] {
        nothing[list] = json!([]);
    }
    for said in [said(), nothing, Value::Null] {
        let bytes = workbook::workbook(&Report::of(&said)).unwrap();
        assert!(bytes.starts_with(b"PK"));
    }
}
