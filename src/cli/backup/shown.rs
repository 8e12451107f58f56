//! Backups, as they are told.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::backup::{Backup, BackupError, Created};
use crate::change::Partition;
use crate::ledger::Head;

/// Heads, for scripts.
pub(in crate::cli) fn heads_json(heads: &[(Partition, Head)]) -> Value {
    let one = |(partition, head): &(Partition, Head)| {
        json!({
            "partition": partition.to_string(),
            "head_seq": head.seq,
            "head_hash": head.hash.to_string(),
        })
    };
    heads.iter().map(one).collect()
}

/// Heads, for people.
pub(in crate::cli) fn heads_text(heads: &[(Partition, Head)]) -> String {
    let mut text = String::new();
    for (partition, head) in heads {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<16}entry {}", partition.to_string(), head.seq);
    }
    text
}

/// What a backup came to, for people.
pub(super) fn created_text(created: &Created, is_dry_run: bool, keys: &[String]) -> String {
    let Created {
        path,
        segments_copied,
        segments_shared,
        bytes_written,
        heads,
    } = created;
    let path = path.display();
    let segments = format!("{segments_copied} closed segments, {segments_shared} are there");
    if is_dry_run {
        return format!("{path} would be written\n  it would copy {segments} already\n");
    }
    let mut text = format!("{path}\n  copied {segments} already; {bytes_written} bytes\n");
    text.push_str(&heads_text(heads));
    if keys.is_empty() {
        text.push_str("  no keys: --keystore-to copies those\n");
    }
    for key in keys {
        let _ = writeln!(text, "  key             {key}");
    }
    text
}

/// What a directory holds, for scripts.
pub(super) fn list_json(found: &[Result<Backup, BackupError>]) -> Value {
    let one = |found: &Result<Backup, BackupError>| match found {
        Ok(backup) => json!({
            "backup": backup.path.display().to_string(),
            "taken_at": backup.taken_at(),
            "ledger_id": backup.ledger_id().to_string(),
            "bytes": backup.bytes(),
            "heads": heads_json(&backup.heads()),
        }),
        Err(wrong) => json!({"wrong": wrong.to_string()}),
    };
    found.iter().map(one).collect()
}

/// What a directory holds, for people.
pub(super) fn list_text(found: &[Result<Backup, BackupError>]) -> String {
    let mut text = String::new();
    for found in found {
        let _ = match found {
            Ok(backup) => {
                let heads: Vec<String> = backup
                    .heads()
                    .iter()
                    .map(|(partition, head)| format!("{partition} {}", head.seq))
                    .collect();
                let (path, bytes) = (backup.path.display(), backup.bytes());
                writeln!(text, "{path}  {bytes} bytes  {}", heads.join(", "))
            }
            Err(wrong) => writeln!(text, "not finished, or damaged: {wrong}"),
        };
    }
    text
}
