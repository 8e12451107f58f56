//! A zone for other servers: the names and records with which the node answers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::product::Product;
use crate::cli::Failure;
use crate::cli::arguments::Records;
use crate::config::Config;
use crate::identifier::{Identifier, dns::to_dns_name};
use crate::protocol::dns::{ValueRecord, Zone, own_lines, value_data};
use crate::record::Ttl;

/// The serial of the zone: the same data has the same.
const SERIAL: u32 = 1;

/// The types that are written unless fewer are asked for.
const ALL: [Records; 3] = [Records::Naptr, Records::Uri, Records::Txt];

//----------- ZoneFile -----------------------------------------------------------

/// A master file (RFC 1035 §5).
pub(super) struct ZoneFile {
    zone: Zone,
    /// The zone's name with a dot before it.
    suffix: String,
    records: Vec<ValueRecord>,
}

impl ZoneFile {
    /// The zone that the node of this configuration serves, or the same with another name.
    ///
    /// # Errors
    /// Where that is no name.
    pub(super) fn new(
        config: &Config,
        name: Option<&str>,
        records: &[Records],
    ) -> Result<Self, Failure> {
        let origin = name.unwrap_or(&config.server.node.zone);
        let dns = &config.server.dns;
        // A server whose name is in the zone needs an address in it.
        let mut bound = dns.listen.clone();
        bound.retain(|address| !address.ip().is_unspecified());
        if bound.is_empty() {
            bound.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
        }
        let zone = dns.zone(origin, &bound).map_err(|error| {
            Failure::usage(error.to_string(), "name a domain such as --zone id.example")
        })?;
        let records = if records.is_empty() { &ALL } else { records };
        Ok(Self {
            suffix: format!(".{}", zone.origin()),
            zone,
            records: records.iter().map(|record| kind(*record)).collect(),
        })
    }

    /// What stands before the first name. Names without a dot at their end are below the zone.
    pub(super) fn head(&self) -> String {
        let Ttl::Relative(ttl) = Ttl::default() else {
            unreachable!("the default is a time from now")
        };
        let origin = self.zone.origin();
        let own = own_lines(&self.zone, SERIAL);
        format!("$ORIGIN {origin}.\n$TTL {ttl}\n{own}")
    }

    /// Adds the lines of a product; none where its name does not fit.
    pub(super) fn add(&self, product: &Product, to: &mut Vec<u8>) {
        let name = Identifier::parse_query(&product.identifier).ok();
        let name = name.and_then(|identifier| to_dns_name(&identifier, &self.suffix));
        let Some(name) = name else { return };
        // Lines that begin with a blank are of the name before them.
        let mut owner = name.strip_suffix(&self.suffix).unwrap_or(&name);
        for record in &self.records {
            for (index, kind, data) in product.values() {
                if let Some(data) = value_data(&self.zone, *record, (index, kind, data.as_bytes()))
                {
                    to.extend_from_slice(owner.as_bytes());
                    to.push(b' ');
                    to.extend_from_slice(data.as_bytes());
                    to.push(b'\n');
                    owner = "";
                }
            }
        }
    }
}

fn kind(record: Records) -> ValueRecord {
    match record {
        Records::Naptr => ValueRecord::Naptr,
        Records::Uri => ValueRecord::Uri,
        Records::Txt => ValueRecord::Txt,
    }
}
