//! A node in a test, and what is registered there.

use crate::{
    change::{Hosting, Route, Site, SiteProtocol},
    record::{Permissions, Ttl, Value},
    resolver::Resolver,
};

pub(crate) use crate::state::tests::Built;

impl Built {
    pub(crate) fn resolver(self) -> Resolver {
        Resolver::new(self.state())
    }
}

pub(crate) fn value(index: u32, kind: &str, data: &[u8], permissions: u8) -> Value {
    Value {
        index,
        kind: kind.into(),
        data: data.into(),
        ttl: Ttl::Relative(86_400),
        permissions: Permissions::from_bits(permissions).unwrap(),
        timestamp_ms: 1_000,
        references: Vec::new(),
    }
}

/// A route of these sites.
pub(crate) fn route(sites: &[(&str, SiteProtocol, u16)]) -> Hosting {
    let site = |(address, protocol, port): &(&str, SiteProtocol, u16)| Site {
        address: (*address).into(),
        protocol: *protocol,
        port: *port,
    };
    let sites = sites.iter().map(site).collect();
    Hosting::SelfBuilt(Some(Route { sites }))
}
