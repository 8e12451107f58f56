//! The environment: `BIAOSHI_<SECTION>_<KEY>` overrides a key of the file.

use std::ffi::OsString;

use toml::Value;

use super::error::{ConfigError, Origin};
use super::file::shown;
use super::keys::{FILE_VARIABLE, KEYS, Kind, VARIABLE_PREFIX, nearest, sections};
use super::settings::Settings;

/// This close to a known variable, an unknown one is a slip of the pen.
const SLIP_EDITS_MAX: usize = 2;

//----------- overlay ------------------------------------------------------------

/// Overlays the settings with the variables that are ours.
pub(super) fn overlay(
    settings: &mut Settings,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), ConfigError> {
    for (name, value) in variables {
        let Some(name) = name
            .to_str()
            .filter(|name| name.starts_with(VARIABLE_PREFIX))
        else {
            continue;
        };
        let Some(at) = KEYS.iter().position(|key| key.variable() == name) else {
            refuse_if_ours(name)?;
            continue;
        };
        let origin = Origin::Variable(name.into());
        let Some(text) = value.to_str() else {
            let found = "not UTF-8 text".into();
            return Err(ConfigError::WrongKind {
                at: origin,
                key: &KEYS[at],
                found,
            });
        };
        settings.set(at, parse(KEYS[at].kind, text), origin)?;
    }
    Ok(())
}

/// A variable as a value; what does not parse stays a text, and `Settings::set` refuses it.
fn parse(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Text => Value::String(text.into()),
        Kind::Texts if text.trim().is_empty() => Value::Array(Vec::new()),
        Kind::Texts => text
            .split(',')
            .map(|item| Value::String(item.trim().into()))
            .collect::<Vec<_>>()
            .into(),
        Kind::Whole { .. } => match text.trim().parse() {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::String(text.into()),
        },
    }
}

/// Refuses an unknown variable that is meant for us.
///
/// Meant for us is what names one of our sections, ends as one of our keys, or is a slip away
/// from a known one. Others are let be: an orchestrator that runs a service called `biaoshi`
/// sets `BIAOSHI_SERVICE_HOST` and its like in every container.
fn refuse_if_ours(name: &str) -> Result<(), ConfigError> {
    if name == FILE_VARIABLE {
        return Ok(());
    }
    let mut known: Vec<String> = KEYS.iter().map(super::Key::variable).collect();
    known.push(FILE_VARIABLE.into());
    let written = shown(name);
    let nearest = nearest(&written, known.iter().map(String::as_str)).unwrap_or(FILE_VARIABLE);
    let rest = &name[VARIABLE_PREFIX.len()..];
    let names_section = sections().into_iter().any(|section| {
        let section = section.to_ascii_uppercase();
        rest.strip_prefix(&section)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    });
    let names_key = KEYS.iter().any(|key| rest == key.name.to_ascii_uppercase());
    let slip = strsim::damerau_levenshtein(&written, nearest) <= SLIP_EDITS_MAX;
    if names_section || names_key || slip {
        return Err(ConfigError::UnknownVariable {
            nearest: nearest.into(),
            written,
        });
    }
    Ok(())
}
