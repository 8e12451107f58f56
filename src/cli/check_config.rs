//! `check-config`: what the node would run on.

use serde_json::json;

use super::{Exit, Failure, Output};
use crate::config::{DEFAULTS, KEYS, Loaded};

/// Prints the configuration and where each value comes from.
pub(super) fn run(loaded: &Loaded, output: &Output) -> Result<Exit, Failure> {
    let file = loaded.file.as_ref().map(|file| file.display().to_string());
    if output.is_json() {
        let origins: serde_json::Map<String, serde_json::Value> = KEYS
            .iter()
            .zip(&loaded.origins)
            .map(|(key, origin)| {
                (
                    format!("{}.{}", key.section, key.name),
                    json!(origin.to_string()),
                )
            })
            .collect();
        output.json(&json!({ "file": file, "config": loaded.to_json(), "origins": origins }))?;
    } else {
        let file = file
            .unwrap_or_else(|| "none, the defaults".into())
            .replace(char::is_control, " ");
        output.text(&format!("# file: {file}\n{}", loaded.to_toml()))?;
    }
    Ok(Exit::Done)
}

/// Prints the commented default file.
pub(super) fn print_defaults(output: &Output) -> Result<Exit, Failure> {
    output.text(DEFAULTS)?;
    Ok(Exit::Done)
}
