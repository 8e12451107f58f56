//! `import`: registers what a clerk exported with the running node.
//!
//! ```text
//! file ─▶ Rows (registry::import) ─▶ Run ─▶ Batch ─▶ Sender ─▶ node
//!                                     │                 │ verdicts
//!                                     └──── settle ◀────┘ ─▶ Report, Summary
//! ```
//!
//! The file is read twice, for its encoding and for its rows; one batch is on its way at a time,
//! so memory does not grow with the file. Importing again is safe: what is there is unchanged.

mod batch;
mod file;
mod locale;
mod prefixes;
mod report;
mod run;
mod send;
mod settle;
mod summary;
#[cfg(test)]
mod tests;

use std::io::Read;

use super::arguments::{ImportArguments, ImportedFiling, Language};
use super::client::{Client, Target, TokenUse};
use super::progress::Progress;
use super::{Exit, Failure, Output};
use crate::config::Config;

use crate::registry::import::Rows;
use batch::Batch;
use file::Source;
use prefixes::Prefixes;
use report::Report;
use run::Run;
use summary::Summary;

pub(super) use batch::{ITEMS_MAX, item};
pub(super) use locale::{Locale, language, today};
pub(super) use send::{Outcome, Sender, Verdict};

//----------- run ----------------------------------------------------------------

/// Imports a file and prints how that went.
pub(super) fn run(
    config: &Config,
    arguments: &ImportArguments,
    locale: Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    let language = language(arguments.lang, locale);
    let summary = import(config, arguments, language)?;
    if output.is_json() {
        output.json(&summary.to_json(arguments.dry_run, arguments.report.as_deref()))?;
    } else {
        output.text(&summary.shown(arguments.dry_run, language).to_string())?;
    }
    Ok(match summary.refused() {
        0 => Exit::Done,
        _ => Exit::Refused,
    })
}

/// Imports a file.
fn import(
    config: &Config,
    arguments: &ImportArguments,
    language: Language,
) -> Result<Summary, Failure> {
    let profiles = file::profiles(arguments.profile.as_deref())?;
    let source = Source::open(&arguments.file)?;
    let mut rows = source.rows(&profiles)?;
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let report = arguments.report.as_deref().map(|place| {
        file::check_place(place, &arguments.file)?;
        Report::create(place).map_err(|error| run::unwritable(&error))
    });
    let items_max = usize::try_from(arguments.batch).unwrap_or(ITEMS_MAX);
    let filed = match arguments.filing {
        ImportedFiling::Passed => Some(today()),
        ImportedFiling::Pending => None,
    };
    let mut run = Run {
        sender: Sender::new(client, rows.kind(), arguments.dry_run, entropy()?),
        batch: Batch::new(items_max, filed),
        report: report.transpose()?,
        language,
        progress: Progress::start("importing", None),
        summary: Summary::default(),
        prefixes: Prefixes::default(),
    };
    file::tell_notices(&rows, &run.progress);
    match take_all(&mut rows, &source, &mut run) {
        Ok(()) => run.finish(),
        Err(failure) => Err(stopped(failure, run.summary.rows, arguments.dry_run)),
    }
}

/// Takes the rows one by one; those before a place that cannot be read are sent all the same.
fn take_all(rows: &mut Rows<impl Read>, source: &Source<'_>, run: &mut Run) -> Result<(), Failure> {
    loop {
        let row = match rows.next_row() {
            Ok(Some(row)) => row,
            Ok(None) => return run.flush(),
            Err(error) => {
                run.flush()?;
                return Err(source.unreadable(&error));
            }
        };
        run.take(row)?;
        let rows = run.summary.rows;
        run.progress.set(source.bytes_read(), source.bytes(), || {
            format!("{rows} rows")
        });
    }
}

/// The failure with how far it was.
pub(super) fn stopped(failure: Failure, rows: u64, dry_run: bool) -> Failure {
    if rows == 0 || dry_run {
        return failure;
    }
    let hint = format!(
        "{}; {rows} rows are done; it is safe to run the same again",
        failure.hint
    );
    Failure { hint, ..failure }
}

/// What tells the keys of this run from those of any other.
pub(super) fn entropy() -> Result<[u8; 16], Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        let error = format!("the system gives no random bytes: {error}");
        Failure::new(error, "see whether getrandom(2) is allowed here")
    })?;
    Ok(bytes)
}
