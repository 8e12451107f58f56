//! What is left of a store: against the chain that was written, and what was acknowledged of it.

use std::path::Path;

use biaoshi::{
    change::{Hash, Partition},
    ledger::{Ledger, SqliteLedger},
    state::{
        DATA, State, replay, replay_onto,
        snapshot::{Fit, SnapshotLoader},
    },
};

use crate::{
    faults::trace::{Event, marks},
    node::{Storage, text},
};

//----------- Note -------------------------------------------------------------

/// Something that a client or an operator was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    /// `control` is durable up to here.
    Control(u64),
    /// `data/1` is durable up to here.
    Data(u64),
    /// A snapshot that was cut here in `data/1` is whole under its name.
    Snapshot(u64),
}

impl Note {
    pub(crate) fn encode(self) -> u64 {
        let (kind, seq) = match self {
            Self::Control(seq) => (1, seq),
            Self::Data(seq) => (2, seq),
            Self::Snapshot(seq) => (3, seq),
        };
        (kind << 32) | seq
    }
}

/// What has to be there: the newest note of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    control: u64,
    data: u64,
    snapshot: u64,
}

impl Acknowledged {
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut newest = Self::default();
        for note in marks(events) {
            let seq = note & u64::from(u32::MAX);
            let slot = match note >> 32 {
                1 => &mut newest.control,
                2 => &mut newest.data,
                _ => &mut newest.snapshot,
            };
            *slot = seq.max(*slot);
        }
        newest
    }

    /// What two notes of one ledger ask for together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            control: self.control.max(other.control),
            data: self.data.max(other.data),
            snapshot: self.snapshot.max(other.snapshot),
        }
    }
}

//----------- Chain ------------------------------------------------------------

/// The hashes of all entries that were written.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    control: Vec<Hash>,
    data: Vec<Hash>,
}

impl Chain {
    pub(crate) async fn of(ledger: &SqliteLedger) -> Result<Self, String> {
        Ok(Self {
            control: hashes(ledger, &Partition::Control).await?,
            data: hashes(ledger, &DATA).await?,
        })
    }

    /// Checks that it goes on from another.
    pub(crate) fn check_goes_on_from(&self, other: &Self) -> Result<(), String> {
        if self.control.starts_with(&other.control) && self.data.starts_with(&other.data) {
            Ok(())
        } else {
            Err("the chain was not continued".to_owned())
        }
    }

    /// Checks that as many entries as were acknowledged are there, as they were written.
    async fn check(
        &self,
        ledger: &SqliteLedger,
        (partition, least): (&Partition, u64),
        beyond: Beyond,
    ) -> Result<(), String> {
        let head = ledger.head(partition).await.map_err(text)?.seq;
        if head < least {
            return Err(format!("{partition}: {least} acknowledged, {head} there"));
        }
        let seq = match beyond {
            Beyond::AsWritten => head,
            Beyond::Anything => least,
        };
        let Some(before) = seq.checked_sub(1) else {
            return Ok(());
        };
        let written = if *partition == DATA {
            &self.data
        } else {
            &self.control
        };
        let written = usize::try_from(before).ok().and_then(|at| written.get(at));
        let found = ledger.read(partition, seq, 1).await.map_err(text)?;
        if found.first().map(biaoshi::change::Entry::hash).as_ref() == written {
            Ok(())
        } else {
            Err(format!("{partition}: entry {seq} is not what was written"))
        }
    }
}

/// What entries may follow those that were acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// Those that followed them in the end: nothing failed, so none was given up.
    AsWritten,
    /// Any that go on from them: the fate of some was not known, and others came after a restart.
    Anything,
}

async fn hashes(ledger: &SqliteLedger, partition: &Partition) -> Result<Vec<Hash>, String> {
    let mut hashes = Vec::new();
    loop {
        let from = hashes.len() as u64 + 1;
        let entries = ledger.read(partition, from, 1 << 20).await.map_err(text)?;
        if entries.is_empty() {
            return Ok(hashes);
        }
        hashes.extend(entries.iter().map(biaoshi::change::Entry::hash));
    }
}

//----------- check ------------------------------------------------------------

/// What is wrong with the store below `root`.
pub(crate) async fn check(
    root: &Path,
    chain: &Chain,
    acknowledged: Acknowledged,
    beyond: Beyond,
) -> Result<(), String> {
    let storage = Storage::plain(root);
    let ledger = storage.ledger()?;
    let begun = ledger.head(&Partition::Control).await.map_err(text)?;
    if begun.seq == 0 && acknowledged == Acknowledged::default() {
        return Ok(());
    }
    // Reads every entry of every segment and checks each against its chain.
    let replayed = replay(&*ledger, |_| {}).await.map_err(text)?;
    let (control, data) = (acknowledged.control, acknowledged.data);
    for least in [(&Partition::Control, control), (&DATA, data)] {
        chain.check(&ledger, least, beyond).await?;
    }
    let mut newest = 0;
    for path in storage.snapshots().list().map_err(text)? {
        let named = path.file_name().unwrap_or_default().to_string_lossy();
        let say = |what: String| format!("{named}: {what}");
        let cut = check_snapshot(&path, &ledger, &replayed).await;
        newest = newest.max(cut.map_err(say)?);
    }
    if newest < acknowledged.snapshot {
        let least = acknowledged.snapshot;
        return Err(format!("a snapshot at {least} was written, {newest} there"));
    }
    Ok(())
}

/// Whoever has the name of a snapshot is whole, and comes to the same state.
async fn check_snapshot(
    path: &Path,
    ledger: &SqliteLedger,
    replayed: &State,
) -> Result<u64, String> {
    let loader = SnapshotLoader::open(path).map_err(text)?;
    match loader.fit(ledger).await.map_err(text)? {
        Fit::Fits => {}
        other => return Err(format!("{other:?}")),
    }
    loader.work();
    let state = loader.finish().map_err(text)?;
    let cut = state.at(&DATA).head.seq;
    replay_onto(ledger, &state, |_| {}).await.map_err(text)?;
    for partition in [Partition::Control, DATA] {
        if state.digests(&partition) != replayed.digests(&partition) {
            return Err(format!("it comes to another state of {partition}"));
        }
    }
    if state.data_totals() != replayed.data_totals() {
        return Err("it comes to other totals".to_owned());
    }
    Ok(cut)
}
