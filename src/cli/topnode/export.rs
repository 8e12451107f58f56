//! `topnode export`: all tables as files, for an operator to look at, fill in and hand over.

use std::path::Path;

use serde_json::Value;

use super::{all_pages, as_csv, get, text, workbook::workbook};
use crate::cli::arguments::ExportArguments;
use crate::cli::client::Client;
use crate::cli::{Failure, Output};
use crate::disk::{Disk as _, RealDisk, write_whole};

/// Writes the tables; files that are there are replaced whole.
pub(super) fn run(
    client: &Client,
    arguments: &ExportArguments,
    output: &Output,
) -> Result<(), Failure> {
    let tables = fetch(client, arguments)?;
    let day = tables
        .first()
        .map_or_else(String::new, |one| text(&one["day"]));
    let mut files = Vec::new();
    for said in &tables {
        let name = format!("{}-{day}.csv", text(&said["table"]));
        files.push((name, as_csv(said)?.into_bytes()));
    }
    let book = workbook(&tables).map_err(|error| {
        let hint = "more rows than a sheet holds? the CSV files have them all";
        Failure::new(format!("the workbook cannot be made: {error}"), hint)
    })?;
    files.push((format!("topnode-{day}.xlsx"), book));
    let names = write_all(&arguments.to, files)?;
    if output.is_json() {
        output.json(&serde_json::json!({ "day": day, "files": names }))?;
    } else {
        output.text(&names.join("\n"))?;
    }
    Ok(())
}

/// The tables that are asked for, or all.
fn fetch(client: &Client, arguments: &ExportArguments) -> Result<Vec<Value>, Failure> {
    let mut names = arguments.tables.clone();
    if names.is_empty() {
        let said = get(client, "/api/v1/topnode/tables")?;
        let listed = said["tables"].as_array().into_iter().flatten();
        names = listed.map(|table| text(&table["table"])).collect();
    }
    names
        .iter()
        .map(|name| all_pages(client, name, arguments.day))
        .collect()
}

/// Writes files to a directory, which is made where it is missing; says their names.
pub(super) fn write_all(
    to: &Path,
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Result<Vec<String>, Failure> {
    RealDisk
        .create_folder(to)
        .map_err(|error| cannot(to, &error))?;
    let written = files.into_iter().map(|(name, bytes)| {
        let path = to.join(name);
        write_whole(&RealDisk, &path, &bytes).map_err(|error| cannot(&path, &error))?;
        Ok(path.display().to_string())
    });
    written.collect()
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("{}: {error}", path.display()),
        "name a directory with --to that this user may write to",
    )
}
