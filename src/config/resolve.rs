//! From the schema of the file to what the node runs on: the checks that need meaning.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::identifier::Prefix;
use crate::protocol::dns::NameServer;
use crate::server::options::{
    DnsOptions, HttpOptions, LedgerOptions, ListenOptions, NodeOptions, Options, SnapshotOptions,
};
use crate::telemetry::logging;

use super::Config;
use super::error::ConfigError;
use super::file::shown;
use super::keys::{KEYS, find};
use super::settings::Settings;
use super::spec::{
    AccountingSpec, DnsSpec, HttpSpec, LedgerSpec, ListenSpec, LogSpec, NodeSpec, SnapshotSpec,
    Spec,
};

/// A node has a handful of addresses; each is a socket per listener.
const LISTEN_MAX: usize = 16;

/// An operator holds a handful of secondary prefixes; each is compared on every admission.
const SECONDARY_PREFIXES_MAX: usize = 256;

/// Closed segments lie on a few volumes; each is looked through at a start.
const ARCHIVE_DIRS_MAX: usize = 16;

/// RFC 1035 §2.3.4 allows 253 characters of text; identifiers stand below the zone.
const ZONE_BYTES_MAX: usize = 128;

/// Characters of a host name (RFC 1035 §2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// An answer to who serves the zone fits 512 octets: resolvers ask for it without EDNS.
const NAME_SERVERS_MAX: usize = 8;

//----------- resolve ------------------------------------------------------------

/// The configuration that the settings amount to.
pub(super) fn resolve(settings: &Settings) -> Result<Config, ConfigError> {
    let spec = settings.to_spec();
    let check = Check { settings };
    let server = Options {
        node: check.node(&spec.node)?,
        http: check.http(&spec.http)?,
        ledger: check.ledger(&spec.ledger)?,
        snapshot: SnapshotOptions {
            interval: seconds(spec.snapshot.interval_seconds),
        },
        handle: check.listener("handle", &spec.handle)?,
        dns: check.dns(&spec.dns)?,
        metrics: check.listener("metrics", &spec.metrics)?,
        origins: check.origins(&spec.accounting)?,
        docking_date: check.docking_date(&spec.accounting)?,
        topnode: check.topnode(&spec.topnode)?,
        reporting: check.report(&spec.report)?,
    };
    check.no_address_twice(&server)?;
    check.servers_in_the_zone(&server)?;
    Ok(Config {
        server,
        log: check.log(&spec.log)?,
    })
}

pub(super) struct Check<'s> {
    settings: &'s Settings,
}

