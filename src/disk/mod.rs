//! Files that must outlive a loss of power: made, synced, renamed, and their folders synced.
//!
//! ```text
//! create ─▶ write … ─▶ sync ─▶ rename ─▶ sync_folder      durable, and whole under its name
//! ```
//!
//! Whoever stores a file goes through [`Disk`], so that a test can stand in between: record what
//! was written and what was synced, cut the power, fill the disk or fail a sync. SQLite has a
//! layer of its own for that. Reading needs no such seam: a file that is read is checked.

mod real;

use std::{
    fmt,
    io::{self, Write},
    path::Path,
};

pub use real::RealDisk;

//----------- Disk -------------------------------------------------------------

/// What durability depends on.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes a file that is not there yet, for its owner alone.
    ///
    /// # Errors
    /// Where it is there, or cannot be made.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name in the same file system, replacing what had it.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a folder for its owner alone, and those above it, where they are missing; their
    /// names are durable when it returns.
    ///
    /// # Errors
    /// As the system says.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes the content of a file durable that somebody else has written.
    ///
    /// # Errors
    /// As the system says; then nothing may be believed of what was written before.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// As [`Disk::sync_file`].
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Bytes that may still be written to the file system of `path`.
    ///
    /// # Errors
    /// As the system says.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
}

/// A file that is being written from its start to its end.
pub trait DiskFile: Write + Send {
    /// Makes what was written so far durable.
    ///
    /// # Errors
    /// As [`Disk::sync_file`].
    fn sync(&mut self) -> io::Result<()>;
}

//----------- Helper functions -------------------------------------------------

/// Writes a whole file: under another name first, so that whoever finds it finds it whole.
///
/// # Errors
/// As the system says; the file that was there before is there still.
pub fn write_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    // What was interrupted here before.
    remove_if_there(disk, new)?;
    let mut file = disk.create(new)?;
    file.write_all(bytes)?;
    file.sync()?;
    drop(file);
    disk.rename(new, path)?;
    disk.sync_folder(folder_of(path))
}

/// Removes a file that may not be there.
///
/// # Errors
/// As [`Disk::remove`].
pub fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The folder a file is in.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
