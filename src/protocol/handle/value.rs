//! Values as they are sent, and the sites that some of them hold (RFC 3651 §3.1, §3.2.2).

use core::net::IpAddr;

use super::HandleError;
use crate::{
    change::{Cursor, Route, Site, SiteProtocol, put_bytes32},
    record::{Permissions, Ttl, ValueRef},
};

/// How long what the node makes up may be cached, in seconds: a day, as everything else.
const TTL_SECONDS: u32 = 86_400;

/// The version of a site's encoding.
const SITE_VERSION: u16 = 1;

/// Of a site: it takes changes, and is the only one that does.
const SITE_PRIMARY: u8 = 0x80;

/// Hashed by the whole handle; with one server there is nothing to choose.
const HASH_WHOLE_HANDLE: u8 = 2;

/// Interfaces: 1 for administration, 2 for queries, 3 for both.
const INTERFACE_QUERY: u8 = 2;

/// By their numbers.
const INTERFACE_PROTOCOLS: [SiteProtocol; 4] = [
    SiteProtocol::Udp,
    SiteProtocol::Tcp,
    SiteProtocol::Http,
    SiteProtocol::Https,
];

/// Of a site, before its filter: two versions of two octets, serial, flags and hash.
const SITE_HEADER_BYTES: usize = 8;

//----------- Values -----------------------------------------------------------

/// Appends a value of a record.
pub(super) fn put_value(out: &mut Vec<u8>, value: &ValueRef<'_>) {
    // Whole seconds, until 2106.
    let seconds = u32::try_from(value.timestamp_ms / 1_000).unwrap_or(u32::MAX);
    put_start(out, value.index, seconds, value.ttl, value.permissions);
    put_bytes32(out, value.kind.as_bytes());
    put_count(out, value.data.len());
    value.data.append_to(out);
    let count_at = out.len();
    out.extend([0; 4]);
    let mut count = 0_u32;
    for reference in value.references() {
        put_bytes32(out, reference.handle.as_bytes());
        out.extend(reference.index.to_be_bytes());
        count += 1;
    }
    out[count_at..count_at + 4].copy_from_slice(&count.to_be_bytes());
}

/// Appends a value that the node makes up from its directory: nobody changed it at any time.
pub(super) fn put_made_up(out: &mut Vec<u8>, index: u32, kind: &str, data: &[u8]) {
    let ttl = Ttl::Relative(TTL_SECONDS);
    put_start(out, index, 0, ttl, Permissions::default());
    put_bytes32(out, kind.as_bytes());
    put_bytes32(out, data);
    out.extend([0; 4]);
}

fn put_start(
    out: &mut Vec<u8>,
    index: u32,
    timestamp_seconds: u32,
    ttl: Ttl,
    permissions: Permissions,
) {
    out.extend(index.to_be_bytes());
    out.extend(timestamp_seconds.to_be_bytes());
    let (kind, ttl) = match ttl {
        Ttl::Relative(seconds) => (0, seconds),
        Ttl::Absolute(seconds) => (1, seconds),
    };
    out.push(kind);
    out.extend(ttl.to_be_bytes());
    out.push(permissions.bits());
}

//----------- Sites ------------------------------------------------------------

/// A server of a site, and where it listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface {
    /// Its address.
    pub address: IpAddr,
    /// What is spoken there.
    pub protocol: SiteProtocol,
    /// The port.
    pub port: u16,
}

/// A site of the interfaces given, each address a server of its own (RFC 3651 §3.2.2).
#[must_use]
pub fn site(serial: u16, interfaces: &[Interface]) -> Vec<u8> {
    let mut addresses: Vec<IpAddr> = interfaces.iter().map(|one| one.address).collect();
    addresses.dedup();
    let mut out = Vec::with_capacity(64);
    out.extend(SITE_VERSION.to_be_bytes());
    out.extend([super::VERSION.major, super::VERSION.minor]);
    out.extend(serial.to_be_bytes());
    out.extend([SITE_PRIMARY, HASH_WHOLE_HANDLE]);
    put_bytes32(&mut out, b"");
    out.extend(0_u32.to_be_bytes());
    put_count(&mut out, addresses.len());
    for (server, address) in (1_u32..).zip(&addresses) {
        out.extend(server.to_be_bytes());
        out.extend(octets(*address));
        // Without a key: answers are not signed yet.
        put_bytes32(&mut out, b"");
        let at = interfaces.iter().filter(|one| one.address == *address);
        put_count(&mut out, at.clone().count());
        for one in at {
            out.extend([INTERFACE_QUERY, one.protocol as u8]);
            out.extend(u32::from(one.port).to_be_bytes());
        }
    }
    out
}

/// The interfaces of a site that answer queries over what is known here.
///
/// # Errors
/// Where it is cut off.
pub fn interfaces(site: &[u8]) -> Result<Vec<Interface>, HandleError> {
    let mut cursor = Cursor::new(site);
    // Versions, serial, what it is and how it is hashed.
    cursor.take(SITE_HEADER_BYTES)?;
    cursor.bytes32()?;
    for _ in 0..cursor.u32()? {
        cursor.bytes32()?;
        cursor.bytes32()?;
    }
    let mut found = Vec::new();
    // Each takes more octets than none: a message has an end.
    for _ in 0..cursor.u32()? {
        cursor.u32()?;
        let address = address_of(cursor.array()?);
        cursor.bytes32()?;
        for _ in 0..cursor.u32()? {
            let (kind, protocol, port) = (cursor.u8()?, cursor.u8()?, cursor.u32()?);
            let protocol = INTERFACE_PROTOCOLS.get(usize::from(protocol));
            if let (Some(protocol), Ok(port)) = (protocol, u16::try_from(port))
                && kind & INTERFACE_QUERY != 0
            {
                let protocol = *protocol;
                found.push(Interface {
                    address,
                    protocol,
                    port,
                });
            }
        }
    }
    Ok(found)
}

/// The sites of an enterprise's own node, of those that have an address and not a name: the
/// protocol has no names there.
pub(super) fn referral_sites(route: &Route) -> Vec<Vec<u8>> {
    let interface = |site: &Site| {
        Some(Interface {
            address: site.address.parse().ok()?,
            protocol: site.protocol,
            port: site.port,
        })
    };
    // DNS has no number there.
    let sites = route
        .sites
        .iter()
        .filter(|site| site.protocol != SiteProtocol::Dns);
    let interfaces = sites.filter_map(interface);
    interfaces.map(|one| site(1, &[one])).collect()
}

/// Where an enterprise's own node is that has no site there, for who reads it.
pub(super) fn unsaid_sites(route: &Route) -> String {
    let hosts: Vec<&str> = route
        .sites
        .iter()
        .filter(|site| site.protocol != SiteProtocol::Dns)
        .map(|site| &*site.address)
        .collect();
    if hosts.is_empty() {
        return "the enterprise's own node has name servers only; this protocol has no place for \
                them"
            .to_owned();
    }
    let hosts = hosts.join(", ");
    format!("the enterprise's own node is at host {hosts}; this protocol has no host names")
}

/// Sixteen bytes, an IPv4 address at their end behind zeros, as Handle.Net writes it.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V6(address) => address.octets(),
        IpAddr::V4(address) => {
            let mut octets = [0; 16];
            octets[12..].copy_from_slice(&address.octets());
            octets
        }
    }
}

fn address_of(octets: [u8; 16]) -> IpAddr {
    let (zeros, last) = octets.split_at(12);
    match <[u8; 4]>::try_from(last) {
        Ok(four) if zeros == [0; 12] => IpAddr::from(four),
        _ => IpAddr::from(octets),
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}
