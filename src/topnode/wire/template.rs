//! Texts with places in braces.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

//----------- Place ------------------------------------------------------------

/// What stands in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Method,
    Path,
    Table,
    Period,
    Revision,
    Part,
    Key,
    TimeMs,
    TimeS,
    Token,
    Signature,
    BodySha256,
}

impl Place {
    const ALL: [(&str, Self); 12] = [
        ("method", Self::Method),
        ("path", Self::Path),
        ("table", Self::Table),
        ("period", Self::Period),
        ("revision", Self::Revision),
        ("part", Self::Part),
        ("key", Self::Key),
        ("time_ms", Self::TimeMs),
        ("time_s", Self::TimeS),
        ("token", Self::Token),
        ("signature", Self::Signature),
        ("body_sha256", Self::BodySha256),
    ];
}

//----------- Template ---------------------------------------------------------

/// A text with places in braces, such as `/reports/{table}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Place),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// Where a brace does not close, or nothing is known by what stands in it.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}').ok_or(TemplateError::Open)?;
            let mut known = Place::ALL.into_iter();
            let place = known.find_map(|(known, place)| (known == name).then_some(place));
            let place = place.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Place(place));
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Whether it begins with a character.
    pub(super) fn begins_with(&self, what: char) -> bool {
        let first = self.parts.first();
        first.is_some_and(|part| matches!(part, Part::Text(text) if text.starts_with(what)))
    }

    /// Whether it has that place.
    pub(super) fn has(&self, place: Place) -> bool {
        self.parts.contains(&Part::Place(place))
    }

    /// The text, with what `f` says of each place.
    pub(super) fn filled(&self, mut f: impl FnMut(Place) -> String) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Place(place) => f(*place),
        });
        parts.collect()
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, place)| place == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

//============ Error types =====================================================

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace does not close.
    #[error("a {{ has no }}")]
    Open,
    /// Nothing is known by that name.
    #[error(
        "{{{0}}} is not known here: there are method, path, table, period, revision, part, key, \
         time_ms, time_s, token, signature and body_sha256"
    )]
    Unknown(String),
}
