//! Tables as a workbook: a sheet each, in the guide's order.

use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;

use super::text;

/// The longest name of a sheet that Excel takes.
const SHEET_NAME_MAX: usize = 31;

/// Where columns begin to be hard to read.
const COLUMN_WIDTH: f64 = 22.0;

/// Marks what is not known here, for a person to fill in: a pale yellow.
pub(super) const TO_FILL_IN: Color = Color::RGB(0x00FF_F7D6);

//----------- workbook -----------------------------------------------------------

/// The bytes of a workbook of these tables, as the node said them.
pub(super) fn workbook(tables: &[Value]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    for said in tables {
        let sheet = book.add_worksheet();
        let name = format!("{} {}", text(&said["table"]), text(&said["title"]));
        sheet.set_name(name.chars().take(SHEET_NAME_MAX).collect::<String>())?;
        fill(sheet, said)?;
    }
    book.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, said: &Value) -> Result<(), XlsxError> {
    let heading = Format::new().set_bold().set_text_wrap();
    let unknown = Format::new().set_background_color(TO_FILL_IN);
    let fields = said["fields"].as_array().map_or(&[][..], Vec::as_slice);
    for (column, field) in (0..).zip(fields) {
        sheet.write_with_format(0, column, text(field), &heading)?;
        sheet.set_column_width(column, COLUMN_WIDTH)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let rows = said["rows"].as_array().map_or(&[][..], Vec::as_slice);
    for (row, values) in (1..).zip(rows) {
        for (column, value) in (0..).zip(values.as_array().into_iter().flatten()) {
            match value {
                Value::Null => sheet.write_blank(row, column, &unknown)?,
                // A prefix such as 88.120 is text: as a number it would lose its zero.
                Value::String(text) => sheet.write_string(row, column, text)?,
                other => match other.as_f64() {
                    Some(number) => sheet.write_number(row, column, number)?,
                    None => sheet.write_string(row, column, text(other))?,
                },
            };
        }
    }
    Ok(())
}
