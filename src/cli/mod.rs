//! The command line: arguments in, exit code out.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | could not run: no node there, no space, a damaged ledger |
//! | 2 | the arguments or the configuration are wrong |
//! | 3 | finished, and some rows were refused |
//!
//! Results go to standard output, everything else to standard error: a failure as `error: …` and
//! `hint: …`, each on a line. With `--json` results are JSON.

mod arguments;
mod backup;
mod bench;
mod check_config;
mod client;
mod failure;
#[cfg(test)]
mod fake_node;
mod generate;
mod import;
mod ledger;
mod output;
mod progress;
mod resolve;
mod restore;
mod serve;
mod statistics;
mod table;
mod topnode;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{self, Config, Loaded};

pub use arguments::{Arguments, Command};
pub use failure::{Exit, Failure};
pub use output::Output;

/// The variables of the environment, as the process was given them.
pub type Variables = Vec<(OsString, OsString)>;

//----------- main ---------------------------------------------------------------

/// Runs the command that the arguments name.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(asked) => {
            // Help and versions are results, the rest are faults; a closed pipe matters to neither.
            let _ = asked.print();
            return if asked.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
            .into();
        }
    };
    match run(arguments, variables.into_iter().collect()) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(),
    }
}

/// One command, to its end.
fn run(arguments: Arguments, variables: Variables) -> Result<Exit, Failure> {
    let output = Output::new(arguments.json);
    if let Command::CheckConfig { defaults: true } = arguments.command {
        return check_config::print_defaults(&output);
    }
    let file = config::locate(arguments.config, variables.iter().cloned());
    let locale = import::Locale::of(&variables);
    let loaded = config::load(file.as_deref(), variables)?;
    dispatch(arguments.command, loaded, locale, &output)
}

fn dispatch(
    command: Command,
    loaded: Loaded,
    locale: import::Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    let config: &Config = &loaded.config;
    match command {
        Command::Serve { accept_clock } => serve::run(config, accept_clock, output),
        Command::Import(arguments) => import::run(config, &arguments, locale, output),
        Command::Resolve(arguments) => resolve::run(config, &arguments, output),
        Command::Statistics(arguments) => statistics::run(config, &arguments, locale, output),
        Command::Topnode { command } => topnode::run(config, &command, locale, output),
        Command::Generate(arguments) => generate::run(config, &arguments, output),
        Command::Ledger { command } => ledger::run(config, &command, output),
        Command::Backup { command } => backup::run(config, &command, output),
        Command::Restore(arguments) => restore::run(config, &arguments, output),
        Command::Bench(arguments) => bench::run(config, &arguments, output),
        Command::CheckConfig { .. } => check_config::run(&loaded, output),
    }
}

/// Runs what waits, on this thread alone: a command does one thing after another.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            let error = format!("cannot start: {error}");
            Failure::new(error, "see whether open files are limited (ulimit -n)")
        })?;
    Ok(runtime.block_on(work))
}
