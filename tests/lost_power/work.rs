//! What clients and the node itself do to a store, and notes of what was acknowledged.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use biaoshi::{
    access::Caller,
    change::{Certificate, CertificateType, Filing, FilingState, Hosting, Partition},
    identifier::Prefix,
    ledger::SqliteLedger,
    record::{Permissions, Ttl},
    registry::{
        Admission, EnterpriseFacts, Idempotency, Operation, Receipt, Registry, RegistryError,
        Request, RequestedValue, Verdict,
    },
    state::{DATA, State, snapshot::SnapshotFolder},
};

use crate::{
    check::Note,
    faults::{image::Random, trace::Recorder},
    node::{Node, spawn, take_snapshot, text},
};

/// Identifiers that clients know: few, so that they are replaced and removed.
const IDENTIFIERS: u64 = 400;

/// Whose identifiers they are.
const PREFIX: &str = "88.118.8";

//----------- Clients ----------------------------------------------------------

/// Everybody who asks something of the node.
pub(crate) struct Clients {
    random: Random,
    recorder: Recorder,
    firms: u32,
    /// What each identifier holds, where that was acknowledged: the last of its requests.
    pub(crate) holds: BTreeMap<String, Option<Vec<u8>>>,
}

impl Clients {
    pub(crate) fn new(seed: u64, recorder: &Recorder) -> Self {
        Self {
            random: Random::new(seed),
            recorder: recorder.clone(),
            firms: 8,
            holds: BTreeMap::new(),
        }
    }

    /// The secondary prefix and the first firm.
    pub(crate) async fn begin(&mut self, registry: &Registry) -> Result<(), RegistryError> {
        let prefix = [Prefix::parse("88.118").expect("it is a prefix")];
        let receipt = registry.ensure_secondary_prefixes(&prefix).await?;
        self.note(&Partition::Control, &receipt);
        self.admit(registry, PREFIX.to_owned()).await
    }

    /// Some requests at once, now and then a firm.
    pub(crate) async fn round(&mut self, registry: &Registry) -> Result<(), RegistryError> {
        if self.random.below(8) == 0 {
            self.firms += 1;
            self.admit(registry, format!("88.118.{}", self.firms))
                .await?;
        }
        let requests: Vec<_> = (0..=self.random.below(3)).map(|_| self.request()).collect();
        let submit = |request: &Request<Operation>| {
            let (registry, request) = (registry.clone(), request.clone());
            spawn(async move { registry.submit(request).await })
        };
        let answers: Vec<_> = requests.iter().map(submit).collect();
        let mut failed = Ok(());
        for (request, answer) in requests.iter().zip(answers) {
            match answer.await.expect("a client does not panic") {
                Ok(receipt) => self.acknowledge(request, &receipt),
                Err(error) => {
                    // What may have happened is neither expected nor ruled out.
                    for job in &request.jobs {
                        self.holds.remove(identifier(job));
                    }
                    failed = Err(error);
                }
            }
        }
        failed
    }

    async fn admit(&mut self, registry: &Registry, prefix: String) -> Result<(), RegistryError> {
        let receipt = registry.admit(request(vec![admission(prefix)])).await?;
        self.note(&Partition::Control, &receipt);
        Ok(())
    }

    fn request(&mut self) -> Request<Operation> {
        let count = 1 + self.random.below(24);
        let jobs: Vec<_> = (0..count).map(|_| self.operation()).collect();
        let key = self.random.next().to_string();
        Request {
            idempotency: Some(Idempotency::new(Caller::Administrator, &key, b"")),
            ..request(jobs)
        }
    }

    fn operation(&mut self) -> Operation {
        let number = self.random.below(IDENTIFIERS);
        let identifier = format!("{PREFIX}/P{number}");
        if self.random.below(6) == 0 {
            return Operation::Remove { identifier };
        }
        let bytes = 8 + self.random.below(700);
        let data = (0..bytes).map(|_| b'a' + (self.random.next() % 26) as u8);
        let value = RequestedValue {
            index: 2_000,
            kind: "NAME".to_owned(),
            data: data.collect(),
            ttl: Ttl::Relative(86_400),
            permissions: Permissions::default(),
            references: Vec::new(),
        };
        Operation::Put {
            identifier,
            values: vec![value],
            only_create: false,
        }
    }

