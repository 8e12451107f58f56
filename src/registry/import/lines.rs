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
pub(super) struct Lines<R> {
    text: R,
    input: Vec<u8>,
    ready: Vec<u8>,
    /// What of `ready` was given out.
    given: usize,
    in_quotes: bool,
    is_at_end: bool,
    at_line_start: bool,
    after_return: bool,
    record_bytes: usize,
    /// Records begun, the headings' included: for the error.
    records: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: R) -> Self {
        Self {
            text,
            input: vec![0; BUFFER_BYTES],
            ready: Vec::new(),
            given: 0,
            in_quotes: false,
            is_at_end: false,
            at_line_start: true,
            after_return: false,
            record_bytes: 0,
            records: 1,
        }
    }

    /// Whether the text has ended within quotation marks.
    pub(super) fn ended_open(&self) -> bool {
        self.is_at_end && self.in_quotes
    }

    /// Passes one byte on.
    fn pass(&mut self, byte: u8) -> io::Result<()> {
        if byte == b'\n' && self.after_return {
            // The second half of a line end.
            self.after_return = false;
            self.ready.push(byte);
            return Ok(());
        }
        self.after_return = byte == b'\r' && !self.in_quotes;
        let is_end = matches!(byte, b'\n' | b'\r') && !self.in_quotes;
        if is_end {
            if self.at_line_start {
                self.ready.extend_from_slice(BLANK);
            }
            self.at_line_start = true;
            self.record_bytes = 0;
            self.records += 1;
        } else {
            self.at_line_start = false;
            self.in_quotes ^= byte == b'"';
            self.record_bytes += 1;
            if self.record_bytes > RECORD_BYTES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    EndlessRecord(self.records),
                ));
            }
        }
        self.ready.push(byte);
        Ok(())
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
