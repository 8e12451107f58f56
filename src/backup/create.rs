//! Taking a backup, beside a running node.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    BackupError, Cut, Repository, Tell,
    cut::PartitionCut,
    entries::EntriesWriter,
    hashing::{Hashing, copy_file, file_row},
    manifest::{FileRow, Manifest, PartitionRow, SegmentRow},
    repository::ENTRIES,
};
use crate::{
    change::{Entry, Partition},
    disk,
    ledger::{ClosedSegment, Head, Ledger, LedgerError, SegmentInfo, SqliteLedger, StoredEntry},
};

/// Payload bytes read at a time.
const READ_BYTES: usize = 8 * 1024 * 1024;

/// Bytes copied at a time.
const COPY_BYTES: usize = 1024 * 1024;

/// A ledger entry in `entries.bsb` is as large as in the ledger, which has indexes and empty pages
/// besides: what an active segment takes there is enough here.
const SPARE_BYTES: u64 = 64 * 1024 * 1024;

//----------- create -----------------------------------------------------------

/// What a backup came to.
#[derive(Debug)]
pub struct Created {
    /// Its folder; none of a dry run.
    pub path: PathBuf,
    /// Closed segments that were copied.
    pub segments_copied: u64,
    /// Closed segments that an earlier backup had copied.
    pub segments_shared: u64,
    /// Bytes that were written.
    pub bytes_written: u64,
    /// The last entry of each partition.
    pub heads: Vec<(Partition, Head)>,
}

/// Takes a backup into a directory, and keeps the newest `keep` there if that is asked for.
///
/// With `dry_run` nothing is written, and only said what would be.
///
/// # Errors
/// Where the ledger cannot be read, anything in it is not what was written, or the directory
/// cannot be written or holds backups of another ledger. Backups that are there stay.
pub async fn create(
    ledger: &SqliteLedger,
    repository: &Repository,
    (taken_at, keep, dry_run): (jiff::Timestamp, Option<usize>, bool),
    tell: &mut Tell<'_>,
) -> Result<Created, BackupError> {
    let cut = Cut::take(ledger).await?;
    let lock = (!dry_run).then(|| repository.lock()).transpose()?;
    let known = known_segments(repository, &cut)?;
    let mut creating = Creating {
        repository,
        created: Created {
            path: repository.folder(&taken_at),
            segments_copied: 0,
            segments_shared: 0,
            bytes_written: 0,
            heads: cut.heads().map(|(one, head)| (one.clone(), head)).collect(),
        },
        known,
        done: 0,
        total: cut.entries(),
        tell,
    };
    creating.check_room(&cut)?;
    if dry_run {
        return Ok(creating.created);
    }
    repository.remove_unfinished()?;
    creating.write(ledger, &cut, taken_at).await?;
    let created = creating.created;
    // What is finished stays until this one is.
    repository.tidy(&created.path, keep)?;
    drop(lock);
    Ok(created)
}

/// What earlier backups of the same ledger have, by file.
fn known_segments(
    repository: &Repository,
    cut: &Cut,
) -> Result<BTreeMap<PathBuf, FileRow>, BackupError> {
    let mut known = BTreeMap::new();
    for backup in repository.readable()?.0 {
        if backup.ledger_id() != cut.ledger_id {
            return Err(BackupError::OtherLedger {
                name: repository.root.display().to_string(),
                theirs: backup.ledger_id(),
                ours: cut.ledger_id,
            });
        }
        for (partition, _, segments) in backup.manifest.partitions() {
            for row in segments {
                known.insert(backup.segment_path(&partition, row), row.content());
            }
        }
    }
    Ok(known)
}

/// A backup that is being taken.
struct Creating<'a, 'b> {
    repository: &'a Repository,
    created: Created,
    known: BTreeMap<PathBuf, FileRow>,
    done: u64,
    total: u64,
    tell: &'a mut Tell<'b>,
}

