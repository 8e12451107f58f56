//! `backup`: takes, lists and verifies backups.
//!
//! The node need not be asked, and is not disturbed: its ledger is read as it grows.

mod failure;
pub(super) mod keystore;
pub(super) mod shown;

use std::io::{self, IsTerminal, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use self::shown::{created_text, heads_json, list_json, list_text};
use super::arguments::{BackupCommand, CreateArguments};
use super::progress::Progress;
use super::{Exit, Failure, Output};
use crate::backup::{self, BackupError, Repository};
use crate::config::Config;
use crate::disk::RealDisk;
use crate::ledger::{Inline, SqliteLedger, SqliteOptions};

/// What stands for standard output or input.
pub(super) const STREAM: &str = "-";

//----------- run ----------------------------------------------------------------

/// Does what was asked about backups.
pub(super) fn run(
    config: &Config,
    command: &BackupCommand,
    output: &Output,
) -> Result<Exit, Failure> {
    match command {
        BackupCommand::Create(arguments) if arguments.directory == Path::new(STREAM) => {
            stream(config, arguments, output)
        }
        BackupCommand::Create(arguments) => create(config, arguments, output),
        BackupCommand::List { directory } => list(directory, output),
        BackupCommand::Verify { backup } => verify(backup, output),
    }
}

/// The ledger of the node, to read.
fn ledger(config: &Config) -> Result<SqliteLedger, Failure> {
    let root = config.server.node.data_dir.join("ledger");
    if !root.is_dir() {
        return Err(Failure::new(
            format!("there is no ledger at {}", root.display()),
            "set [node] data_dir (or BIAOSHI_NODE_DATA_DIR) to a node's data directory",
        ));
    }
    let options = SqliteOptions {
        archive_dirs: config.server.ledger.archive_dirs.clone(),
        ..SqliteOptions::to_read()
    };
    Ok(SqliteLedger::open(&root, options, Arc::new(Inline))?)
}

fn create(config: &Config, arguments: &CreateArguments, output: &Output) -> Result<Exit, Failure> {
    let ledger = ledger(config)?;
    let data_dir = &config.server.node.data_dir;
    if let Some(keys) = &arguments.keystore_to {
        keystore::check_apart(keys, &arguments.directory)?;
    }
    let repository = Repository::new(arguments.directory.clone(), Arc::new(RealDisk));
    let keep = arguments.keep.and_then(|keep| usize::try_from(keep).ok());
    let how = (jiff::Timestamp::now(), keep, arguments.dry_run);
    let mut progress = Progress::start("backing up", Some("entries"));
    let mut tell = |done, total| progress.set(done, total, String::new);
    let created = backup::create(&ledger, &repository, how, &mut tell);
    let created = super::block_on(created)??;
    drop(progress);
    let keys = match &arguments.keystore_to {
        Some(to) if !arguments.dry_run => keystore::copy(data_dir, to)?,
        _ => Vec::new(),
    };
    if output.is_json() {
        output.json(&json!({
            "backup": created.path.display().to_string(),
            "is_dry_run": arguments.dry_run,
            "segments_copied": created.segments_copied,
            "segments_shared": created.segments_shared,
            "bytes_written": created.bytes_written,
            "heads": heads_json(&created.heads),
            "keys": keys,
        }))?;
    } else {
        output.text(&created_text(&created, arguments.dry_run, &keys))?;
    }
    Ok(Exit::Done)
}

fn stream(config: &Config, arguments: &CreateArguments, output: &Output) -> Result<Exit, Failure> {
    let out = io::stdout();
    if arguments.keep.is_some() || arguments.dry_run {
        let error = "--keep and --dry-run are for a directory of backups";
        return Err(Failure::usage(error, "leave them out, or name a directory"));
    }
    if out.is_terminal() {
        let error = "standard output is a terminal, and a backup is no text";
        return Err(Failure::usage(error, "redirect it to a file or a pipe"));
    }
    let ledger = ledger(config)?;
    let mut progress = Progress::start("backing up", Some("entries"));
    let mut tell = |done, total| progress.set(done, total, String::new);
    let written = backup::stream(&ledger, out, &mut tell);
    let (cut, bytes) = super::block_on(written)??;
    drop(progress);
    let keys = match &arguments.keystore_to {
        Some(to) => keystore::copy(&config.server.node.data_dir, to)?,
        None => Vec::new(),
    };
    // Standard output is the stream.
    let told = if output.is_json() {
        let heads: Vec<_> = cut
            .heads()
            .map(|(name, head)| (name.clone(), head))
            .collect();
        json!({"bytes_written": bytes, "heads": heads_json(&heads), "keys": keys}).to_string()
    } else {
        let entries = cut.entries();
        format!(
            "{entries} entries of ledger {} in {bytes} bytes",
            cut.ledger_id
        )
    };
    writeln!(io::stderr(), "{told}")?;
    Ok(Exit::Done)
}

fn list(directory: &Path, output: &Output) -> Result<Exit, Failure> {
    let repository = Repository::new(directory.to_owned(), Arc::new(RealDisk));
    let found = repository.list()?;
    if found.is_empty() {
        return Err(BackupError::NoBackup(directory.display().to_string()).into());
    }
    if output.is_json() {
        output.json(&list_json(&found))?;
    } else {
        output.text(&list_text(&found))?;
    }
    Ok(Exit::Done)
}

fn verify(path: &Path, output: &Output) -> Result<Exit, Failure> {
    let backup = Repository::find(path, Arc::new(RealDisk))?;
    let mut progress = Progress::start("reading the backup", Some("entries"));
    let mut tell = |done, total| progress.set(done, total, String::new);
    let verified = backup::verify(&backup, &mut tell)?;
    drop(progress);
    let name = backup.path.display().to_string();
    if output.is_json() {
        output.json(&json!({
            "backup": name,
            "ledger_id": backup.ledger_id().to_string(),
            "taken_at": backup.taken_at(),
            "is_whole": true,
            "segments": verified.segments,
            "heads": heads_json(&verified.heads),
        }))?;
    } else {
        let id = backup.ledger_id();
        output.text(&format!("{name} of ledger {id} is whole\n"))?;
    }
    Ok(Exit::Done)
}
