//! The report as a workbook: its figures on a sheet, what happened on another.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::{Report, TO_FILL_IN, number};
use crate::cli::topnode::workbook::TO_FILL_IN as YELLOW;

/// Where the numbers come from, on both.
pub(super) const SOURCE: &str = "数据来源：运营时长与服务可用性由本节点台账（control 分区的事件）逐次启停、\
    故障累计，向下取整；服务可用性 =（运行时长 − 故障时长）÷ 当月自首次就绪起的时长；RTT 为当月全部计时请求的均值。";

/// Width of the columns, in characters.
const WIDTHS: [f64; 3] = [24.0, 24.0, 60.0];

/// The bytes of the workbook.
pub(super) fn workbook(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    figures(book.add_worksheet(), report)?;
    happened(book.add_worksheet(), report)?;
    book.save_to_buffer()
}

fn figures(sheet: &mut Worksheet, report: &Report) -> Result<(), XlsxError> {
    sheet.set_name("运行指标")?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    let title = Format::new().set_bold().set_font_size(14);
    let heading = bordered().set_bold().set_align(FormatAlign::Center);
    let cell = bordered().set_text_wrap();
    let to_fill_in = bordered().set_background_color(YELLOW);
    sheet.write_with_format(0, 0, "二级节点系统运行月度报告", &title)?;
    sheet.write(1, 0, &report.month)?;
    match &report.unit {
        Some(unit) => sheet.write(1, 1, unit)?,
        None => sheet.write_with_format(1, 1, "单位名称", &to_fill_in)?,
    };
    let mut row = 3;
    let service = report
        .months
        .iter()
        .map(|(month, service, _)| (month.as_str(), *service));
    let captions = ("表 1 二级节点系统 SLA", "SLA（%）", "平均 SLA");
    row = months(sheet, row, captions, service, report.service_average)?;
    sheet.write_with_format(row, 0, "表 2 二级节点系统服务 SLA", &heading)?;
    sheet.write_with_format(row, 1, "实际运行情况", &heading)?;
    sheet.write_with_format(row, 2, "说明", &heading)?;
    for (item, value, what) in &report.details {
        row += 1;
        sheet.write_with_format(row, 0, *item, &cell)?;
        sheet.write_with_format(row, 1, value, &cell)?;
        sheet.write_with_format(row, 2, *what, &cell)?;
    }
    let hours = report
        .months
        .iter()
        .map(|(month, _, hours)| (month.as_str(), *hours));
    let captions = ("表 3 平均运营时长", "运营时长（小时）", "平均运营时长");
    row = months(sheet, row + 2, captions, hours, report.hours_average)?;
    sheet.write_with_format(row, 0, SOURCE, &Format::new().set_font_size(9))?;
    Ok(())
}

/// A table of months; the row behind it.
fn months<'a>(
    sheet: &mut Worksheet,
    from: u32,
    (title, unit, average): (&str, &str, &'a str),
    rows: impl Iterator<Item = (&'a str, Option<f64>)>,
    mean: Option<f64>,
) -> Result<u32, XlsxError> {
    let heading = bordered().set_bold().set_align(FormatAlign::Center);
    let cell = bordered();
    sheet.write_with_format(from, 0, title, &heading)?;
    sheet.write_with_format(from, 1, unit, &heading)?;
    let mut row = from;
    for (name, value) in rows.chain([(average, mean)]) {
        row += 1;
        sheet.write_with_format(row, 0, name, &cell)?;
        match value {
            Some(value) => sheet.write_with_format(row, 1, value, &cell)?,
            None => sheet.write_with_format(row, 1, number(None, 0), &cell)?,
        };
    }
    Ok(row + 2)
}

fn happened(sheet: &mut Worksheet, report: &Report) -> Result<(), XlsxError> {
    sheet.set_name("维护与紧急情况")?;
    sheet.set_column_width(0, 16.0)?;
    sheet.set_column_width(1, 110.0)?;
    let heading = bordered().set_bold();
    sheet.write_with_format(0, 0, "类别", &heading)?;
    sheet.write_with_format(0, 1, "情况", &heading)?;
    let cell = bordered().set_text_wrap();
    let to_fill_in = bordered().set_text_wrap().set_background_color(YELLOW);
    let mut row = 0;
    for (kind, lines) in [
        ("停机维护", &report.maintenance),
        ("紧急情况", &report.emergencies),
    ] {
        let none = [format!("本月未发生{kind}。")];
        let lines = if lines.is_empty() { &none[..] } else { lines };
        for line in lines {
            row += 1;
            let format = if line.contains(TO_FILL_IN) {
                &to_fill_in
            } else {
                &cell
            };
            sheet.write_with_format(row, 0, kind, &cell)?;
            sheet.write_with_format(row, 1, line, format)?;
        }
    }
    Ok(())
}

fn bordered() -> Format {
    Format::new().set_border(FormatBorder::Thin)
}
