//! The disk fills up, fails or cannot be written to: writes are refused, the rest goes on.

use std::time::Duration;

use biaoshi::{
    change::Partition,
    identifier::Identifier,
    registry::{ReadOnlyCause, RegistryError},
    state::State,
};
use tempfile::TempDir;

use crate::{
    check::{Acknowledged, Beyond, Chain, check},
    faults::{
        disk::FaultyDisk,
        image::{Random, cut, materialize},
        plan::{Faults, Lasting, Unsynced},
        trace::Recorder,
    },
    node::{Node, Storage, block_on},
    work::{Clients, Upkeep},
};

/// Faults of each kind, each at another moment.
const FAULTS: u64 = 24;

/// Longer than writers wait until they ask again whether they may write.
const A_WHILE: Duration = Duration::from_secs(5);

//----------- Bench ------------------------------------------------------------

/// A node on a disk that can break.
struct Bench {
    folder: TempDir,
    recorder: Recorder,
    faults: Faults,
    disk: FaultyDisk,
    storage: Storage,
    clients: Clients,
    random: Random,
}

/// How it went on after something broke.
#[derive(Debug, PartialEq)]
enum Went {
    /// Nobody noticed: it hit something that is tried again, such as a snapshot.
    On,
    /// Requests were refused, or their fate was not known.
    Wrong(RegistryError),
    /// The node's own upkeep met it, and closed the node to writes.
    Closed,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (recorder, faults) = (Recorder::new(), Faults::new());
        let disk = FaultyDisk::new(&recorder, &faults);
        Self {
            storage: Storage::on(folder.path(), &disk, &recorder, &faults),
            clients: Clients::new(seed, &recorder),
            random: Random::new(seed),
            folder,
            recorder,
            faults,
            disk,
        }
    }

    /// A node that has worked for a while.
    async fn start(&mut self) -> Node {
        let node = Node::start(&self.storage).await.expect("the disk works");
        self.clients
            .begin(&node.registry)
            .await
            .expect("the disk works");
        assert_eq!(self.work(&node, 5).await, Went::On);
        node
    }

    /// So many rounds, or until something is wrong.
    async fn work(&mut self, node: &Node, rounds: u64) -> Went {
        let seed = self.random.next();
        let mut upkeep = Upkeep::new(node, &self.recorder, seed);
        for _ in 0..rounds {
            if let Err(error) = self.clients.round(&node.registry).await {
                return Went::Wrong(error);
            }
            if let Err(error) = upkeep.step() {
                // As the server does.
                let registry = node.registry.downgrade();
                let writes = registry.upgrade().expect("it is there");
                writes.close(&Partition::Control, error);
                return Went::Closed;
            }
        }
        Went::On
    }

    /// Everything acknowledged is answered.
    fn check_answers(&self, state: &State) {
        assert!(!self.clients.holds.is_empty());
        for (identifier, held) in &self.clients.holds {
            let parsed = Identifier::parse_registration(identifier).expect("it is one");
            let found = state.index().with(parsed.key().as_bytes(), |slot| {
                let record = slot.record();
                record.map(|record| {
                    let value = record.values().next().expect("it has one");
                    value.data.to_vec()
                })
            });
            assert_eq!(found.flatten().as_ref(), held.as_ref(), "{identifier}");
        }
    }

    /// After a restart everything acknowledged is there, and registrations are taken.
    async fn check_restart(&mut self) {
        let node = Node::start(&self.storage).await.expect("the disk works");
        self.check_answers(&node.state);
        assert_eq!(node.registry.read_only(), None);
        assert_eq!(self.work(&node, 5).await, Went::On);
        node.stop().await;
        let acknowledged = Acknowledged::of(&self.recorder.events());
        let ledger = self.storage.ledger().expect("the disk works");
        let chain = Chain::of(&ledger).await.expect("it can be read");
        drop(ledger);
        let checked = check(self.folder.path(), &chain, acknowledged, Beyond::AsWritten).await;
        checked.expect("nothing is wrong");
    }

    /// Whatever a power cut leaves now or left since `from` events had happened.
    async fn check_cuts(&self, from: usize, seed: u64) {
        let ledger = self.storage.ledger().expect("the disk works");
        let chain = Chain::of(&ledger).await.expect("it can be read");
        drop(ledger);
        let events = self.recorder.events();
        for again in 0..4 {
            let end = from + cut(&events[from..], seed ^ again).len();
            let events = &events[..end];
            let image = tempfile::tempdir().expect("a folder can be made");
            materialize(events, self.folder.path(), image.path(), seed ^ again);
            let checked = check(
                image.path(),
                &chain,
                Acknowledged::of(events),
                Beyond::Anything,
            )
            .await;
            checked.unwrap_or_else(|what| panic!("seed {seed}, cut at {end}: {what}"));
        }
    }
}

//----------- Full -------------------------------------------------------------

