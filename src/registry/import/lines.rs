//! Lines between decoder and CSV reader: blank ones are kept, endless records are not.

use std::io::{self, Read};

/// The most bytes of a record: 50 columns of 255 characters are 50 KiB, and a quotation mark that is
/// never closed must not swallow the rest of a large file into memory.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// Bytes read at a time; what is added to them fits behind.
const BUFFER_BYTES: usize = 32 * 1024;

/// Stands for a blank line: a record of one empty cell.
const BLANK: &[u8] = b"\"\"";

//----------- Lines ------------------------------------------------------------

/// Text in which each blank line outside quotation marks is a record of its own, since the CSV
/// reader drops blank lines and rows would no longer have the spreadsheet's numbers.
///
/// It follows quotation marks as the reader does: they open a cell only at its start.
pub(super) struct Lines<R> {
    text: R,
    delimiter: u8,
    input: Vec<u8>,
    ready: Vec<u8>,
    /// What of `ready` was given out.
    given: usize,
    at: At,
    is_at_end: bool,
    after_return: bool,
    record_bytes: usize,
    /// Records begun, the headings' included: for the error.
    records: u64,
}

/// Where in a record the text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    CellStart,
    Bare,
    Quoted,
    /// Behind a quotation mark that closes the cell, unless another follows.
    Closing,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: R, delimiter: u8) -> Self {
        Self {
            text,
            delimiter,
            input: vec![0; BUFFER_BYTES],
            ready: Vec::new(),
            given: 0,
            at: At::LineStart,
            is_at_end: false,
            after_return: false,
            record_bytes: 0,
            records: 1,
        }
    }

    /// Whether the text has ended within quotation marks.
    pub(super) fn ended_open(&self) -> bool {
        self.is_at_end && self.at == At::Quoted
    }

    /// Passes one byte on.
    fn pass(&mut self, byte: u8) -> io::Result<()> {
        let is_second_half = byte == b'\n' && self.after_return;
        self.after_return = byte == b'\r' && self.at != At::Quoted;
        if is_second_half {
            self.ready.push(byte);
            return Ok(());
        }
        if matches!(byte, b'\n' | b'\r') && self.at != At::Quoted {
            if self.at == At::LineStart {
                self.ready.extend_from_slice(BLANK);
            }
            self.at = At::LineStart;
            self.record_bytes = 0;
            self.records += 1;
        } else {
            self.at = self.behind(byte);
            self.record_bytes += 1;
            if self.record_bytes > RECORD_BYTES_MAX {
                let endless = EndlessRecord(self.records);
                return Err(io::Error::new(io::ErrorKind::InvalidData, endless));
            }
        }
        self.ready.push(byte);
        Ok(())
    }

    /// Where the text is behind a byte that ends no record.
    fn behind(&self, byte: u8) -> At {
        match (self.at, byte) {
            (At::LineStart | At::CellStart | At::Closing, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Closing,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == self.delimiter => At::CellStart,
            _ => At::Bare,
        }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
            let count = self.text.read(&mut self.input)?;
            self.is_at_end = count == 0;
            let input = std::mem::take(&mut self.input);
            let passed = input[..count].iter().try_for_each(|byte| self.pass(*byte));
            self.input = input;
            passed?;
        }
        let count = (&self.ready[self.given..]).read(output)?;
        self.given += count;
        Ok(count)
    }
}

/// A record that is over the limit, by its line in the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the row in sheet line {0} does not end within {RECORD_BYTES_MAX} bytes; look for a quotation \
     mark that is not closed"
)]
pub(super) struct EndlessRecord(pub(super) u64);
