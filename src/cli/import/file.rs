//! The file and its profile, as they are opened.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::registry::import::{
    ENTERPRISES, Encoding, EncodingError, ImportError, Notice, PRODUCTS, Profile, Rows, detect,
};

/// The longest profile: those of the program have 2 KiB.
const PROFILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most characters of a heading that are shown: it may be as long as a row.
const HEADING_CHARACTERS_MAX: usize = 60;

//----------- profiles -----------------------------------------------------------

/// The profiles of the program, with the operator's before them.
pub(super) fn profiles(own: Option<&Path>) -> Result<Vec<Profile>, Failure> {
    let mut profiles = Vec::new();
    if let Some(path) = own {
        profiles.push(read_profile(path)?);
    }
    for text in [PRODUCTS, ENTERPRISES] {
        let known = Profile::parse(text)
            .map_err(|error| Failure::new(error.to_string(), "this program was built wrong"))?;
        // Of each kind there is one: the operator's replaces the program's.
        if profiles.iter().all(|profile| profile.kind != known.kind) {
            profiles.push(known);
        }
    }
    Ok(profiles)
}

fn read_profile(path: &Path) -> Result<Profile, Failure> {
    let cannot = |what: &dyn std::fmt::Display| {
        Failure::new(
            format!("{}: {what}", path.display()),
            "copy config/import/products.toml and change the copy",
        )
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(PROFILE_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| cannot(&error))?;
    if text.len() as u64 > PROFILE_BYTES_MAX {
        return Err(cannot(&"a profile has at most 1 MiB"));
    }
    Profile::parse(&text).map_err(|error| cannot(&error))
}

//----------- Source -------------------------------------------------------------

/// A file to import, with its encoding told.
pub(super) struct Source<'a> {
    path: &'a Path,
    encoding: Encoding,
    bytes: u64,
    read: Rc<Cell<u64>>,
}

impl<'a> Source<'a> {
    /// Opens a file and reads it once, for its encoding.
    pub(super) fn open(path: &'a Path) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(|error| cannot_open(path, &error))?;
        if !metadata.is_file() {
            // It is read twice, and a pipe can be read once.
            return Err(Failure::new(
                format!("{} is not a file", path.display()),
                "name a CSV file; save what comes through a pipe first",
            ));
        }
        let file = File::open(path).map_err(|error| cannot_open(path, &error))?;
        let encoding = detect(file).map_err(|error| {
            let hint = match error {
                EncodingError::Utf16 | EncodingError::Workbook => {
                    "save it as CSV UTF-8 (CSV UTF-8（逗号分隔）) and import that"
                }
                EncodingError::Unreadable(_) => "see whether the disk can be read",
            };
            Failure::new(format!("{}: {error}", path.display()), hint)
        })?;
        Ok(Self {
            path,
            encoding,
            bytes: metadata.len(),
            read: Rc::default(),
        })
    }

    /// The rows of the file, from its first.
    pub(super) fn rows(&self, profiles: &[Profile]) -> Result<Rows<impl Read + use<>>, Failure> {
        let open = || {
            self.read.set(0);
            let read = Rc::clone(&self.read);
            File::open(self.path).map(|input| Counted { input, read })
        };
        Rows::open(open, self.encoding, profiles).map_err(|error| self.unreadable(&error))
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How much of it is read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.get()
    }

    /// It is no file of rows, or stopped being one.
    pub(super) fn unreadable(&self, error: &ImportError) -> Failure {
        let hint = match error {
            ImportError::Empty | ImportError::MissingHeadings { .. } => {
                "the first line names the columns; docs/import.md lists the headings"
            }
            ImportError::TooManyColumns | ImportError::EndlessRecord(_) => {
                "correct the file, or save it from the spreadsheet again"
            }
            ImportError::Unreadable(_) => "see whether the disk can be read",
        };
        Failure::new(format!("{}: {error}", self.path.display()), hint)
    }
}

/// Counts what is read through it.
struct Counted<R> {
    input: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

//----------- Faults -------------------------------------------------------------

/// Refuses to put the report where the file is.
pub(super) fn check_place(report: &Path, file: &Path) -> Result<(), Failure> {
    let same = fs::canonicalize(report)
        .ok()
        .zip(fs::canonicalize(file).ok())
        .is_some_and(|(report, file)| report == file);
    if same {
        let error = format!("the report would replace {}", file.display());
        return Err(Failure::new(error, "name another file with --report"));
    }
    Ok(())
}

fn cannot_open(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        format!("cannot read {}: {error}", path.display()),
        "name a CSV file that you may read",
    )
}

//----------- Notices ------------------------------------------------------------

/// Tells what of the file is not read.
pub(super) fn tell_notices(rows: &Rows<impl Read>, progress: &Progress) {
    for notice in rows.notices() {
        let (heading, what) = match notice {
            Notice::Ignored(heading) => (heading, "is not known: it is ignored"),
            Notice::Skipped(heading) => (
                heading,
                "is personal data, which is not stored yet: it is skipped",
            ),
        };
        let heading: String = heading.chars().take(HEADING_CHARACTERS_MAX).collect();
        progress.note(&format!("note: column {heading:?} {what}"));
    }
}
