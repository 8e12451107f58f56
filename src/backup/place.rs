//! The place of a data directory that is being restored.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::BackupError;
use crate::disk::{self, Disk};

//----------- Place ------------------------------------------------------------

/// A folder beside the data directory, which gets its name when it is whole, and is removed when
/// that does not come about.
#[derive(Debug)]
pub(super) struct Place {
    data_dir: PathBuf,
    path: PathBuf,
    disk: Arc<dyn Disk>,
    is_published: bool,
}

impl Place {
    /// Refuses a data directory that holds something, or that cannot be renamed.
    pub(super) fn check(data_dir: &Path) -> Result<PathBuf, BackupError> {
        let name = data_dir.display().to_string();
        match fs::read_dir(data_dir).map(|mut files| files.next()) {
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(Some(_)) => return Err(BackupError::NotEmpty(name)),
            Err(error) => return Err(BackupError::io(&name, &error)),
        }
        let mut path = data_dir.as_os_str().to_owned();
        path.push(".restoring");
        let path = PathBuf::from(path);
        if path.exists() {
            return Err(BackupError::LeftOver(path.display().to_string()));
        }
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev());
        if let (Ok(own), Ok(above)) = (device(data_dir), device(disk::folder_of(data_dir)))
            && own != above
        {
            return Err(BackupError::MountPoint(name));
        }
        Ok(path)
    }

    /// Takes the place of a data directory that is empty or missing.
    pub(super) fn take(data_dir: &Path, disk: &Arc<dyn Disk>) -> Result<Self, BackupError> {
        let path = Self::check(data_dir)?;
        let made = disk.create_folder(&path);
        made.map_err(BackupError::at(&path))?;
        Ok(Self {
            data_dir: data_dir.to_owned(),
            path,
            disk: Arc::clone(disk),
            is_published: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs everything in it, and gives it its name.
    pub(super) fn publish(mut self) -> Result<(), BackupError> {
        self.sync(&self.path)
            .and_then(|()| self.disk.rename(&self.path, &self.data_dir))
            .and_then(|()| {
                self.is_published = true;
                self.disk.sync_folder(disk::folder_of(&self.data_dir))
            })
            .map_err(BackupError::at(&self.data_dir))
    }

    fn sync(&self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.sync(&path)?;
            } else {
                self.disk.sync_file(&path)?;
            }
        }
        self.disk.sync_folder(folder)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_published {
            // What cannot be removed is told by the next restore.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
