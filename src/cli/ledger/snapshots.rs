//! Snapshots beside the ledger they are a faster way to: whether they come to the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::change::{Entry, LedgerId, Partition};
use crate::disk::RealDisk;
use crate::ledger::Head;
use crate::state::snapshot::{SnapshotError, SnapshotFolder, SnapshotLoader};
use crate::state::{DATA, Digests, State};

//----------- Snapshots ----------------------------------------------------------

/// The snapshots that there were when the reading began.
pub(super) struct Snapshots(Vec<Snapshot>);

struct Snapshot {
    path: PathBuf,
    opened: Result<Cut, String>,
}

/// What a snapshot says of itself, and whether the ledger says so too.
struct Cut {
    ledger_id: LedgerId,
    control: Side,
    data: Side,
}

struct Side {
    head: Head,
    digests: Digests,
    is_met: bool,
}

/// What a snapshot is worth.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) path: PathBuf,
    /// The last entries of `control` and `data/1` in it, where it says so.
    pub(super) cut: Option<(u64, u64)>,
    /// Why it is of no use.
    pub(super) wrong: Option<String>,
}

impl Snapshots {
    /// Opens those in a folder.
    pub(super) fn open(folder: &Path) -> Self {
        let folder = SnapshotFolder::new(folder.to_owned(), Arc::new(RealDisk));
        let paths = folder.list().unwrap_or_default().into_iter();
        let found = paths.filter_map(|path| {
            let opened = match SnapshotLoader::open(&path) {
                // A running node replaced it meanwhile.
                Err(SnapshotError::Io(_)) if !path.exists() => return None,
                opened => opened.map(|loader| Cut::of(&loader)),
            };
            let opened = opened.map_err(|error| error.to_string());
            Some(Snapshot { path, opened })
        });
        Self(found.collect())
    }

    /// Compares those that were cut behind `entry`, which `state` has just come to.
    pub(super) fn compare(&mut self, entry: &Entry, state: &State) {
        let partition = &entry.header().partition;
        let cuts = self.0.iter_mut().flat_map(|one| one.opened.as_mut());
        for cut in cuts {
            let side = cut.side(partition);
            if side.head == Head::after(entry) {
                side.is_met = side.digests == state.digests(partition);
            }
        }
    }

    /// What each is worth, once the whole ledger was read.
    pub(super) fn verdicts(self, ledger_id: LedgerId) -> Vec<Verdict> {
        let verdict = |Snapshot { path, opened }| match opened {
            Ok(cut) => Verdict {
                cut: Some((cut.control.head.seq, cut.data.head.seq)),
                wrong: cut.wrong(ledger_id).or_else(|| content_wrong(&path, &cut)),
                path,
            },
            Err(wrong) => Verdict {
                path,
                cut: None,
                wrong: Some(wrong),
            },
        };
        self.0.into_iter().map(verdict).collect()
    }
}

impl Cut {
    fn of(loader: &SnapshotLoader) -> Self {
        let side = |partition| {
            let head = loader.at(&partition).head;
            let digests = loader.digests(&partition);
            Side {
                head,
                digests,
                // Before the first entry there is nothing to compare.
                is_met: head.seq == 0 && digests == Digests::default(),
            }
        };
        Self {
            ledger_id: loader.ledger_id(),
            control: side(Partition::Control),
            data: side(DATA),
        }
    }

    fn side(&mut self, partition: &Partition) -> &mut Side {
        if *partition == DATA {
            &mut self.data
        } else {
            &mut self.control
        }
    }

    fn wrong(&self, ledger_id: LedgerId) -> Option<String> {
        if self.ledger_id != ledger_id {
            return Some("it is of another ledger".to_owned());
        }
        let sides = [(Partition::Control, &self.control), (DATA, &self.data)];
        let unmet = sides.into_iter().find(|(_, side)| !side.is_met);
        unmet.map(|(partition, side)| {
            let seq = side.head.seq;
            format!("the ledger comes to another state at {partition}, sequence {seq}")
        })
    }
}

/// Whether its identifiers are those that its own digests say.
fn content_wrong(path: &Path, cut: &Cut) -> Option<String> {
    let loaded = SnapshotLoader::open(path).and_then(|loader| {
        loader.work();
        loader.finish()
    });
    match loaded {
        Err(SnapshotError::Io(_)) if !path.exists() => None,
        Err(error) => Some(error.to_string()),
        Ok(state) if state.recomputed_digests() != cut.data.digests => {
            Some("its identifiers are not those that its digest says".to_owned())
        }
        Ok(_) => None,
    }
}
