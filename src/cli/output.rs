//! Results, on standard output.

use std::io::{self, Write};

use serde_json::Value;

//----------- Output -------------------------------------------------------------

/// Where results go.
///
/// `println!` panics when its reader closes the pipe; these return the error, and `Failure` takes
/// a closed pipe for the end it is.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Results as JSON, or for people.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Are results JSON?
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a text as it is; a line end is added where it lacks one.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut to = io::stdout().lock();
        to.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            to.write_all(b"\n")?;
        }
        to.flush()
    }

    /// Prints a value as indented JSON.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn json(&self, value: &Value) -> io::Result<()> {
        self.text(&format!("{value:#}"))
    }
}
