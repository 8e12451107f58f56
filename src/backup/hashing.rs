//! Files and the hash of their bytes.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::{BackupError, manifest::FileRow};
use crate::{change::Hash, disk::DiskFile};

/// Bytes copied or read at a time.
const CHUNK_BYTES: usize = 1024 * 1024;

//----------- Hashing ----------------------------------------------------------

/// Hashes what is written through it.
pub(super) struct Hashing<W> {
    out: W,
    hasher: Sha256,
}

impl<W> Hashing<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            hasher: Sha256::new(),
        }
    }

    pub(super) fn finish(self) -> (W, Hash) {
        (self.out, Hash(self.hasher.finalize().into()))
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

//----------- Files ------------------------------------------------------------

/// Copies a file into `file`, which is at `to`, and syncs the copy; what it had.
pub(super) fn copy_file(
    from: &Path,
    to: &Path,
    file: Box<dyn DiskFile>,
) -> Result<FileRow, BackupError> {
    let mut hashing = Hashing::new(file);
    let bytes = pour(from, to, &mut hashing)?;
    let (mut file, hash) = hashing.finish();
    file.sync().map_err(BackupError::at(to))?;
    Ok(FileRow {
        bytes,
        sha256: hash.to_string(),
    })
}

/// Refuses a file that is not what a manifest says.
pub(super) fn check_file(path: &Path, expected: &FileRow) -> Result<(), BackupError> {
    check_same(path, &file_row(path)?, expected)
}

/// What a file has.
pub(super) fn file_row(path: &Path) -> Result<FileRow, BackupError> {
    let mut hashing = Hashing::new(io::sink());
    let bytes = pour(path, path, &mut hashing)?;
    Ok(FileRow {
        bytes,
        sha256: hashing.finish().1.to_string(),
    })
}

/// Refuses what was read of a file where it is not what a manifest says.
pub(super) fn check_same(
    path: &Path,
    found: &FileRow,
    expected: &FileRow,
) -> Result<(), BackupError> {
    if found.bytes != expected.bytes {
        let what = format!("it has {} bytes instead of {}", found.bytes, expected.bytes);
        return Err(BackupError::damaged(path, what));
    }
    if found.sha256 != expected.sha256 {
        return Err(BackupError::damaged(path, "its hash is another"));
    }
    Ok(())
}

fn pour(from: &Path, to_path: &Path, to: &mut impl Write) -> Result<u64, BackupError> {
    let at = BackupError::at(from);
    let mut file = File::open(from).map_err(&at)?;
    let (mut chunk, mut bytes) = (vec![0; CHUNK_BYTES], 0);
    loop {
        let count = file.read(&mut chunk).map_err(&at)?;
        if count == 0 {
            return Ok(bytes);
        }
        let written = to.write_all(&chunk[..count]);
        written.map_err(BackupError::at(to_path))?;
        bytes += count as u64;
    }
}
