//! What the node sees of its own health: starts, stops, faults and recoveries, into the ledger.
//!
//! ```text
//! Ailment    what may be wrong, and how it is called            ailment.rs
//! Watcher    looks in, events out: two looks must agree         watcher.rs, pure
//! Alive      a file by which the next start knows how long      alive.rs
//! Health     the task: looks every five seconds                 this file
//! ```

mod ailment;
mod alive;
mod watcher;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};

use super::{clock::SystemClock, upkeep::blocking};
use crate::{
    change::FaultClass,
    registry::{
        Fault, Happened, ReadClock as _, ReadOnlyCause, RegistryError, Verdict, WeakRegistry,
    },
    state::State,
};
use ailment::Ailment;
use alive::Alive;
pub(super) use alive::AliveFile;
use watcher::Watcher;

/// How often it looks: of a crash it is known to within as long when it was.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// How long its own listener may take to answer: one that is merely busy does.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// What the national node is told of a process that ended without being stopped.
const CRASH: &str = "服务进程异常终止";

//----------- Health -----------------------------------------------------------

/// The task that looks.
pub(super) struct Health {
    pub(super) registry: WeakRegistry,
    pub(super) state: Arc<State>,
    /// Where it listens for HTTP.
    pub(super) listeners: Vec<SocketAddr>,
    pub(super) alive: AliveFile,
    /// When the last entry of the process before was, in milliseconds since the epoch.
    pub(super) last_entry_ms: u64,
    /// Whether the ledger has it that the node is ready.
    pub(super) is_noted: Arc<AtomicBool>,
}

impl Health {
    /// Says in the ledger that the node is ready, and what became of the process before; what it did
    /// not take.
    pub(super) async fn started(&self) -> Vec<Happened> {
        let happened = self.what_was();
        if let Err(error) = self.note(&happened).await {
            tracing::error!(%error, "that the node started could not be noted in the ledger");
            return happened;
        }
        self.is_noted.store(true, Ordering::Relaxed);
        Vec::new()
    }

    /// Writes to the ledger; what it will not have another time either is said to the operator alone.
    async fn note(&self, happened: &[Happened]) -> Result<(), RegistryError> {
        let receipt = self.registry.happened(happened.to_vec()).await?;
        for (what, verdict) in happened.iter().zip(&receipt.verdicts) {
            if !matches!(verdict, Verdict::Created(_)) {
                tracing::error!(?what, ?verdict, "the ledger does not take what happened");
            }
        }
        Ok(())
    }

    fn what_was(&self) -> Vec<Happened> {
        let now_ms = SystemClock.read().wall_ms;
        let was_up = self.state.events().running().up_since_ms().is_some();
        let before = if was_up {
            self.alive.read()
        } else {
            Alive::default()
        };
        let alive_until_ms = if was_up {
            self.alive_until_ms(&before, now_ms)
        } else {
            0
        };
        let mut happened = vec![Happened::Started {
            at_ms: now_ms,
            alive_until_ms,
        }];
        // What the ledger could not take when it was.
        for (ailment, since_ms) in before.ailing {
            happened.push(Happened::Over {
                fault: fault(ailment.class(), since_ms.min(now_ms), ailment.cause()),
                until_ms: now_ms,
            });
        }
        if was_up {
            happened.push(Happened::Over {
                fault: fault(FaultClass::System, alive_until_ms, CRASH),
                until_ms: now_ms,
            });
            tracing::warn!("the process before was not stopped: this is noted as a fault");
        }
        happened
    }

    /// Until when the process before is known to have been alive: its last sign, or its last entry. A
    /// clock that was set back must not have it end after this one began.
    fn alive_until_ms(&self, before: &Alive, now_ms: u64) -> u64 {
        self.last_entry_ms.max(before.alive_ms).min(now_ms)
    }

    /// Looks until it is told to stop; `not_taken` is what the ledger did not take at the start.
    pub(super) async fn run(
        self,
        mut not_taken: Vec<Happened>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let own = Arc::new(self);
        let mut watcher = Watcher::default();
        let mut ticks = tokio::time::interval(LOOK_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stopped.changed() => return,
            }
            if !not_taken.is_empty() && own.note(&not_taken).await.is_ok() {
                not_taken.clear();
                own.is_noted.store(true, Ordering::Relaxed);
            }
            own.look(&mut watcher).await;
        }
    }

    async fn look(self: &Arc<Self>, watcher: &mut Watcher) {
        let mut ails: BTreeSet<Ailment> = self.causes();
        if !self.answers().await {
            ails.insert(Ailment::Silent);
        }
        let now = SystemClock.read();
        let happened = watcher.look(&ails, &self.known(), now);
        if !happened.is_empty() && self.note(&happened).await.is_ok() {
            watcher.told();
            for what in &happened {
                tracing::warn!(?what, "the node's health changed");
            }
        }
        // Until the ledger has this start, the file speaks of the process that it has.
        if !self.is_noted.load(Ordering::Relaxed) {
            return;
        }
        let alive = Alive {
            alive_ms: now.wall_ms,
            ailing: watcher.unknown_to(&self.known(), now),
        };
        let own = Arc::clone(self);
        blocking(move || own.alive.write(&alive)).await;
    }

    fn causes(&self) -> BTreeSet<Ailment> {
        let causes = self.registry.read_only_causes().into_iter();
        causes.map(Ailment::of).collect()
    }

    /// Faults of its own finding that are not over in the ledger.
    fn known(&self) -> Vec<(u32, Ailment)> {
        let events = self.state.events();
        let node = events.node();
        let open = node.open().filter_map(|number| {
            let event = node.get(number)?.numbered()?;
            Some((number, Ailment::by_cause(&event.note)?))
        });
        open.collect()
    }

    /// Whether its own listener answers: one that has no descriptors left accepts nobody.
    async fn answers(&self) -> bool {
        let Some(listener) = self.listeners.first() else {
            return true;
        };
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, ask(reachable(*listener)));
        asked.await.is_ok_and(|answered| answered.is_ok())
    }
}

/// Says in the ledger that the node was told to stop, where it is there that it was ready.
pub(super) async fn stopped(registry: &WeakRegistry, is_noted: &AtomicBool) {
    if !is_noted.load(Ordering::Relaxed) {
        return;
    }
    let at_ms = SystemClock.read().wall_ms;
    if let Err(error) = registry.happened(vec![Happened::Stopped { at_ms }]).await {
        tracing::error!(%error, "that the node stops could not be noted in the ledger");
    }
}

fn fault(class: FaultClass, at_ms: u64, cause: &str) -> Fault {
    Fault {
        prefix: None,
        class,
        at_ms,
        note: cause.to_owned(),
    }
}

/// Where a listener is reached from this machine.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

/// Asks as a load balancer would; an answer is one, whatever it says.
async fn ask(listener: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(listener).await?;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    stream.read_u8().await?;
    Ok(())
}

impl Ailment {
    fn of(cause: ReadOnlyCause) -> Self {
        match cause {
            ReadOnlyCause::NoSpace => Self::NoSpace,
            ReadOnlyCause::Clock => Self::Clock,
            ReadOnlyCause::Ledger => Self::Ledger,
            ReadOnlyCause::State => Self::State,
        }
    }
}
