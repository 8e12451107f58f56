//! The folder of the snapshots: the last two, and what was set aside.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::disk::{self, Disk, DiskFile};

/// Snapshots that are kept: the newest, and one to fall back on.
pub const SNAPSHOTS_KEPT: usize = 2;

/// Snapshots that were set aside and are kept for whoever looks for the cause.
const SET_ASIDE_KEPT: usize = 2;

const EXTENSION: &str = "bsnap";
const PARTIAL: &str = "partial";
const SET_ASIDE: &str = "set-aside";

//----------- SnapshotFolder ---------------------------------------------------

/// Where snapshots are.
#[derive(Debug, Clone)]
pub struct SnapshotFolder {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

impl SnapshotFolder {
    /// A folder, which is made with the first snapshot.
    #[must_use]
    pub fn new(path: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { path, disk }
    }

    /// The snapshots in it, newest first.
    ///
    /// # Errors
    /// Where the folder cannot be read; where there is none, there are no snapshots.
    pub fn list(&self) -> io::Result<Vec<PathBuf>> {
        self.with_extension(EXTENSION)
    }

    /// Removes what was being written when a process ended.
    ///
    /// # Errors
    /// As the system says.
    pub fn clean(&self) -> io::Result<()> {
        let partial = self.with_extension(PARTIAL)?;
        partial.iter().try_for_each(|path| self.disk.remove(path))
    }

    /// Puts a snapshot aside that is of no use, so that it is not tried again.
    ///
    /// # Errors
    /// As the system says.
    pub fn set_aside(&self, path: &Path) -> io::Result<PathBuf> {
        let aside = appended(path, SET_ASIDE);
        self.disk.rename(path, &aside)?;
        self.disk.sync_folder(&self.path)?;
        let old = self.with_extension(SET_ASIDE)?;
        for path in old.iter().skip(SET_ASIDE_KEPT) {
            self.disk.remove(path)?;
        }
        Ok(aside)
    }

    /// The file of a snapshot at these sequences; names sort as the cuts do.
    pub(super) fn path_of(&self, data_seq: u64, control_seq: u64) -> PathBuf {
        let name = format!("snapshot-{data_seq:020}-{control_seq:020}.{EXTENSION}");
        self.path.join(name)
    }

    pub(super) fn create_partial(&self, path: &Path) -> io::Result<(PathBuf, Box<dyn DiskFile>)> {
        self.disk.create_folder(&self.path)?;
        let partial = appended(path, PARTIAL);
        disk::remove_if_there(&*self.disk, &partial)?;
        let file = self.disk.create(&partial)?;
        Ok((partial, file))
    }

    /// Gives a finished file its name, and removes those that are too old.
    pub(super) fn publish(&self, partial: &Path, path: &Path) -> io::Result<()> {
        self.disk.rename(partial, path)?;
        self.disk.sync_folder(&self.path)?;
        for old in self.list()?.iter().skip(SNAPSHOTS_KEPT) {
            self.disk.remove(old)?;
        }
        Ok(())
    }

    pub(super) fn discard(&self, partial: &Path) {
        // It is named as unfinished, and removed at the next start where it cannot be now.
        let _ = disk::remove_if_there(&*self.disk, partial);
    }

    fn with_extension(&self, extension: &str) -> io::Result<Vec<PathBuf>> {
        let files = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            files => files?,
        };
        let mut found = Vec::new();
        for file in files {
            let path = file?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("snapshot-") && path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
        found.sort_unstable();
        found.reverse();
        Ok(found)
    }
}

fn appended(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}
