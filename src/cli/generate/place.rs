//! Where text goes: a file, or standard output.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use crate::cli::Failure;

/// What is written at a time: enough that the system is seldom asked.
const BUFFER_BYTES: usize = 256 * 1024;

//----------- Place --------------------------------------------------------------

/// A place that is being written to, and how much of it is written.
pub(super) struct Place {
    to: BufWriter<Box<dyn Write>>,
    bytes: u64,
    is_watched: bool,
}

impl Place {
    /// A file that is made or emptied, or standard output where none is named.
    ///
    /// # Errors
    /// Where there can be no such file.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let (to, is_watched): (Box<dyn Write>, bool) = match file {
            Some(path) => {
                let file = File::create(path).map_err(|error| {
                    let error = format!("cannot write {}: {error}", path.display());
                    Failure::new(error, "name a file in a folder that you may write to")
                })?;
                (Box::new(file), true)
            }
            // A bar would stand in the middle of what a terminal shows.
            None => (Box::new(io::stdout()), !io::stdout().is_terminal()),
        };
        Ok(Self {
            to: BufWriter::with_capacity(BUFFER_BYTES, to),
            bytes: 0,
            is_watched,
        })
    }

    /// Whether it can be told meanwhile how far it is.
    pub(super) fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Writes behind what is written.
    ///
    /// # Errors
    /// Where the disk or the reader takes no more.
    pub(super) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        self.bytes += text.len() as u64;
        self.to.write_all(text)
    }

    /// How much is written.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends it; returns how many bytes it has.
    ///
    /// # Errors
    /// As [`Place::write`].
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.to.flush()?;
        Ok(self.bytes)
    }
}
