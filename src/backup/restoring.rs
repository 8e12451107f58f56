//! One record of a backup after the other, into a ledger that is being restored.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    Backup, BackupError, Restore, Tell,
    entries::EntriesReader,
    hashing::{check_same, copy_file},
    manifest::SegmentRow,
    verify::begin_of,
};
use crate::{
    change::{Entry, LedgerId, Partition},
    disk,
    ledger::{Append, ClosedSegment, Head, Ledger, LedgerError, SqliteLedger, StoredEntry},
};

/// Payload bytes read at a time.
const READ_BYTES: usize = 8 * 1024 * 1024;

/// Entries after which full segments are closed.
const MAINTAIN_ENTRIES: u64 = 1_024;

//----------- Restoring --------------------------------------------------------

/// A restore under way.
pub(super) struct Restoring<'a, 'b> {
    ledger: &'a SqliteLedger,
    root: PathBuf,
    /// Where its closed segments come from; a stream has none.
    backup: Option<&'a Backup>,
    options: &'a Restore,
    /// The partition that is under way.
    current: Option<Current>,
    /// Those that are done, with what was kept of them.
    heads: Vec<(Partition, Head)>,
    /// How much of `control` the other partitions need.
    rests_on: u64,
    done: u64,
    total: u64,
    tell: &'a mut Tell<'b>,
}

struct Current {
    partition: Partition,
    /// Where it begins, until the ledger has that.
    begin: Option<Head>,
    /// How far it was read.
    read: Head,
    /// How far it was kept; the rest is left out.
    kept: Head,
    /// The last entry that was kept rests on this much of `control`.
    rests_on: u64,
}

impl Current {
    /// Has the ledger begin where it does, unless it has begun.
    fn begin_in(&mut self, ledger: &SqliteLedger) -> Result<(), LedgerError> {
        match self.begin.take().filter(|begin| begin.seq > 0) {
            Some(begin) => ledger.begin_at(&self.partition, begin),
            None => Ok(()),
        }
    }
}

impl<'a, 'b> Restoring<'a, 'b> {
    pub(super) fn new(
        ledger: &'a SqliteLedger,
        root: PathBuf,
        backup: Option<&'a Backup>,
        options: &'a Restore,
        tell: &'a mut Tell<'b>,
    ) -> Self {
        let heads = backup.map(Backup::heads).unwrap_or_default();
        Self {
            ledger,
            root,
            backup,
            options,
            current: None,
            heads: Vec::new(),
            rests_on: 0,
            done: 0,
            total: heads.iter().map(|(_, head)| head.seq).sum(),
            tell,
        }
    }

    pub(super) fn check_ledger<R: std::io::Read>(
        &self,
        ledger_id: LedgerId,
        entries: &EntriesReader<R>,
    ) -> Result<(), BackupError> {
        match self.backup {
            Some(backup) if backup.ledger_id() != ledger_id => {
                Err(entries.damaged("it is of another ledger than the manifest"))
            }
            _ => Ok(()),
        }
    }

    /// Begins a partition: its closed segments first, which end at `begin`.
    pub(super) async fn begin<R: std::io::Read>(
        &mut self,
        partition: &Partition,
        begin: Head,
        entries: &EntriesReader<R>,
    ) -> Result<(), BackupError> {
        let is_known = self.heads.iter().any(|(done, _)| done == partition);
        if self.current.is_some() || is_known {
            return Err(entries.damaged("its partitions do not follow each other"));
        }
        let all = self.backup.map(|backup| backup.manifest.partitions());
        let mut all = all.iter().flatten();
        let rows = all.find_map(|(one, _, rows)| (one == partition).then_some(*rows));
        let rows = rows.unwrap_or_default();
        let start = begin_of(partition, rows).unwrap_or(begin);
        self.current = Some(Current {
            partition: partition.clone(),
            begin: Some(start),
            read: start,
            kept: start,
            rests_on: 0,
        });
        if let Some(backup) = self.backup {
            for row in rows {
                self.segment(backup, row).await?;
            }
        }
        match &self.current {
            Some(current) if current.read == begin => Ok(()),
            _ => Err(entries.damaged("its entries do not follow the segments")),
        }
    }

    /// Ends a partition.
    pub(super) fn end<R: std::io::Read>(
        &mut self,
        head: Head,
        entries: &EntriesReader<R>,
    ) -> Result<(), BackupError> {
        let current = self.current.take().filter(|current| current.read == head);
        let Some(mut current) = current else {
            return Err(entries.damaged("a partition does not end where it says"));
        };
        current.begin_in(self.ledger)?;
        let Current {
            partition,
            kept,
            rests_on,
            ..
        } = current;
        self.options.until.check(&partition, head)?;
        self.rests_on = self.rests_on.max(rests_on);
        self.heads.push((partition, kept));
        Ok(())
    }

