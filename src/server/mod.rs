//! Sockets, clocks and tasks: the only module that spawns.
//!
//! ```text
//! Server::bind ─▶ lock, token, listeners ─▶ accept loops ──▶ protocol::http
//!              └▶ startup task: ledger ─▶ replay ─▶ writers ─▶ routes open
//! ```
//!
//! Listeners are bound before `bind` returns, so that health is answered while the ledger is still
//! replayed, and a test can listen on port 0.

mod byte_rate;
mod clock;
mod connection;
mod connections;
mod counting;
mod crowd;
mod datagrams;
mod descriptors;
mod dns;
mod executor;
mod handle;
mod health;
mod http;
mod listeners;
mod lock;
mod measured;
mod metrics;
mod network;
pub mod options;
mod pace;
mod peers;
pub mod rehearsal;
mod repeats;
mod replaying;
mod reporting;
mod restoring;
mod signals;
mod sockets;
mod startup;
mod tables;
mod tls;
mod token;
mod upkeep;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use tokio::{sync::watch, task::JoinHandle};

pub use options::Options;
pub use reporting::ReportingError;
pub use signals::Signals;
pub use startup::StartupError;
pub use token::TOKEN_FILE;

use crate::{
    access::Gate,
    accounting::{Counters, Origins, Protocol},
    protocol::{
        dns::ZoneError,
        http::{Api, router},
    },
};
use clock::Watch;
use counting::Counting;
use dns::DnsService;
use handle::HandleService;
use http::HttpListener;
use listeners::Listeners;
use lock::DataLock;
use metrics::Scrape;
use tables::Tables;

//----------- Server -----------------------------------------------------------

/// A running node.
pub struct Server {
    http_addresses: Vec<SocketAddr>,
    metrics_addresses: Vec<SocketAddr>,
    handle_addresses: Vec<SocketAddr>,
    dns_addresses: Vec<SocketAddr>,
    token_file: PathBuf,
    api: Arc<Api>,
    listeners: Vec<JoinHandle<()>>,
    startup: Option<JoinHandle<Result<startup::Started, StartupError>>>,
    started: startup::Started,
    stop: watch::Sender<bool>,
    options: Options,
    /// Held until everything else is gone: whoever takes it next finds the files at rest.
    _lock: DataLock,
}

impl Server {
    /// Locks the data directory, binds the listeners and starts the node.
    ///
    /// Must be called within a runtime. The replay goes on behind it: see [`Server::ready`].
    ///
    /// # Errors
    /// Where the directory is in use or unusable, or an address cannot be bound.
    pub async fn bind(options: Options, accept_clock: bool) -> Result<Self, ServerError> {
        descriptors::raise();
        let lock = DataLock::take(&options.node.data_dir)?;
        let (token, token_file) = token::load_or_make(&options.node.data_dir)?;
        let zone = options.node.zone.clone();
        let api = Api::new(Gate::new(token), options.http.body_bytes_max, zone);
        let api = Arc::new(api);
        let transport = reporting::transport(&options.reporting)?;
        let (stop, stopped) = watch::channel(false);
        let http = HttpListener::bind(&options.http)?;
        let http_addresses = http.addresses().to_owned();
        let metrics_options = metrics::http_options(options.metrics.listen.clone(), &options.http);
        let metrics = HttpListener::bind(&metrics_options)?;
        let metrics_addresses = metrics.addresses().to_owned();
        let counters = Arc::new(Counters::new());
        let tables = Arc::new(Tables::new(&options));
        let reporting = Arc::clone(&tables.reporting);
        let scrape = Arc::new(Scrape::new(&api, Arc::clone(&counters), reporting));
        let handle = Listeners::bind(&options.handle.listen)?;
        let handle_addresses = handle.addresses().to_owned();
        let dns = Listeners::bind(&options.dns.listen)?;
        let dns_addresses = dns.addresses().to_owned();
        let resolver = Arc::new(OnceLock::new());
        let origins = Arc::new(Origins::new(&options.origins));
        let watch = Arc::new(Watch::begin());
        let counting = |protocol| {
            let (counters, origins) = (Arc::clone(&counters), Arc::clone(&origins));
            let (resolver, watch) = (Arc::clone(&resolver), Arc::clone(&watch));
            Counting::new(counters, origins, resolver, protocol, watch)
        };
        let service = HandleService::new(Arc::clone(&resolver), counting(Protocol::Handle));
        let mut listeners = handle.start(&Arc::new(service), &stopped);
        let zone = options.dns.zone(&options.node.zone, &dns_addresses)?;
        let service = DnsService::new(Arc::clone(&resolver), zone, counting(Protocol::Dns));
        listeners.extend(dns.start(&Arc::new(service), &stopped));
        let counting = Some(counting(Protocol::Http));
        listeners.extend([
            spawn(http.run(router(Arc::clone(&api)), counting, stopped.clone())),
            spawn(metrics.run(metrics::router(Arc::clone(&scrape)), None, stopped)),
        ]);
        let doors = startup::Doors {
            api: Arc::clone(&api),
            resolver,
            scrape,
            counters,
            watch,
            tests: options.origins.test_prefixes.clone(),
            docking_date: options.docking_date,
            tables,
            transport,
            http_addresses: http_addresses.clone(),
        };
        let starting = startup::start(options.clone(), doors, accept_clock);
        let startup = Some(spawn(starting));
        let started = startup::Started::default();
        Ok(Self {
            http_addresses,
            metrics_addresses,
            handle_addresses,
            dns_addresses,
            token_file,
            api,
            listeners,
            startup,
            started,
            stop,
            options,
            _lock: lock,
        })
    }

