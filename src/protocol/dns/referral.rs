//! Enterprises with a node of their own: delegated, or told where they are.

use core::net::IpAddr;

use hickory_proto::rr::{Name, RData, Record, RecordType, rdata::NS};

use super::{
    records::{normal, of_url, set_of, txt},
    zone::{Zone, address_record, below, host},
};
use crate::{
    change::{Route, Site, SiteProtocol},
    identifier::{Identifier, url},
};

/// How long a route may be cached, in seconds: an hour, as the zone's own servers.
const ROUTE_TTL_SECONDS: u32 = 3_600;

//----------- Delegation -------------------------------------------------------

/// A delegation of `cut` to an enterprise's own name servers.
#[derive(Debug, Default)]
pub(super) struct Delegation {
    /// NS records.
    pub(super) servers: Vec<Record>,
    /// Addresses of those that are named here (RFC 9471: a referral needs them).
    pub(super) glue: Vec<Record>,
}

/// The delegation that a route names servers for, if it does.
pub(super) fn delegation(cut: &Name, route: &Route) -> Option<Delegation> {
    let mut made = Delegation::default();
    let sites = route
        .sites
        .iter()
        .filter(|site| site.protocol == SiteProtocol::Dns);
    for (number, site) in (1..).zip(sites) {
        let server = match site.address.parse::<IpAddr>() {
            // An address needs a name to stand in the record.
            Ok(address) => below(cut, &format!("ns{number}")).ok().inspect(|name| {
                made.glue.push(address_record(name.clone(), address));
            }),
            Err(_) => host(&site.address).ok(),
        };
        if let Some(server) = server {
            let data = RData::NS(NS(server));
            let record = Record::from_rdata(cut.clone(), ROUTE_TTL_SECONDS, data);
            made.servers.push(record);
        }
    }
    (!made.servers.is_empty()).then_some(made)
}

//----------- Other routes -----------------------------------------------------

/// What a route without name servers says of an identifier.
pub(super) fn of_route(
    zone: &Zone,
    name: &Name,
    kind: RecordType,
    route: &Route,
    identifier: &Identifier,
) -> Vec<Record> {
    let data = route.sites.iter().filter_map(|site| match kind {
        RecordType::TXT => Some(txt(format!("referral {}", address(site)).as_bytes())),
        _ if !matches!(site.protocol, SiteProtocol::Http | SiteProtocol::Https) => None,
        _ => {
            // It ends with a slash. The path stays as it is: one may be `..`, which is lost in a URL.
            let target = normal(&address(site))? + &url::to_path(identifier);
            of_url(zone, kind, &target)
        }
    });
    set_of(name, ROUTE_TTL_SECONDS, data.collect())
}

/// `<protocol>://<address>:<port>`.
fn address(site: &Site) -> String {
    let Site {
        address,
        protocol,
        port,
    } = site;
    let protocol = protocol.name();
    if address.contains(':') {
        format!("{protocol}://[{address}]:{port}")
    } else {
        format!("{protocol}://{address}:{port}")
    }
}
