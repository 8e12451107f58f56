//! What handlers work with.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use jiff::civil::Date;

use super::{MakeTables, health::Startup, listing::Listings, problem::Problem};
use crate::{
    access::Gate,
    accounting::Counters,
    identifier::Prefix,
    ledger::{Inline, RunBlocking},
    registry::Registry,
    resolver::Resolver,
    state::State,
};

//----------- Api --------------------------------------------------------------

/// What every handler is given.
#[derive(Debug)]
pub struct Api {
    /// Tells who is asking.
    pub gate: Gate,
    /// How far the start is, until there is a node.
    pub startup: Startup,
    /// The longest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// The DNS zone of the identifiers.
    pub zone: String,
    /// Listings that are made now.
    pub(super) listings: Listings,
    /// Statistics that are computed now.
    pub(super) statistics: Listings,
    node: OnceLock<Node>,
}

/// A node that has caught up with its ledger.
pub struct Node {
    /// Answers.
    pub resolver: Resolver,
    /// Registers.
    pub registry: Registry,
    /// For listings.
    pub state: Arc<State>,
    /// For statistics.
    pub accounting: Accounting,
    /// For what the national node is told.
    pub tables: Arc<dyn MakeTables>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("resolver", &self.resolver)
            .field("accounting", &self.accounting)
            .finish_non_exhaustive()
    }
}

/// What statistics are made of besides the state.
pub struct Accounting {
    /// What was answered.
    pub counters: Arc<Counters>,
    /// Prefixes that are for tests, with all below them.
    pub tests: Vec<Prefix>,
    /// From when means are counted.
    pub docking_date: Option<Date>,
    /// Where they are computed.
    pub executor: Arc<dyn RunBlocking>,
}

impl Default for Accounting {
    fn default() -> Self {
        Self {
            counters: Arc::default(),
            tests: Vec::new(),
            docking_date: None,
            executor: Arc::new(Inline),
        }
    }
}

impl std::fmt::Debug for Accounting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounting")
            .field("counters", &self.counters)
            .field("tests", &self.tests)
            .finish_non_exhaustive()
    }
}

/// Who sent a request; the server adds it to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Where the connection comes from; a proxy there may have passed it on.
    pub address: IpAddr,
}

impl Api {
    /// Handlers' common ground, before there is a node.
    #[must_use]
    pub fn new(gate: Gate, body_bytes_max: usize, zone: String) -> Self {
        Self {
            gate,
            startup: Startup::default(),
            body_bytes_max,
            zone,
            listings: Listings::default(),
            statistics: Listings::default(),
            node: OnceLock::new(),
        }
    }

    /// Opens the routes: the node has caught up.
    pub fn open(&self, node: Node) {
        // A second one would be a mistake of the server; the first stays.
        let _ = self.node.set(node);
    }

    /// The node.
    pub(super) fn node(&self) -> Result<&Node, Problem> {
        self.node
            .get()
            .ok_or_else(|| Problem::starting(&self.startup))
    }
}
