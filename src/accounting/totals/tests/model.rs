//! Anything that can happen to a host, against a map.

use std::fs;

use proptest::prelude::*;

use super::*;

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    /// So many answers for a prefix.
    Answer(usize, u64),
    Flush,
    Sync,
    /// Time passes, in hours, and the day is looked at.
    Pass(u64),
    /// The process is killed, and started again.
    Kill,
    /// The power is lost: the file is as it was last synced.
    PowerCut,
    /// The ledger refuses, or takes entries again.
    Refuse(bool),
    /// Days that are over are rolled up, so many parts of them.
    RollUp(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..PREFIXES.len(), 1..20_u64).prop_map(|(prefix, times)| Step::Answer(prefix, times)),
        3 => Just(Step::Flush),
        2 => Just(Step::Sync),
        2 => (1..30_u64).prop_map(Step::Pass),
        1 => Just(Step::Kill),
        1 => Just(Step::PowerCut),
        1 => any::<bool>().prop_map(Step::Refuse),
        2 => (0..4_usize).prop_map(Step::RollUp),
    ]
}

/// What was answered, by day and prefix.
type Model = BTreeMap<(u32, usize), u64>;

struct Run {
    host: Host,
    process: Option<Process>,
    today: u32,
    model: Model,
    /// At the last sync.
    synced: Model,
    refuses: bool,
}

impl Run {
    async fn new() -> Self {
        let host = Host::new();
        let process = Some(host.start().await);
        Self {
            host,
            process,
            today: TODAY,
            model: Model::new(),
            synced: Model::new(),
            refuses: false,
        }
    }

    async fn step(&mut self, step: Step) {
        let process = self.process.as_mut().unwrap();
        match step {
            Step::Answer(prefix, times) => {
                self.host.answer(process, PREFIXES[prefix], times);
                *self.model.entry((self.today, prefix)).or_default() += times;
            }
            Step::Flush => {
                let is_flushed = process.totals.flush().await.is_ok();
                // Where it is durable, no loss of power takes it.
                if is_flushed {
                    self.synced = self.model.clone();
                }
            }
            Step::Sync => self.sync(),
            Step::Pass(hours) => {
                self.host.clock.pass(hours * HOUR_MS);
                process.open_day();
                self.today = statistics_day(self.host.clock.read().wall_ms);
            }
            Step::Kill => self.start().await,
            Step::PowerCut => {
                if process.totals.pending.is_empty() {
                    let disk = self.host.folder.path().join("disk");
                    fs::copy(disk, self.host.path()).unwrap();
                    self.model = self.synced.clone();
                    self.start().await;
                }
            }
            Step::RollUp(parts) => {
                self.host.roll_up(process, parts);
            }
            Step::Refuse(refuses) => {
                self.refuses = refuses;
                self.host.ledger.refuses.store(refuses, Ordering::Relaxed);
            }
        }
    }

    /// What the disk has from here on.
    fn sync(&mut self) {
        self.process.as_ref().unwrap().counters.sync().unwrap();
        let disk = self.host.folder.path().join("disk");
        fs::copy(self.host.path(), disk).unwrap();
        self.synced = self.model.clone();
    }

    async fn start(&mut self) {
        // Days that neither the ledger nor the file has are lost with the process: what it costs to
        // have no ledger for two days. The model has them, so the ledger is there again first.
        if self.process.as_ref().unwrap().totals.pending.is_empty() {
            self.process = None;
            self.process = Some(self.host.start().await);
            self.sync();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(2_000), ..ProptestConfig::default() })]

    #[test]
    fn totals_are_what_was_answered(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new().await;
            run.sync();
            for step in steps {
                run.step(step).await;
                let shown = run.process.as_ref().unwrap().shown();
                prop_assert_eq!(shown, run.model.values().sum::<u64>());
            }
            run.step(Step::Refuse(false)).await;
            run.step(Step::Flush).await;
            for ((day, prefix), total) in &run.model {
                prop_assert_eq!(run.host.told(*day, PREFIXES[*prefix]).await, *total);
            }
            run.step(Step::Kill).await;
            let shown = run.process.as_ref().unwrap().shown();
            prop_assert_eq!(shown, run.model.values().sum::<u64>());
            Ok(())
        })?;
    }
}
