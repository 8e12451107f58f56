//! Answers of one protocol, counted once they are sent.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
};

use super::clock::{Moment, Watch};
use crate::{
    accounting::{Act, Activity, Counters, Lane, Origin, Origins, Protocol, Request},
    identifier::Prefix,
    protocol::{Handled, http::Counted},
    registry::Observe,
    resolver::Resolver,
    state::State,
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
    watch: Arc<Watch>,
    /// Where connections put what they have timed.
    lane: Arc<Lane>,
}

impl Counting {
    pub(super) fn new(
        counters: Arc<Counters>,
        origins: Arc<Origins>,
        resolver: Arc<OnceLock<Resolver>>,
        protocol: Protocol,
        watch: Arc<Watch>,
    ) -> Self {
        let lane = counters.timings().lane();
        Self {
            counters,
            origins,
            resolver,
            protocol,
            watch,
            lane,
        }
    }

    /// The same for one who answers alone, on a lane of its own.
    pub(super) fn alone(&self) -> Self {
        Self {
            lane: self.counters.timings().lane(),
            ..self.clone()
        }
    }

    /// Now; one read of the clock.
    pub(super) fn now(&self) -> Moment {
        self.watch.now()
    }

    /// Counts a message whose answer was sent, and says of whom it is to be timed.
    pub(super) fn count(&self, handled: Handled, peer: SocketAddr) -> Option<Request> {
        match handled {
            Handled::Answered(act) => self.act(act, Some(peer.ip())),
            Handled::Malformed => {
                self.counters.malformed(self.protocol);
                None
            }
        }
    }

    /// The same of HTTP.
    pub(super) fn count_http(&self, counted: Counted) -> Option<Request> {
        self.act(counted.act, counted.from)
    }

    /// Times requests that came at `began` and are all answered now.
    pub(super) fn time(&self, began: Moment, requests: impl IntoIterator<Item = Request>) {
        let ended = self.watch.now();
        let second = self.watch.second(ended);
        let took_us = ended.us_since(began);
        self.lane
            .add(second, Activity::Resolution, took_us, requests);
    }

    fn act(&self, act: Act, from: Option<IpAddr>) -> Option<Request> {
        let prefix = || {
            let resolver = self.resolver.get()?;
            resolver.with_directory(|directory| directory.prefix_of(act.whose).cloned())
        };
        let origin = self.origins.of(from, prefix);
        self.counters.count(act, self.protocol, origin);
        let is_request = act.outcome.is_request() && origin != Origin::Test;
        is_request.then_some(Request {
            whose: act.whose,
            is_answered: act.outcome.is_timed(),
        })
    }
}

//----------- Registering ------------------------------------------------------

/// Times what is registered.
#[derive(Debug)]
pub(super) struct Registering {
    state: Arc<State>,
    /// What is registered below these is no registration in any figure.
    tests: Vec<Prefix>,
    watch: Arc<Watch>,
    lane: Arc<Lane>,
}

impl Registering {
    pub(super) fn new(
        state: Arc<State>,
        tests: Vec<Prefix>,
        counters: &Counters,
        watch: Arc<Watch>,
    ) -> Self {
        Self {
            state,
            tests,
            watch,
            lane: counters.timings().lane(),
        }
    }
}

impl Observe for Registering {
    fn now_us(&self) -> u64 {
        self.watch.now().as_us()
    }

    fn registered(&self, prefix: &str, count: u64, began_us: u64) {
        let ended = self.watch.now();
        let directory = self.state.directory();
        let whose = directory.whose(prefix).unwrap_or_default();
        let known = directory.prefix_of(whose);
        if known.is_some_and(|known| self.tests.iter().any(|test| known.is_at_or_below(test))) {
            return;
        }
        let request = Request {
            whose,
            is_answered: true,
        };
        let took_us = ended.us_since(Moment::from_us(began_us));
        let second = self.watch.second(ended);
        self.lane
            .add_many(second, Activity::Registration, took_us, request, count);
    }
}

/// Whether a peer is on this machine: proxies and tests are, and nobody can forge it.
pub(super) fn is_here(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}
