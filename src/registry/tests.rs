//! The writer against racing clients, repeated requests and jumping clocks.

mod events;
mod faults;
mod filing;

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::{
    change::{
        Certificate, CertificateType, Entry, Filing, FilingState, Hosting, Partition, Route, Site,
        SiteProtocol,
    },
    ledger::{Head, Ledger, MemoryLedger},
    record::{Permissions, Ttl},
    state::{DATA, State, replay},
};

//----------- A node in a test -------------------------------------------------

/// A clock that a test sets.
#[derive(Clone)]
struct TestClock(Arc<AtomicU64>, Arc<AtomicU64>);

impl ReadClock for TestClock {
    fn read(&self) -> ClockReading {
        ClockReading {
            wall_ms: self.0.load(Ordering::Relaxed),
            boot_ms: self.1.load(Ordering::Relaxed),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is the server of its node"
)]
fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

struct Node {
    registry: Registry,
    state: Arc<State>,
    ledger: Arc<dyn Ledger>,
    clock: TestClock,
}

const NOW: u64 = RELEASE_DATE_MS + 1_000_000;

async fn node_on(ledger: Arc<dyn Ledger>) -> Node {
    genesis(&*ledger, [7; 16], NOW).await.unwrap();
    let state = Arc::new(replay(&*ledger, |_| {}).await.unwrap());
    let clock = TestClock(
        Arc::new(AtomicU64::new(NOW)),
        Arc::new(AtomicU64::new(5_000)),
    );
    let options = WriterOptions {
        accept_clock: false,
        zone: "id.example".to_owned(),
    };
    let make_clock = || -> Box<dyn ReadClock> { Box::new(clock.clone()) };
    let (registry, writers) = Registry::open(&ledger, &state, make_clock, &options);
    writers.into_iter().for_each(|writer| drop(spawn(writer)));
    Node {
        registry,
        state,
        ledger,
        clock,
    }
}

async fn node() -> Node {
    let node = node_on(Arc::new(MemoryLedger::new())).await;
    node.admit_all().await;
    node
}

impl Node {
    async fn admit_all(&self) {
        let prefixes = [Prefix::parse("88.118").unwrap()];
        self.registry
            .ensure_secondary_prefixes(&prefixes)
            .await
            .unwrap();
        let jobs = vec![admission("88.118.8", "A", Hosting::Hosted)];
        let verdicts = self.admit(jobs).await;
        assert!(matches!(verdicts[0], Verdict::Created(_)), "{verdicts:?}");
    }

    async fn admit(&self, jobs: Vec<Admission>) -> Vec<Verdict> {
        let request = Request {
            caller: Caller::Administrator,
            idempotency: None,
            jobs,
            dry_run: false,
        };
        self.registry.admit(request).await.unwrap().verdicts
    }

    async fn submit(&self, jobs: Vec<Operation>) -> Vec<Verdict> {
        self.registry.submit(request(jobs)).await.unwrap().verdicts
    }

    async fn one(&self, job: Operation) -> Verdict {
        self.submit(vec![job]).await.remove(0)
    }

    /// What a replay of the ledger comes to equals what the node holds.
    async fn check_replay(&self) {
        let again = replay(&*self.ledger, |_| {}).await.unwrap();
        for partition in [Partition::Control, DATA] {
            assert_eq!(again.digests(&partition), self.state.digests(&partition));
            assert_eq!(again.at(&partition), self.state.at(&partition));
        }
        assert_eq!(again.data_totals(), self.state.data_totals());
        assert_eq!(again.directory_totals(), self.state.directory_totals());
    }
}

fn admission(prefix: &str, number: &str, hosting: Hosting) -> Admission {
    Admission {
        prefix: prefix.to_owned(),
        certificate: Certificate {
            kind: CertificateType::Other,
            number: number.into(),
        },
        facts: EnterpriseFacts {
            org_name: format!("企业{number}"),
            province: "420000".to_owned(),
            city: String::new(),
            industry: "C35".to_owned(),
            website: String::new(),
        },
        hosting,
        filing: Filing {
            state: FilingState::Passed,
            date: 20_261_123,
            reason: "导入".into(),
        },
    }
}

fn request(jobs: Vec<Operation>) -> Request<Operation> {
    Request {
        caller: Caller::Administrator,
        idempotency: None,
        jobs,
        dry_run: false,
    }
}

fn values(data: &str) -> Vec<RequestedValue> {
    vec![RequestedValue {
        index: 2000,
        kind: "NAME".to_owned(),
        data: data.as_bytes().to_vec(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::default(),
        references: Vec::new(),
    }]
}

fn create(identifier: &str, data: &str) -> Operation {
    Operation::Create {
        identifier: identifier.to_owned(),
        values: values(data),
    }
}

fn put(identifier: &str, data: &str) -> Operation {
    Operation::Put {
        identifier: identifier.to_owned(),
        values: values(data),
        only_create: false,
    }
}

fn remove(identifier: &str) -> Operation {
    Operation::Remove {
        identifier: identifier.to_owned(),
    }
}

fn code(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Created(_) => "created",
        Verdict::Replaced(_) => "replaced",
        Verdict::Unchanged(_) => "unchanged",
        Verdict::Removed(_) => "removed",
        Verdict::Conflict(_) => "conflict",
        Verdict::NotFound => "not_found",
        Verdict::Gone => "gone",
        Verdict::Refused(refusal) => refusal.code,
    }
}

fn codes(verdicts: &[Verdict]) -> Vec<&'static str> {
    verdicts.iter().map(code).collect()
}

