//! Pins: an exact cut of the state that is read while writes go on.
//!
//! ```text
//! pin at sequence s      every part (a shard of the index) is still to be read
//! a write changes a slot that is at most s old, in a part still to be read
//!                        ─▶ what the slot was goes to the pin first
//! a part is read         its slots that are at most s old, and what went to the pin for it
//! ```
//!
//! Both happen under the lock of the shard, so that each slot of the cut is read exactly once.
//! What is kept is bounded: a reader that is too slow loses its cut and starts again.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use super::{
    At, DATA, DataTotals, Digests, Events, Registrations, Reports, RolledUp, State,
    directory::Directory,
    index::{Slot, SlotState},
    window::{Remembered, Window},
};
use crate::change::{LedgerId, Partition};

/// Pins at one time: a snapshot, an export, an escrow and one to spare.
pub const PINS_MAX: usize = 4;

/// Bytes of earlier slots that a pin keeps at the most: a quarter of a million slots of the
/// largest common size, changed while a snapshot is written.
pub const PIN_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A slot's own size and its three allocations, about.
const SLOT_OVERHEAD_BYTES: usize = 128;

//----------- Pin --------------------------------------------------------------

/// What writers keep for one reader.
#[derive(Debug)]
pub(super) struct Pin {
    /// The last data entry of the cut.
    seq: u64,
    parts: Box<[Mutex<Part>]>,
    bytes: AtomicUsize,
    bytes_max: usize,
    overflowed: AtomicBool,
}

/// A shard as a pin sees it.
#[derive(Debug, Default)]
pub(super) struct Part {
    is_read: bool,
    /// Slots as they were at the cut, changed since.
    before: Vec<Slot>,
}

impl Part {
    /// What was kept of an identifier.
    pub(super) fn find(&self, spelling: &str) -> Option<&Slot> {
        self.before.iter().find(|slot| &*slot.spelling == spelling)
    }
}

impl Pin {
    /// The last data entry of the cut.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// A shard as it is seen.
    pub(super) fn part(&self, part: usize) -> &Mutex<Part> {
        &self.parts[part]
    }

    fn new(seq: u64, parts: usize, bytes_max: usize) -> Self {
        Self {
            seq,
            parts: (0..parts).map(|_| Mutex::default()).collect(),
            bytes: AtomicUsize::new(0),
            bytes_max,
            overflowed: AtomicBool::new(false),
        }
    }

    /// Keeps a slot that is about to change. Called under the write lock of its shard.
    pub(super) fn keep(&self, part: usize, slot: &Slot) {
        if slot.position.seq > self.seq || self.overflowed.load(Ordering::Relaxed) {
            return;
        }
        let mut part = self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if part.is_read {
            return;
        }
        let record_bytes = match &slot.state {
            SlotState::Live(record) => record.len(),
            SlotState::Removed { .. } => 0,
        };
        let bytes = SLOT_OVERHEAD_BYTES + slot.spelling.len() + record_bytes;
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > self.bytes_max {
            self.overflowed.store(true, Ordering::Relaxed);
            return;
        }
        part.before.push(slot.clone());
    }

    /// Takes what was kept of a part, which is read now. Called under the read lock of its shard.
    fn take(&self, part: usize) -> Vec<Slot> {
        let mut part = self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        part.is_read = true;
        std::mem::take(&mut part.before)
    }
}

//----------- View -------------------------------------------------------------

/// An exact cut of the state, until dropped.
#[derive(Debug)]
pub struct View {
    state: Arc<State>,
    pin: Arc<Pin>,
    ledger_id: LedgerId,
    control: At,
    data: At,
    directory: Arc<Directory>,
    control_digests: Digests,
    data_digests: Digests,
    totals: DataTotals,
    registrations: Registrations,
    rolled_up: Arc<RolledUp>,
    reports: Arc<Reports>,
    events: Arc<Events>,
}

impl State {
    /// Pins the state as it is now.
    ///
    /// # Errors
    /// Where there are [`PINS_MAX`] already, or nothing to pin.
    pub fn pin(self: &Arc<Self>) -> Result<View, PinError> {
        self.pin_bounded(PIN_BYTES_MAX)
    }

    pub(super) fn pin_bounded(self: &Arc<Self>, bytes_max: usize) -> Result<View, PinError> {
        self.pin_and(bytes_max, |_| ()).map(|(view, ())| view)
    }

