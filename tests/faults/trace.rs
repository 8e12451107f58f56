//! What was done to a disk, in order: the record from which images of a power cut are made.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

//----------- Event ------------------------------------------------------------

/// A file whatever its name, as an inode is.
pub(crate) type FileId = u64;

/// Something that happened to the disk, or a note of the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A file was there before anybody looked: its name and its bytes are durable.
    Found {
        path: PathBuf,
        file: FileId,
        bytes: Arc<[u8]>,
    },
    /// An empty file was made.
    Create { path: PathBuf, file: FileId },
    /// Bytes were written.
    Write {
        file: FileId,
        offset: u64,
        bytes: Arc<[u8]>,
    },
    /// A file was cut, or grew by zeros.
    Truncate { file: FileId, len: u64 },
    /// What was written to the file before is durable.
    Sync { file: FileId },
    /// A sync failed, and the kernel took what was written for clean: some of it may have reached
    /// the disk, and no later sync writes the rest unless it is written again.
    SyncFailed { file: FileId },
    /// A file has another name, and what had that name has none.
    Rename { from: PathBuf, to: PathBuf },
    /// A name was removed.
    Remove { path: PathBuf },
    /// A folder was made.
    CreateFolder { path: PathBuf },
    /// What became of the names in the folder before is durable.
    SyncFolder { path: PathBuf },
    /// A note of the test, such as "acknowledged n".
    Mark(u64),
}

/// The notes in a trace.
pub(crate) fn marks(events: &[Event]) -> Vec<u64> {
    let notes = events.iter().filter_map(|event| match event {
        Event::Mark(note) => Some(*note),
        _ => None,
    });
    notes.collect()
}

//----------- Recorder ---------------------------------------------------------

/// Writes down what is done to a disk. Clones share the record.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Trace>>);

impl Recorder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes everything below `root` for durable; to be called before anything is done to it.
    pub(crate) fn adopt(&self, root: &Path) {
        self.hold().adopt(&place(root));
    }

    /// Notes that the test has come this far.
    pub(crate) fn mark(&self, note: u64) {
        self.hold().push(Event::Mark(note));
    }

    pub(crate) fn len(&self) -> usize {
        self.hold().events.len()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.hold().events.clone()
    }

    /// Holds the record for as long as something is done to the disk, so that the order in it is
    /// the order of what happened: nothing is written while a sync is under way.
    pub(crate) fn hold(&self) -> MutexGuard<'_, Trace> {
        // A test that panicked in another thread has failed already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({} events)", self.len())
    }
}

//----------- Trace ------------------------------------------------------------

/// The record, held.
#[derive(Default)]
pub(crate) struct Trace {
    events: Vec<Event>,
    /// What is at each path now. Paths are what [`place`] makes of them.
    names: HashMap<PathBuf, FileId>,
    files: FileId,
}

impl Trace {
    fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    fn name(&mut self, path: PathBuf) -> FileId {
        self.files += 1;
        self.names.insert(path, self.files);
        self.files
    }

    fn adopt(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder to adopt can be listed") {
            let path = entry.expect("a folder to adopt can be listed").path();
            if path.is_dir() {
                self.create_folder(&path);
                self.sync_folder(folder);
                self.adopt(&path);
            } else if !path.to_string_lossy().ends_with("-shm") {
                self.found(&path);
            }
        }
    }

    /// The file at a path, where it is known.
    pub(crate) fn file_at(&self, path: &Path) -> Option<FileId> {
        self.names.get(&place(path)).copied()
    }

    /// A file that was there before.
    pub(crate) fn found(&mut self, path: &Path) -> FileId {
        let bytes = fs::read(path).expect("a file that was found can be read");
        let path = place(path);
        let file = self.name(path.clone());
        self.push(Event::Found {
            path,
            file,
            bytes: bytes.into(),
        });
        file
    }

    /// A file that somebody else has written, who did not sync it.
    pub(crate) fn written_elsewhere(&mut self, path: &Path) -> io::Result<FileId> {
        let bytes = fs::read(path)?;
        let file = self.create(path);
        self.write(file, 0, &bytes);
        Ok(file)
    }

    pub(crate) fn create(&mut self, path: &Path) -> FileId {
        let path = place(path);
        let file = self.name(path.clone());
        self.push(Event::Create { path, file });
        file
    }

    pub(crate) fn write(&mut self, file: FileId, offset: u64, bytes: &[u8]) {
        self.push(Event::Write {
            file,
            offset,
            bytes: bytes.into(),
        });
    }

    pub(crate) fn truncate(&mut self, file: FileId, len: u64) {
        self.push(Event::Truncate { file, len });
    }

    pub(crate) fn sync(&mut self, file: FileId) {
        self.push(Event::Sync { file });
    }

    pub(crate) fn sync_failed(&mut self, file: FileId) {
        self.push(Event::SyncFailed { file });
    }

    /// # Panics
    /// Where nobody recorded how the file came about: an image could not say what is in it.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) {
        let (from, to) = (place(from), place(to));
        let Some(file) = self.names.remove(&from) else {
            panic!("{} was renamed, but not recorded before", from.display());
        };
        self.names.insert(to.clone(), file);
        self.push(Event::Rename { from, to });
    }

    pub(crate) fn remove(&mut self, path: &Path) {
        let path = place(path);
        self.names.remove(&path);
        self.push(Event::Remove { path });
    }

    pub(crate) fn create_folder(&mut self, path: &Path) {
        self.push(Event::CreateFolder { path: place(path) });
    }

    pub(crate) fn sync_folder(&mut self, path: &Path) {
        self.push(Event::SyncFolder { path: place(path) });
    }
}

//----------- Helper functions -------------------------------------------------

/// One spelling for each path: SQLite resolves links, and those who call [`Disk`] do not.
///
/// [`Disk`]: biaoshi::disk::Disk
pub(crate) fn place(path: &Path) -> PathBuf {
    if path.is_dir()
        && let Ok(folder) = path.canonicalize()
    {
        return folder;
    }
    if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        if let Ok(folder) = folder.canonicalize() {
            return folder.join(name);
        }
    }
    std::path::absolute(path).expect("a path is not empty")
}