impl Creating<'_, '_> {
    /// Counts what has to be copied, and refuses where it does not fit.
    fn check_room(&mut self, cut: &Cut) -> Result<(), BackupError> {
        let mut needed_bytes = SPARE_BYTES;
        for one in &cut.partitions {
            for segment in &one.segments {
                if let Some(content) = self.shared(one, segment) {
                    let (_, path) = self.path_of(one, segment);
                    self.known.insert(path, content);
                    self.created.segments_shared += 1;
                } else {
                    self.created.segments_copied += 1;
                    let at = BackupError::at(&segment.path);
                    needed_bytes += fs::metadata(&segment.path).map_err(at)?.len();
                }
            }
        }
        let root = &self.repository.root;
        let free_bytes = self.repository.disk.free_bytes(root).unwrap_or(u64::MAX);
        if free_bytes < needed_bytes {
            return Err(BackupError::NoSpace {
                name: root.display().to_string(),
                free_bytes,
                needed_bytes,
            });
        }
        Ok(())
    }

    async fn write(
        &mut self,
        ledger: &SqliteLedger,
        cut: &Cut,
        taken_at: jiff::Timestamp,
    ) -> Result<(), BackupError> {
        let mut rows = Vec::new();
        for one in &cut.partitions {
            let mut segments = Vec::new();
            for segment in &one.segments {
                segments.push(self.take_segment(one, segment)?);
                self.advance(segment.end.seq - segment.begin.seq);
            }
            rows.push(PartitionRow::new(&one.partition, one.head, segments));
        }
        let folder = self.created.path.clone();
        let at = BackupError::at(&folder);
        let disk = &self.repository.disk;
        disk.create_folder(&folder).map_err(&at)?;
        let path = folder.join(ENTRIES);
        let file = disk.create(&path).map_err(&at)?;
        let out = BufWriter::with_capacity(COPY_BYTES, Hashing::new(file));
        let mut writer = EntriesWriter::begin(out, cut.ledger_id).map_err(&at)?;
        for one in &cut.partitions {
            let begin = one.entries_begin();
            let mut advance = |entries| self.advance(entries);
            write_entries(ledger, one, begin, &mut writer, &mut advance).await?;
        }
        let (out, bytes) = writer.end().map_err(&at)?;
        let hashing = out.into_inner().map_err(|error| at(error.into_error()))?;
        let (mut file, hash) = hashing.finish();
        file.sync().map_err(&at)?;
        disk.sync_folder(&folder).map_err(&at)?;
        self.created.bytes_written += bytes;
        let entries = FileRow {
            bytes,
            sha256: hash.to_string(),
        };
        let manifest = Manifest::new(cut.ledger_id, taken_at.to_string(), rows, entries);
        self.repository
            .write_manifest(&folder, &manifest)
            .map_err(&at)
    }

    fn path_of(&self, one: &PartitionCut, segment: &SegmentInfo) -> (String, PathBuf) {
        let hash = segment.end.hash.to_string();
        let file = format!("segment-{:08}-{}.sqlite", segment.number, &hash[..16]);
        let path = self.repository.segment_path(&one.partition, &file);
        (file, path)
    }

    /// What is known of a segment that an earlier backup has, or had copied before it was cut off.
    fn shared(&self, one: &PartitionCut, segment: &SegmentInfo) -> Option<FileRow> {
        let (_, path) = self.path_of(one, segment);
        if let Some(content) = self.known.get(&path) {
            let length = fs::metadata(&path).ok()?.len();
            return (length == content.bytes).then(|| content.clone());
        }
        // Under its name it was verified once; no manifest has its hash.
        let copy = ClosedSegment::open(&path).ok()?;
        copy.verify().ok()?;
        let is_it = (copy.begin(), copy.end()) == (segment.begin, segment.end);
        is_it.then(|| file_row(&path).ok()).flatten()
    }

