//! Answers of one protocol, counted under where they were asked from.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use crate::{
    accounting::{Counters, Origin, Protocol},
    protocol::Handled,
};

//----------- Counting ---------------------------------------------------------

/// Counts what a protocol's listeners answer.
#[derive(Clone)]
pub(super) struct Counting {
    counters: Arc<Counters>,
    protocol: Protocol,
}

impl Counting {
    pub(super) fn new(counters: Arc<Counters>, protocol: Protocol) -> Self {
        Self { counters, protocol }
    }

    /// Counts a message whose answer was sent.
    pub(super) fn count(&self, handled: Handled, peer: SocketAddr) {
        match handled {
            Handled::Answered(outcome) => {
                let origin = Origin::of(is_here(peer.ip()));
                self.counters.count(self.protocol, outcome, origin);
            }
            Handled::Malformed => self.counters.malformed(self.protocol),
        }
    }
}

/// Whether a peer is on this machine: proxies and tests are, and nobody can forge it.
pub(super) fn is_here(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}
