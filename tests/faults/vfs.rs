//! A layer between SQLite and the files, which records what SQLite does and breaks it on demand.
//!
//! ```text
//! SQLite ──▶ Shim ──▶ SQLite's own "unix" layer
//! ```
//!
//! Locks, shared memory and reads go through as they are. There is no memory mapping of the
//! database, since writes to a mapping could not be seen.

#![expect(unsafe_code, reason = "SQLite's file layer is a C interface")]

use std::{
    ffi::{CStr, CString, OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    ptr, slice,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use rusqlite::{
    Connection, OpenFlags,
    ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs},
};

use super::{
    plan::{Faults, Sync, Unsynced, Write},
    trace::{FileId, Recorder, Trace},
};

/// The layer below.
const BELOW: &CStr = c"unix";

/// Shims so far, for their names.
static SHIMS: AtomicU64 = AtomicU64::new(0);

/// Files that outlive their connection; SQLite's temporary ones do not.
const LASTING: c_int = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | JOURNALS;

const JOURNALS: c_int = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;

//----------- Shim -------------------------------------------------------------

/// A layer that SQLite knows by its name until the process ends.
#[derive(Debug, Clone)]
pub(crate) struct Shim {
    name: CString,
}

/// What the shim's functions find behind `pAppData`.
struct Layer {
    below: *mut sqlite3_vfs,
    recorder: Recorder,
    faults: Faults,
}

impl Shim {
    /// Registers a shim of its own name.
    pub(crate) fn register(recorder: &Recorder, faults: &Faults) -> Self {
        let number = SHIMS.fetch_add(1, Ordering::Relaxed);
        let name = CString::new(format!("faults-{number}")).expect("it has no zero byte");
        // SAFETY: looks a static string up; SQLite makes its layers at the first call of any.
        let below = unsafe { ffi::sqlite3_vfs_find(BELOW.as_ptr()) };
        assert!(!below.is_null(), "SQLite has a layer for unix");
        let layer = Box::leak(Box::new(Layer {
            below,
            recorder: recorder.clone(),
            faults: faults.clone(),
        }));
        // SAFETY: SQLite never frees or changes the layers that it brings.
        let below = unsafe { *below };
        let vfs = Box::leak(Box::new(sqlite3_vfs {
            // Neither time-outs for locks nor system calls to replace.
            iVersion: 2,
            szOsFile: size_of_handle(below.szOsFile),
            pNext: ptr::null_mut(),
            zName: name.clone().into_raw(),
            pAppData: ptr::from_mut(layer).cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            // The others do not look at the layer they are called for: names, time, entropy.
            ..below
        }));
        // SAFETY: `vfs` is complete, and it and what it points to are leaked.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        assert_eq!(code, ffi::SQLITE_OK, "a layer can be registered");
        Self { name }
    }

    /// What SQLite calls it.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// Opens a database through it, making it where it is not there.
    pub(crate) fn open(&self, path: &Path) -> rusqlite::Result<Connection> {
        Connection::open_with_flags_and_vfs(path, OpenFlags::default(), self.name())
    }

    /// From here on every connection of the process that names no layer goes through it.
    pub(crate) fn make_default(&self) {
        make_default(self.name());
    }

    /// Connections go to the files directly again.
    pub(crate) fn restore_default() {
        make_default(BELOW);
    }
}

fn make_default(name: &CStr) {
    // SAFETY: it was registered, or is SQLite's own, and registering it again moves it only.
    let code = unsafe { ffi::sqlite3_vfs_register(ffi::sqlite3_vfs_find(name.as_ptr()), 1) };
    assert_eq!(code, ffi::SQLITE_OK, "a layer can be the default");
}

//----------- Handle -----------------------------------------------------------

/// The start of the memory in which SQLite keeps an open file; that of the layer below follows.
#[repr(C)]
struct Handle {
    base: sqlite3_file,
    open: *mut OpenFile,
}

struct OpenFile {
    layer: &'static Layer,
    /// In the trace; none for temporary files.
    file: Option<FileId>,
    path: PathBuf,
    /// The layer below syncs the folder after the first sync of a journal that it may have made.
    syncs_folder: AtomicBool,
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Without memory mapping.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

fn size_of_handle(below: c_int) -> c_int {
    below + c_int::try_from(size_of::<Handle>()).expect("it is a few words")
}

/// The file of the layer below.
///
/// # Safety
/// `file` is what SQLite gave to [`open`], or will.
unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite reserves `szOsFile` bytes, which are those of both, aligned for both.
    unsafe { file.cast::<Handle>().add(1).cast() }
}

/// What is known about an open file.
///
/// # Safety
/// `file` was opened by [`open`] and is not closed.
unsafe fn about<'a>(file: *mut sqlite3_file) -> &'a OpenFile {
    // SAFETY: `open` stored a box there, which `close` frees.
    unsafe { &*(*file.cast::<Handle>()).open }
}

//----------- Passed on --------------------------------------------------------

/// Methods that the layer below answers.
macro_rules! pass_on {
    ($($name:ident => $method:ident($($argument:ident: $type:ty),*);)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $type)*) -> c_int {
            // SAFETY: SQLite calls this on open files, with what the method asks for.
            unsafe {
                let file = below(file);
                let method = (*(*file).pMethods).$method.expect("the unix layer has it");
                method(file $(, $argument)*)
            }
        }
    )*};
}

