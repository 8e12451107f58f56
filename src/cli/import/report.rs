//! The report: what became of every row, for whoever made the file.
//!
//! CSV as spreadsheets open it: UTF-8 with a byte order mark, commas, one line per row. It is
//! written beside its place and moved there at the end, so that nobody reads half of one.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Without it Excel takes UTF-8 for the system's code page.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The columns, in the order of [`Line`].
const COLUMNS: [&str; 6] = [
    "data_row",
    "sheet_line",
    "code",
    "field",
    "value",
    "what_to_do",
];

/// The most characters of a cell: spreadsheets cut off at 32,767, and a clerk needs fewer to find
/// what is meant.
const CELL_CHARACTERS_MAX: usize = 1_000;

//----------- Line ---------------------------------------------------------------

/// What became of a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    /// Rows of data before it, and itself.
    pub(super) data_row: u64,
    /// The line of the file on which it begins, as a spreadsheet shows it.
    pub(super) sheet_line: u64,
    /// What became of it (`docs/import.md`).
    pub(super) code: Cow<'static, str>,
    /// The column at fault; empty where there is none.
    pub(super) field: String,
    /// What stands there in the file.
    pub(super) value: String,
    /// What to do about it; empty where nothing is to be done.
    pub(super) what_to_do: Cow<'static, str>,
}

//----------- Report -------------------------------------------------------------

/// A report that is being written; dropped before [`Report::finish`], it leaves nothing behind.
pub(super) struct Report {
    file: Option<csv::Writer<BufWriter<File>>>,
    /// Where it is written.
    beside: PathBuf,
    /// Where it goes.
    place: PathBuf,
}

impl Report {
    /// Begins a report that will stand at `place`.
    ///
    /// # Errors
    /// Where no file can be made in that folder, or a folder is in its place.
    pub(super) fn create(place: &Path) -> io::Result<Self> {
        let name = place.file_name().filter(|_| !place.is_dir());
        let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?;
        let mut beside = name.to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = place.with_file_name(beside);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&beside)?;
        let mut report = Self {
            file: None,
            beside,
            place: place.to_owned(),
        };
        let mut file = BufWriter::new(file);
        file.write_all(BYTE_ORDER_MARK)?;
        let mut file = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(file);
        file.write_record(COLUMNS)?;
        report.file = Some(file);
        Ok(report)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub(super) fn add(&mut self, line: &Line) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_record([
            line.data_row.to_string().as_str(),
            line.sheet_line.to_string().as_str(),
            &cell(&line.code),
            &cell(&line.field),
            &cell(&line.value),
            &cell(&line.what_to_do),
        ])?;
        Ok(())
    }

    /// Puts the report in its place.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            let file = file
                .into_inner()
                .map_err(|error| io::Error::other(error.to_string()))?;
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
        }
        fs::rename(&self.beside, &self.place)
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // After `finish` there is nothing there; before, half a report helps nobody.
        let _ = fs::remove_file(&self.beside);
    }
}

/// A cell that a spreadsheet shows and does not calculate.
///
/// A cell that begins like a formula is one to most spreadsheets, whatever stands around it in the
/// file (OWASP, "CSV injection"); an apostrophe makes it text.
fn cell(text: &str) -> Cow<'_, str> {
    let cut = match text.char_indices().nth(CELL_CHARACTERS_MAX) {
        Some((at, _)) => Cow::Owned(format!("{}…", &text[..at])),
        None => Cow::Borrowed(text),
    };
    match cut.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format!("'{cut}")),
        false => cut,
    }
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: &str) -> Line {
        Line {
            data_row: 1,
            sheet_line: 2,
            code: "bad_url".into(),
            field: "网址".to_owned(),
            value: value.to_owned(),
            what_to_do: "写全网址".into(),
        }
    }

    #[test]
    fn a_report_opens_in_a_spreadsheet() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.csv");
        let mut report = Report::create(&place).unwrap();
        report.add(&line("a,\"b\"\nc")).unwrap();
        assert!(!place.exists(), "it is not there before it is whole");
        report.finish().unwrap();
        let text = fs::read_to_string(&place).unwrap();
        let expected = "\u{feff}data_row,sheet_line,code,field,value,what_to_do\r\n\
                        1,2,bad_url,网址,\"a,\"\"b\"\"\nc\",写全网址\r\n";
        assert_eq!(text, expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "1-1", "标识", "'=1", " =1"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn cells_have_an_end() {
        let text = "值".repeat(CELL_CHARACTERS_MAX);
        assert_eq!(cell(&text), text);
        let longer = format!("{text}值");
        assert_eq!(cell(&longer), format!("{text}…"));
    }

    #[test]
    fn half_a_report_is_left_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("report.csv");
        fs::write(&place, "the last one").unwrap();
        drop(Report::create(&place).unwrap());
        assert_eq!(fs::read_to_string(&place).unwrap(), "the last one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Report::create(folder.path()).is_err());
    }
}