//----------- Verdicts ---------------------------------------------------------

#[tokio::test]
async fn a_batch_only_creates() {
    let node = node().await;
    let jobs = vec![
        create("88.118.8/A", "1"),
        create("88.118.8/A", "1"),
        create("88.118.8/a", "1"),
        create("88.118.8/A", "2"),
        create("88.118.8", "1"),
        create("88.999.1/A", "1"),
        create("88.118.9/A", "1"),
    ];
    let verdicts = node.submit(jobs).await;
    let expected = [
        "created",
        "unchanged",
        "unchanged",
        "conflict",
        "no_slash",
        "foreign_prefix",
        "unassigned_prefix",
    ];
    assert_eq!(codes(&verdicts), expected);
    assert_eq!(node.state.data_totals().registrations, 1);
    node.check_replay().await;
}

#[tokio::test]
async fn the_life_of_an_identifier_counts_once() {
    let node = node().await;
    let steps = [
        (put("88.118.8/A", "1"), "created"),
        (put("88.118.8/a", "1"), "unchanged"),
        (put("88.118.8/a", "2"), "replaced"),
        (remove("88.118.8/A"), "removed"),
        (remove("88.118.8/A"), "gone"),
        (remove("88.118.8/B"), "not_found"),
        (create("88.118.8/A", "2"), "conflict"),
        (put("88.118.8/A", "3"), "created"),
    ];
    for (job, expected) in steps {
        assert_eq!(code(&node.one(job.clone()).await), expected, "{job:?}");
    }
    let totals = node.state.data_totals();
    assert_eq!(
        (totals.live, totals.registrations, totals.removed),
        (1, 1, 0)
    );
    node.check_replay().await;
}

#[tokio::test]
async fn a_node_without_a_prefix_says_what_to_set() {
    let node = node_on(Arc::new(MemoryLedger::new())).await;
    let firm = node
        .admit(vec![admission("88.118.8", "A", Hosting::Hosted)])
        .await
        .remove(0);
    for verdict in [node.one(create("88.118.8/A", "1")).await, firm] {
        let Verdict::Refused(refusal) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(refusal.code, "foreign_prefix");
        assert!(
            refusal.detail.contains("BIAOSHI_NODE_SECONDARY_PREFIXES"),
            "{refusal:?}"
        );
    }
}

#[tokio::test]
async fn a_name_server_that_only_it_knows_is_refused() {
    let node = node().await;
    let routed = |prefix: &str, protocol, address: &str| {
        let site = |address: &str| Site {
            address: address.into(),
            protocol,
            port: 53,
        };
        let sites = vec![site("192.0.2.53"), site(address)];
        admission(prefix, prefix, Hosting::SelfBuilt(Some(Route { sites })))
    };
    let jobs = vec![
        routed("88.118.7", SiteProtocol::Dns, "ns1.7.118.88.id.example"),
        routed("88.118.7", SiteProtocol::Dns, "NS1.7.118.88.ID.example."),
        routed("88.118.7", SiteProtocol::Dns, "7.118.88.id.example"),
        routed("88.118.7", SiteProtocol::Http, "7.118.88.id.example"),
        routed("88.118.6", SiteProtocol::Dns, "ns1.7.118.88.id.example"),
        routed("88.118.5", SiteProtocol::Dns, "ns1.5.118.88.xid.example"),
        routed("88.118.4", SiteProtocol::Dns, "ns1.64.118.88.id.example"),
    ];
    let verdicts = node.admit(jobs).await;
    let (bad, good) = ("bad_route", "created");
    assert_eq!(codes(&verdicts), [bad, bad, bad, good, good, good, good]);
    let Verdict::Refused(refusal) = &verdicts[0] else {
        panic!("{verdicts:?}");
    };
    assert!(refusal.field == "route" && refusal.detail.contains("address instead"));
    node.check_replay().await;
}

