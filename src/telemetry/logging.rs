//! The log: one event a line on standard error, as text or as JSON.
//!
//! Names, paths and bodies of strangers end up in events. Whatever they hold, an event stays one
//! line without control or bidirectional characters, so nobody can forge a line or steer a
//! terminal (compare RUSTSEC-2025-0055).

#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};

/// Longer lines of text are cut: what matters stands in front, the rest is someone's input.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// What warns of each malformed message that it reads: any stranger could fill the disk with it.
/// A filter that names it has the last word.
const LOUD_TARGET: &str = "hickory_proto";

//----------- Options ------------------------------------------------------------

/// What is told, and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    filter: String,
    /// How an event is written.
    pub format: Format,
}

impl Options {
    /// Options from a level (`info`) or a list of filters (`info,biaoshi::ledger=debug`).
    ///
    /// # Errors
    ///
    /// If a part of the list is neither a level nor `target=level`. The library would take a
    /// misspelt level for a target and tell nothing.
    pub fn new(filter: &str, format: Format) -> Result<Self, LoggingError> {
        let refuse = |part: &str| LoggingError::NoFilter(part.chars().take(64).collect());
        for part in filter.split(',') {
            let part = part.trim();
            let (target, level) = part.split_once('=').unwrap_or(("", part));
            let in_target = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
            let known = level.parse::<LevelFilter>().is_ok() && !level.is_empty();
            // The library also reads numbers as levels, which nobody can read back.
            if !known || level.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(refuse(part));
            }
            if !target.chars().all(in_target) || (target.is_empty() && part.contains('=')) {
                return Err(refuse(part));
            }
        }
        filter.parse::<Targets>().map_err(|_| refuse(filter))?;
        Ok(Self {
            filter: filter.into(),
            format,
        })
    }

    /// The level or the list of filters, as written.
    pub fn filter(&self) -> &str {
        &self.filter
    }
}

/// How an event is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// For people: time, level, target, message, fields.
    Text,
    /// For collectors: one object a line.
    Json,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Why the log could not be set up.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum LoggingError {
    /// A part of the filter list makes no sense.
    #[error("{0:?} is neither a level nor target=level")]
    NoFilter(String),
    /// There is one log per process.
    #[error("the log is already set up")]
    AlreadySetUp,
}

//----------- Actions ------------------------------------------------------------

/// Sets up the log of this process, on standard error.
///
/// # Errors
///
/// If it was set up before.
pub fn install(options: &Options) -> Result<(), LoggingError> {
    let subscriber = subscriber(options, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LoggingError::AlreadySetUp)
}

/// The subscriber that `install` sets up, on any writer.
fn subscriber<W>(
    options: &Options,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let refuse = |_| LoggingError::NoFilter(options.filter.clone());
    let mut filter: Targets = options.filter.parse().map_err(refuse)?;
    if !options.filter.contains(LOUD_TARGET) {
        filter = filter.with_target(LOUD_TARGET, LevelFilter::OFF);
    }
    let writer = Escaped {
        writer,
        format: options.format,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    let layer = match options.format {
        Format::Text => layer.boxed(),
        Format::Json => layer.json().flatten_event(true).boxed(),
    };
    Ok(tracing_subscriber::registry().with(layer.with_filter(filter)))
}

//----------- Escaped ------------------------------------------------------------

/// Writes events with everything escaped that is not for a line of text.
struct Escaped<W> {
    writer: W,
    format: Format,
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Escaped<W> {
    type Writer = EscapedWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        EscapedWriter {
            writer: self.writer.make_writer(),
            format: self.format,
        }
    }
}

struct EscapedWriter<W> {
    writer: W,
    format: Format,
}

impl<W: Write> Write for EscapedWriter<W> {
    /// Takes a whole event at once, as the formatting layer gives it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let mut line = escape(&String::from_utf8_lossy(event));
        if self.format == Format::Text && line.len() > LINE_BYTES_MAX {
            line.truncate(line.floor_char_boundary(LINE_BYTES_MAX));
            line.push_str(" … cut");
        }
        line.push('\n');
        self.writer.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The event without its line end, and with escapes that JSON reads too.
fn escape(event: &str) -> String {
    let event = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(event.len());
    for c in event.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if c.is_control() || reorders(c) => {
                line.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => line.push(c),
        }
    }
    line
}

/// Does it change the order or the breaking of what is shown around it?
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
