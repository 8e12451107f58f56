//! `generate`: data of any size in the shape of the sample, the same for the same seed.
//!
//! ```text
//! (seed, number) ─▶ mix ─▶ Shape: identifier, product, firm ─▶ Text ─▶ Place   a file or a pipe
//!                                                           └▶ node           a running node
//! ```
//!
//! A record is computed from its number alone: nothing is kept between two of them, so memory does
//! not grow with their number, and whoever asks for the millionth gets it at once.

mod firms;
mod mix;
mod node;
mod place;
mod plan;
mod product;
mod shape;
#[cfg(test)]
mod tests;
mod text;
mod zone;

use indicatif::HumanBytes;
use serde_json::json;

use super::arguments::{Form, GenerateArguments};
use super::progress::Progress;
use super::{Exit, Failure, Output};
use crate::config::Config;
use place::Place;
use plan::Plan;
use shape::IDENTIFIERS_MAX;
use text::Text;
use zone::ZoneFile;

pub(super) use shape::Shape;

/// Numbers of records, from the first to the one behind the last.
type Range = std::ops::Range<u64>;

/// Records between two looks at the clock.
const TOLD_EVERY: u64 = 1_024;

//----------- run ----------------------------------------------------------------

/// Makes what the arguments ask for.
pub(super) fn run(
    config: &Config,
    arguments: &GenerateArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    check(arguments)?;
    let start = arguments.skip;
    let end = start + arguments.count.unwrap_or(0);
    if end > IDENTIFIERS_MAX {
        let error = format!("--skip and --count together are over {IDENTIFIERS_MAX}");
        return Err(Failure::usage(error, "ask for fewer, or begin earlier"));
    }
    let shape = Shape::new(arguments.seed, end, arguments.firms);
    let range = match arguments.form {
        Form::EnterprisesCsv => 0..u64::from(shape.firms()),
        _ => start..shape.identifiers(),
    };
    let text = match arguments.form {
        Form::ProductsCsv => Text::Products,
        Form::EnterprisesCsv => Text::Enterprises,
        // What goes into a node has the size of its bodies.
        Form::Ndjson | Form::Node => Text::Ndjson,
        Form::Zone => {
            let name = arguments.zone.as_deref();
            Text::Zone(Box::new(ZoneFile::new(config, name, &arguments.records)?))
        }
        Form::Identifiers => Text::Identifiers,
        Form::Absent => Text::Absent,
    };
    if arguments.dry_run {
        let plan = Plan::of(&shape, &text, &range);
        match output.is_json() {
            true => output.json(&plan.to_json())?,
            false => output.text(&plan.to_string())?,
        }
        return Ok(Exit::Done);
    }
    match arguments.form {
        Form::Node => node::run(config, arguments, &shape, range, output),
        _ => write(arguments, &shape, &text, range, output),
    }
}

/// Refuses arguments of one form where another is asked for.
fn check(arguments: &GenerateArguments) -> Result<(), Failure> {
    let node = &arguments.node;
    let of_zone = [
        (arguments.zone.is_some(), "--zone"),
        (!arguments.records.is_empty(), "--records"),
    ];
    let of_node = [
        (arguments.batch.is_some(), "--batch"),
        (arguments.in_flight.is_some(), "--in-flight"),
        (node.node.is_some(), "--node"),
        (node.token_file.is_some(), "--token-file"),
    ];
    let wrong = match arguments.form {
        Form::Zone => find(&of_node),
        Form::Node if arguments.output.is_some() => Some("--output"),
        Form::Node => find(&of_zone),
        _ => find(&of_zone).or_else(|| find(&of_node)),
    };
    match wrong {
        Some(argument) => Err(Failure::usage(
            format!("{argument} has no meaning for this form"),
            "leave it out, or see `biaoshi generate --help` for the form it belongs to",
        )),
        None => Ok(()),
    }
}

fn find(given: &[(bool, &'static str)]) -> Option<&'static str> {
    let mut given = given.iter().filter(|(is_given, _)| *is_given);
    given.next().map(|(_, name)| *name)
}

//----------- write --------------------------------------------------------------

/// Writes the records of a range; of a file it is told how long it became.
fn write(
    arguments: &GenerateArguments,
    shape: &Shape,
    text: &Text,
    range: Range,
    output: &Output,
) -> Result<Exit, Failure> {
    let file = arguments.output.as_deref();
    let mut place = Place::open(file)?;
    let watched = place.is_watched();
    let mut progress = watched.then(|| Progress::start("generating", Some("records")));
    place.write(text.head().as_bytes())?;
    let records = range.end - range.start;
    let mut record = Vec::new();
    for (done, n) in (0..).zip(range) {
        record.clear();
        text.add(shape, n, &mut record);
        place.write(&record)?;
        if let Some(progress) = progress.as_mut().filter(|_| done % TOLD_EVERY == 0) {
            progress.set(done, records, || HumanBytes(place.bytes()).to_string());
        }
    }
    let bytes = place.finish()?;
    drop(progress);
    if let Some(file) = file {
        let file = file.display().to_string();
        match output.is_json() {
            true => output.json(&json!({"records": records, "bytes": bytes, "output": file}))?,
            false => output.text(&format!("{records} records, {bytes} bytes in {file}"))?,
        }
    }
    Ok(Exit::Done)
}
