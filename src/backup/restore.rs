//! From a backup to a data directory.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::PathBuf,
    sync::Arc,
};

use super::{
    Backup, BackupError, Tell, Until,
    entries::{EntriesReader, Record},
    hashing::check_file,
    place::Place,
    restoring::Restoring,
};
use crate::{
    change::{LedgerId, Partition},
    disk::Disk,
    ledger::{self, Head, Inline, Ledger, SqliteLedger, SqliteOptions},
    state::{self, DATA},
};

/// Bytes of a file read at a time.
const BUFFER_BYTES: usize = 1024 * 1024;

/// Payload bytes verified at a time.
const READ_BYTES: usize = 8 * 1024 * 1024;

//----------- restore ----------------------------------------------------------

/// What to restore from.
pub enum From<'a> {
    /// A finished backup.
    Backup(&'a Backup),
    /// A stream with every entry.
    Stream(Box<dyn Read + Send>),
}

/// How to restore.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The data directory, which must be empty or missing.
    pub data_dir: PathBuf,
    /// Up to where.
    pub until: Until,
    /// The largest segment of the ledger, in bytes.
    pub segment_bytes_max: u64,
    /// Where the node will look for closed segments too.
    pub archive_dirs: Vec<PathBuf>,
    /// The disk of the data directory.
    pub disk: Arc<dyn Disk>,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Whose it is.
    pub ledger_id: LedgerId,
    /// The last entry of each partition.
    pub heads: Vec<(Partition, Head)>,
    /// Identifiers that are live.
    pub live: u64,
    /// Enterprises that have a prefix.
    pub enterprise_nodes: u64,
}

/// Restores a data directory; under its name it is whole.
///
/// # Errors
/// Where the directory is not empty, or anything in the backup is not what was written: then the
/// directory is as it was, and what was restored so far is removed again.
pub async fn restore(
    from: From<'_>,
    options: &Restore,
    tell: &mut Tell<'_>,
) -> Result<Restored, BackupError> {
    let place = Place::take(&options.data_dir, &options.disk)?;
    let root = place.path().join("ledger");
    let sqlite = SqliteOptions {
        segment_bytes_max: options.segment_bytes_max,
        free_bytes_min: 0,
        // All of it is synced before it gets its name.
        sync_commits: false,
        disk: Arc::clone(&options.disk),
        ..SqliteOptions::default()
    };
    let ledger = SqliteLedger::open(&root, sqlite, Arc::new(Inline))?;
    let backup = match &from {
        From::Backup(backup) => Some(*backup),
        From::Stream(_) => None,
    };
    let mut restoring = Restoring::new(&ledger, root.clone(), backup, options, tell);
    match from {
        From::Backup(backup) => {
            let path = backup.entries_path();
            check_file(&path, &backup.manifest.entries)?;
            let file = File::open(&path).map_err(BackupError::at(&path))?;
            let name = path.display().to_string();
            take(&mut restoring, file, name).await?;
        }
        From::Stream(stream) => take(&mut restoring, stream, "the stream".to_owned()).await?,
    }
    let expected = restoring.finish()?;
    ledger.maintain()?;
    drop(ledger);
    let restored = verify(&root, &options.archive_dirs, expected).await?;
    place.publish()?;
    Ok(restored)
}

/// Takes every record of a file or stream.
async fn take(
    restoring: &mut Restoring<'_, '_>,
    from: impl Read,
    name: String,
) -> Result<(), BackupError> {
    let reader = BufReader::with_capacity(BUFFER_BYTES, from);
    let mut entries = EntriesReader::open(reader, name)?;
    restoring.check_ledger(entries.ledger_id, &entries)?;
    loop {
        match entries.next()? {
            Record::Partition(partition, begin) => {
                restoring.begin(&partition, begin, &entries).await?;
            }
            Record::Entry(stored) => restoring.entry(stored).await?,
            Record::Head(head) => restoring.end(head, &entries)?,
            Record::End => return entries.check_end(),
        }
    }
}

/// Reads all that was restored, and folds it.
async fn verify(
    root: &std::path::Path,
    archive_dirs: &[PathBuf],
    expected: Vec<(Partition, Head)>,
) -> Result<Restored, BackupError> {
    let ledger = SqliteLedger::open(root, SqliteOptions::to_read(), Arc::new(Inline))?;
    let state = state::replay(&ledger, |_| {}).await?;
    let ledger_id = state.ledger_id().ok_or(BackupError::BeforeBeginning)?;
    for (partition, expected) in &expected {
        let found = if [Partition::Control, DATA].contains(partition) {
            state.at(partition).head
        } else {
            let mut head = ledger.begin(partition).await?;
            while head.seq < expected.seq {
                head = ledger::verify_part(&ledger, partition, head, READ_BYTES).await?;
            }
            head
        };
        if found != *expected || ledger.head(partition).await? != *expected {
            return Err(BackupError::Damaged {
                name: format!("what was restored of {partition}"),
                what: format!("it ends at {} instead of {}", found.seq, expected.seq),
            });
        }
    }
    Ok(Restored {
        ledger_id,
        heads: check_archives(root, archive_dirs, expected).await?,
        live: state.data_totals().live,
        enterprise_nodes: state.directory_totals().enterprise_nodes,
    })
}

/// Segments of the archives count as the ledger's: those behind a point in time would bring back
/// what was left out.
async fn check_archives(
    root: &std::path::Path,
    archive_dirs: &[PathBuf],
    expected: Vec<(Partition, Head)>,
) -> Result<Vec<(Partition, Head)>, BackupError> {
    if archive_dirs.is_empty() {
        return Ok(expected);
    }
    let options = SqliteOptions {
        archive_dirs: archive_dirs.to_vec(),
        ..SqliteOptions::to_read()
    };
    let ledger = SqliteLedger::open(root, options, Arc::new(Inline))?;
    for (partition, head) in &expected {
        let found = ledger.head(partition).await.unwrap_or_default();
        if found != *head {
            return Err(BackupError::Archives {
                partition: partition.clone(),
                found_seq: found.seq,
                expected_seq: head.seq,
            });
        }
    }
    Ok(expected)
}
