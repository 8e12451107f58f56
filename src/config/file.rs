//! Reading the file: names are checked against the table, each value keeps its line and column.

use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::error::{ConfigError, Origin};
use super::keys::{KEYS, find, nearest, of_section, sections};
use super::settings::Settings;

/// Far above any configuration, far below what would hurt to read.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The version of the schema that this release reads.
const VERSION: i64 = 1;

//----------- read ---------------------------------------------------------------

/// The text of a file, within the limit.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |cause| ConfigError::Unreadable {
        path: path.to_path_buf(),
        cause,
    };
    let name = || path.display().to_string();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ConfigError::TooLarge {
            name: name(),
            max: FILE_BYTES_MAX,
        });
    }
    String::from_utf8(bytes).map_err(|_| ConfigError::NotText { name: name() })
}

//----------- overlay ------------------------------------------------------------

/// Overlays the settings with what a file says.
pub(super) fn overlay(settings: &mut Settings, name: &str, text: &str) -> Result<(), ConfigError> {
    // Editors on Windows begin a file with it; it means nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = File {
        name: name.into(),
        text,
    };
    let parsed = DeTable::parse(text).map_err(|error| file.syntax(&error))?;
    let values: Table = toml::from_str(text).map_err(|error| file.syntax(&error))?;
    let top = in_order(parsed.get_ref());
    file.check_version(&top, &values)?;
    for (section_name, span, section) in top {
        if section_name == "version" {
            continue;
        }
        let section = file.known_section(section_name, span, section)?;
        for (key_name, span, _) in in_order(section.1) {
            let at = file.known_key(section.0, key_name, span.clone())?;
            let value: &Value = &values[section_name][key_name];
            settings.set(at, value.clone(), file.at(span))?;
        }
    }
    Ok(())
}

/// A name, its span, and what it names.
type Entry<'t> = (&'t str, Range<usize>, &'t DeValue<'t>);

/// The entries of a table in the order of the file, so that the first fault is told first.
fn in_order<'t>(table: &'t DeTable<'t>) -> Vec<Entry<'t>> {
    let entry = |(name, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| {
        let text: &std::borrow::Cow<'t, str> = name.get_ref();
        (text.as_ref(), name.span(), value.get_ref())
    };
    let mut entries: Vec<Entry<'t>> = table.iter().map(entry).collect();
    entries.sort_by_key(|(_, span, _)| span.start);
    entries
}

//----------- File ---------------------------------------------------------------

struct File<'t> {
    name: Arc<str>,
    text: &'t str,
}

impl File<'_> {
    fn at(&self, span: Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
        Origin::File {
            name: Arc::clone(&self.name),
            line,
            column,
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let what = error.message().to_string();
        ConfigError::Syntax {
            at: self.at(error.span().unwrap_or(0..0)),
            what,
        }
    }

    fn check_version(&self, top: &[Entry<'_>], values: &Table) -> Result<(), ConfigError> {
        let refuse = |at, what| Err(ConfigError::Version { at, what });
        let Some((_, span, _)) = top.iter().find(|(name, _, _)| *name == "version") else {
            return refuse(self.at(0..0), "the version of the file is not said".into());
        };
        match &values["version"] {
            Value::Integer(VERSION) => Ok(()),
            Value::Integer(other) => refuse(
                self.at(span.clone()),
                format!("version {other} is unknown, this release reads version {VERSION}"),
            ),
            _ => refuse(
                self.at(span.clone()),
                "the version is not a whole number".into(),
            ),
        }
    }

    fn known_section<'t>(
        &self,
        name: &str,
        span: Range<usize>,
        value: &'t DeValue<'t>,
    ) -> Result<(&'static str, &'t DeTable<'t>), ConfigError> {
        let at = self.at(span);
        let known = sections().into_iter().find(|section| *section == name);
        match (known, value) {
            (Some(section), DeValue::Table(table)) => Ok((section, table)),
            (Some(section), _) => Err(ConfigError::Syntax {
                at,
                what: format!("{section} is a section: write [{section}] and its keys below"),
            }),
            (None, DeValue::Table(_)) => {
                let nearest = nearest(name, sections()).unwrap_or("node");
                Err(ConfigError::UnknownSection {
                    at,
                    written: shown(name),
                    nearest,
                })
            }
            // A key above the first section belongs to one: the nearest key of all tells which.
            (None, _) => Err(self.stray_key(at, name)),
        }
    }

    fn stray_key(&self, at: Origin, name: &str) -> ConfigError {
        let near = nearest(name, KEYS.iter().map(|key| key.name));
        let key = KEYS
            .iter()
            .find(|key| Some(key.name) == near)
            .unwrap_or(&KEYS[0]);
        let written = shown(name);
        let what = format!("{written:?} stands in no section, the nearest known key is {key}");
        ConfigError::Syntax { at, what }
    }

    fn known_key(
        &self,
        section: &'static str,
        name: &str,
        span: Range<usize>,
    ) -> Result<usize, ConfigError> {
        if let Some(at) = find(section, name) {
            return Ok(at);
        }
        // Right name, wrong section: say where it belongs. Else the nearest of this section.
        let elsewhere = KEYS.iter().find(|key| key.name == name);
        let near = nearest(name, of_section(section).map(|key| key.name));
        let here = of_section(section).find(|key| Some(key.name) == near);
        let nearest = elsewhere.or(here).unwrap_or(&KEYS[0]);
        Err(ConfigError::UnknownKey {
            at: self.at(span),
            section,
            written: shown(name),
            nearest,
        })
    }
}

/// What was written, cut to a length that fits an error.
pub(super) fn shown(written: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    written.chars().take(SHOWN_CHARS_MAX).collect()
}
