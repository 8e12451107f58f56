//! Disks as a power cut may leave them: all that was synced, and of the rest what chance keeps.
//!
//! The model is POSIX at its harshest, not one file system: content is durable once its file was
//! synced after it, a name once its folder was. Until then sectors of all files and names of all
//! folders survive each for itself.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    image_file::FileHistory,
    trace::{Event, FileId, place},
};

/// What a disk writes at once: older disks, newer ones.
const SECTOR_BYTES: [u64; 2] = [512, 4_096];

//----------- Random -----------------------------------------------------------

/// splitmix64: the same numbers for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number under `limit`, which is not zero.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

//----------- Keep -------------------------------------------------------------

/// What survives of that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Durable,
    Everything,
    /// So many of eight.
    Some(u64),
}

impl Keep {
    /// The extremes are where the mistakes are, and between them is everything else.
    fn choose(random: &mut Random) -> Self {
        match random.below(8) {
            0 => Self::Durable,
            1 => Self::Everything,
            2 | 3 => Self::Some(1),
            4 | 5 => Self::Some(7),
            _ => Self::Some(4),
        }
    }

    /// Does one thing survive?
    pub(super) fn one(self, random: &mut Random) -> bool {
        match self {
            Self::Durable => false,
            Self::Everything => true,
            Self::Some(eighths) => random.below(8) < eighths,
        }
    }
}

//----------- materialize ------------------------------------------------------

/// Builds below `to` what a power cut after the last of `events` may leave below `from_root`.
///
/// The same seed builds the same image. Folders that no event tells of are there, as those are
/// that the test made itself.
pub(crate) fn materialize(events: &[Event], from_root: &Path, to: &Path, seed: u64) {
    let mut random = Random::new(seed);
    let sector_bytes = SECTOR_BYTES[usize::from(random.below(2) == 1)];
    // Chosen apart, so that names survive without content and content without names.
    let keep_names = Keep::choose(&mut random);
    let keep_content = Keep::choose(&mut random);
    let one_for_all = random.below(2) == 0;
    let names = Names::of(events).after_cut(keep_names, &mut random);
    let histories = histories(events, sector_bytes);
    let root = place(from_root);
    fs::create_dir_all(to).expect("an image can be made");
    for (path, entry) in names {
        let Ok(below) = path.strip_prefix(&root) else {
            continue;
        };
        let path = to.join(below);
        match entry {
            Entry::Folder => fs::create_dir_all(path).expect("a folder of it can be made"),
            Entry::File(file) => {
                let keep = if one_for_all {
                    keep_content
                } else {
                    Keep::choose(&mut random)
                };
                let content = histories[&file].after_cut(keep, &mut random);
                let folder = path.parent().expect("it is below the image's root");
                fs::create_dir_all(folder).expect("a folder of it can be made");
                fs::write(path, content).expect("a file of it can be written");
            }
        }
    }
}

/// A place to cut the power at: anywhere, or right after something was acknowledged.
pub(crate) fn cut(events: &[Event], seed: u64) -> &[Event] {
    let mut random = Random::new(!seed);
    let mut end = 1 + usize::try_from(random.below(events.len() as u64)).expect("it is an index");
    if random.below(2) == 0 {
        let is_mark = |event: &Event| matches!(event, Event::Mark(_));
        let next = events[end - 1..].iter().position(is_mark);
        end += next.unwrap_or(0);
    }
    &events[..end]
}

/// What was done to the content of each file.
fn histories(events: &[Event], sector_bytes: u64) -> HashMap<FileId, FileHistory> {
    let mut histories = HashMap::new();
    for event in events {
        let (file, found) = match event {
            Event::Found { file, bytes, .. } => (*file, Arc::clone(bytes)),
            Event::Create { file, .. } => (*file, Arc::default()),
            _ => {
                change(&mut histories, event);
                continue;
            }
        };
        histories.insert(file, FileHistory::new(sector_bytes, found));
    }
    histories
}

fn change(histories: &mut HashMap<FileId, FileHistory>, event: &Event) {
    let (Event::Write { file, .. }
    | Event::Truncate { file, .. }
    | Event::Sync { file }
    | Event::SyncFailed { file }) = event
    else {
        return;
    };
    let history = histories
        .get_mut(file)
        .expect("a file is found or made before it is changed");
    match event {
        Event::Write { offset, bytes, .. } => history.write(*offset, bytes),
        Event::Truncate { len, .. } => history.truncate(*len),
        Event::Sync { .. } => history.sync(),
        _ => history.sync_failed(),
    }
}