    /// The same, with what `f` reads while nothing is applied.
    pub(super) fn pin_and<R>(
        self: &Arc<Self>,
        bytes_max: usize,
        f: impl FnOnce(&Self) -> R,
    ) -> Result<(View, R), PinError> {
        // Data first, then control: what the data rest on is in a later control.
        let mut data = self.data_fold();
        let control = self.control_fold();
        if data.pins.len() >= PINS_MAX {
            return Err(PinError::TooMany);
        }
        let ledger_id = control.ledger_id.ok_or(PinError::Empty)?;
        let parts = self.index().shards();
        let pin = Arc::new(Pin::new(data.at.head.seq, parts, bytes_max));
        data.pins.push(Arc::clone(&pin));
        let read = f(self);
        let view = View {
            state: Arc::clone(self),
            pin,
            ledger_id,
            control: control.at,
            data: data.at,
            directory: Arc::clone(&control.directory),
            control_digests: control.digests,
            data_digests: data.digests,
            totals: data.totals,
            registrations: data.registrations.clone(),
            rolled_up: Arc::clone(&control.rolled_up),
            reports: Arc::clone(&control.reports),
            events: Arc::clone(&control.events),
        };
        Ok((view, read))
    }

    fn unpin(&self, pin: &Arc<Pin>) {
        self.data_fold()
            .pins
            .retain(|other| !Arc::ptr_eq(other, pin));
    }
}

impl View {
    /// The ledger it is a cut of.
    #[must_use]
    pub fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    /// How far a partition is applied in it.
    #[must_use]
    pub fn at(&self, partition: &Partition) -> At {
        match partition {
            Partition::Control => self.control,
            &DATA => self.data,
            _ => At::default(),
        }
    }

    /// The digests of a partition.
    #[must_use]
    pub fn digests(&self, partition: &Partition) -> Digests {
        match partition {
            Partition::Control => self.control_digests,
            &DATA => self.data_digests,
            _ => Digests::default(),
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What is counted of identifiers.
    #[must_use]
    pub fn data_totals(&self) -> DataTotals {
        self.totals
    }

    /// What was registered, by day and prefix.
    #[must_use]
    pub fn registrations(&self) -> &Registrations {
        &self.registrations
    }

    /// What days that are over have come to.
    #[must_use]
    pub fn rolled_up(&self) -> &RolledUp {
        &self.rolled_up
    }

    /// What the national node was told.
    #[must_use]
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// What happened to the node and to enterprises' nodes.
    #[must_use]
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Into how many parts the identifiers are divided; each is read once, in any order and by
    /// any thread.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.pin.parts.len()
    }

    /// Reads a part: each of its identifiers, live and removed, as they were at the cut.
    ///
    /// A second time nothing is promised. Writers of this part wait meanwhile: `f` must be short.
    ///
    /// # Errors
    /// Where more was changed than is kept: then the cut is lost, and the reader starts again.
    pub fn read_part(&self, part: usize, mut f: impl FnMut(&Slot)) -> Result<(), PinError> {
        let mut before = Vec::new();
        self.state.index().with_shard(part, |slots| {
            before = self.pin.take(part);
            slots(&mut |slot| {
                if slot.position().seq <= self.pin.seq {
                    f(&slot.to_slot());
                }
            });
        });
        before.iter().for_each(f);
        self.check()
    }

    /// Whether all that was changed since the cut was kept.
    pub(super) fn check(&self) -> Result<(), PinError> {
        if self.pin.overflowed.load(Ordering::Relaxed) {
            return Err(PinError::Overflow);
        }
        Ok(())
    }

    pub(super) fn state(&self) -> &Arc<State> {
        &self.state
    }

    pub(super) fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Reads the remembered requests of a partition that stand behind `from`, oldest first, at
    /// most `count`; and where to go on. What was forgotten since the cut may be missing.
    pub fn requests(
        &self,
        partition: &Partition,
        from: u64,
        count: usize,
    ) -> (Vec<Remembered>, Option<u64>) {
        let seq_max = self.at(partition).head.seq;
        let read = |window: &Window| window.remembered(from, count, seq_max);
        match partition {
            Partition::Control => read(&self.state.control_fold().window),
            &DATA => read(&self.state.data_fold().window),
            _ => (Vec::new(), None),
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.state.unpin(&self.pin);
    }
}

//============ Error types =====================================================

/// Why there is no cut, or none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Others read already.
    #[error("{PINS_MAX} readers hold the state already; try again when one is done")]
    TooMany,
    /// Nothing was applied yet.
    #[error("the ledger has not begun")]
    Empty,
    /// Too much was changed meanwhile.
    #[error("too much was changed while it was read; start again")]
    Overflow,
}
