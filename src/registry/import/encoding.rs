//! Which encoding a file has, and its text as UTF-8.
//!
//! Spreadsheets of Chinese offices write GB18030 or UTF-8 and say which only by a byte-order mark,
//! if that. A file is read once to tell, and once for its rows.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder};

/// Bytes read at a time.
const BUFFER_BYTES: usize = 64 * 1024;

/// Bytes of the longest signature.
const SIGNATURE_BYTES: usize = 4;

/// UTF-8's byte-order mark.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

//----------- Encoding ---------------------------------------------------------

/// An encoding that rows are read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// GB18030, of which GBK and GB2312 are parts.
    Gb18030,
}

/// Reads a file once and tells its encoding, in constant memory.
///
/// A byte-order mark decides; without a fault it is UTF-8; with faults it is UTF-8 as long as there
/// are more sound sequences of several bytes than faults, for in GB18030 those are rare accidents.
///
/// # Errors
/// Where the file cannot be read, or is a workbook or UTF-16.
pub fn detect(mut file: impl Read) -> Result<Encoding, EncodingError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut scan = Utf8Scan::default();
    // A reader may give less than it has; a signature must not be cut.
    let mut start = Vec::new();
    loop {
        let count = read(&mut file, &mut buffer)
            .map_err(|error| EncodingError::Unreadable(error.to_string()))?;
        if count == 0 {
            break;
        }
        scan.feed(&buffer[..count]);
        if start.len() < SIGNATURE_BYTES {
            start.extend_from_slice(&buffer[..count.min(SIGNATURE_BYTES)]);
            if let Some(decided) = signature(&start) {
                return decided;
            }
        }
    }
    // What is still open is cut by the end of the file.
    let faults = scan.faults + u64::from(!scan.open.is_empty());
    let is_utf8 = faults == 0 || scan.sound > faults;
    Ok(if is_utf8 {
        Encoding::Utf8
    } else {
        Encoding::Gb18030
    })
}

/// Reads once, however often it is interrupted.
fn read(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// What the first bytes decide.
fn signature(bytes: &[u8]) -> Option<Result<Encoding, EncodingError>> {
    if bytes.starts_with(UTF_8_MARK) {
        return Some(Ok(Encoding::Utf8));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(Err(EncodingError::Utf16));
    }
    // ZIP and OLE: the two kinds of workbook.
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Some(Err(EncodingError::Workbook));
    }
    None
}

/// Counts sound sequences of several bytes, and faults, over a stream.
#[derive(Default)]
struct Utf8Scan {
    sound: u64,
    faults: u64,
    /// A sequence that the last part ended in.
    open: Vec<u8>,
}

impl Utf8Scan {
    fn feed(&mut self, part: &[u8]) {
        let mut bytes = std::mem::take(&mut self.open);
        bytes.extend_from_slice(part);
        for chunk in bytes.utf8_chunks() {
            let sound = chunk
                .valid()
                .chars()
                .filter(|character| !character.is_ascii())
                .count();
            self.sound += u64::try_from(sound).unwrap_or(u64::MAX);
            let invalid = chunk.invalid();
            let is_last = invalid.as_ptr_range().end == bytes.as_ptr_range().end;
            // A sequence may be cut by the part's end: at most three bytes of it.
            if is_last && !invalid.is_empty() && is_cut(invalid) {
                self.open = invalid.to_vec();
            } else {
                self.faults += u64::from(!invalid.is_empty());
            }
        }
    }
}

/// Whether bytes are the beginning of a longer sound sequence.
fn is_cut(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

//----------- Decoded ----------------------------------------------------------

/// A file's text as UTF-8; what is no text becomes U+FFFD.
pub(super) struct Decoded<R> {
    file: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// What of `input` is not decoded yet.
    pending: std::ops::Range<usize>,
    is_at_end: bool,
    /// The decoder has given all it will; it must not be asked again.
    is_done: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(file: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => encoding_rs::UTF_8.new_decoder_with_bom_removal(),
            Encoding::Gb18030 => encoding_rs::GB18030.new_decoder_without_bom_handling(),
        };
        let input = vec![0; BUFFER_BYTES];
        Self {
            file,
            decoder,
            input,
            pending: 0..0,
            is_at_end: false,
            is_done: false,
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        // The decoder needs room for one character of output at least.
        if output.len() < 16 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        while !self.is_done {
            if self.pending.is_empty() && !self.is_at_end {
                let count = read(&mut self.file, &mut self.input)?;
                self.pending = 0..count;
                self.is_at_end = count == 0;
            }
            let input = &self.input[self.pending.clone()];
            let (result, read, written, _) =
                self.decoder.decode_to_utf8(input, output, self.is_at_end);
            self.pending.start += read;
            self.is_done = self.is_at_end && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

//============ Error types =====================================================

/// Why a file's encoding is not one that rows are read in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    /// UTF-16.
    #[error("the file is UTF-16; save it as \"CSV UTF-8\" (另存为 CSV UTF-8) and import that")]
    Utf16,
    /// A workbook.
    #[error("the file is a workbook; save it as \"CSV UTF-8\" (另存为 CSV UTF-8) and import that")]
    Workbook,
}
