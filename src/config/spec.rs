//! The schema of the file, version 1.
//!
//! `Spec` is what stands in a file, `Config` what the node runs on; the one is turned into the
//! other in `resolve.rs`. A later version gets a schema of its own beside this one.

use serde::{Deserialize, Serialize};

//----------- Spec ---------------------------------------------------------------

/// A whole file of version 1, with every key said.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub(super) version: u32,
    pub(super) node: NodeSpec,
    pub(super) http: HttpSpec,
    pub(super) ledger: LedgerSpec,
    pub(super) snapshot: SnapshotSpec,
    pub(super) handle: ListenSpec,
    pub(super) dns: DnsSpec,
    pub(super) metrics: ListenSpec,
    pub(super) accounting: AccountingSpec,
    pub(super) topnode: TopnodeSpec,
    pub(super) report: ReportSpec,
    pub(super) log: LogSpec,
}

/// `[node]`: what the node is.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeSpec {
    pub(super) data_dir: String,
    pub(super) zone: String,
    pub(super) secondary_prefixes: Vec<String>,
}

/// `[http]`: the HTTP listener.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpSpec {
    pub(super) listen: Vec<String>,
    pub(super) connections_max: u32,
    pub(super) header_timeout_seconds: u32,
    pub(super) idle_timeout_seconds: u32,
    pub(super) body_bytes_max: u32,
    pub(super) shutdown_seconds: u32,
}

/// `[ledger]`: how the ledger is stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerSpec {
    pub(super) segment_bytes_max: u64,
    pub(super) archive_dirs: Vec<String>,
    pub(super) free_bytes_min: u64,
}

/// `[snapshot]`: what makes a start fast.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotSpec {
    pub(super) interval_seconds: u32,
}

/// `[dns]`: the DNS listener and the zone.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DnsSpec {
    pub(super) listen: Vec<String>,
    pub(super) name_servers: Vec<String>,
    pub(super) naptr_service: String,
    pub(super) negative_ttl_seconds: u32,
}

/// A listener of which nothing but the addresses can be set yet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenSpec {
    pub(super) listen: Vec<String>,
}

/// `[accounting]`: who counts as whom.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountingSpec {
    pub(super) internal_networks: Vec<String>,
    pub(super) probe_networks: Vec<String>,
    pub(super) self_networks: Vec<String>,
    pub(super) test_prefixes: Vec<String>,
    pub(super) docking_date: String,
}

/// `[topnode]`: what an operator says of the node.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopnodeSpec {
    pub(super) resolution: Vec<String>,
    pub(super) operator: Vec<String>,
}

/// `[report]`: how the national node is told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportSpec {
    pub(super) by: String,
    pub(super) url: String,
    pub(super) mapping: String,
    pub(super) token_file: String,
    pub(super) secret_file: String,
    pub(super) ca_file: String,
    pub(super) certificate_file: String,
    pub(super) key_file: String,
    pub(super) folder: String,
    pub(super) from: String,
}

/// `[log]`: what is told.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogSpec {
    pub(super) level: String,
    pub(super) format: String,
}
