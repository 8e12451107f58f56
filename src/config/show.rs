//! Showing a configuration: what the node would run on, and where each value comes from.

use std::fmt::Write;

use toml::Table;

use super::keys::KEYS;
use super::spec::Spec;
use super::{Loaded, Origin};

//----------- Loaded -------------------------------------------------------------

impl Loaded {
    /// The configuration as a file that the parser takes back, each value with its origin.
    pub fn to_toml(&self) -> String {
        let values = self.values();
        let mut shown = String::from("version = 1\n");
        let mut section = "";
        for (key, origin) in KEYS.iter().zip(&self.origins) {
            if key.section != section {
                section = key.section;
                let _ = write!(shown, "\n[{section}]\n");
            }
            let value = &values[key.section][key.name];
            let _ = match origin {
                Origin::Default => writeln!(shown, "{} = {value}", key.name),
                other => writeln!(shown, "{} = {value}  # {other}", key.name),
            };
        }
        shown
    }

    /// The configuration as JSON, in the schema of the file.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(Spec::from(&self.config)).unwrap_or_default()
    }

    fn values(&self) -> Table {
        Table::try_from(Spec::from(&self.config)).expect("the schema is texts, lists and numbers")
    }
}