pass_on! {
    read => xRead(to: *mut c_void, bytes: c_int, offset: sqlite3_int64);
    file_size => xFileSize(size: *mut sqlite3_int64);
    lock => xLock(level: c_int);
    unlock => xUnlock(level: c_int);
    check_reserved_lock => xCheckReservedLock(is: *mut c_int);
    sector_size => xSectorSize();
    device_characteristics => xDeviceCharacteristics();
    shm_map => xShmMap(page: c_int, bytes: c_int, extend: c_int, to: *mut *mut c_void);
    shm_lock => xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap => xShmUnmap(delete: c_int);
    write_below => xWrite(from: *const c_void, bytes: c_int, offset: sqlite3_int64);
    truncate_below => xTruncate(len: sqlite3_int64);
    sync_below => xSync(flags: c_int);
    close_below => xClose();
    control_below => xFileControl(op: c_int, argument: *mut c_void);
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: SQLite calls this on open files.
    unsafe {
        let file = below(file);
        let method = (*(*file).pMethods).xShmBarrier;
        method.expect("the unix layer has it")(file);
    }
}

unsafe extern "C" fn file_control(
    file: *mut sqlite3_file,
    op: c_int,
    argument: *mut c_void,
) -> c_int {
    match op {
        // Space that the layer below would set aside behind our back; both are hints.
        ffi::SQLITE_FCNTL_SIZE_HINT | ffi::SQLITE_FCNTL_CHUNK_SIZE => ffi::SQLITE_OK,
        ffi::SQLITE_FCNTL_MMAP_SIZE => ffi::SQLITE_NOTFOUND,
        // SAFETY: SQLite calls this on open files, with what the operation asks for.
        _ => unsafe { control_below(file, op, argument) },
    }
}

//----------- Names ------------------------------------------------------------

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: it was leaked when the layer was registered.
    let layer: &'static Layer = unsafe { &*(*vfs).pAppData.cast::<Layer>() };
    // SAFETY: SQLite reserved the memory; without methods it does not close what is not open.
    unsafe { (*file).pMethods = ptr::null() };
    // SAFETY: a name that SQLite gives ends with a zero byte.
    let path = unsafe { path_of(name) };
    let lasting = path.is_some() && flags & LASTING != 0;
    let path = path.unwrap_or_default();
    // Held until the file is in the trace, so that nobody else makes it meanwhile.
    let mut trace = layer.recorder.hold();
    let was_there = path.exists();
    let flags = match layer.flags_to_open(flags, !lasting || was_there) {
        Ok(flags) => flags,
        Err(code) => return code,
    };
    // SAFETY: the layer below gets the memory behind ours, and the rest as SQLite gave it to us.
    let code = unsafe {
        let open = (*layer.below).xOpen.expect("the unix layer has it");
        open(layer.below, name, below(file), flags, flags_out)
    };
    if code != ffi::SQLITE_OK {
        return code;
    }
    let may_be_new = flags & ffi::SQLITE_OPEN_CREATE != 0;
    let is_journal = flags & (ffi::SQLITE_OPEN_WAL | JOURNALS) != 0;
    let open = OpenFile {
        layer,
        file: lasting.then(|| in_trace(&mut trace, &path, was_there)),
        path,
        syncs_folder: AtomicBool::new(may_be_new && is_journal),
    };
    let handle = file.cast::<Handle>();
    // SAFETY: SQLite reserved the memory, and the file below is open.
    unsafe {
        (*handle).open = Box::into_raw(Box::new(open));
        (*handle).base.pMethods = &raw const METHODS;
    }
    code
}

