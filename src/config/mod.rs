//! The configuration: a versioned TOML file, overridden by the environment.
//!
//! ```text
//! defaults of KEYS ─▶ file ─▶ environment ─▶ Spec ─▶ Config ─▶ each module's own options
//!                     names and kinds are    schema  meaning
//!                     checked, with places           is checked
//! ```
//!
//! `Spec` is the schema of the file and never leaves this module; `Config` is what the node runs
//! on. Whatever is wrong is refused with its place, the nearest known name and what to do.

mod environment;
mod error;
mod file;
mod keys;
mod networks;
mod report;
mod resolve;
mod settings;
mod show;
mod spec;
#[cfg(test)]
mod tests;
mod topnode;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::server;
use crate::telemetry::logging;

pub use error::{ConfigError, Origin};
pub use file::FILE_BYTES_MAX;
pub use keys::{FILE_VARIABLE, KEYS, Key, Kind, VARIABLE_PREFIX};

use settings::Settings;

/// The file that is read if it is there and no other is named.
pub const FILE_DEFAULT: &str = "biaoshi.toml";

/// Every key with its default and what it does, as a file.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

//----------- Config -------------------------------------------------------------

/// What the node runs on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// For the server and all it starts.
    pub server: server::Options,
    /// For the logs.
    pub log: logging::Options,
}

/// A configuration with where it comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the node runs on.
    pub config: Config,
    /// The file that was read, if one was.
    pub file: Option<PathBuf>,
    /// The origin of each key, in the order of [`KEYS`].
    pub origins: Vec<Origin>,
}

//----------- Actions ------------------------------------------------------------

/// The file to read: the one named, else the one of [`FILE_VARIABLE`], else [`FILE_DEFAULT`] if
/// it is there, else none.
pub fn locate(
    named: Option<PathBuf>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Option<PathBuf> {
    let variable = |(name, value): (OsString, OsString)| {
        (name == FILE_VARIABLE && !value.is_empty()).then(|| PathBuf::from(value))
    };
    let here = || Some(PathBuf::from(FILE_DEFAULT)).filter(|file| file.is_file());
    named
        .or_else(|| variables.into_iter().find_map(variable))
        .or_else(here)
}

/// Reads the file, if one is named, and the environment.
///
/// # Errors
///
/// If the file cannot be read, or if either says something unknown or unsound.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let text = file.map(file::read).transpose()?;
    let name = file.map(|file| file.display().to_string());
    let loaded = parse(name.as_deref().zip(text.as_deref()), variables)?;
    Ok(Loaded {
        file: file.map(Path::to_path_buf),
        ..loaded
    })
}

/// The configuration of a file, given as its name and its text, and an environment.
///
/// # Errors
///
/// If either says something unknown or unsound.
pub fn parse(
    file: Option<(&str, &str)>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let mut settings = Settings::defaults();
    if let Some((name, text)) = file {
        file::overlay(&mut settings, name, text)?;
    }
    environment::overlay(&mut settings, variables)?;
    let config = resolve::resolve(&settings)?;
    Ok(Loaded {
        config,
        file: None,
        origins: settings.into_origins(),
    })
}
