//! A directory of backups that share their closed segments.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    BackupError,
    manifest::{Manifest, SegmentRow},
};
use crate::{
    change::{LedgerId, Partition},
    disk::{self, Disk},
    ledger::Head,
};

const SEGMENTS: &str = "segments";
const MANIFEST: &str = "manifest.json";
const BACKUP_PREFIX: &str = "backup-";
const LOCK: &str = "lock";

/// The end of a name under which a file is written.
const NEW: &str = ".new";

/// The entries of a backup.
pub(super) const ENTRIES: &str = "entries.bsb";

//----------- Repository -------------------------------------------------------

/// A directory of backups.
#[derive(Debug, Clone)]
pub struct Repository {
    pub(super) root: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
}

/// A finished backup.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Its folder.
    pub path: PathBuf,
    pub(super) manifest: Manifest,
    root: PathBuf,
}

/// The sole use of a directory of backups, until dropped.
#[derive(Debug)]
pub(super) struct RepositoryLock(#[expect(dead_code, reason = "it is held")] File);

impl Repository {
    /// A directory, which the first backup makes.
    #[must_use]
    pub fn new(root: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { root, disk }
    }

    /// The finished backups, oldest first.
    ///
    /// # Errors
    /// Where one cannot be read or is damaged.
    pub fn backups(&self) -> Result<Vec<Backup>, BackupError> {
        let finished = self.finished()?.into_iter();
        finished.map(|path| self.backup(path)).collect()
    }

    /// Folders of finished backups, oldest first.
    fn finished(&self) -> Result<Vec<PathBuf>, BackupError> {
        let mut folders = self.folders()?;
        folders.retain(|path| path.join(MANIFEST).exists());
        Ok(folders)
    }

    /// The finished backups that can be read, and whether there are others.
    pub(super) fn readable(&self) -> Result<(Vec<Backup>, bool), BackupError> {
        let finished = self.finished()?;
        let count = finished.len();
        let read = finished
            .into_iter()
            .filter_map(|path| self.backup(path).ok());
        let readable: Vec<Backup> = read.collect();
        let has_others = readable.len() < count;
        Ok((readable, has_others))
    }

    /// The finished backups that can be read, oldest first, and what is wrong with the others.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Result<Backup, BackupError>>, BackupError> {
        let folders = self.folders()?.into_iter();
        Ok(folders.map(|path| self.backup(path)).collect())
    }

    /// What `path` names: a directory of backups, then the newest of them, or one of them.
    ///
    /// # Errors
    /// Where there is none, or it is damaged.
    pub fn find(path: &Path, disk: Arc<dyn Disk>) -> Result<Backup, BackupError> {
        if path.join(MANIFEST).exists() {
            let path = fs::canonicalize(path).map_err(BackupError::at(path))?;
            let root = disk::folder_of(&path).to_owned();
            return Self::new(root, disk).backup(path);
        }
        let repository = Self::new(path.to_owned(), disk);
        // Damage of an older one is none of the newest.
        let newest = repository.finished()?.pop();
        let newest = newest.ok_or_else(|| BackupError::NoBackup(path.display().to_string()))?;
        repository.backup(newest)
    }

    fn backup(&self, path: PathBuf) -> Result<Backup, BackupError> {
        Ok(Backup {
            manifest: Manifest::read(&path.join(MANIFEST))?,
            path,
            root: self.root.clone(),
        })
    }

    /// Folders of backups, finished or not, oldest first.
    fn folders(&self) -> Result<Vec<PathBuf>, BackupError> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(BackupError::at(&self.root))?,
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry.map_err(BackupError::at(&self.root))?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(BACKUP_PREFIX)
            {
                folders.push(entry.path());
            }
        }
        folders.sort();
        Ok(folders)
    }

    //--- Taking a backup

    pub(super) fn lock(&self) -> Result<RepositoryLock, BackupError> {
        let at = BackupError::at(&self.root);
        self.disk.create_folder(&self.root).map_err(&at)?;
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true);
        let file = file.open(self.root.join(LOCK)).map_err(&at)?;
        match file.try_lock() {
            Ok(()) => Ok(RepositoryLock(file)),
            Err(TryLockError::WouldBlock) => {
                Err(BackupError::InUse(self.root.display().to_string()))
            }
            Err(TryLockError::Error(error)) => Err(at(error)),
        }
    }

    /// The folder of a new backup.
    pub(super) fn folder(&self, taken_at: &jiff::Timestamp) -> PathBuf {
        let name = taken_at.strftime("backup-%Y%m%dT%H%M%S.%3fZ");
        self.root.join(name.to_string())
    }

    pub(super) fn write_manifest(&self, folder: &Path, manifest: &Manifest) -> io::Result<()> {
        disk::write_whole(&*self.disk, &folder.join(MANIFEST), &manifest.encode())
    }

    /// Where a closed segment is kept.
    pub(super) fn segment_path(&self, partition: &Partition, file: &str) -> PathBuf {
        segment_path(&self.root, partition, file)
    }

    /// Removes backups that were cut off. Segments that they had copied stay: the next one has
    /// them already.
    pub(super) fn remove_unfinished(&self) -> Result<(), BackupError> {
        for path in self.folders()? {
            if !path.join(MANIFEST).exists() {
                self.remove_folder(&path)?;
            }
        }
        Ok(())
    }

    /// Removes backups beyond the newest `keep`, of which `new` is one whatever its name says, and
    /// segments that no backup has.
    pub(super) fn tidy(&self, new: &Path, keep: Option<usize>) -> Result<(), BackupError> {
        let (mut kept, has_others) = self.readable()?;
        let own = kept.iter().position(|backup| backup.path == new);
        let own = own.map(|at| kept.remove(at));
        let others = keep.map_or(usize::MAX, |keep| keep.saturating_sub(1));
        for old in kept.drain(..kept.len().saturating_sub(others)) {
            self.remove_folder(&old.path)?;
        }
        if has_others {
            // What one needs that cannot be read nobody knows.
            return Ok(());
        }
        kept.extend(own);
        let needed = kept.iter().flat_map(Backup::segment_paths).collect();
        self.remove_segments_but(&needed)
    }

    /// Removes a backup: first what makes it one.
    fn remove_folder(&self, path: &Path) -> Result<(), BackupError> {
        let at = BackupError::at(path);
        disk::remove_if_there(&*self.disk, &path.join(MANIFEST)).map_err(&at)?;
        self.disk.sync_folder(path).map_err(&at)?;
        for file in fs::read_dir(path).map_err(&at)? {
            let file = file.map_err(&at)?.path();
            self.disk.remove(&file).map_err(&at)?;
        }
        fs::remove_dir(path).map_err(&at)
    }

    fn remove_segments_but(&self, needed: &BTreeSet<PathBuf>) -> Result<(), BackupError> {
        let at = BackupError::at(&self.root);
        let folder = self.root.join(SEGMENTS);
        if !folder.exists() {
            return Ok(());
        }
        for partition in fs::read_dir(folder).map_err(&at)? {
            for file in fs::read_dir(partition.map_err(&at)?.path()).map_err(&at)? {
                let path = file.map_err(&at)?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let is_ours = name.starts_with("segment-")
                    && (name.ends_with(".sqlite") || name.ends_with(NEW));
                if is_ours && !needed.contains(&path) {
                    self.disk.remove(&path).map_err(&at)?;
                }
            }
        }
        Ok(())
    }
}