    /// What was kept, once everything was read.
    pub(super) fn finish(self) -> Result<Vec<(Partition, Head)>, BackupError> {
        if let Some(backup) = self.backup {
            let ends = backup.heads();
            let is_whole = ends.len() == self.heads.len();
            if !is_whole || (self.options.until.is_all() && ends != self.heads) {
                let path = backup.entries_path();
                return Err(BackupError::damaged(
                    &path,
                    "it does not end as the manifest says",
                ));
            }
        }
        Ok(self.heads)
    }

    //--- Segments

    async fn segment(&mut self, backup: &Backup, row: &SegmentRow) -> Result<(), BackupError> {
        let Some(current) = &self.current else {
            return Ok(());
        };
        let path = backup.segment_path(&current.partition, row);
        if current.read != row.begin() {
            return Err(BackupError::damaged(
                &path,
                "it does not follow the one before it",
            ));
        }
        if current.read == current.kept {
            if self.keeps_whole(&path, row)? {
                self.copy(&path, row)?;
            } else {
                self.entries_of(&path).await?;
            }
        }
        if let Some(current) = &mut self.current {
            current.read = row.end();
        }
        self.advance(row.end().seq.saturating_sub(row.begin().seq));
        Ok(())
    }

    /// Whether no entry of a segment is left out: its last one is kept.
    fn keeps_whole(&mut self, path: &Path, row: &SegmentRow) -> Result<bool, BackupError> {
        let is_control = self.is_control();
        if self.options.until.is_all() || (is_control && row.end().seq <= self.rests_on) {
            return Ok(true);
        }
        let segment = ClosedSegment::open(path)?;
        let entries = segment.entries(row.end().seq, READ_BYTES)?;
        let Some(last) = entries.last() else {
            return Ok(false);
        };
        let keeps = self.options.until.keeps(last, self.rests_on);
        if let Some(current) = self.current.as_mut().filter(|_| keeps) {
            current.rests_on = last.header().control_at;
        }
        Ok(keeps)
    }

    fn is_control(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.partition == Partition::Control)
    }

    fn copy(&mut self, from: &Path, row: &SegmentRow) -> Result<(), BackupError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        let folder = current.partition.to_string().replace('/', "-");
        let name = format!("segment-{:08}.sqlite", row.number);
        let to = self.root.join(folder).join(name);
        let at = BackupError::at(&to);
        let disk = &*self.options.disk;
        disk.create_folder(disk::folder_of(&to)).map_err(&at)?;
        let file = disk.create(&to).map_err(&at)?;
        let found = copy_file(from, &to, file)?;
        check_same(from, &found, &row.content())?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o400)).map_err(&at)?;
        current.kept = row.end();
        // The segment says where it begins.
        current.begin = None;
        Ok(())
    }

    /// Appends the entries of a segment, as far as they are kept.
    async fn entries_of(&mut self, path: &Path) -> Result<(), BackupError> {
        let segment = ClosedSegment::open(path)?;
        let mut from = segment.begin().seq + 1;
        while from <= segment.end().seq {
            for entry in segment.entries(from, READ_BYTES)? {
                from = entry.header().seq + 1;
                if !self.options.until.keeps(&entry, self.rests_on) {
                    return Ok(());
                }
                self.append(&entry).await?;
            }
        }
        Ok(())
    }

    //--- Entries

    pub(super) async fn entry(&mut self, stored: StoredEntry) -> Result<(), BackupError> {
        let Some(current) = &mut self.current else {
            let what = "an entry stands outside of any partition".to_owned();
            return Err(BackupError::Damaged {
                name: "entries".to_owned(),
                what,
            });
        };
        let entry = stored.verify(&current.partition, current.read)?;
        let is_next = current.read == current.kept;
        current.read = Head::after(&entry);
        if is_next && self.options.until.keeps(&entry, self.rests_on) {
            self.append(&entry).await?;
        }
        self.advance(1);
        Ok(())
    }

    async fn append(&mut self, entry: &Entry) -> Result<(), BackupError> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        current.begin_in(self.ledger)?;
        match self.ledger.append(current.kept, entry).await? {
            Append::Committed(head) => current.kept = head,
            Append::Conflict(_) | Append::Unknown => {
                return Err(LedgerError::Distrusted(current.partition.clone()).into());
            }
        }
        current.rests_on = entry.header().control_at;
        if entry.header().seq.is_multiple_of(MAINTAIN_ENTRIES) {
            self.ledger.maintain()?;
        }
        Ok(())
    }

    fn advance(&mut self, entries: u64) {
        self.done += entries;
        (self.tell)(self.done, self.total.max(self.done));
    }
}
