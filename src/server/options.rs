//! What the server is told to do.
//!
//! The configuration file is turned into these in `config/`; nothing below knows the file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;

use crate::accounting::OriginOptions;
use crate::identifier::Prefix;
use crate::protocol::dns::{NameServer, Zone, ZoneError};
use crate::topnode::TopnodeOptions;

//----------- Options ------------------------------------------------------------

/// Everything the server runs on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// What the node is.
    pub node: NodeOptions,
    /// The HTTP listener.
    pub http: HttpOptions,
    /// How the ledger is stored.
    pub ledger: LedgerOptions,
    /// What makes a start fast.
    pub snapshot: SnapshotOptions,
    /// The Handle listener, UDP and TCP.
    pub handle: ListenOptions,
    /// The DNS listener, UDP and TCP.
    pub dns: DnsOptions,
    /// The listener of the metrics.
    pub metrics: ListenOptions,
    /// Who counts as whom.
    pub origins: OriginOptions,
    /// 对接日期: the day from which means are counted, where it is later than the first that was.
    pub docking_date: Option<Date>,
    /// What the operator says of the node, for the national node.
    pub topnode: TopnodeOptions,
    /// How the national node is told.
    pub reporting: ReportingOptions,
}

/// How the national node is told.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReportingOptions {
    /// On what way.
    pub by: Delivery,
    /// What is needed over HTTPS.
    pub https: HttpsOptions,
    /// Where files are put.
    pub folder: PathBuf,
    /// The first day that is told; else the day of docking, else the first that ends from now on.
    pub from: Option<Date>,
}

/// On what way reports go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Delivery {
    /// By hand: an operator exports them, and says what became of them.
    #[default]
    Hand,
    /// Over HTTPS.
    Https,
    /// As files in a folder, from which somebody takes them.
    Folder,
}

impl Delivery {
    /// All ways.
    pub const ALL: [Self; 3] = [Self::Hand, Self::Https, Self::Folder];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Https => "https",
            Self::Folder => "folder",
        }
    }
}

/// Reports over HTTPS.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HttpsOptions {
    /// What stands before the paths of the mapping.
    pub url: String,
    /// How messages are said; else as this release's mapping has it.
    pub mapping: Option<PathBuf>,
    /// What is said where the mapping has a token.
    pub token_file: Option<PathBuf>,
    /// What is signed with.
    pub secret_file: Option<PathBuf>,
    /// Whom to trust; else whom the system trusts.
    pub ca_file: Option<PathBuf>,
    /// By what the other knows this node.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    pub key_file: Option<PathBuf>,
}

/// What the node is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NodeOptions {
    /// Where the ledger, the lock and the bootstrap token live.
    pub data_dir: PathBuf,
    /// The DNS zone of the identifiers: lower case, no dot at the end.
    pub zone: String,
    /// The secondary prefixes that this node answers for, each of two segments, none twice.
    pub secondary_prefixes: Vec<Prefix>,
}

/// The HTTP listener.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpOptions {
    /// Where it listens; at least one address.
    pub listen: Vec<SocketAddr>,
    /// Connections at one time; further ones wait to be accepted.
    pub connections_max: usize,
    /// Within this time the header of a request has to be there.
    pub header_timeout: Duration,
    /// A connection on which nothing is asked for this long is closed.
    pub idle_timeout: Duration,
    /// The longest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// After this time a shutdown stops waiting for open requests.
    pub shutdown_timeout: Duration,
}

/// How the ledger is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LedgerOptions {
    /// A segment that would grow beyond this is closed, in bytes.
    pub segment_bytes_max: u64,
    /// Where closed segments may have been moved to.
    pub archive_dirs: Vec<PathBuf>,
    /// Writes stop below this much free space, or twice the last snapshot, whichever is more.
    pub free_bytes_min: u64,
}

/// What makes a start fast.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SnapshotOptions {
    /// How long after the last snapshot the next is taken, if anything has changed.
    pub interval: Duration,
}

/// The DNS listener.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DnsOptions {
    /// Where it listens; nowhere if empty.
    pub listen: Vec<SocketAddr>,
    /// The zone's name servers; if empty `ns.<zone>`, at the addresses it listens on.
    pub name_servers: Vec<NameServer>,
    /// The service field of NAPTR records.
    pub naptr_service: String,
    /// How long others may remember that a name does not exist.
    pub negative_ttl: Duration,
}

impl DnsOptions {
    /// The zone as it is served at these addresses.
    ///
    /// # Errors
    /// Where a name is none.
    pub fn zone(&self, origin: &str, bound: &[SocketAddr]) -> Result<Zone, ZoneError> {
        let mut servers = self.name_servers.clone();
        if servers.is_empty() {
            let addresses = bound.iter().map(SocketAddr::ip);
            servers.push(NameServer {
                name: format!("ns.{origin}"),
                addresses: addresses
                    .filter(|address| !address.is_unspecified())
                    .collect(),
            });
        }
        let seconds = u32::try_from(self.negative_ttl.as_secs()).unwrap_or(u32::MAX);
        Zone::new(origin, &servers, &self.naptr_service, seconds)
    }
}

/// A listener of which nothing but the addresses can be set yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListenOptions {
    /// Where it listens; nowhere if empty.
    pub listen: Vec<SocketAddr>,
}
