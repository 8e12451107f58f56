//! `serve`: the node, until it is told to stop.

use super::{Exit, Failure};
use crate::config::Config;
use crate::telemetry::logging;

/// Runs the node.
pub(super) fn run(config: &Config) -> Result<Exit, Failure> {
    logging::install(&config.log).map_err(|error| {
        Failure::new(
            format!("cannot set up the log: {error}"),
            "see [log] in docs/configuration.md",
        )
    })?;
    not_built("serve", &config.server.node.data_dir)
}

/// For a command whose insides are still to come.
pub(super) fn not_built(command: &str, about: &std::path::Path) -> Result<Exit, Failure> {
    let error = format!("{command} is not built yet ({})", about.display());
    Err(Failure::new(
        error,
        "see CHANGELOG.md for what this build does",
    ))
}
