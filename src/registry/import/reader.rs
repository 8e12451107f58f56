//! Files: headings, then rows.

use std::io::Read;

use csv::StringRecord;

use super::{
    Encoding, FileKind, Profile,
    encoding::Decoded,
    lines::{EndlessRecord, Lines},
    profile::trim,
    row::{self, Row},
};

/// Delimiters that spreadsheets write, the usual one first.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The most columns of a file: spreadsheets of clerks have tens, and a line of delimiters must not
/// become a million cells.
const COLUMNS_MAX: usize = 1_024;

//----------- Rows -------------------------------------------------------------

/// The rows of a file, one by one.
pub struct Rows<R: Read> {
    records: csv::Reader<Lines<Decoded<R>>>,
    profile: Profile,
    /// For each cell, which column of the profile it is.
    places: Vec<Option<usize>>,
    notices: Vec<Notice>,
    record: StringRecord,
    data_row: u64,
}

/// Something a clerk should know that is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A heading that no column has: it is not read.
    Ignored(String),
    /// A column that holds personal data: it is not read.
    Skipped(String),
}

impl<R: Read> std::fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("data_row", &self.data_row)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Rows<R> {
    /// Reads the headings and tells what kind of file it is. `open` opens the file at its start: it
    /// is called once to tell the delimiter and once to read.
    ///
    /// # Errors
    /// Where the headings are those of no profile, or lack a required one.
    pub fn open(
        mut open: impl FnMut() -> std::io::Result<R>,
        encoding: Encoding,
        profiles: &[Profile],
    ) -> Result<Self, ImportError> {
        let mut nearest: Option<ImportError> = None;
        for delimiter in DELIMITERS {
            let file = open().map_err(|error| ImportError::Unreadable(error.to_string()))?;
            let lines = Lines::new(Decoded::new(file, encoding), delimiter);
            let mut records = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(delimiter)
                .from_reader(lines);
            let mut headings = StringRecord::new();
            let has_some = records.read_record(&mut headings).map_err(read_error)?;
            if !has_some || headings.iter().all(|heading| trim(heading).is_empty()) {
                return Err(ImportError::Empty);
            }
            if headings.len() > COLUMNS_MAX {
                return Err(ImportError::TooManyColumns);
            }
            match choose(&headings, profiles) {
                Ok(profile) => return Ok(Self::begin(records, profile.clone(), &headings)),
                Err(error) => {
                    nearest = Some(match nearest {
                        Some(nearer) => nearer.nearer(error),
                        None => error,
                    });
                }
            }
        }
        Err(nearest.unwrap_or(ImportError::Empty))
    }

    fn begin(
        records: csv::Reader<Lines<Decoded<R>>>,
        profile: Profile,
        headings: &StringRecord,
    ) -> Self {
        let mut places: Vec<Option<usize>> = Vec::with_capacity(headings.len());
        let mut notices = Vec::new();
        for heading in headings {
            // Of two columns with one meaning the first is read.
            let place = profile
                .find(heading)
                .filter(|place| !places.contains(&Some(*place)));
            let name = trim(heading).to_owned();
            match place {
                Some(place) if profile.columns[place].kind == super::FieldKind::Skip => {
                    notices.push(Notice::Skipped(name));
                }
                None if !name.is_empty() => notices.push(Notice::Ignored(name)),
                _ => {}
            }
            places.push(place);
        }
        let record = StringRecord::new();
        Self {
            records,
            profile,
            places,
            notices,
            record,
            data_row: 0,
        }
    }

    /// What the rows are.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.profile.kind
    }

    /// What a clerk should know of the headings.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The next row; none at the end of the file.
    ///
    /// # Errors
    /// Where the file cannot be read on; all rows before were given.
    pub fn next_row(&mut self) -> Result<Option<Row>, ImportError> {
        if !self
            .records
            .read_record(&mut self.record)
            .map_err(read_error)?
        {
            return Ok(None);
        }
        self.data_row += 1;
        // The file ended within quotation marks: what this row holds of others is not known.
        if self.records.get_ref().ended_open() {
            return Ok(Some(row::swallowed(self.data_row)));
        }
        let cells: Vec<&str> = self.record.iter().collect();
        Ok(Some(row::read(
            &self.profile,
            &self.places,
            &cells,
            self.data_row,
        )))
    }
}

/// The profile that the headings are of.
fn choose<'p>(
    headings: &StringRecord,
    profiles: &'p [Profile],
) -> Result<&'p Profile, ImportError> {
    let mut nearest: Option<(usize, ImportError)> = None;
    for profile in profiles {
        let found = headings.iter().filter_map(|heading| profile.find(heading));
        let found: std::collections::BTreeSet<usize> = found.collect();
        let missing: Vec<String> = (0..profile.columns.len())
            .filter(|place| profile.columns[*place].required && !found.contains(place))
            .map(|place| profile.columns[place].headings.join(" / "))
            .collect();
        if missing.is_empty() {
            return Ok(profile);
        }
        let error = ImportError::MissingHeadings {
            kind: profile.kind,
            missing,
        };
        if nearest
            .as_ref()
            .is_none_or(|(count, _)| *count < found.len())
        {
            nearest = Some((found.len(), error));
        }
    }
    Err(nearest.map_or(ImportError::Empty, |(_, error)| error))
}

fn read_error(error: csv::Error) -> ImportError {
    let csv::ErrorKind::Io(error) = error.into_kind() else {
        return ImportError::Unreadable("a record makes no sense".to_owned());
    };
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<EndlessRecord>())
    {
        Some(endless) => ImportError::EndlessRecord(endless.0),
        None => ImportError::Unreadable(error.to_string()),
    }
}

//============ Error types =====================================================

/// Why a whole file cannot be read, or not read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is nothing in it.
    #[error("the file is empty: there is no line of headings")]
    Empty,
    /// The headings are not those of a known kind of file.
    #[error(
        "the headings are not those of a file of {}; these are missing: {}",
        match kind { FileKind::Enterprises => "enterprises", FileKind::Products => "products" },
        missing.join("; ")
    )]
    MissingHeadings {
        /// The kind of file that it comes nearest to.
        kind: FileKind,
        /// For each missing column, the headings that would do.
        missing: Vec<String>,
    },
    /// Too many columns.
    #[error("the file has more than {COLUMNS_MAX} columns")]
    TooManyColumns,
    /// A record that does not end.
    #[error(
        "the row in sheet line {0} does not end within 1 MiB; look for a quotation mark that is \
         not closed"
    )]
    EndlessRecord(u64),
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
}

impl ImportError {
    /// Of two errors of one file the one that lacks less.
    fn nearer(self, other: Self) -> Self {
        let lacks = |error: &Self| match error {
            Self::MissingHeadings { missing, .. } => missing.len(),
            _ => usize::MAX,
        };
        if lacks(&other) < lacks(&self) {
            other
        } else {
            self
        }
    }
}