//----------- Names ------------------------------------------------------------

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File(FileId),
    Folder,
}

/// What was done to names, in order.
#[derive(Default)]
struct Names {
    changes: Vec<NameChange>,
    /// Places of those that are not durable.
    unsettled: Vec<usize>,
}

/// A change that happens as a whole or not at all.
struct NameChange {
    /// Whose name this is from now on, if it is anybody's.
    path: PathBuf,
    entry: Option<Entry>,
    /// The name that the file had before.
    from: Option<PathBuf>,
    /// Folders that are still to be synced before it is durable.
    unsynced: Vec<PathBuf>,
}

impl Names {
    fn of(events: &[Event]) -> Self {
        let mut names = Self::default();
        // As the kernel sees it: whose name a renaming changed.
        let mut now: HashMap<&Path, FileId> = HashMap::new();
        for event in events {
            match event {
                Event::Found { path, file, .. } => {
                    now.insert(path, *file);
                    names.found(path, *file);
                }
                Event::Create { path, file } => {
                    now.insert(path, *file);
                    names.push(path, Some(Entry::File(*file)), None);
                }
                Event::Rename { from, to } => {
                    let file = now
                        .remove(from.as_path())
                        .expect("the recorder refuses to rename what it does not know");
                    now.insert(to, file);
                    names.push(to, Some(Entry::File(file)), Some(from.clone()));
                }
                Event::Remove { path } => {
                    now.remove(path.as_path());
                    names.push(path, None, None);
                }
                Event::CreateFolder { path } => names.push(path, Some(Entry::Folder), None),
                Event::SyncFolder { path } => names.sync_folder(path),
                _ => {}
            }
        }
        names
    }

    fn found(&mut self, path: &Path, file: FileId) {
        self.changes.push(NameChange {
            path: path.to_owned(),
            entry: Some(Entry::File(file)),
            from: None,
            unsynced: Vec::new(),
        });
    }

    fn push(&mut self, path: &Path, entry: Option<Entry>, from: Option<PathBuf>) {
        let places = [Some(path), from.as_deref()];
        let folders = places.into_iter().flatten().filter_map(Path::parent);
        let unsynced = folders.map(Path::to_owned).collect();
        self.unsettled.push(self.changes.len());
        self.changes.push(NameChange {
            path: path.to_owned(),
            entry,
            from,
            unsynced,
        });
    }

    fn sync_folder(&mut self, path: &Path) {
        let changes = &mut self.changes;
        self.unsettled.retain(|place| {
            let unsynced = &mut changes[*place].unsynced;
            unsynced.retain(|folder| folder != path);
            !unsynced.is_empty()
        });
    }

    /// Names that the disk may hold.
    fn after_cut(self, keep: Keep, random: &mut Random) -> BTreeMap<PathBuf, Entry> {
        let mut names = BTreeMap::new();
        let mut lost_folders = HashSet::new();
        // Names that a file still has, since a renaming was lost. Nothing may become of them
        // later, or the file would be under neither name.
        let mut still_taken = HashSet::new();
        for change in self.changes {
            let is_possible = !change.places().any(|path| still_taken.contains(path));
            let is_durable = change.unsynced.is_empty();
            if is_durable || is_possible && keep.one(random) {
                change.apply(&mut names);
            } else if change.entry == Some(Entry::Folder) {
                lost_folders.insert(change.path);
            } else {
                still_taken.extend(change.from);
            }
        }
        let is_lost = |path: &Path| path.ancestors().any(|above| lost_folders.contains(above));
        names.retain(|path, _| !is_lost(path));
        names
    }
}

impl NameChange {
    fn places(&self) -> impl Iterator<Item = &PathBuf> {
        [Some(&self.path), self.from.as_ref()].into_iter().flatten()
    }

    fn apply(self, names: &mut BTreeMap<PathBuf, Entry>) {
        if let Some(from) = self.from {
            names.remove(&from);
            // Also where a name in between was lost: a file has one name.
            names.retain(|_, entry| Some(*entry) != self.entry);
        }
        match self.entry {
            Some(entry) => names.insert(self.path, entry),
            None => names.remove(&self.path),
        };
    }
}
