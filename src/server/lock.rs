//! One node per data directory.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use super::ServerError;

/// The lock's file in the data directory; it stays, the lock on it goes with the process.
const LOCK_FILE: &str = "lock";

//----------- DataLock ---------------------------------------------------------

/// The exclusive use of a data directory, until dropped.
#[derive(Debug)]
pub(super) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the directory, making it if there is none.
    ///
    /// # Errors
    /// Where another process has it, or it can be neither made nor written.
    pub(super) fn take(data_dir: &Path) -> Result<Self, ServerError> {
        let path = data_dir.display().to_string();
        let unusable = |error: std::io::Error| ServerError::DataDir {
            path: path.clone(),
            what: error.to_string(),
        };
        // What firms register is nobody else's on this machine to read.
        let mut folder = DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(unusable)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data_dir.join(LOCK_FILE))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ServerError::InUse { path }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataLock::take(folder.path()).unwrap();
        let second = DataLock::take(folder.path());
        assert!(
            matches!(second, Err(ServerError::InUse { .. })),
            "{second:?}"
        );
        drop(first);
        assert!(DataLock::take(folder.path()).is_ok());
    }
}
