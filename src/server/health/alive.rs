//! A file by which the next start knows how long this process was alive.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::ailment::Ailment;

/// Its size: written over in place, so that a full disk does not keep it from being written.
const FILE_BYTES: usize = 4_096;

//----------- Alive ------------------------------------------------------------

/// What is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Alive {
    /// When it was written, in milliseconds since the epoch; 0: nobody knows.
    pub(super) alive_ms: u64,
    /// What is wrong since when, and could not be written to the ledger.
    pub(super) ailing: Vec<(Ailment, u64)>,
}

/// The file.
#[derive(Debug)]
pub(in crate::server) struct AliveFile {
    path: PathBuf,
}

impl AliveFile {
    /// In a data directory.
    pub(in crate::server) fn new(data_dir: &Path) -> Self {
        Self {
            path: data_dir.join("alive.json"),
        }
    }

    /// What it says; where it is damaged or not there, that nobody knows.
    pub(super) fn read(&self) -> Alive {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        let said: Value = serde_json::from_str(text.trim_end()).unwrap_or_default();
        let ailing = Ailment::ALL.into_iter().filter_map(|ailment| {
            let since_ms = said["ailing"][ailment.name()].as_u64()?;
            Some((ailment, since_ms))
        });
        Alive {
            alive_ms: said["alive_ms"].as_u64().unwrap_or_default(),
            ailing: ailing.collect(),
        }
    }

    /// Says it anew.
    pub(super) fn write(&self, alive: &Alive) {
        if let Err(error) = self.write_over(alive) {
            // The ledger's last entry says as much, less exactly.
            tracing::debug!(%error, "the file of the last sign of life cannot be written");
        }
    }

    fn write_over(&self, alive: &Alive) -> io::Result<()> {
        let ailing = alive.ailing.iter();
        let ailing = ailing.map(|(ailment, since_ms)| (ailment.name().to_owned(), json!(since_ms)));
        let said = json!({
            "alive_ms": alive.alive_ms,
            "ailing": Value::Object(ailing.collect()),
        });
        let mut bytes = said.to_string().into_bytes();
        bytes.resize(FILE_BYTES, b' ');
        let file: File = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_it_was_told_and_nothing_where_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = AliveFile::new(folder.path());
        assert_eq!(file.read(), Alive::default());
        let both = Alive {
            alive_ms: 1_795_492_800_000,
            ailing: vec![(Ailment::NoSpace, 7), (Ailment::Silent, 8)],
        };
        file.write(&both);
        assert_eq!(file.read(), both);
        let less = Alive {
            alive_ms: 9,
            ailing: Vec::new(),
        };
        file.write(&less);
        assert_eq!(file.read(), less);
        std::fs::write(folder.path().join("alive.json"), "{\"alive_ms\": 17").unwrap();
        assert_eq!(file.read(), Alive::default());
    }
}