    fn take_segment(
        &mut self,
        one: &PartitionCut,
        segment: &SegmentInfo,
    ) -> Result<SegmentRow, BackupError> {
        let (file, path) = self.path_of(one, segment);
        let content = match self.shared(one, segment) {
            Some(content) => content,
            None => {
                let content = self.copy_segment(segment, &path)?;
                self.created.bytes_written += content.bytes;
                content
            }
        };
        let bounds = (segment.begin, segment.end);
        Ok(SegmentRow::new((segment.number, file), bounds, content))
    }

    /// Copies a segment and reads the copy back before it gets its name.
    fn copy_segment(&self, segment: &SegmentInfo, path: &Path) -> Result<FileRow, BackupError> {
        let disk = &*self.repository.disk;
        let at = BackupError::at(path);
        disk.create_folder(disk::folder_of(path)).map_err(&at)?;
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        disk::remove_if_there(disk, &new).map_err(&at)?;
        let file = disk.create(&new).map_err(&at)?;
        let content = copy_file(&segment.path, &new, file)?;
        let copy = ClosedSegment::open(&new)?;
        copy.verify()?;
        if (copy.begin(), copy.end()) != (segment.begin, segment.end) {
            return Err(BackupError::damaged(&segment.path, "it changed meanwhile"));
        }
        drop(copy);
        fs::set_permissions(&new, fs::Permissions::from_mode(0o400)).map_err(&at)?;
        disk.rename(&new, path).map_err(&at)?;
        disk.sync_folder(disk::folder_of(path)).map_err(&at)?;
        Ok(content)
    }

    fn advance(&mut self, entries: u64) {
        self.done += entries;
        (self.tell)(self.done, self.total);
    }
}

//----------- stream -----------------------------------------------------------

/// Writes every entry of a ledger as one stream; how many bytes it has.
///
/// # Errors
/// Where the ledger or the stream cannot be read or written.
pub async fn stream<W: Write + Send>(
    ledger: &SqliteLedger,
    out: W,
    tell: &mut Tell<'_>,
) -> Result<(Cut, u64), BackupError> {
    let cut = Cut::take(ledger).await?;
    let at = |error: io::Error| BackupError::io("the stream", &error);
    let out = BufWriter::with_capacity(COPY_BYTES, out);
    let mut writer = EntriesWriter::begin(out, cut.ledger_id).map_err(at)?;
    let (mut done, total) = (0, cut.entries());
    for one in &cut.partitions {
        let mut advance = |entries| {
            done += entries;
            tell(done, total);
        };
        write_entries(ledger, one, one.begin, &mut writer, &mut advance).await?;
    }
    let (_, bytes) = writer.end().map_err(at)?;
    Ok((cut, bytes))
}

/// Writes the entries of a partition behind `begin`, as far as the cut goes.
async fn write_entries<W: Write>(
    ledger: &SqliteLedger,
    one: &PartitionCut,
    begin: Head,
    writer: &mut EntriesWriter<W>,
    advance: &mut (dyn FnMut(u64) + Send),
) -> Result<(), BackupError> {
    let at = |error: io::Error| BackupError::io(ENTRIES, &error);
    writer.partition(&one.partition, begin).map_err(at)?;
    let mut head = begin;
    while head.seq < one.head.seq {
        let from = head.seq + 1;
        // Each is checked against the one before it as it is read.
        let entries = ledger.read(&one.partition, from, READ_BYTES).await?;
        let is_in = |entry: &&Entry| entry.header().seq <= one.head.seq;
        for entry in entries.iter().take_while(is_in) {
            writer.entry(&StoredEntry::new(entry)).map_err(at)?;
            head = Head::after(entry);
        }
        if head.seq < from {
            return Err(damaged(one, from, "the entry is missing"));
        }
        advance(head.seq + 1 - from);
    }
    if head != one.head {
        return Err(damaged(
            one,
            head.seq,
            "it is not the head that was read before",
        ));
    }
    writer.head(head).map_err(at)
}

fn damaged(one: &PartitionCut, seq: u64, what: &str) -> BackupError {
    BackupError::Ledger(LedgerError::Damaged {
        partition: one.partition.clone(),
        seq,
        what: what.to_owned(),
    })
}
