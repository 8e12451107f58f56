//! The zone: its name, its servers, and what its records say of themselves.

use core::net::IpAddr;

use hickory_proto::rr::{
    Name, RData, Record,
    rdata::{A, AAAA, NS, SOA},
};

/// How long the zone's own records may be cached, in seconds: an hour, so that a new name server
/// is known within one.
const ZONE_TTL_SECONDS: u32 = 3_600;

/// What a secondary would do with this zone (RFC 1912 §2.2); nobody transfers it yet.
const REFRESH_SECONDS: i32 = 3_600;
const RETRY_SECONDS: i32 = 600;
const EXPIRE_SECONDS: i32 = 1_209_600;

/// The most octets of the service field: a character string (RFC 3403 §4.1).
const SERVICE_BYTES_MAX: usize = 255;

//----------- Zone ---------------------------------------------------------------

/// The zone of the identifiers, as it is configured.
#[derive(Debug, Clone)]
pub struct Zone {
    origin: Name,
    hostmaster: Name,
    servers: Vec<Server>,
    pub(super) service: Box<[u8]>,
    negative_ttl_seconds: u32,
}

/// A name server of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    /// Its host name, without a dot at the end.
    pub name: String,
    /// Its addresses, needed where its name is in the zone.
    pub addresses: Vec<IpAddr>,
}

#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) name: Name,
    pub(super) addresses: Vec<IpAddr>,
}

impl Zone {
    /// The zone `origin`, served by `servers`; without any by `ns.<origin>`, of which nothing else
    /// is known.
    ///
    /// `service` is the service field of NAPTR records; that a name does not exist may be cached
    /// for `negative_ttl_seconds`.
    ///
    /// # Errors
    /// Where a name is none, or the service does not fit its field.
    pub fn new(
        origin: &str,
        servers: &[NameServer],
        service: &str,
        negative_ttl_seconds: u32,
    ) -> Result<Self, ZoneError> {
        let origin = host(origin)?;
        if service.len() > SERVICE_BYTES_MAX {
            return Err(ZoneError::Service);
        }
        let mut found = Vec::with_capacity(servers.len());
        for server in servers {
            found.push(Server {
                name: host(&server.name)?,
                addresses: server.addresses.clone(),
            });
        }
        if found.is_empty() {
            let name = below(&origin, "ns")?;
            let addresses = Vec::new();
            found.push(Server { name, addresses });
        }
        Ok(Self {
            hostmaster: below(&origin, "hostmaster")?,
            origin,
            servers: found,
            service: service.as_bytes().into(),
            negative_ttl_seconds,
        })
    }

    /// The zone's name.
    #[must_use]
    pub fn origin(&self) -> String {
        let mut text = self.origin.to_ascii();
        text.pop();
        text
    }

    pub(super) fn name(&self) -> &Name {
        &self.origin
    }

    pub(super) fn labels(&self) -> usize {
        self.origin.iter().count()
    }

    /// The server of that name.
    pub(super) fn server(&self, name: &Name) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == *name)
    }

    /// Whether a server's name is below that one.
    pub(super) fn is_above_server(&self, name: &Name) -> bool {
        let is_below = |server: &Server| server.name != *name && name.zone_of(&server.name);
        self.servers.iter().any(is_below)
    }

    /// The SOA record, its owner spelt as `origin`.
    pub(super) fn soa(&self, origin: Name, serial: u32) -> Record {
        let server = self
            .servers
            .first()
            .map_or_else(Name::root, |first| first.name.clone());
        let soa = SOA::new(
            server,
            self.hostmaster.clone(),
            serial,
            REFRESH_SECONDS,
            RETRY_SECONDS,
            EXPIRE_SECONDS,
            self.negative_ttl_seconds,
        );
        Record::from_rdata(origin, ZONE_TTL_SECONDS, RData::SOA(soa))
    }

    /// The same for an answer that says what there is not (RFC 2308 §5).
    pub(super) fn negative_soa(&self, origin: Name, serial: u32) -> Record {
        let mut soa = self.soa(origin, serial);
        soa.ttl = soa.ttl.min(self.negative_ttl_seconds);
        soa
    }

    /// The NS records.
    pub(super) fn servers(&self, origin: &Name) -> impl Iterator<Item = Record> {
        self.servers.iter().map(|server| {
            let data = RData::NS(NS(server.name.clone()));
            Record::from_rdata(origin.clone(), ZONE_TTL_SECONDS, data)
        })
    }

    /// The addresses of the servers that have them here.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Record> {
        self.servers.iter().flat_map(|server| {
            let of = |address: &IpAddr| address_record(server.name.clone(), *address);
            server.addresses.iter().map(of)
        })
    }
}

/// An address as a record.
pub(super) fn address_record(name: Name, address: IpAddr) -> Record {
    let data = match address {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(name, ZONE_TTL_SECONDS, data)
}

/// A host name, with or without a dot at its end.
pub(super) fn host(text: &str) -> Result<Name, ZoneError> {
    let mut name = Name::from_ascii(text).map_err(|_| ZoneError::Name(text.to_owned()))?;
    name.set_fqdn(true);
    if name.is_root() {
        return Err(ZoneError::Name(text.to_owned()));
    }
    Ok(name)
}

/// The name `label` below `name`.
pub(super) fn below(name: &Name, label: &str) -> Result<Name, ZoneError> {
    name.prepend_label(label.as_bytes())
        .map_err(|_| ZoneError::Name(format!("{label}.{name}")))
}

//============ Error types =====================================================

/// What cannot be a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// A name that is none.
    #[error("{0:?} is no domain name")]
    Name(String),
    /// A service that does not fit.
    #[error("the service is longer than {SERVICE_BYTES_MAX} octets")]
    Service,
}
