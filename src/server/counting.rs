//! Answers of one protocol, counted once they are sent.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

use crate::{
    accounting::{Act, Counters, Origins, Protocol},
    protocol::{Handled, http::Counted},
    resolver::Resolver,
};

//----------- Counting ---------------------------------------------------------

/// Counts what a protocol's listeners answer.
#[derive(Clone)]
pub(super) struct Counting {
    counters: Arc<Counters>,
    origins: Arc<Origins>,
    /// Who knows the prefixes; set once the node is ready.
    resolver: Arc<OnceLock<Resolver>>,
    protocol: Protocol,
}

impl Counting {
    pub(super) fn new(
        counters: Arc<Counters>,
        origins: Arc<Origins>,
        resolver: Arc<OnceLock<Resolver>>,
        protocol: Protocol,
    ) -> Self {
        Self {
            counters,
            origins,
            resolver,
            protocol,
        }
    }

    /// Counts a message whose answer was sent.
    pub(super) fn count(&self, handled: Handled, peer: SocketAddr) {
        match handled {
            Handled::Answered(act) => self.act(act, Some(peer.ip())),
            Handled::Malformed => self.counters.malformed(self.protocol),
        }
    }

    /// The same of HTTP.
    pub(super) fn count_http(&self, counted: Counted) {
        self.act(counted.act, counted.from);
    }

    fn act(&self, act: Act, from: Option<IpAddr>) {
        let prefix = || {
            let resolver = self.resolver.get()?;
            resolver.with_directory(|directory| directory.prefix_of(act.whose).cloned())
        };
        let origin = self.origins.of(from, prefix);
        self.counters.count(act, self.protocol, origin);
    }
}

/// Whether a peer is on this machine: proxies and tests are, and nobody can forge it.
pub(super) fn is_here(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}
