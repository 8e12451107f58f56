//! What can be wrong with a configuration, where, and what to do.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::keys::{Key, of_section, sections};

//----------- Origin -------------------------------------------------------------

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Nothing was said.
    Default,
    /// A file.
    File {
        /// As it was named.
        name: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// A variable of the environment.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

//----------- ConfigError --------------------------------------------------------

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is larger than any configuration.
    #[error("the configuration {name} is over {max} bytes")]
    TooLarge {
        /// The file.
        name: String,
        /// The limit in bytes.
        max: u64,
    },
    /// The file is not UTF-8.
    #[error("the configuration {name} is not UTF-8 text")]
    NotText {
        /// The file.
        name: String,
    },
    /// The file is not TOML.
    #[error("{at}: not valid TOML: {what}")]
    Syntax {
        /// Where.
        at: Origin,
        /// What the parser said.
        what: String,
    },
    /// The version is absent or not one that this release reads.
    #[error("{at}: {what}")]
    Version {
        /// Where.
        at: Origin,
        /// What is wrong.
        what: String,
    },
    /// A name on the top level that is no section.
    #[error("{at}: unknown section {written:?}, the nearest known one is [{nearest}]")]
    UnknownSection {
        /// Where.
        at: Origin,
        /// What was written.
        written: String,
        /// The known section nearest to it.
        nearest: &'static str,
    },
    /// A key that its section does not have.
    #[error("{at}: unknown key {written:?} in [{section}], the nearest known one is {nearest}")]
    UnknownKey {
        /// Where.
        at: Origin,
        /// The section it was written in.
        section: &'static str,
        /// What was written.
        written: String,
        /// The known key nearest to it.
        nearest: &'static Key,
    },
    /// A variable that sets nothing.
    #[error("unknown variable {written:?} in the environment, the nearest known one is {nearest}")]
    UnknownVariable {
        /// Its name.
        written: String,
        /// The known variable nearest to it.
        nearest: String,
    },
    /// A value of another kind.
    #[error("{at}: {key} is {found}, expected {}", key.kind)]
    WrongKind {
        /// Where.
        at: Origin,
        /// The key.
        key: &'static Key,
        /// What was found.
        found: String,
    },
    /// A value of the right kind that makes no sense.
    #[error("{at}: {key}: {what}")]
    Invalid {
        /// Where.
        at: Origin,
        /// The key.
        key: &'static Key,
        /// What is wrong.
        what: String,
        /// What to do about it.
        hint: String,
    },
}

impl ConfigError {
    /// What to do about it, as one sentence without a full stop.
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "name another file with --config, or leave it out to run on the defaults".into()
            }
            Self::TooLarge { .. } | Self::NotText { .. } => {
                "is this the right file? `biaoshi check-config --defaults` prints a sound one"
                    .into()
            }
            Self::Syntax { .. } => "`biaoshi check-config --defaults` prints a sound file".into(),
            Self::Version { .. } => "let the file begin with `version = 1`".into(),
            Self::UnknownSection { .. } => format!("the sections are {}", sections().join(", ")),
            Self::UnknownKey { section, .. } => {
                let names: Vec<&str> = of_section(section).map(|key| key.name).collect();
                format!("the keys of [{section}] are {}", names.join(", "))
            }
            Self::UnknownVariable { .. } => {
                "unset it, or see docs/configuration.md for every variable".into()
            }
            Self::WrongKind { key, .. } => match key.kind {
                super::Kind::Texts => format!("for example {} = {}", key.name, example(key)),
                _ => format!("the default is {} = {}", key.name, key.default),
            },
            Self::Invalid { hint, .. } => hint.clone(),
        }
    }
}

/// A value that the key takes: its default, or one of its kind where the default is empty.
fn example(key: &Key) -> &'static str {
    if key.default == "[]" {
        r#"["88.118", "88.300"]"#
    } else {
        key.default
    }
}