#[test]
fn a_full_disk_refuses_registrations_and_takes_them_again_by_itself() {
    for seed in 0..FAULTS {
        block_on(async {
            let mut bench = Bench::new(seed);
            let node = bench.start().await;
            let from = bench.recorder.len();
            bench.faults.full_after(bench.random.below(300_000));
            let went = bench.work(&node, 200).await;
            assert!(
                matches!(
                    went,
                    Went::Wrong(RegistryError::NoSpace | RegistryError::Unknown)
                ),
                "seed {seed}: {went:?}"
            );
            bench.disk.set_free_bytes(Some(0));
            tokio::time::sleep(A_WHILE).await;
            let closed = node.registry.read_only().expect("it takes no writes");
            assert_eq!(closed.cause, ReadOnlyCause::NoSpace, "seed {seed}");
            assert_eq!(
                bench.clients.round(&node.registry).await,
                Err(RegistryError::NoSpace)
            );
            bench.check_answers(&node.state);
            bench.faults.lift();
            bench.disk.set_free_bytes(None);
            tokio::time::sleep(A_WHILE).await;
            assert_eq!(node.registry.read_only(), None, "seed {seed}");
            assert_eq!(bench.work(&node, 10).await, Went::On, "seed {seed}");
            bench.check_answers(&node.state);
            node.stop().await;
            bench.check_restart().await;
            bench.check_cuts(from, seed).await;
        });
    }
}

#[test]
fn a_disk_that_is_full_at_the_start_is_told() {
    for seed in 0..FAULTS {
        block_on(async {
            let mut bench = Bench::new(seed);
            bench.faults.full_after(bench.random.below(60_000));
            if let Ok(node) = Node::start(&bench.storage).await {
                let began = bench.clients.begin(&node.registry).await;
                assert_eq!(began, Err(RegistryError::NoSpace), "seed {seed}");
                node.stop().await;
            }
            bench.faults.lift();
            let node = bench.start().await;
            bench.check_answers(&node.state);
            node.stop().await;
            bench.check_restart().await;
        });
    }
}

//----------- Failed -----------------------------------------------------------

/// Breaks a disk that a node works on, in a way of which only a restart gets rid.
fn fails_until_a_restart(
    kinds: &[(Lasting, Unsynced)],
    fail: impl Fn(&Faults, u64, Lasting, Unsynced),
) {
    let mut noticed = 0;
    for seed in 0..FAULTS {
        let (lasting, unsynced) = kinds[usize::try_from(seed).expect("it is small") % kinds.len()];
        noticed += u64::from(block_on(async {
            let mut bench = Bench::new(seed);
            let node = bench.start().await;
            let from = bench.recorder.len();
            fail(&bench.faults, 1 + bench.random.below(40), lasting, unsynced);
            let went = bench.work(&node, 60).await;
            bench.check_answers(&node.state);
            let is_noticed = went != Went::On;
            if is_noticed {
                // The disk is well again, and what it told is not believed all the same.
                bench.faults.lift();
                tokio::time::sleep(A_WHILE).await;
                let closed = node.registry.read_only();
                let closed = closed.unwrap_or_else(|| panic!("seed {seed}: {went:?}"));
                assert_eq!(
                    closed.cause,
                    ReadOnlyCause::Ledger,
                    "seed {seed}: {closed:?}"
                );
                bench.check_answers(&node.state);
            }
            node.stop().await;
            bench.check_cuts(from, seed).await;
            bench.faults.lift();
            bench.check_restart().await;
            bench.check_cuts(from, !seed).await;
            is_noticed
        }));
    }
    assert!(noticed >= FAULTS / 2, "{noticed}");
}

#[test]
fn after_a_failed_sync_nothing_is_written_until_a_restart() {
    let kinds = [
        (Lasting::Once, Unsynced::Dirty),
        (Lasting::Once, Unsynced::Clean),
        (Lasting::ForEver, Unsynced::Dirty),
        (Lasting::ForEver, Unsynced::Clean),
    ];
    fails_until_a_restart(&kinds, Faults::fail_sync);
}

#[test]
fn after_a_disk_could_not_be_written_nothing_is_until_a_restart() {
    let kinds = [
        (Lasting::Once, Unsynced::Dirty),
        (Lasting::ForEver, Unsynced::Dirty),
    ];
    fails_until_a_restart(&kinds, |faults, nth, lasting, _| {
        faults.fail_write(nth, lasting)
    });
}

#[test]
fn a_disk_that_was_mounted_again_read_only_is_only_read() {
    block_on(async {
        let mut bench = Bench::new(1);
        let node = bench.start().await;
        let from = bench.recorder.len();
        bench.faults.read_only();
        let went = bench.work(&node, 10).await;
        assert_ne!(went, Went::On);
        tokio::time::sleep(A_WHILE).await;
        assert!(node.registry.read_only().is_some(), "{went:?}");
        bench.check_answers(&node.state);
        node.stop().await;
        assert!(Node::start(&bench.storage).await.is_err(), "it says so");
        bench.faults.lift();
        bench.check_restart().await;
        bench.check_cuts(from, 1).await;
    });
}
