//! Keys beside a backup, and never in it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::cli::Failure;
use crate::disk::{self, Disk as _, RealDisk};
use crate::server::TOKEN_FILE;

/// The secrets of a data directory.
const KEYS: &[&str] = &[TOKEN_FILE];

/// Refuses a place for keys that is the place of backups: whoever may copy those may have these.
pub(super) fn check_apart(keys: &Path, backups: &Path) -> Result<(), Failure> {
    if resolved(keys).starts_with(resolved(backups)) {
        return Err(Failure::usage(
            "the keys must not lie among the backups",
            "name another directory for --keystore-to, on another medium",
        ));
    }
    Ok(())
}

/// Where a path leads, though its last parts may not be there yet.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_default();
    let mut place = PathBuf::new();
    for part in absolute.components() {
        match part {
            // Of what is there already, links are followed; a parent is one of where they lead.
            Component::ParentDir => {
                place.pop();
            }
            part => place.push(part),
        }
        if let Ok(followed) = fs::canonicalize(&place) {
            place = followed;
        }
    }
    place
}

/// Copies the keys that there are; their paths.
pub(in crate::cli) fn copy(from: &Path, to: &Path) -> Result<Vec<String>, Failure> {
    let cannot = |path: &Path, error: std::io::Error| {
        let error = format!("cannot copy {}: {error}", path.display());
        Failure::new(
            error,
            "see whether it may be read, and the other place written",
        )
    };
    RealDisk
        .create_folder(to)
        .map_err(|error| cannot(to, error))?;
    let mut copied = Vec::new();
    for name in KEYS {
        let (from, to) = (from.join(name), to.join(name));
        if !from.exists() {
            continue;
        }
        let bytes = fs::read(&from).map_err(|error| cannot(&from, error))?;
        disk::write_whole(&RealDisk, &to, &bytes).map_err(|error| cannot(&to, error))?;
        copied.push(to.display().to_string());
    }
    Ok(copied)
}
