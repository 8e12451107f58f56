//! `[topnode]`: what an operator says of the node, for the national node to be told.

use super::{
    error::ConfigError,
    file::shown,
    resolve::{Check, texts},
    spec::TopnodeSpec,
};
use crate::topnode::{Service, TopnodeOptions, tables::Table};

const SECTION: &str = "topnode";

/// Addresses of one node.
const SERVICES_MAX: usize = 16;

/// The longest text of a field: an introduction of some 200 characters, and more.
const CHARACTERS_MAX: usize = 1_000;

impl Check<'_> {
    pub(super) fn topnode(&self, spec: &TopnodeSpec) -> Result<TopnodeOptions, ConfigError> {
        if spec.resolution.len() > SERVICES_MAX {
            let what = format!("{} of them, over {SERVICES_MAX}", spec.resolution.len());
            let hint = "name the addresses that others are to use";
            return Err(self.invalid(SECTION, "resolution", &what, hint));
        }
        let service = |text: &String| {
            Service::parse(text).ok_or_else(|| {
                let what = format!("{:?} is no address with its ports", shown(text));
                let hint = "write an address and what is spoken there, such as \
                            \"203.0.113.8 TCP:2641 UDP:2641\"";
                self.invalid(SECTION, "resolution", &what, hint)
            })
        };
        let mut operator: Vec<(usize, String)> = Vec::new();
        for line in &spec.operator {
            let (place, said) = self.field(line)?;
            if operator.iter().any(|(known, _)| *known == place) {
                let what = format!("{:?} says a field that was said before", shown(line));
                return Err(self.invalid(SECTION, "operator", &what, "say each field once"));
            }
            operator.push((place, said));
        }
        Ok(TopnodeOptions {
            resolution: spec
                .resolution
                .iter()
                .map(service)
                .collect::<Result<_, _>>()?,
            operator,
        })
    }

    /// A field of T1 by its place, and what it says.
    fn field(&self, line: &str) -> Result<(usize, String), ConfigError> {
        let refused = |what: &str| {
            let what = format!("{:?} {what}", shown(line));
            let hint = "write a field of T1 as docs/topnode-tables.md has it and what it says, such \
                        as \"单位名称 = 湖北标识科技有限公司\"";
            self.invalid(SECTION, "operator", &what, hint)
        };
        let (name, said) = line.split_once('=').ok_or_else(|| refused("has no ="))?;
        let (name, said) = (name.trim(), said.trim());
        let place = Table::T1.fields().iter().position(|field| field.zh == name);
        let place = place.ok_or_else(|| refused("names no field of T1"))?;
        if said.is_empty() || said.chars().count() > CHARACTERS_MAX {
            return Err(refused("says nothing, or over 1,000 characters"));
        }
        Ok((place, said.to_owned()))
    }
}

//----------- Spec ---------------------------------------------------------------

impl From<&TopnodeOptions> for TopnodeSpec {
    fn from(options: &TopnodeOptions) -> Self {
        let fields = Table::T1.fields();
        let line = |(place, said): &(usize, String)| {
            let name = fields.get(*place).map_or("", |field| field.zh);
            format!("{name} = {said}")
        };
        Self {
            resolution: texts(&options.resolution),
            operator: options.operator.iter().map(line).collect(),
        }
    }
}