#[tokio::test]
async fn strangers_write_nothing() {
    let node = node().await;
    let mut stranger = request(vec![put("88.118.8/A", "1"), remove("88.118.8/A")]);
    stranger.caller = Caller::Anonymous;
    let verdicts = node.registry.submit(stranger).await.unwrap().verdicts;
    assert_eq!(codes(&verdicts), ["denied", "denied"]);
    assert_eq!(node.state.at(&DATA).head, Head::default());
}

#[tokio::test]
async fn a_dry_run_sees_itself_and_leaves_nothing() {
    let node = node().await;
    let mut rehearsal = request(vec![create("88.118.8/A", "1"), create("88.118.8/A", "2")]);
    rehearsal.dry_run = true;
    let verdicts = node.registry.submit(rehearsal).await.unwrap().verdicts;
    assert_eq!(codes(&verdicts), ["created", "conflict"]);
    assert_eq!(node.state.at(&DATA).head, Head::default());
    assert_eq!(code(&node.one(create("88.118.8/A", "2")).await), "created");
}

#[tokio::test]
async fn an_entry_names_the_control_entry_it_rests_on() {
    let node = node().await;
    node.one(create("88.118.8/A", "1")).await;
    node.admit(vec![admission("88.118.9", "B", Hosting::Hosted)])
        .await;
    node.one(create("88.118.9/A", "1")).await;
    let entries = node.ledger.read(&DATA, 1, usize::MAX).await.unwrap();
    let rests_on: Vec<_> = entries
        .iter()
        .map(|entry| entry.header().control_at)
        .collect();
    assert_eq!(rests_on, [3, 4]);
}

#[tokio::test]
async fn of_racing_creates_one_wins() {
    let node = node().await;
    let mut racers = Vec::new();
    for n in 0..64 {
        let registry = node.registry.clone();
        let job = create("88.118.8/RACE", if n % 2 == 0 { "even" } else { "odd" });
        racers.push(spawn(
            async move { registry.submit(request(vec![job])).await },
        ));
    }
    let mut counted = std::collections::BTreeMap::new();
    for racer in racers {
        let verdicts = racer.await.unwrap().unwrap().verdicts;
        *counted.entry(code(&verdicts[0])).or_insert(0) += 1;
    }
    assert_eq!(counted["created"], 1);
    assert_eq!((counted["unchanged"], counted["conflict"]), (31, 32));
    node.check_replay().await;
}

#[tokio::test]
async fn a_large_request_becomes_several_entries() {
    let node = node().await;
    let data = "x".repeat(30 * 1024);
    let jobs: Vec<_> = (0..100)
        .map(|n| create(&format!("88.118.8/{n}"), &data))
        .collect();
    let mut asked = request(jobs);
    asked.idempotency = Some(Idempotency::new(asked.caller, "large", b"body"));
    let first = node.registry.submit(asked.clone()).await.unwrap();
    assert!(
        first
            .verdicts
            .iter()
            .all(|verdict| code(verdict) == "created")
    );
    assert!(node.state.at(&DATA).head.seq >= 3);
    let again = node.registry.submit(asked).await.unwrap();
    assert_eq!((again.verdicts, again.is_repeated), (first.verdicts, true));
    node.check_replay().await;
}

//----------- Enterprises ------------------------------------------------------

#[tokio::test]
async fn one_certificate_is_one_firm() {
    let node = node().await;
    let jobs = vec![
        admission("88.118.9", "A", Hosting::Hosted),
        admission("88.118.10", "B", Hosting::SelfBuilt(None)),
        admission("88.118.9", "A", Hosting::Hosted),
        admission("88.118.9", "B", Hosting::Hosted),
        admission("88.118.10", "B", Hosting::Hosted),
        admission("88.119.1", "C", Hosting::Hosted),
        admission("88.118.1.1", "C", Hosting::Hosted),
        admission("88.118", "C", Hosting::Hosted),
        admission("88.118.x", "C", Hosting::Hosted),
    ];
    let expected = [
        "created",
        "created",
        "unchanged",
        "conflict",
        "conflict",
        "foreign_prefix",
        "bad_prefix",
        "foreign_prefix",
        "bad_prefix",
    ];
    assert_eq!(codes(&node.admit(jobs).await), expected);
    let totals = node.state.directory_totals();
    assert_eq!((totals.enterprise_nodes, totals.connected_firms), (3, 2));
    let self_built = node.one(create("88.118.10/A", "1")).await;
    assert_eq!(code(&self_built), "self_built");
    node.check_replay().await;
}

#[tokio::test]
async fn the_day_of_filing_does_not_make_an_import_differ() {
    let node = node().await;
    let mut tomorrow = admission("88.118.8", "A", Hosting::Hosted);
    tomorrow.filing.date = 20_261_124;
    assert_eq!(codes(&node.admit(vec![tomorrow]).await), ["unchanged"]);
    let mut renamed = admission("88.118.8", "A", Hosting::Hosted);
    renamed.facts.org_name = "另一个名称".to_owned();
    assert_eq!(codes(&node.admit(vec![renamed]).await), ["conflict"]);
}