impl Check<'_> {
    fn node(&self, spec: &NodeSpec) -> Result<NodeOptions, ConfigError> {
        Ok(NodeOptions {
            data_dir: self.folder("node", "data_dir", &spec.data_dir)?,
            zone: self.zone(&spec.zone)?,
            secondary_prefixes: self.secondary_prefixes(&spec.secondary_prefixes)?,
        })
    }

    fn http(&self, spec: &HttpSpec) -> Result<HttpOptions, ConfigError> {
        let listen = self.addresses("http", &spec.listen)?;
        if listen.is_empty() {
            let hint = "say at least one address, such as \"127.0.0.1:8000\"";
            return Err(self.invalid("http", "listen", "the list is empty", hint));
        }
        Ok(HttpOptions {
            listen,
            connections_max: size(spec.connections_max),
            header_timeout: seconds(spec.header_timeout_seconds),
            idle_timeout: seconds(spec.idle_timeout_seconds),
            body_bytes_max: size(spec.body_bytes_max),
            shutdown_timeout: seconds(spec.shutdown_seconds),
        })
    }

    fn listener(&self, section: &str, spec: &ListenSpec) -> Result<ListenOptions, ConfigError> {
        Ok(ListenOptions {
            listen: self.addresses(section, &spec.listen)?,
        })
    }

    fn dns(&self, spec: &DnsSpec) -> Result<DnsOptions, ConfigError> {
        let service = &spec.naptr_service;
        if service.is_empty()
            || service.len() > 255
            || !service.bytes().all(|b| b.is_ascii_graphic())
        {
            let what = format!("{:?} is no service field", shown(service));
            let hint = "say 1 to 255 visible ASCII characters, such as \"IDIS+URL\"";
            return Err(self.invalid("dns", "naptr_service", &what, hint));
        }
        if spec.name_servers.len() > NAME_SERVERS_MAX {
            let what = format!(
                "{} servers, over {NAME_SERVERS_MAX}",
                spec.name_servers.len()
            );
            let hint = "name the ones that others should ask";
            return Err(self.invalid("dns", "name_servers", &what, hint));
        }
        let server = |text: &String| self.name_server(text);
        Ok(DnsOptions {
            listen: self.addresses("dns", &spec.listen)?,
            name_servers: spec
                .name_servers
                .iter()
                .map(server)
                .collect::<Result<_, _>>()?,
            naptr_service: service.clone(),
            negative_ttl: seconds(spec.negative_ttl_seconds),
        })
    }

    /// A name, and addresses behind blanks.
    fn name_server(&self, text: &str) -> Result<NameServer, ConfigError> {
        let mut words = text.split_whitespace();
        let name = words.next().and_then(host);
        let addresses: Result<Vec<_>, _> = words.map(str::parse).collect();
        let parsed = (name, addresses);
        if let (Some(name), Ok(addresses)) = parsed {
            return Ok(NameServer { name, addresses });
        }
        let what = format!("{:?} is no name server", shown(text));
        let hint = "write its name, and its addresses where its name is in the zone, such as \
                    \"ns1.id.example 192.0.2.1 2001:db8::1\"";
        Err(self.invalid("dns", "name_servers", &what, hint))
    }

    fn log(&self, spec: &LogSpec) -> Result<logging::Options, ConfigError> {
        let format = match spec.format.as_str() {
            "text" => logging::Format::Text,
            "json" => logging::Format::Json,
            other => {
                let what = format!("{:?} is no format", shown(other));
                return Err(self.invalid("log", "format", &what, "say \"text\" or \"json\""));
            }
        };
        logging::Options::new(&spec.level, format).map_err(|error| {
            let hint = "say error, warn, info, debug or trace, or filters such as \
                        \"info,biaoshi::ledger=debug\"";
            self.invalid("log", "level", &error.to_string(), hint)
        })
    }

    fn ledger(&self, spec: &LedgerSpec) -> Result<LedgerOptions, ConfigError> {
        if spec.archive_dirs.len() > ARCHIVE_DIRS_MAX {
            let what = format!(
                "{} folders, over {ARCHIVE_DIRS_MAX}",
                spec.archive_dirs.len()
            );
            let hint = "move the segments of some into one";
            return Err(self.invalid("ledger", "archive_dirs", &what, hint));
        }
        let folder = |text: &String| self.folder("ledger", "archive_dirs", text);
        let archive_dirs: Result<_, _> = spec.archive_dirs.iter().map(folder).collect();
        Ok(LedgerOptions {
            segment_bytes_max: spec.segment_bytes_max,
            archive_dirs: archive_dirs?,
            free_bytes_min: spec.free_bytes_min,
        })
    }

    pub(super) fn folder(
        &self,
        section: &str,
        name: &str,
        text: &str,
    ) -> Result<PathBuf, ConfigError> {
        if text.trim().is_empty() || text.contains('\0') {
            let hint = "name a folder, such as \"/var/lib/biaoshi\"";
            let what = format!("{:?} is no folder", shown(text));
            return Err(self.invalid(section, name, &what, hint));
        }
        Ok(PathBuf::from(text))
    }

    fn zone(&self, text: &str) -> Result<String, ConfigError> {
        let zone = host(text).filter(|zone| zone.len() <= ZONE_BYTES_MAX);
        let Some(zone) = zone else {
            let what = format!("{:?} is no DNS zone", shown(text));
            let hint = format!(
                "say labels of letters, digits and hyphens joined by dots, at most \
                 {ZONE_BYTES_MAX} characters, such as \"id.example\""
            );
            return Err(self.invalid("node", "zone", &what, &hint));
        };
        Ok(zone)
    }

    fn secondary_prefixes(&self, texts: &[String]) -> Result<Vec<Prefix>, ConfigError> {
        let refuse =
            |what: &str, hint: &str| Err(self.invalid("node", "secondary_prefixes", what, hint));
        if texts.len() > SECONDARY_PREFIXES_MAX {
            return refuse(
                &format!("{} prefixes, over {SECONDARY_PREFIXES_MAX}", texts.len()),
                "run a second node for the others",
            );
        }
        let mut prefixes: Vec<Prefix> = Vec::with_capacity(texts.len());
        for text in texts {
            let parsed = Prefix::parse(text)
                .ok()
                .filter(|prefix| prefix.segments().count() == 2);
            let Some(prefix) = parsed else {
                return refuse(
                    &format!("{:?} is no secondary prefix", shown(text)),
                    "write two segments of digits joined by a dot, such as \"88.118\"",
                );
            };
            if prefixes.contains(&prefix) {
                return refuse(&format!("{text:?} stands twice"), "remove one of the two");
            }
            prefixes.push(prefix);
        }
        Ok(prefixes)
    }

    fn addresses(&self, section: &str, texts: &[String]) -> Result<Vec<SocketAddr>, ConfigError> {
        if texts.len() > LISTEN_MAX {
            let what = format!("{} addresses, over {LISTEN_MAX}", texts.len());
            let hint = "listen on a wildcard address instead, such as \"[::]:8000\"";
            return Err(self.invalid(section, "listen", &what, hint));
        }
        let parse = |text: &String| {
            text.parse().map_err(|_| {
                let what = format!("{:?} is no address and port", shown(text));
                let hint = "write an IP address and a port, such as \"127.0.0.1:8000\" or \
                            \"[::]:8000\"";
                self.invalid(section, "listen", &what, hint)
            })
        };
        texts.iter().map(parse).collect()
    }

    /// Two listeners on one address cannot both start; port 0 is a free port each time.
    fn no_address_twice(&self, options: &Options) -> Result<(), ConfigError> {
        let listeners = [
            ("http", &options.http.listen),
            ("handle", &options.handle.listen),
            ("dns", &options.dns.listen),
            ("metrics", &options.metrics.listen),
        ];
        let mut taken: BTreeMap<SocketAddr, &str> = BTreeMap::new();
        for (section, addresses) in listeners {
            for address in addresses.iter().filter(|address| address.port() != 0) {
                if let Some(other) = taken.insert(*address, section) {
                    let what = format!("{address} is already taken by [{other}] listen");
                    let hint = "give each listener a port of its own";
                    return Err(self.invalid(section, "listen", &what, hint));
                }
            }
        }
        Ok(())
    }

    /// Nobody else knows the addresses of a server whose name is in the zone: without them it is
    /// never found.
    fn servers_in_the_zone(&self, options: &Options) -> Result<(), ConfigError> {
        let zone = &options.node.zone;
        let is_in = |name: &str| {
            let above = name.strip_suffix(zone.as_str());
            above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
        };
        let mut servers = options.dns.name_servers.iter();
        let lost = servers.find(|one| one.addresses.is_empty() && is_in(&one.name));
        let Some(NameServer { name, .. }) = lost else {
            return Ok(());
        };
        let what = format!("{name} is in the zone {zone} and has no address");
        let hint = format!("write where it answers behind its name, such as \"{name} 192.0.2.1\"");
        Err(self.invalid("dns", "name_servers", &what, &hint))
    }

    pub(super) fn invalid(&self, section: &str, name: &str, what: &str, hint: &str) -> ConfigError {
        let at = find(section, name).expect("the checks name keys of the table");
        ConfigError::Invalid {
            at: self.settings.origin(at).clone(),
            key: &KEYS[at],
            what: what.into(),
            hint: hint.into(),
        }
    }
}

