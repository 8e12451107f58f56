//! The writer against ledgers that misbehave.

use std::{sync::Mutex, time::Duration};

use super::*;
use crate::ledger::{Append, LedgerError, LedgerFuture};

/// What the next append comes to.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// It is stored, and the answer is lost.
    StoredUnknown,
    /// It is not stored, and the answer is lost.
    LostUnknown,
    /// Another writer is first.
    Overtaken,
    /// The disk is full.
    NoSpace,
    /// The disk fills up in the middle of the commit, and is full still when the marker comes.
    FillsUp,
    /// Nothing is known, and nothing can be asked.
    Distrusted,
}

struct Faulty {
    inner: MemoryLedger,
    faults: Mutex<Vec<Fault>>,
    broken: std::sync::atomic::AtomicBool,
}

impl Faulty {
    async fn append_faulty(&self, at: Head, entry: &Entry) -> Result<Append, LedgerError> {
        let partition = entry.header().partition.clone();
        let is_data = partition == DATA;
        let fault = if is_data {
            self.faults.lock().unwrap().pop()
        } else {
            None
        };
        match fault {
            None => self.inner.append(at, entry).await,
            Some(Fault::StoredUnknown) => {
                self.inner.append(at, entry).await?;
                Ok(Append::Unknown)
            }
            Some(Fault::LostUnknown) => Ok(Append::Unknown),
            Some(Fault::Overtaken) => {
                let rival = rival_entry(at, entry);
                self.inner.append(at, &rival).await?;
                self.inner.append(at, entry).await
            }
            Some(Fault::NoSpace) => Err(LedgerError::NoSpace {
                partition,
                what: "the disk is full".to_owned(),
            }),
            Some(Fault::FillsUp) => {
                self.faults.lock().unwrap().push(Fault::NoSpace);
                Ok(Append::Unknown)
            }
            Some(Fault::Distrusted) => {
                self.broken.store(true, Ordering::Relaxed);
                Ok(Append::Unknown)
            }
        }
    }
}

/// What another node's writer put there: the same identifier with other content.
fn rival_entry(at: Head, ours: &Entry) -> Entry {
    use crate::change::{Change, Class, Draft, Kind, Place, PutChange};
    let header = ours.header();
    let mut draft = Draft::new(Place {
        ledger_id: header.ledger_id,
        partition: header.partition.clone(),
        seq: header.seq,
        previous: at.hash,
        time_ms: header.time_ms,
        control_at: header.control_at,
        kind: Kind::Changes,
    });
    let identifier = crate::identifier::Identifier::parse_registration("88.118.8/A").unwrap();
    let record = crate::record::Record::new(vec![crate::record::Value {
        index: 2000,
        kind: "NAME".into(),
        data: b"rival".as_slice().into(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::default(),
        timestamp_ms: header.time_ms,
        references: Vec::new(),
    }]);
    let change = PutChange::new(identifier, Class::New, None, &record.unwrap());
    draft.push(&Change::Put(Box::new(change))).unwrap();
    draft.finish()
}

impl Ledger for Faulty {
    fn partitions(&self) -> LedgerFuture<'_, Vec<Partition>> {
        self.inner.partitions()
    }

    fn head<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        if self.broken.load(Ordering::Relaxed) && *partition == DATA {
            return Box::pin(async { Err(LedgerError::Distrusted(DATA)) });
        }
        self.inner.head(partition)
    }

    fn append<'a>(&'a self, at: Head, entry: &'a Entry) -> LedgerFuture<'a, Append> {
        Box::pin(self.append_faulty(at, entry))
    }

    fn read<'a>(
        &'a self,
        partition: &'a Partition,
        from: u64,
        bytes_max: usize,
    ) -> LedgerFuture<'a, Vec<Entry>> {
        self.inner.read(partition, from, bytes_max)
    }

    fn wait<'a>(
        &'a self,
        partition: &'a Partition,
        after: u64,
        timeout: Duration,
    ) -> LedgerFuture<'a, ()> {
        self.inner.wait(partition, after, timeout)
    }

    fn seal<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.seal(partition)
    }

    fn begin<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, Head> {
        self.inner.begin(partition)
    }

    fn trim<'a>(&'a self, partition: &'a Partition, before: u64) -> LedgerFuture<'a, Head> {
        self.inner.trim(partition, before)
    }

    fn writable<'a>(&'a self, partition: &'a Partition) -> LedgerFuture<'a, ()> {
        self.inner.writable(partition)
    }
}

