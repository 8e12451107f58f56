//! Tests of the configuration. Variables are arguments: no test sets one of the process.

mod documents;
mod effects;
mod refusals;

use std::ffi::OsString;

use super::{Config, ConfigError, Loaded, parse};

/// The configuration of a text, with variables.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    parse(Some(("test.toml", text)), environment(variables))
}

/// The configuration of `version = 1` and some more lines.
fn with(lines: &str) -> Config {
    read(&format!("version = 1\n{lines}"), &[]).unwrap().config
}

fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

/// The defaults.
fn defaults() -> Config {
    parse(None, []).unwrap().config
}
