//! What is shown of tables.

use super::*;

fn t8() -> Value {
    json!({
        "table": "T8", "title": "下属企业节点统计数据", "day": "2026-11-25",
        "fields": ["标识前缀", "标识日注册量", "解析来源 IP 列表及解析量"],
        "rows": [["88.118.0002", 43, null], ["88.118.0008", 7, null]],
    })
}

#[test]
fn rows_stand_under_the_fields_of_the_guide() {
    let shown = shown(&t8());
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "T8 下属企业节点统计数据 · 2026-11-25");
    assert!(lines[1].starts_with("标识前缀") && lines[1].ends_with("解析来源 IP 列表及解析量"));
    let words: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(words, ["88.118.0002", "43", "-"]);
}

#[test]
fn a_csv_is_for_excel_and_makes_nothing_up() {
    let csv = as_csv(&t8()).unwrap();
    assert!(csv.starts_with('\u{feff}'));
    let expected =
        "标识前缀,标识日注册量,解析来源 IP 列表及解析量\n88.118.0002,43,\n88.118.0008,7,\n";
    assert_eq!(&csv[3..], expected);
}

/// A workbook is a zip of parts with names of their own; what is in it a client reads.
#[test]
fn a_workbook_has_a_sheet_for_each_table() {
    let book = workbook::workbook(&[t8(), t8_named("T3")]).unwrap();
    assert!(book.starts_with(b"PK"));
    let has = |name: &str| book.windows(name.len()).any(|part| part == name.as_bytes());
    assert!(has("xl/worksheets/sheet1.xml") && has("xl/worksheets/sheet2.xml"));
    // Two sheets of one name are refused.
    assert!(workbook::workbook(&[t8(), t8()]).is_err());
}

fn t8_named(name: &str) -> Value {
    let mut said = t8();
    said["table"] = json!(name);
    said
}

#[test]
fn many_fields_stand_below_each_other() {
    let fields: Vec<String> = (1..=9).map(|number| format!("字段{number}")).collect();
    let values: Vec<Value> = (1..=9).map(|number| json!(number)).collect();
    let said = json!({
        "table": "T6", "title": "x", "day": "2026-11-25", "fields": fields, "rows": [values],
    });
    assert!(shown(&said).contains("字段9  9\n"), "{}", shown(&said));
}

#[test]
fn tables_are_listed_in_both_languages() {
    let field = |source: Value| json!({ "name": "x", "source": source });
    let said = json!({ "tables": [{
        "table": "T3", "title": "二级节点系统统计数据", "interval": "daily",
        "fields": [field(json!("y")), field(Value::Null)],
    }] });
    let zh = listed(&said, Language::Zh);
    assert!(
        zh.contains("每日") && zh.contains("二级节点系统统计数据"),
        "{zh}"
    );
    let en = listed(&said, Language::En);
    let words: Vec<&str> = en.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(words, ["T3", "daily", "2", "1", "二级节点系统统计数据"]);
}
