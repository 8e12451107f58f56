//! Where segments are: their names, in the partition's folder and in the archives.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::change::Partition;

/// Segments of a partition at the most: at 4 GiB each far beyond any disk, and a bound on the
/// folder that is read at start.
const SEGMENTS_MAX: u32 = 99_999_999;

//----------- Layout -----------------------------------------------------------

/// The folders in which a partition's segments lie.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Where the segment that is written to is.
    pub(super) folder: PathBuf,
    /// Where closed ones may have been moved to, in the order they are looked through.
    archives: Vec<PathBuf>,
}

impl Layout {
    /// The folders of a partition: its name, with what a file name cannot hold replaced.
    pub(super) fn new(root: &Path, archive_dirs: &[PathBuf], partition: &Partition) -> Self {
        let name = partition.to_string().replacen('/', "-", 1);
        Self {
            folder: root.join(&name),
            archives: archive_dirs.iter().map(|dir| dir.join(&name)).collect(),
        }
    }

    /// Where a segment that is written to stands.
    pub(super) fn path(&self, number: u32) -> PathBuf {
        self.folder.join(file_name(number))
    }

    /// The segments there are, by number. One that is in several places is taken from the first:
    /// a move that was interrupted leaves two that are alike.
    pub(super) fn segments(&self) -> io::Result<BTreeMap<u32, PathBuf>> {
        let mut found = BTreeMap::new();
        for folder in std::iter::once(&self.folder).chain(&self.archives) {
            let files = match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                files => files?,
            };
            for file in files {
                let file = file?;
                if let Some(number) = number_of(&file.file_name().to_string_lossy()) {
                    found.entry(number).or_insert_with(|| file.path());
                }
            }
        }
        Ok(found)
    }

    /// The folders as a person is told of them.
    pub(super) fn described(&self) -> String {
        let folders = std::iter::once(&self.folder).chain(&self.archives);
        let folders: Vec<String> = folders.map(|path| path.display().to_string()).collect();
        folders.join(", ")
    }
}

/// The partition that a folder of that name holds.
pub(super) fn partition_of(folder_name: &str) -> Option<Partition> {
    Partition::parse(&folder_name.replacen('-', "/", 1)).ok()
}

/// The name of a segment's file.
pub(super) fn file_name(number: u32) -> String {
    format!("segment-{number:08}.sqlite")
}

fn number_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("segment-")?.strip_suffix(".sqlite")?;
    let number = digits.parse().ok()?;
    let is_plain = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_plain && (1..=SEGMENTS_MAX).contains(&number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        assert_eq!(number_of(&file_name(7)), Some(7));
        for other in [
            "segment-7.sqlite",
            "segment-00000000.sqlite",
            "segment-00000001.sqlite-wal",
            "segment-0000000a.sqlite",
            "segment-+0000001.sqlite",
        ] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_partitions_own_folder_comes_before_the_archives() {
        let root = tempfile::tempdir().unwrap();
        let archive = root.path().join("cold");
        let layout = Layout::new(
            &root.path().join("ledger"),
            std::slice::from_ref(&archive),
            &Partition::Data(1),
        );
        assert!(layout.segments().unwrap().is_empty());
        fs::create_dir_all(archive.join("data-1")).unwrap();
        fs::create_dir_all(&layout.folder).unwrap();
        for path in [
            archive.join("data-1").join(file_name(1)),
            archive.join("data-1").join(file_name(2)),
            layout.path(2),
            layout.path(3),
        ] {
            fs::write(path, "").unwrap();
        }
        let found: Vec<_> = layout.segments().unwrap().into_iter().collect();
        assert_eq!(
            found,
            [
                (1, archive.join("data-1").join(file_name(1))),
                (2, layout.path(2)),
                (3, layout.path(3))
            ]
        );
    }
}
