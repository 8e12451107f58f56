//! `manifest.json`: what a backup consists of (`docs/format/backup-v1.md`).

use std::{fs::File, io::Read, path::Path};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::{
    change::{Hash, LedgerId, Partition},
    ledger::Head,
};

/// The only format there is.
const FORMAT: u32 = 1;

/// Some hundred thousand segments; nothing larger is read into memory.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

//----------- Manifest ---------------------------------------------------------

/// What a backup consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    /// The release that wrote it.
    biaoshi: String,
    ledger_id: String,
    pub(super) taken_at: String,
    pub(super) partitions: Vec<PartitionRow>,
    pub(super) entries: FileRow,
    check: String,
}

/// A partition in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartitionRow {
    partition: String,
    head: HeadRow,
    pub(super) segments: Vec<SegmentRow>,
}

/// A closed segment in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentRow {
    pub(super) number: u32,
    pub(super) file: String,
    begin: HeadRow,
    end: HeadRow,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// A file in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRow {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadRow {
    seq: u64,
    hash: String,
}

impl Manifest {
    pub(super) fn new(
        ledger_id: LedgerId,
        taken_at: String,
        partitions: Vec<PartitionRow>,
        entries: FileRow,
    ) -> Self {
        let mut manifest = Self {
            format: FORMAT,
            biaoshi: env!("CARGO_PKG_VERSION").to_owned(),
            ledger_id: ledger_id.to_string(),
            taken_at,
            partitions,
            entries,
            check: String::new(),
        };
        manifest.check = manifest.hash().to_string();
        manifest
    }

    /// Reads one and checks that it is what was written.
    pub(super) fn read(path: &Path) -> Result<Self, BackupError> {
        let mut text = Vec::new();
        let file = File::open(path).map_err(BackupError::at(path))?;
        let read = file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut text);
        if read.map_err(BackupError::at(path))? as u64 > MANIFEST_BYTES_MAX {
            return Err(BackupError::damaged(path, "it is larger than any"));
        }
        let damaged = |what: String| BackupError::damaged(path, what);
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.format != FORMAT {
            let what = format!("it has format {}; use a newer biaoshi", manifest.format);
            return Err(damaged(what));
        }
        if manifest.check != manifest.hash().to_string() {
            return Err(damaged("its hash is another".to_owned()));
        }
        manifest
            .check_names()
            .map_err(|what| damaged(what.to_owned()))?;
        Ok(manifest)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // Strings and numbers only: nothing of it can fail.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    pub(super) fn ledger_id(&self) -> LedgerId {
        let bytes = HEXLOWER
            .decode(self.ledger_id.as_bytes())
            .unwrap_or_default();
        LedgerId(bytes.try_into().unwrap_or_default())
    }

    /// The partitions, `control` last.
    pub(super) fn partitions(&self) -> Vec<(Partition, Head, &[SegmentRow])> {
        let rows = self.partitions.iter().filter_map(|row| {
            let partition = Partition::parse(&row.partition).ok()?;
            Some((partition, row.head.decode(), row.segments.as_slice()))
        });
        rows.collect()
    }

    /// Of everything else in it.
    fn hash(&self) -> Hash {
        let blank = Self {
            check: String::new(),
            ..self.clone()
        };
        Hash::of(&[&serde_json::to_vec(&blank).unwrap_or_default()])
    }

    /// A name must not lead out of its directory, whoever wrote it.
    fn check_names(&self) -> Result<(), &'static str> {
        for row in &self.partitions {
            Partition::parse(&row.partition).map_err(|_| "a partition has no name")?;
            let is_plain = |name: &str| !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
            if !row.segments.iter().all(|segment| is_plain(&segment.file)) {
                return Err("a file has no plain name");
            }
        }
        Ok(())
    }
}

impl PartitionRow {
    pub(super) fn new(partition: &Partition, head: Head, segments: Vec<SegmentRow>) -> Self {
        Self {
            partition: partition.to_string(),
            head: HeadRow::new(head),
            segments,
        }
    }
}

impl SegmentRow {
    pub(super) fn new(
        (number, file): (u32, String),
        (begin, end): (Head, Head),
        content: FileRow,
    ) -> Self {
        Self {
            number,
            file,
            begin: HeadRow::new(begin),
            end: HeadRow::new(end),
            bytes: content.bytes,
            sha256: content.sha256,
        }
    }

    /// What its file has to have.
    pub(super) fn content(&self) -> FileRow {
        FileRow {
            bytes: self.bytes,
            sha256: self.sha256.clone(),
        }
    }

    pub(super) fn begin(&self) -> Head {
        self.begin.decode()
    }

    pub(super) fn end(&self) -> Head {
        self.end.decode()
    }
}

impl HeadRow {
    fn new(head: Head) -> Self {
        Self {
            seq: head.seq,
            hash: head.hash.to_string(),
        }
    }

    /// What is no hash is none of any entry, and found to differ.
    fn decode(&self) -> Head {
        let hash = HEXLOWER.decode(self.hash.as_bytes()).unwrap_or_default();
        Head {
            seq: self.seq,
            hash: Hash::from_slice(&hash).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let head = |seq| Head {
            seq,
            hash: Hash([9; 32]),
        };
        let content = FileRow {
            bytes: 12,
            sha256: "ab".repeat(32),
        };
        let name = (1, "segment-00000001-0909.sqlite".to_owned());
        let segment = SegmentRow::new(name, (head(0), head(5)), content.clone());
        let rows = vec![PartitionRow::new(
            &Partition::Data(1),
            head(8),
            vec![segment],
        )];
        Manifest::new(
            LedgerId([3; 16]),
            "2026-11-23T10:00:00Z".to_owned(),
            rows,
            content,
        )
    }

    fn read(text: &[u8]) -> Result<Manifest, BackupError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.json");
        std::fs::write(&path, text).unwrap();
        Manifest::read(&path)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let manifest = manifest();
        assert_eq!(read(&manifest.encode()).unwrap(), manifest);
        assert_eq!(manifest.ledger_id(), LedgerId([3; 16]));
        let (partition, head, segments) = manifest.partitions().remove(0);
        assert_eq!((partition, head.seq), (Partition::Data(1), 8));
        assert_eq!((segments[0].begin().seq, segments[0].end().seq), (0, 5));
    }

    #[test]
    fn every_flipped_bit_that_says_something_else_is_found() {
        let manifest = manifest();
        let text = manifest.encode();
        for at in 0..text.len() {
            let mut hit = text.clone();
            hit[at] ^= 0x01;
            // White space may become other white space.
            if let Ok(read) = read(&hit) {
                assert_eq!(read, manifest, "byte {at}");
            }
        }
        for len in 0..text.len() - 2 {
            assert!(read(&text[..len]).is_err(), "cut at {len}");
        }
    }

    #[test]
    fn a_name_that_leads_out_of_its_directory_is_refused() {
        for name in ["../../etc/passwd", "/etc/passwd", ".hidden", "a/b"] {
            let mut manifest = manifest();
            manifest.partitions[0].segments[0].file = name.to_owned();
            manifest.check = manifest.hash().to_string();
            let error = read(&manifest.encode()).unwrap_err().to_string();
            assert!(error.contains("no plain name"), "{error}");
        }
    }
}
