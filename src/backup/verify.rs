//! Reading a backup without restoring it.

use std::{fs::File, io::BufReader};

use super::{
    Backup, BackupError, Restore, Tell,
    entries::{EntriesReader, Record},
    hashing::check_file,
    manifest::SegmentRow,
    place::Place,
};
use crate::{
    change::Partition,
    ledger::{ClosedSegment, Head},
};

/// Bytes of a file read at a time.
const BUFFER_BYTES: usize = 1024 * 1024;

//----------- verify -----------------------------------------------------------

/// A backup that is what was written.
#[derive(Debug)]
pub struct Verified {
    /// The last entry of each partition.
    pub heads: Vec<(Partition, Head)>,
    /// Closed segments that were read.
    pub segments: u64,
}

/// Says whether a backup could be restored so, without reading all of it.
///
/// # Errors
/// Where the directory cannot be restored to, or the backup does not reach the point in time.
pub fn check_restore(backup: &Backup, options: &Restore) -> Result<(), BackupError> {
    Place::check(&options.data_dir)?;
    let heads = backup.heads();
    let check = |(partition, head): &(Partition, Head)| options.until.check(partition, *head);
    heads.iter().try_for_each(check)
}

/// Reads every byte of a backup, and checks each entry against the one before it.
///
/// # Errors
/// Where anything is not what was written: which file, and what of it.
pub fn verify(backup: &Backup, tell: &mut Tell<'_>) -> Result<Verified, BackupError> {
    let total = backup.heads().iter().map(|(_, head)| head.seq).sum();
    let (mut segments, mut done) = (0, 0);
    let mut ends = Vec::new();
    for (partition, head, rows) in backup.manifest.partitions() {
        let mut end = begin_of(&partition, rows);
        for row in rows {
            let verified = verify_segment(backup, &partition, row, end.unwrap_or_default())?;
            end = Some(verified);
            segments += 1;
            tell(done + verified.seq, total);
        }
        done += end.unwrap_or_default().seq;
        ends.push((partition, end, head));
    }
    verify_entries(backup, &ends, &mut |entries| {
        done += entries;
        tell(done, total);
    })?;
    Ok(Verified {
        heads: backup.heads(),
        segments,
    })
}

/// Where a partition begins: counters anywhere, which their first segment says, or their entries.
pub(super) fn begin_of(partition: &Partition, rows: &[SegmentRow]) -> Option<Head> {
    match partition {
        Partition::Counters(_) => rows.first().map(SegmentRow::begin),
        _ => Some(Head::default()),
    }
}

fn verify_segment(
    backup: &Backup,
    partition: &Partition,
    row: &SegmentRow,
    end: Head,
) -> Result<Head, BackupError> {
    let path = backup.segment_path(partition, row);
    check_file(&path, &row.content())?;
    let segment = ClosedSegment::open(&path)?;
    segment.verify()?;
    let is_it = segment.partition() == partition
        && (segment.begin(), segment.end()) == (row.begin(), row.end());
    if is_it && row.begin() == end {
        Ok(row.end())
    } else {
        let what = "it is not the segment that the manifest says";
        Err(BackupError::damaged(&path, what))
    }
}

/// Each partition with where its segments end, if that is known, and where all of it ends.
type Ends = [(Partition, Option<Head>, Head)];

fn verify_entries(
    backup: &Backup,
    ends: &Ends,
    advance: &mut (dyn FnMut(u64) + Send),
) -> Result<(), BackupError> {
    let path = backup.entries_path();
    check_file(&path, &backup.manifest.entries)?;
    let file = File::open(&path).map_err(BackupError::at(&path))?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut entries = EntriesReader::open(reader, path.display().to_string())?;
    let mut left = ends.iter();
    let mut current: Option<(&Partition, Head, Head)> = None;
    loop {
        match (entries.next()?, &mut current) {
            (Record::Partition(partition, begin), None) => {
                let next = left
                    .next()
                    .map(|(partition, end, head)| (partition, end.unwrap_or(begin), *head));
                current =
                    next.filter(|(expected, end, _)| **expected == partition && *end == begin);
                if current.is_none() {
                    return Err(entries.damaged("its entries do not follow the segments"));
                }
            }
            (Record::Entry(stored), Some((partition, head, _))) => {
                *head = Head::after(&stored.verify(partition, *head)?);
                advance(1);
            }
            (Record::Head(found), Some((_, head, end))) if found == *head && head == end => {
                current = None;
            }
            (Record::End, None) if left.len() == 0 => return Ok(()),
            _ => return Err(entries.damaged("it does not end as the manifest says")),
        }
    }
}
