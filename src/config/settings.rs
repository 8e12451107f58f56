//! One value and one origin per known key: defaults, overlaid by the file, by the environment.

use toml::{Table, Value};

use super::error::{ConfigError, Origin};
use super::keys::{KEYS, Kind};
use super::spec::Spec;

//----------- Settings -----------------------------------------------------------

/// A value for every key of the table, in its order.
#[derive(Clone, Debug)]
pub(super) struct Settings(Vec<Setting>);

#[derive(Clone, Debug)]
struct Setting {
    value: Value,
    origin: Origin,
}

impl Settings {
    /// The defaults of the table.
    pub(super) fn defaults() -> Self {
        let setting = |default: &str| {
            let text = format!("default = {default}");
            let mut table: Table = text.parse().expect("the defaults of the table are TOML");
            let value = table.remove("default").expect("it was just written");
            Setting {
                value,
                origin: Origin::Default,
            }
        };
        Self(KEYS.iter().map(|key| setting(key.default)).collect())
    }

    /// Sets a key, checking its kind and its range.
    pub(super) fn set(
        &mut self,
        at: usize,
        value: Value,
        origin: Origin,
    ) -> Result<(), ConfigError> {
        let key = &KEYS[at];
        let found = match (key.kind, &value) {
            (Kind::Text, Value::String(_)) => None,
            (Kind::Texts, Value::Array(items)) => items
                .iter()
                .find(|item| !item.is_str())
                .map(|item| format!("a list with {}", a(item))),
            (Kind::Texts, Value::String(_)) => None,
            (Kind::Whole { min, max }, Value::Integer(number)) => {
                let in_range = u64::try_from(*number).is_ok_and(|n| (min..=max).contains(&n));
                (!in_range).then(|| number.to_string())
            }
            (_, other) => Some(a(other)),
        };
        if let Some(found) = found {
            return Err(ConfigError::WrongKind {
                at: origin,
                key,
                found,
            });
        }
        let value = match (key.kind, value) {
            (Kind::Texts, Value::String(one)) => Value::Array(vec![Value::String(one)]),
            (_, value) => value,
        };
        self.0[at] = Setting { value, origin };
        Ok(())
    }

    /// Where the value of a key comes from.
    pub(super) fn origin(&self, at: usize) -> &Origin {
        &self.0[at].origin
    }

    /// The origins of all keys, in the order of the table.
    pub(super) fn into_origins(self) -> Vec<Origin> {
        self.0.into_iter().map(|setting| setting.origin).collect()
    }

    /// The values in the schema of the file.
    pub(super) fn to_spec(&self) -> Spec {
        let mut table = Table::new();
        table.insert("version".into(), Value::Integer(1));
        for (key, setting) in KEYS.iter().zip(&self.0) {
            let section = table
                .entry(key.section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                section.insert(key.name.into(), setting.value.clone());
            }
        }
        table
            .try_into()
            .expect("the table of keys and the schema agree, as the tests hold")
    }
}

/// The kind of a value that was found, with its article.
fn a(value: &Value) -> String {
    match value {
        Value::Integer(_) => "a whole number".into(),
        Value::Array(_) => "a list".into(),
        other => format!("a {}", other.type_str()),
    }
}