unsafe extern "C" fn delete(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: as in `open`.
    let layer: &'static Layer = unsafe { &*(*vfs).pAppData.cast::<Layer>() };
    // SAFETY: as in `open`.
    let path = unsafe { path_of(name) }.unwrap_or_default();
    let mut trace = layer.recorder.hold();
    if !layer.faults.on_change() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    // SAFETY: the layer below gets what SQLite gave to us.
    let code = unsafe {
        let delete = (*layer.below).xDelete.expect("the unix layer has it");
        delete(layer.below, name, sync_folder)
    };
    if code == ffi::SQLITE_OK && trace.file_at(&path).is_some() {
        trace.remove(&path);
        if sync_folder & 1 != 0 {
            trace.sync_folder(parent(&path));
        }
    }
    code
}

impl Layer {
    /// How the file below is to be opened; on a read-only disk as the unix layer does it.
    fn flags_to_open(&self, flags: c_int, is_there: bool) -> Result<c_int, c_int> {
        let changes = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE;
        if flags & changes == 0 || self.faults.on_change() {
            Ok(flags)
        } else if is_there {
            Ok(flags & !changes | ffi::SQLITE_OPEN_READONLY)
        } else {
            Err(ffi::SQLITE_CANTOPEN)
        }
    }
}

/// The id of a file that has just been opened.
fn in_trace(trace: &mut Trace, path: &Path, was_there: bool) -> FileId {
    match trace.file_at(path) {
        Some(file) if was_there => file,
        None if was_there => trace.found(path),
        _ => trace.create(path),
    }
}

/// # Safety
/// `name` is null or ends with a zero byte.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: see above; the bytes are copied at once.
    let name = unsafe { CStr::from_ptr(name) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("SQLite makes its paths absolute")
}

//----------- Content ----------------------------------------------------------

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file once; `open` made the box.
    unsafe {
        let code = close_below(file);
        drop(Box::from_raw((*file.cast::<Handle>()).open));
        code
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite writes to open files only.
    let open = unsafe { about(file) };
    let Some(id) = open.file else {
        // SAFETY: passed on as it came.
        return unsafe { write_below(file, from, bytes, offset) };
    };
    let wanted = usize::try_from(bytes).expect("a length is not negative");
    let at = u64::try_from(offset).expect("an offset is not negative");
    let mut trace = open.layer.recorder.hold();
    let (fits, refusal) = match open.layer.faults.on_write(wanted) {
        Write::Whole => (wanted, None),
        Write::Full(fits) => (fits, Some(ffi::SQLITE_FULL)),
        Write::Fails => (0, Some(ffi::SQLITE_IOERR_WRITE)),
    };
    if fits > 0 {
        let count = c_int::try_from(fits).expect("it is no more than was to be written");
        // SAFETY: `fits` is at most the length that SQLite gave.
        let code = unsafe { write_below(file, from, count, offset) };
        if code != ffi::SQLITE_OK {
            return code;
        }
        // SAFETY: as above; the bytes are copied before SQLite gets them back.
        trace.write(id, at, unsafe { slice::from_raw_parts(from.cast(), fits) });
    }
    refusal.unwrap_or(ffi::SQLITE_OK)
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: sqlite3_int64) -> c_int {
    // SAFETY: SQLite cuts open files only.
    let open = unsafe { about(file) };
    let mut trace = open.layer.recorder.hold();
    if open.file.is_some() && !open.layer.faults.on_change() {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: passed on as it came.
    let code = unsafe { truncate_below(file, len) };
    if let Some(id) = open.file
        && code == ffi::SQLITE_OK
    {
        trace.truncate(id, u64::try_from(len).expect("a length is not negative"));
    }
    code
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite syncs open files only.
    let open = unsafe { about(file) };
    let Some(id) = open.file else {
        // SAFETY: passed on as it came.
        return unsafe { sync_below(file, flags) };
    };
    let mut trace = open.layer.recorder.hold();
    match open.layer.faults.on_sync() {
        Sync::Works => {}
        Sync::Fails(unsynced) => {
            if unsynced == Unsynced::Clean {
                trace.sync_failed(id);
            }
            return ffi::SQLITE_IOERR_FSYNC;
        }
    }
    // SAFETY: passed on as it came.
    let code = unsafe { sync_below(file, flags) };
    if code == ffi::SQLITE_OK {
        trace.sync(id);
        if open.syncs_folder.swap(false, Ordering::Relaxed) {
            trace.sync_folder(parent(&open.path));
        }
    }
    code
}
