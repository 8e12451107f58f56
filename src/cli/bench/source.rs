//! Where identifiers come from.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::wire::Said;
use crate::cli::Failure;
use crate::cli::arguments::BenchArguments;
use crate::cli::generate::Shape;

/// Identifiers of a file, at most: 50 M of 40 bytes are 2 GB.
const FILE_LINES_MAX: usize = 50_000_000;

//----------- Source -------------------------------------------------------------

/// Where identifiers come from.
#[derive(Debug)]
pub(super) enum Source {
    /// The lines of a file.
    File(Vec<(String, Option<Said>)>),
    /// Those that `generate` makes.
    Made {
        /// What makes them.
        shape: Box<Shape>,
        /// How many.
        count: u64,
    },
}

impl Source {
    /// What was typed.
    ///
    /// # Errors
    /// Where a file cannot be read, or has no identifier.
    pub(super) fn of(arguments: &BenchArguments) -> Result<Self, Failure> {
        match (&arguments.identifiers, arguments.count) {
            (Some(file), _) => Ok(Self::File(read_file(file)?)),
            (None, count) => {
                let count = count.unwrap_or(1);
                Ok(Self::Made {
                    shape: Box::new(Shape::new(arguments.seed, count, arguments.firms)),
                    count,
                })
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::File(lines) => lines.len() as u64,
            Self::Made { count, .. } => *count,
        }
    }

    /// One of them, or one in its stead that nobody registered, and what is expected of it.
    pub(super) fn identifier(&self, at: u64, is_absent: bool) -> (String, Option<Said>) {
        match self {
            // Drawn below the number of lines.
            Self::File(lines) => usize::try_from(at)
                .ok()
                .and_then(|at| lines.get(at).cloned())
                .unwrap_or_default(),
            Self::Made { shape, .. } if is_absent => (shape.absent(at), Some(Said::NotFound)),
            Self::Made { shape, .. } => (shape.identifier(at), Some(Said::Found)),
        }
    }
}

/// One identifier a line, and behind a tab what is expected of it.
fn read_file(path: &Path) -> Result<Vec<(String, Option<Said>)>, Failure> {
    let told = |error: &dyn std::fmt::Display| {
        let error = format!("cannot read {}: {error}", path.display());
        Failure::new(
            error,
            "give a text file in UTF-8 with one identifier a line",
        )
    };
    let file = File::open(path).map_err(|error| told(&error))?;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let line = line.map_err(|error| told(&format!("line {number}: {error}")))?;
        let line = line.trim_start_matches('\u{feff}').trim_end();
        let (identifier, expected) = line.split_once('\t').unwrap_or((line, ""));
        if identifier.contains('/') {
            let expected = match expected {
                "found" => Some(Said::Found),
                "not_found" => Some(Said::NotFound),
                _ => None,
            };
            lines.push((identifier.to_owned(), expected));
        }
        if lines.len() > FILE_LINES_MAX {
            return Err(told(&format!("it has over {FILE_LINES_MAX} lines")));
        }
    }
    if lines.is_empty() {
        return Err(told(&"it has no identifier"));
    }
    Ok(lines)
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_is_expected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queries.tsv");
        let text = "\u{feff}identifier\texpected\n88.1/A\tfound\r\n88.1/B\tnot_found\n\n88.1/C\tview\n88.1/D\n";
        std::fs::write(&path, text).unwrap();
        let lines = read_file(&path).unwrap();
        let line = |text: &str, expected| (text.to_owned(), expected);
        assert_eq!(
            lines,
            [
                line("88.1/A", Some(Said::Found)),
                line("88.1/B", Some(Said::NotFound)),
                line("88.1/C", None),
                line("88.1/D", None),
            ]
        );
        std::fs::write(&path, "nothing\n").unwrap();
        assert!(
            read_file(&path)
                .unwrap_err()
                .error
                .contains("no identifier")
        );
        assert!(read_file(&folder.path().join("none")).is_err());
    }
}
