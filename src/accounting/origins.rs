//! Who asked, by where from and for what.
//!
//! A question has one origin, the first of: test, probe, self, internal, external.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;

use super::Origin;
use crate::identifier::Prefix;

//----------- OriginOptions ----------------------------------------------------

/// What an operator says of those who ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OriginOptions {
    /// The operator's own networks.
    pub internal_networks: Vec<IpNet>,
    /// Monitoring, the national node's or one's own.
    pub probe_networks: Vec<IpNet>,
    /// Networks of registrants, each with the prefix whose identifiers are its own.
    pub self_networks: Vec<(Prefix, IpNet)>,
    /// Prefixes that are for tests, secondary ones with all below them.
    pub test_prefixes: Vec<Prefix>,
}

//----------- Origins ----------------------------------------------------------

/// Tells who asked.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    internal: Vec<IpNet>,
    probe: Vec<IpNet>,
    own: HashMap<Box<str>, Vec<IpNet>>,
    test: Vec<Prefix>,
}

impl Origins {
    /// As an operator says.
    #[must_use]
    pub fn new(options: &OriginOptions) -> Self {
        let mut own: HashMap<Box<str>, Vec<IpNet>> = HashMap::new();
        for (prefix, network) in &options.self_networks {
            own.entry(prefix.as_str().into())
                .or_default()
                .push(*network);
        }
        Self {
            internal: options.internal_networks.clone(),
            probe: options.probe_networks.clone(),
            own,
            test: options.test_prefixes.clone(),
        }
    }

    /// Who asked from `peer` for what is of the prefix that `asked` says; no peer where a proxy
    /// passed a question on and it is not known for whom.
    pub fn of(&self, peer: Option<IpAddr>, asked: impl FnOnce() -> Option<Prefix>) -> Origin {
        let peer = peer.map(|peer| peer.to_canonical());
        let is_in = |networks: &[IpNet]| {
            peer.is_some_and(|peer| networks.iter().any(|network| network.contains(&peer)))
        };
        // Most nodes list none of either, and then nobody looks for the prefix.
        let is_any_listed = !self.test.is_empty() || !self.own.is_empty();
        let prefix = is_any_listed.then(asked).flatten();
        let is_test = |prefix: &Prefix| {
            let mut tests = self.test.iter();
            tests.any(|test| prefix.is_at_or_below(test))
        };
        let own = prefix
            .as_ref()
            .and_then(|prefix| self.own.get(prefix.as_str()));
        if prefix.as_ref().is_some_and(is_test) {
            Origin::Test
        } else if is_in(&self.probe) {
            Origin::Probe
        } else if own.is_some_and(|networks| is_in(networks)) {
            Origin::Own
        } else if is_in(&self.internal) {
            Origin::Internal
        } else {
            Origin::External
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{change::Hosting, state::tests::Built};

    fn network(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn the_first_that_fits_is_the_origin() {
        let origins = Origins::new(&OriginOptions {
            internal_networks: vec![network("127.0.0.0/8"), network("10.0.0.0/8")],
            probe_networks: vec![network("10.9.0.0/16"), network("2001:db8:9::/48")],
            self_networks: vec![(prefix("88.118.8"), network("10.8.0.0/16"))],
            test_prefixes: vec![prefix("88.119")],
        });
        for (peer, asked, expected) in [
            ("192.0.2.1", "88.118.8", Origin::External),
            ("127.0.0.1", "88.118.8", Origin::Internal),
            ("::ffff:127.0.0.1", "88.118.8", Origin::Internal),
            ("10.8.0.1", "88.118.8", Origin::Own),
            ("10.8.0.1", "88.118.88", Origin::Internal),
            ("10.8.0.1", "88.118", Origin::Internal),
            ("10.9.0.1", "88.118.8", Origin::Probe),
            ("2001:db8:9::1", "88.118.8", Origin::Probe),
            ("10.9.0.1", "88.119.1", Origin::Test),
            ("192.0.2.1", "88.119", Origin::Test),
            ("192.0.2.1", "88.1190", Origin::External),
        ] {
            let peer = Some(peer.parse().unwrap());
            let origin = origins.of(peer, || Some(prefix(asked)));
            assert_eq!(origin, expected, "{peer:?} {asked}");
        }
        assert_eq!(
            origins.of(None, || None),
            Origin::External,
            "a proxy's client"
        );
        let nobody = |peer: &str| origins.of(Some(peer.parse().unwrap()), || None);
        assert_eq!(nobody("10.0.0.1"), Origin::Internal);
    }

    /// What is counted under a number has the name that it was given.
    #[test]
    fn prefixes_are_numbered_and_found_again() {
        let built = Built::new();
        built.secondary("88.118");
        built.firm(1, "88.118.8", Hosting::Hosted);
        built.secondary("88.119");
        built.firm(2, "88.119.1", Hosting::Hosted);
        // A change of a prefix keeps its number.
        let before = built.state_so_far().directory().whose("88.118.8");
        built.firm(1, "88.118.8", Hosting::SelfBuilt(None));
        let state = built.state();
        let directory = state.directory();
        assert_eq!(directory.whose("88.118.8"), before);
        for name in ["88.118", "88.119", "88.118.8", "88.119.1"] {
            let whose = directory.whose(name).unwrap();
            assert_eq!(directory.prefix_of(whose).unwrap().as_str(), name);
        }
        assert_eq!(directory.whose("88.118.9"), None);
        assert!(
            directory
                .prefix_of(crate::state::directory::Whose::NOBODY)
                .is_none()
        );
    }
}