    fn acknowledge(&mut self, request: &Request<Operation>, receipt: &Receipt) {
        for (job, verdict) in request.jobs.iter().zip(&receipt.verdicts) {
            let held = match (job, verdict) {
                (Operation::Put { values, .. }, Verdict::Created(_) | Verdict::Replaced(_)) => {
                    Some(values[0].data.clone())
                }
                (Operation::Remove { .. }, Verdict::Removed(_)) => None,
                (Operation::Remove { .. }, Verdict::NotFound | Verdict::Gone) => continue,
                other => panic!("{other:?}"),
            };
            self.holds.insert(identifier(job).to_owned(), held);
        }
        self.note(&DATA, receipt);
    }

    /// Notes that all of a receipt was acknowledged: entries up to its last one.
    fn note(&self, partition: &Partition, receipt: &Receipt) {
        let seqs = receipt.verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Created(at) | Verdict::Replaced(at) | Verdict::Removed(at) => Some(at.seq),
            _ => None,
        });
        if let Some(seq) = seqs.max() {
            let note = if *partition == DATA {
                Note::Data(seq)
            } else {
                Note::Control(seq)
            };
            self.recorder.mark(note.encode());
        }
    }
}

fn identifier(job: &Operation) -> &str {
    match job {
        Operation::Create { identifier, .. }
        | Operation::Put { identifier, .. }
        | Operation::Remove { identifier } => identifier,
    }
}

fn request<J>(jobs: Vec<J>) -> Request<J> {
    Request {
        caller: Caller::Administrator,
        idempotency: None,
        jobs,
        dry_run: false,
    }
}

fn admission(prefix: String) -> Admission {
    Admission {
        certificate: Certificate {
            kind: CertificateType::Other,
            number: prefix.clone().into(),
        },
        facts: EnterpriseFacts {
            org_name: format!("企业 {prefix}"),
            province: "420000".to_owned(),
            city: String::new(),
            industry: "C35".to_owned(),
            website: String::new(),
        },
        hosting: Hosting::Hosted,
        filing: Filing {
            state: FilingState::Passed,
            date: 20_261_123,
            reason: "导入".into(),
        },
        prefix,
    }
}

//----------- Upkeep -----------------------------------------------------------

/// What a node does beside its clients.
#[derive(Clone)]
pub(crate) struct Upkeep {
    state: Arc<State>,
    ledger: Arc<SqliteLedger>,
    snapshots: SnapshotFolder,
    recorder: Recorder,
    random: Random,
}

impl Upkeep {
    pub(crate) fn new(node: &Node, recorder: &Recorder, seed: u64) -> Self {
        Self {
            state: Arc::clone(&node.state),
            ledger: Arc::clone(&node.ledger),
            snapshots: node.snapshots.clone(),
            recorder: recorder.clone(),
            random: Random::new(!seed),
        }
    }

    /// One step of it.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        if self.random.below(6) > 0 {
            return self.ledger.maintain().map_err(text);
        }
        // Where it fails the last one stays, and the next is tried later.
        if let Ok(info) = take_snapshot(&self.state, &self.snapshots) {
            self.recorder.mark(Note::Snapshot(info.data.seq).encode());
        }
        Ok(())
    }

    /// Does it on a thread of its own until it is told to stop.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is the server of its node"
    )]
    fn beside(mut self) -> (Arc<AtomicBool>, thread::JoinHandle<Result<(), String>>) {
        let is_over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                self.step()?;
                thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        });
        (is_over, thread)
    }
}

/// When the node looks after itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Between the clients' requests: always the same way.
    Between,
    /// On a thread beside them, as a node does.
    Beside,
}

/// Clients and upkeep, for so many rounds.
pub(crate) async fn work(
    node: &Node,
    clients: &mut Clients,
    upkeep: Upkeep,
    rounds: u64,
    when: When,
) -> Result<(), String> {
    if when == When::Beside {
        let (is_over, thread) = upkeep.beside();
        let mut worked = Ok(());
        for _ in 0..rounds {
            worked = clients.round(&node.registry).await.map_err(text);
            if worked.is_err() {
                break;
            }
        }
        is_over.store(true, Ordering::Relaxed);
        let upkept = thread.join().expect("upkeep does not panic");
        return worked.and(upkept);
    }
    let mut upkeep = upkeep;
    for _ in 0..rounds {
        clients.round(&node.registry).await.map_err(text)?;
        upkeep.step()?;
    }
    Ok(())
}