/// A name of host labels (RFC 1123 §2.1, and `_`), lower case and without the dot at the end.
fn host(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (name.len() <= HOST_BYTES_MAX && name.split('.').all(label)).then_some(name)
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

fn size(number: u32) -> usize {
    usize::try_from(number).expect("a usize holds 32 bits on every supported target")
}

//----------- Spec ---------------------------------------------------------------

/// The way back: what a configuration would look like as a file with every key said.
impl From<&Config> for Spec {
    fn from(config: &Config) -> Self {
        let Options {
            node,
            http,
            ledger,
            snapshot,
            handle,
            dns,
            metrics,
            origins,
            docking_date,
            topnode,
            reporting,
        } = &config.server;
        let whole = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let listener = |options: &ListenOptions| ListenSpec {
            listen: texts(&options.listen),
        };
        Self {
            version: 1,
            node: NodeSpec {
                data_dir: node.data_dir.display().to_string(),
                zone: node.zone.clone(),
                secondary_prefixes: texts(&node.secondary_prefixes),
            },
            http: HttpSpec {
                listen: texts(&http.listen),
                connections_max: whole(http.connections_max as u64),
                header_timeout_seconds: whole(http.header_timeout.as_secs()),
                idle_timeout_seconds: whole(http.idle_timeout.as_secs()),
                body_bytes_max: whole(http.body_bytes_max as u64),
                shutdown_seconds: whole(http.shutdown_timeout.as_secs()),
            },
            ledger: LedgerSpec {
                segment_bytes_max: ledger.segment_bytes_max,
                archive_dirs: ledger
                    .archive_dirs
                    .iter()
                    .map(|dir| dir.display().to_string())
                    .collect(),
                free_bytes_min: ledger.free_bytes_min,
            },
            snapshot: SnapshotSpec {
                interval_seconds: whole(snapshot.interval.as_secs()),
            },
            handle: listener(handle),
            dns: DnsSpec {
                listen: texts(&dns.listen),
                name_servers: dns.name_servers.iter().map(name_server_text).collect(),
                naptr_service: dns.naptr_service.clone(),
                negative_ttl_seconds: whole(dns.negative_ttl.as_secs()),
            },
            metrics: listener(metrics),
            accounting: AccountingSpec::of(origins, *docking_date),
            topnode: topnode.into(),
            report: reporting.into(),
            log: LogSpec {
                level: config.log.filter().to_string(),
                format: config.log.format.to_string(),
            },
        }
    }
}

fn name_server_text(server: &NameServer) -> String {
    let mut words = vec![server.name.clone()];
    words.extend(texts(&server.addresses));
    words.join(" ")
}

pub(super) fn texts<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(T::to_string).collect()
}