//----------- Repeated requests ------------------------------------------------

#[tokio::test]
async fn a_repeated_replacement_is_not_done_twice() {
    let node = node().await;
    let keyed = |key: &str, job: Operation| {
        let mut asked = request(vec![job.clone()]);
        let body = format!("{job:?}");
        asked.idempotency = Some(Idempotency::new(asked.caller, key, body.as_bytes()));
        asked
    };
    let submit = async |asked| node.registry.submit(asked).await;
    let first = submit(keyed("k1", put("88.118.8/A", "1"))).await.unwrap();
    let second = submit(keyed("k2", put("88.118.8/A", "2"))).await.unwrap();
    assert_eq!(codes(&second.verdicts), ["replaced"]);
    let head = node.state.at(&DATA).head;
    let late = submit(keyed("k1", put("88.118.8/A", "1"))).await.unwrap();
    assert_eq!((late.verdicts, late.is_repeated), (first.verdicts, true));
    assert_eq!(node.state.at(&DATA).head, head);
    let other = submit(keyed("k1", put("88.118.8/A", "9"))).await;
    assert_eq!(other, Err(RegistryError::KeyReused));
    // Across a restart too: keys are data.
    let again = node_on(Arc::clone(&node.ledger)).await;
    let late = again
        .registry
        .submit(keyed("k2", put("88.118.8/A", "2")))
        .await
        .unwrap();
    assert_eq!((late.verdicts, late.is_repeated), (second.verdicts, true));
}

#[tokio::test]
async fn a_request_is_noted_directly_behind_its_changes() {
    let node = node().await;
    let keyed = |n: u8| {
        let mut asked = request(vec![put(&format!("88.118.8/K{n}"), "1")]);
        asked.idempotency = Some(Idempotency::new(asked.caller, &n.to_string(), &[n]));
        asked
    };
    // Handed in at once, so that they share entries; each is told where its own change stands.
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let registry = node.registry.clone();
            spawn(async move { registry.submit(keyed(n)).await.unwrap().verdicts })
        })
        .collect();
    for (n, first) in (0..).zip(waiting) {
        let first = first.await.unwrap();
        let again = node.registry.submit(keyed(n)).await.unwrap();
        assert_eq!((again.verdicts, again.is_repeated), (first, true));
    }
}

#[tokio::test]
async fn a_refused_request_is_not_remembered() {
    let node = node().await;
    let mut asked = request(vec![create("88.118.10/A", "1")]);
    asked.idempotency = Some(Idempotency::new(asked.caller, "k", b"body"));
    let first = node.registry.submit(asked.clone()).await.unwrap();
    assert_eq!(codes(&first.verdicts), ["unassigned_prefix"]);
    node.admit(vec![admission("88.118.10", "B", Hosting::Hosted)])
        .await;
    let second = node.registry.submit(asked).await.unwrap();
    assert_eq!(
        (codes(&second.verdicts), second.is_repeated),
        (vec!["created"], false)
    );
}

//----------- Clocks -----------------------------------------------------------

#[tokio::test]
async fn a_jump_of_the_clock_stops_writes() {
    let node = node().await;
    assert_eq!(code(&node.one(create("88.118.8/A", "1")).await), "created");
    node.clock.0.store(NOW + 2 * 3_600_000, Ordering::Relaxed);
    let refused = node
        .registry
        .submit(request(vec![create("88.118.8/B", "1")]))
        .await;
    assert!(
        matches!(refused, Err(RegistryError::ReadOnly { .. })),
        "{refused:?}"
    );
    let cause = node.registry.read_only().map(|closed| closed.cause);
    assert_eq!(cause, Some(ReadOnlyCause::Clock));
    // Set right, it is believed again, without a restart.
    node.clock.0.store(NOW + 2_000, Ordering::Relaxed);
    assert_eq!(code(&node.one(create("88.118.8/B", "1")).await), "created");
    assert_eq!(node.registry.read_only(), None);
}

#[tokio::test(start_paused = true)]
async fn readiness_follows_the_clock_where_nobody_writes() {
    let node = node().await;
    assert_eq!(code(&node.one(create("88.118.8/A", "1")).await), "created");
    for (ahead_ms, expected) in [(2 * 3_600_000, Some(ReadOnlyCause::Clock)), (2_000, None)] {
        node.clock.0.store(NOW + ahead_ms, Ordering::Relaxed);
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert_eq!(
            node.registry.read_only().map(|closed| closed.cause),
            expected
        );
    }
}
