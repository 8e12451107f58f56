//! The content of one file after a power cut.
//!
//! The kernel writes a file back in sectors, each when it likes, and each as it is at that moment:
//! so a sector holds what some prefix of the writes to it left there, from the last that a sync
//! covers to the newest, and one sector knows nothing of the other. A truncation that no sync
//! covers happened or did not.

use std::{collections::BTreeMap, sync::Arc};

use super::image::{Keep, Random};

/// One in so many unsynced writes makes the file longer, whether or not its bytes survived: the
/// length is another thing than the content to many file systems.
const LENGTH_ONLY: u64 = 4;

//----------- FileHistory ------------------------------------------------------

/// What was done to a file.
#[derive(Debug)]
pub(super) struct FileHistory {
    sector_bytes: u64,
    found: Arc<[u8]>,
    changes: Vec<Change>,
    sectors: BTreeMap<u64, Sector>,
    /// Sectors that a sync would write.
    dirty: Vec<u64>,
    /// Truncations before this change are durable.
    cut_before: usize,
    /// The length changed since the last sync, whether that worked or not.
    length_is_dirty: bool,
    /// As the kernel sees it.
    len: u64,
}

#[derive(Debug)]
enum Change {
    Write { offset: u64, bytes: Arc<[u8]> },
    Truncate { len: u64 },
}

/// The writes to a sector, as places in [`FileHistory::changes`].
#[derive(Debug, Default)]
struct Sector {
    writes: Vec<usize>,
    /// So many of them are durable.
    durable: usize,
    is_dirty: bool,
}

impl FileHistory {
    pub(super) fn new(sector_bytes: u64, found: Arc<[u8]>) -> Self {
        let len = found.len() as u64;
        Self {
            sector_bytes,
            found,
            changes: Vec::new(),
            sectors: BTreeMap::new(),
            dirty: Vec::new(),
            cut_before: 0,
            length_is_dirty: false,
            len,
        }
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &Arc<[u8]>) {
        let change = self.changes.len();
        let end = offset + bytes.len() as u64;
        for at in offset / self.sector_bytes..end.div_ceil(self.sector_bytes) {
            let sector = self.sectors.entry(at).or_default();
            sector.writes.push(change);
            if !sector.is_dirty {
                sector.is_dirty = true;
                self.dirty.push(at);
            }
        }
        if end > self.len {
            self.len = end;
            self.length_is_dirty = true;
        }
        self.changes.push(Change::Write {
            offset,
            bytes: Arc::clone(bytes),
        });
    }

    pub(super) fn truncate(&mut self, len: u64) {
        self.changes.push(Change::Truncate { len });
        self.len = len;
        self.length_is_dirty = true;
    }

    pub(super) fn sync(&mut self) {
        for at in self.dirty.drain(..) {
            let sector = self.sectors.entry(at).or_default();
            sector.durable = sector.writes.len();
            sector.is_dirty = false;
        }
        if self.length_is_dirty {
            self.cut_before = self.changes.len();
            self.length_is_dirty = false;
        }
    }

    /// Nothing is durable that was not, and nothing of it is dirty any more.
    pub(super) fn sync_failed(&mut self) {
        for at in self.dirty.drain(..) {
            self.sectors.entry(at).or_default().is_dirty = false;
        }
        self.length_is_dirty = false;
    }

    //--- After the cut

    /// A content that the disk may hold.
    pub(super) fn after_cut(&self, keep: Keep, random: &mut Random) -> Vec<u8> {
        let newest: BTreeMap<u64, usize> = self
            .sectors
            .iter()
            .filter_map(|(at, sector)| Some((*at, sector.newest_kept(keep, random)?)))
            .collect();
        let mut content = self.found.to_vec();
        for (place, change) in self.changes.iter().enumerate() {
            match change {
                Change::Truncate { len } => {
                    if place < self.cut_before || keep.one(random) {
                        content.resize(as_index(*len), 0);
                    }
                }
                Change::Write { offset, bytes } => {
                    let kept = |at: u64| newest.get(&at).is_some_and(|newest| place <= *newest);
                    self.overlay(&mut content, *offset, bytes, kept);
                    if matches!(keep, Keep::Some(_)) && random.below(LENGTH_ONLY) == 0 {
                        let end = as_index(*offset) + bytes.len();
                        content.resize(content.len().max(end), 0);
                    }
                }
            }
        }
        content
    }

    /// Copies those parts of a write whose sectors have it.
    fn overlay(
        &self,
        content: &mut Vec<u8>,
        offset: u64,
        bytes: &[u8],
        kept: impl Fn(u64) -> bool,
    ) {
        let end = offset + bytes.len() as u64;
        let mut from = offset;
        while from < end {
            let at = from / self.sector_bytes;
            let to = end.min((at + 1) * self.sector_bytes);
            if kept(at) {
                content.resize(content.len().max(as_index(to)), 0);
                let part = &bytes[as_index(from - offset)..as_index(to - offset)];
                content[as_index(from)..as_index(to)].copy_from_slice(part);
            }
            from = to;
        }
    }
}

impl Sector {
    /// The newest write that the disk has.
    fn newest_kept(&self, keep: Keep, random: &mut Random) -> Option<usize> {
        let pending = self.writes.len() - self.durable;
        let more = match keep {
            Keep::Durable => 0,
            Keep::Everything => pending,
            Keep::Some(_) if pending > 0 && keep.one(random) => {
                1 + as_index(random.below(pending as u64))
            }
            Keep::Some(_) => 0,
        };
        let kept = self.durable + more;
        kept.checked_sub(1).map(|last| self.writes[last])
    }
}

fn as_index(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a test's file fits into memory")
}