//----------- Backup -----------------------------------------------------------

impl Backup {
    /// Whose it is.
    #[must_use]
    pub fn ledger_id(&self) -> LedgerId {
        self.manifest.ledger_id()
    }

    /// When it was taken, as RFC 3339 says it.
    #[must_use]
    pub fn taken_at(&self) -> &str {
        &self.manifest.taken_at
    }

    /// The last entry of each partition.
    #[must_use]
    pub fn heads(&self) -> Vec<(Partition, Head)> {
        let rows = self.manifest.partitions().into_iter();
        rows.map(|(partition, head, _)| (partition, head)).collect()
    }

    /// Bytes of all its files, shared ones included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let rows = self.manifest.partitions.iter();
        let segments = rows.flat_map(|row| &row.segments).map(|row| row.bytes);
        segments.sum::<u64>() + self.manifest.entries.bytes
    }

    pub(super) fn entries_path(&self) -> PathBuf {
        self.path.join(ENTRIES)
    }

    pub(super) fn segment_path(&self, partition: &Partition, row: &SegmentRow) -> PathBuf {
        segment_path(&self.root, partition, &row.file)
    }

    fn segment_paths(&self) -> Vec<PathBuf> {
        let rows = self.manifest.partitions().into_iter();
        let paths = rows.flat_map(|(partition, _, segments)| {
            let path = |row| self.segment_path(&partition, row);
            segments.iter().map(path).collect::<Vec<_>>()
        });
        paths.collect()
    }
}

fn segment_path(root: &Path, partition: &Partition, file: &str) -> PathBuf {
    let folder = partition.to_string().replace('/', "-");
    root.join(SEGMENTS).join(folder).join(file)
}