    /// Where it listens for HTTP.
    #[must_use]
    pub fn http_addresses(&self) -> &[SocketAddr] {
        &self.http_addresses
    }

    /// Where it listens for the Handle protocol, UDP and TCP.
    #[must_use]
    pub fn handle_addresses(&self) -> &[SocketAddr] {
        &self.handle_addresses
    }

    /// Where it listens for DNS, UDP and TCP.
    #[must_use]
    pub fn dns_addresses(&self) -> &[SocketAddr] {
        &self.dns_addresses
    }

    /// Where it listens for who reads metrics.
    #[must_use]
    pub fn metrics_addresses(&self) -> &[SocketAddr] {
        &self.metrics_addresses
    }

    /// The file with the bootstrap token.
    #[must_use]
    pub fn token_file(&self) -> &PathBuf {
        &self.token_file
    }

    /// Waits until the ledger is replayed and the routes are open.
    ///
    /// # Errors
    /// Where the ledger cannot be read or does not hold together: then the node must not serve.
    pub async fn ready(&mut self) -> Result<(), ServerError> {
        let Some(startup) = &mut self.startup else {
            return Ok(());
        };
        let started = startup.await.unwrap_or(Err(StartupError::Interrupted));
        self.startup = None;
        self.started = started?;
        Ok(())
    }

    /// Stops: no new requests, open ones and writes are finished, up to the time-out.
    pub async fn shutdown(self) {
        let Self {
            api,
            listeners,
            startup,
            started,
            stop,
            options,
            _lock,
            ..
        } = self;
        tracing::info!("shutting down");
        // Nobody waits for it where every listener has ended by itself.
        let _ = stop.send(true);
        let started = match startup {
            None => started,
            Some(startup) => {
                startup.abort();
                // An aborted start has nothing to tell; one that had just ended has its tasks.
                let ended = startup.await.ok().and_then(Result::ok);
                ended.unwrap_or_default()
            }
        };
        let finish = async {
            for listener in listeners {
                // A listener that panicked has aborted the process in a release.
                let _ = listener.await;
            }
            started.say_stopped().await;
            // The last handle of the registry goes with it: the writers drain their queues and end.
            drop(api);
            started.finish(options.http.shutdown_timeout).await;
        };
        let deadline = options.http.shutdown_timeout * 3;
        if tokio::time::timeout(deadline, finish).await.is_err() {
            tracing::warn!("not everything had ended when the time for it was over");
        }
        tracing::info!("stopped");
    }
}

/// Starts a task that the server knows.
#[expect(clippy::disallowed_methods, reason = "this is the server")]
fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

//============ Error types =====================================================

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The data directory cannot be used.
    #[error("cannot use the data directory {path}: {what}")]
    DataDir {
        /// The directory or a file in it.
        path: String,
        /// What the system said.
        what: String,
    },
    /// Another node runs on it.
    #[error("the data directory {path} is in use by another node")]
    InUse {
        /// The directory.
        path: String,
    },
    /// An address cannot be bound.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The zone cannot be served.
    #[error("[node] zone or [dns]: {0}")]
    Zone(#[from] ZoneError),
    /// Reports cannot go.
    #[error("[report]: {0}")]
    Reporting(#[from] ReportingError),
    /// The ledger does not come up.
    #[error(transparent)]
    Startup(#[from] StartupError),
}
