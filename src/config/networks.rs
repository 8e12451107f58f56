//! `[accounting]`: who counts as whom.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::civil::Date;

use super::{
    error::ConfigError,
    file::shown,
    resolve::{Check, texts},
    spec::AccountingSpec,
};
use crate::{accounting::OriginOptions, identifier::Prefix};

const SECTION: &str = "accounting";

/// Each is compared with every answer.
const NETWORKS_MAX: usize = 64;

/// Registrants that list their networks: whoever has more is known by accounts instead.
const REGISTRANTS_MAX: usize = 4_096;

/// Sandboxes are a few.
const TEST_PREFIXES_MAX: usize = 64;

impl Check<'_> {
    pub(super) fn origins(&self, spec: &AccountingSpec) -> Result<OriginOptions, ConfigError> {
        let mut self_networks = Vec::new();
        self.not_over("self_networks", spec.self_networks.len(), REGISTRANTS_MAX)?;
        for line in &spec.self_networks {
            let mut words = line.split_whitespace();
            let prefix = words.next().unwrap_or_default();
            let prefix = self.prefix("self_networks", prefix)?;
            for network in words {
                let network = self.network("self_networks", network)?;
                self_networks.push((prefix.clone(), network));
            }
        }
        self.not_over("test_prefixes", spec.test_prefixes.len(), TEST_PREFIXES_MAX)?;
        let test_prefixes = (spec.test_prefixes.iter())
            .map(|text| self.prefix("test_prefixes", text))
            .collect::<Result<_, _>>()?;
        Ok(OriginOptions {
            internal_networks: self.networks("internal_networks", &spec.internal_networks)?,
            probe_networks: self.networks("probe_networks", &spec.probe_networks)?,
            self_networks,
            test_prefixes,
        })
    }

    /// A day, or none.
    pub(super) fn docking_date(&self, spec: &AccountingSpec) -> Result<Option<Date>, ConfigError> {
        self.day(SECTION, "docking_date", &spec.docking_date, || {
            "write the day on which the node docked with the national top-level node, such as \
             \"2026-05-01\", or \"\""
        })
    }

    /// A day, or none where nothing is said.
    pub(super) fn day(
        &self,
        section: &str,
        name: &str,
        text: &str,
        hint: fn() -> &'static str,
    ) -> Result<Option<Date>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        let day = text.parse().map_err(|_| {
            let what = format!("{:?} is no day", shown(text));
            self.invalid(section, name, &what, hint())
        })?;
        Ok(Some(day))
    }

    fn networks(&self, name: &str, texts: &[String]) -> Result<Vec<IpNet>, ConfigError> {
        self.not_over(name, texts.len(), NETWORKS_MAX)?;
        texts.iter().map(|text| self.network(name, text)).collect()
    }

    /// A network, or one address.
    fn network(&self, name: &str, text: &str) -> Result<IpNet, ConfigError> {
        let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
        let network = text.parse::<IpNet>().ok().or_else(address);
        // One whose address has bits below its length is a slip of the pen.
        let network = network.filter(|network| *network == network.trunc());
        network.ok_or_else(|| {
            let what = format!("{:?} is no network", shown(text));
            let hint = "write an address and how many of its bits count, such as \"10.0.0.0/8\" or \
                        \"2001:db8::/32\", or an address alone";
            self.invalid(SECTION, name, &what, hint)
        })
    }

    fn prefix(&self, name: &str, text: &str) -> Result<Prefix, ConfigError> {
        Prefix::parse(text).map_err(|_| {
            let what = format!("{:?} is no prefix", shown(text));
            let hint = match name {
                "self_networks" => {
                    "write a prefix, and the networks of its registrant behind it, such as \
                     \"88.118.8 203.0.113.0/24\""
                }
                _ => "write digits joined by dots, such as \"88.118.999\"",
            };
            self.invalid(SECTION, name, &what, hint)
        })
    }

    fn not_over(&self, name: &str, many: usize, most: usize) -> Result<(), ConfigError> {
        if many <= most {
            return Ok(());
        }
        let what = format!("{many} of them, over {most}");
        Err(self.invalid(SECTION, name, &what, "write larger networks instead"))
    }
}

//----------- Spec ---------------------------------------------------------------

impl AccountingSpec {
    pub(super) fn of(options: &OriginOptions, docking_date: Option<Date>) -> Self {
        let registrant = |(prefix, network): &(Prefix, IpNet)| format!("{prefix} {network}");
        Self {
            internal_networks: texts(&options.internal_networks),
            probe_networks: texts(&options.probe_networks),
            self_networks: options.self_networks.iter().map(registrant).collect(),
            test_prefixes: texts(&options.test_prefixes),
            docking_date: docking_date.map_or_else(String::new, |day| day.to_string()),
        }
    }
}
