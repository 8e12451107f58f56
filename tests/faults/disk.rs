//! The disk for all files but SQLite's, recorded and broken as those are.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use biaoshi::disk::{Disk, DiskFile, RealDisk, folder_of};
use rustix::io::Errno;

use super::{
    plan::{Faults, Sync, Unsynced, Write},
    trace::{FileId, Recorder},
};

//----------- FaultyDisk -------------------------------------------------------

/// The disk of this machine, but it is watched and can break. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct FaultyDisk {
    recorder: Recorder,
    faults: Faults,
    free_bytes: Arc<Mutex<Option<u64>>>,
}

impl FaultyDisk {
    pub(crate) fn new(recorder: &Recorder, faults: &Faults) -> Self {
        Self {
            recorder: recorder.clone(),
            faults: faults.clone(),
            free_bytes: Arc::default(),
        }
    }

    /// What is said to be free; with `None`, what is.
    pub(crate) fn set_free_bytes(&self, bytes: Option<u64>) {
        *self
            .free_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = bytes;
    }

    fn check_change(&self) -> io::Result<()> {
        if self.faults.on_change() {
            Ok(())
        } else {
            Err(Errno::ROFS.into())
        }
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut trace = self.recorder.hold();
        self.check_change()?;
        let real = RealDisk.create(path)?;
        Ok(Box::new(FaultyFile {
            real,
            file: trace.create(path),
            written: 0,
            recorder: self.recorder.clone(),
            faults: self.faults.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut trace = self.recorder.hold();
        self.check_change()?;
        RealDisk.rename(from, to)?;
        trace.rename(from, to);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut trace = self.recorder.hold();
        self.check_change()?;
        RealDisk.remove(path)?;
        trace.remove(path);
        Ok(())
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let above = folder_of(path);
        if above != path {
            self.create_folder(above)?;
        }
        {
            let mut trace = self.recorder.hold();
            self.check_change()?;
            RealDisk.create_folder(path)?;
            trace.create_folder(path);
        }
        self.sync_folder(above)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let mut trace = self.recorder.hold();
        // Whoever wrote it did so behind the recorder's back; it is as long as it is.
        let file = match trace.file_at(path) {
            Some(file) => file,
            None => trace.written_elsewhere(path)?,
        };
        match self.faults.on_sync() {
            Sync::Works => RealDisk.sync_file(path)?,
            Sync::Fails(unsynced) => {
                if unsynced == Unsynced::Clean {
                    trace.sync_failed(file);
                }
                return Err(io_error());
            }
        }
        trace.sync(file);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut trace = self.recorder.hold();
        // What a folder's failed sync leaves behind, the next one writes.
        if self.faults.on_sync() != Sync::Works {
            return Err(io_error());
        }
        RealDisk.sync_folder(path)?;
        trace.sync_folder(path);
        Ok(())
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let said = *self
            .free_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        said.map_or_else(|| RealDisk.free_bytes(path), Ok)
    }
}

fn io_error() -> io::Error {
    Errno::IO.into()
}

//----------- FaultyFile -------------------------------------------------------

/// A file of [`FaultyDisk`] that is being written.
struct FaultyFile {
    real: Box<dyn DiskFile>,
    file: FileId,
    written: u64,
    recorder: Recorder,
    faults: Faults,
}

impl io::Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut trace = self.recorder.hold();
        let fits = match self.faults.on_write(bytes.len()) {
            Write::Whole => bytes.len(),
            Write::Full(0) if !bytes.is_empty() => return Err(Errno::NOSPC.into()),
            Write::Full(fits) => fits,
            Write::Fails => return Err(io_error()),
        };
        let count = self.real.write(&bytes[..fits])?;
        trace.write(self.file, self.written, &bytes[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.real.flush()
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        let mut trace = self.recorder.hold();
        match self.faults.on_sync() {
            Sync::Works => self.real.sync()?,
            Sync::Fails(unsynced) => {
                if unsynced == Unsynced::Clean {
                    trace.sync_failed(self.file);
                }
                return Err(io_error());
            }
        }
        trace.sync(self.file);
        Ok(())
    }
}