async fn faulty(faults: &[Fault]) -> Node {
    let ledger = Faulty {
        inner: MemoryLedger::new(),
        faults: Mutex::new(faults.iter().rev().copied().collect()),
        broken: false.into(),
    };
    let node = node_on(Arc::new(ledger)).await;
    node.admit_all().await;
    node
}

#[tokio::test]
async fn an_unknown_append_is_decided() {
    for faults in [
        &[Fault::StoredUnknown][..],
        &[Fault::LostUnknown],
        // The marker's own answer is lost too, once stored and once not.
        &[Fault::LostUnknown, Fault::StoredUnknown],
        &[Fault::LostUnknown, Fault::LostUnknown],
    ] {
        let node = faulty(faults).await;
        assert_eq!(code(&node.one(create("88.118.8/A", "1")).await), "created");
        assert_eq!(
            code(&node.one(create("88.118.8/A", "1")).await),
            "unchanged"
        );
        assert_eq!(node.state.data_totals().registrations, 1);
        assert_eq!(node.registry.read_only(), None);
        node.check_replay().await;
    }
}

#[tokio::test]
async fn who_is_overtaken_is_judged_against_the_winner() {
    let node = faulty(&[Fault::Overtaken]).await;
    let jobs = vec![create("88.118.8/A", "1"), create("88.118.8/B", "1")];
    assert_eq!(codes(&node.submit(jobs).await), ["conflict", "created"]);
    node.check_replay().await;
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let node = faulty(&[Fault::NoSpace]).await;
    let refused = node
        .registry
        .submit(request(vec![create("88.118.8/A", "1")]))
        .await;
    assert_eq!(refused, Err(RegistryError::NoSpace));
    assert_eq!(
        node.registry.read_only().map(|closed| closed.cause),
        Some(ReadOnlyCause::NoSpace)
    );
    assert_eq!(code(&node.one(create("88.118.8/A", "1")).await), "created");
    assert_eq!(node.registry.read_only(), None);
    node.check_replay().await;
}

#[tokio::test]
async fn a_disk_that_fills_up_in_a_commit_leaves_nothing_undecided() {
    let node = faulty(&[Fault::FillsUp]).await;
    let unknown = node
        .registry
        .submit(request(vec![create("88.118.8/A", "1")]))
        .await;
    assert_eq!(unknown, Err(RegistryError::Unknown));
    // With space again the next entry takes the place, and the request is done when it comes again.
    assert_eq!(code(&node.one(create("88.118.8/A", "1")).await), "created");
    node.check_replay().await;
}

#[tokio::test]
async fn what_cannot_be_decided_closes_the_node_to_writes() {
    let node = faulty(&[Fault::Distrusted]).await;
    let unknown = node
        .registry
        .submit(request(vec![create("88.118.8/A", "1")]))
        .await;
    assert_eq!(unknown, Err(RegistryError::Unknown));
    assert!(unknown.unwrap_err().may_have_happened());
    let closed = node
        .registry
        .submit(request(vec![create("88.118.8/B", "1")]))
        .await;
    assert!(
        matches!(closed, Err(RegistryError::ReadOnly { .. })),
        "{closed:?}"
    );
}

/// Whoever asks is told the cause that waiting does not cure.
#[tokio::test(start_paused = true)]
async fn the_worst_cause_is_told_first() {
    let node = faulty(&[Fault::Distrusted]).await;
    let year_ms = 365 * 24 * 60 * 60 * 1_000;
    node.clock.0.fetch_add(year_ms, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let cause = || node.registry.read_only().map(|closed| closed.cause);
    assert_eq!(cause(), Some(ReadOnlyCause::Clock));
    node.clock.0.fetch_sub(year_ms, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(cause(), None);
    let jobs = request(vec![create("88.118.8/A", "1")]);
    assert_eq!(
        node.registry.submit(jobs).await,
        Err(RegistryError::Unknown)
    );
    node.clock.0.fetch_add(year_ms, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(cause(), Some(ReadOnlyCause::Ledger));
    let mut causes = node.registry.downgrade().read_only_causes();
    causes.sort();
    assert_eq!(causes, [ReadOnlyCause::Clock, ReadOnlyCause::Ledger]);
}
