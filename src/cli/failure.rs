//! How commands end.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::config::ConfigError;

//----------- Exit ---------------------------------------------------------------

/// How a command ended; the number is the exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Could not run.
    Failed = 1,
    /// The arguments or the configuration are wrong.
    Usage = 2,
    /// Finished, and some rows were refused.
    Refused = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

//----------- Failure ------------------------------------------------------------

/// Why a command did not do what it was asked, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code it leads to.
    pub exit: Exit,
    /// What is wrong; lower case, no full stop.
    pub error: String,
    /// What to do about it; lower case, no full stop.
    pub hint: String,
}

impl Failure {
    /// The command could not run.
    pub fn new(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            error: error.into(),
            hint: hint.into(),
        }
    }

    /// The arguments do not go together.
    pub fn usage(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::new(error, hint)
        }
    }

    /// Tells it on standard error.
    pub fn report(&self) -> ExitCode {
        if self.exit != Exit::Done {
            // Nobody is left to be told if standard error is closed.
            let _ = self.write(&mut io::stderr().lock());
        }
        self.exit.into()
    }

    /// Two lines, without control characters that an input may have brought.
    fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let line = |text: &str| text.replace(char::is_control, " ");
        writeln!(to, "error: {}", line(&self.error))?;
        writeln!(to, "hint: {}", line(&self.hint))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self {
            exit: Exit::Usage,
            error: error.to_string(),
            hint: error.hint(),
        }
    }
}

/// A reader that has seen enough closes the pipe: that is an end, not a fault.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Failed,
        };
        let error = format!("cannot write the result: {error}");
        Self {
            exit,
            error,
            hint: "is the disk full?".into(),
        }
    }
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_two_lines() {
        let mut told = Vec::new();
        Failure::new("no \u{1b}[31m\nnode", "start\rone")
            .write(&mut told)
            .unwrap();
        assert_eq!(told, b"error: no  [31m node\nhint: start one\n");
    }

    #[test]
    fn a_closed_pipe_is_an_end() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit, Exit::Done);
        let failure = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(failure.exit, Exit::Failed);
    }
}
