//! `restore`: a data directory from a backup.

use std::io;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::arguments::RestoreArguments;
use super::backup::{STREAM, keystore, shown};
use super::progress::Progress;
use super::{Exit, Failure, Output};
use crate::backup::{self, From, Repository, Restore, Restored, Until};
use crate::config::Config;
use crate::disk::RealDisk;

//----------- run ----------------------------------------------------------------

/// Restores, or says whether it could.
pub(super) fn run(
    config: &Config,
    arguments: &RestoreArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    let is_stream = arguments.backup == Path::new(STREAM);
    if arguments.dry_run && is_stream {
        let error = "a stream is read once: it is verified by restoring it";
        return Err(Failure::usage(
            error,
            "restore it to another directory, with --to",
        ));
    }
    let data_dir = arguments
        .to
        .as_ref()
        .unwrap_or(&config.server.node.data_dir);
    let options = Restore {
        data_dir: data_dir.clone(),
        until: until(arguments),
        segment_bytes_max: config.server.ledger.segment_bytes_max,
        archive_dirs: config.server.ledger.archive_dirs.clone(),
        disk: Arc::new(RealDisk),
    };
    let found = (!is_stream)
        .then(|| Repository::find(&arguments.backup, Arc::new(RealDisk)))
        .transpose()?;
    let mut progress = Progress::start("restoring", Some("entries"));
    let mut tell = |done, total| progress.set(done, total, String::new);
    if let Some(found) = found.as_ref().filter(|_| arguments.dry_run) {
        backup::check_restore(found, &options)?;
        let verified = backup::verify(found, &mut tell)?;
        drop(progress);
        return told_dry(found, &verified, output);
    }
    let from = match &found {
        Some(found) => From::Backup(found),
        None => From::Stream(Box::new(io::stdin())),
    };
    let restored = super::block_on(backup::restore(from, &options, &mut tell))??;
    drop(progress);
    let keys = match &arguments.keystore_from {
        Some(from) => keystore::copy(from, data_dir)?,
        None => Vec::new(),
    };
    told(&restored, &options, &keys, output)
}

fn until(arguments: &RestoreArguments) -> Until {
    // Before 1970 there was nothing.
    let before_ms = |time: jiff::Timestamp| u64::try_from(time.as_millisecond()).unwrap_or(0);
    Until {
        data_seq: arguments.data_seq,
        control_seq: arguments.control_seq,
        before_ms: arguments.before.map(before_ms),
    }
}

fn told_dry(
    found: &backup::Backup,
    verified: &backup::Verified,
    output: &Output,
) -> Result<Exit, Failure> {
    let name = found.path.display().to_string();
    if output.is_json() {
        output.json(&json!({
            "backup": name,
            "is_dry_run": true,
            "heads": shown::heads_json(&verified.heads),
        }))?;
    } else {
        let heads = shown::heads_text(&verified.heads);
        output.text(&format!("{name} is whole and can be restored\n{heads}"))?;
    }
    Ok(Exit::Done)
}

fn told(
    restored: &Restored,
    options: &Restore,
    keys: &[String],
    output: &Output,
) -> Result<Exit, Failure> {
    let data_dir = options.data_dir.display().to_string();
    if output.is_json() {
        output.json(&json!({
            "data_dir": data_dir,
            "ledger_id": restored.ledger_id.to_string(),
            "heads": shown::heads_json(&restored.heads),
            "live": restored.live,
            "enterprise_nodes": restored.enterprise_nodes,
            "keys": keys,
        }))?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{data_dir} is restored and verified\n");
    text.push_str(&shown::heads_text(&restored.heads));
    text.push_str(&format!("  identifiers     {}\n", restored.live));
    if keys.is_empty() {
        text.push_str("  no keys: the node makes a new admin-token when it starts\n");
    }
    if !options.until.is_all() {
        text.push_str("  what came after is given up: the node that had it must never run again\n");
    }
    output.text(&text)?;
    Ok(Exit::Done)
}
