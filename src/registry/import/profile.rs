//! Profiles: which heading is which field.

use serde::Deserialize;

/// The profile of products that the binary carries.
pub const PRODUCTS: &str = include_str!("../../../config/import/products.toml");

/// The profile of enterprises that the binary carries.
pub const ENTERPRISES: &str = include_str!("../../../config/import/enterprises.toml");

/// The most characters of a value unless the profile says fewer (SNMS `data.value`).
const CHARACTERS_MAX: usize = 255;

/// The most columns of a profile: a record has at most 256 values.
const COLUMNS_MAX: usize = 256;

//----------- Profile ----------------------------------------------------------

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What its rows are.
    pub kind: FileKind,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Enterprises and their prefixes.
    Enterprises,
    /// Products and their identifiers.
    Products,
}

/// A column that a file may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in reports and requests.
    pub field: String,
    /// Its headings, any of which will do.
    pub headings: Vec<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a row without it is refused.
    pub required: bool,
    /// The most characters of a cell.
    pub characters_max: usize,
    /// Index and type of the value that it becomes.
    pub value: Option<(u32, String)>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// The identifier that the row registers.
    Identifier,
    /// The prefix that the row assigns.
    Prefix,
    /// Any text.
    Text,
    /// A day.
    Date,
    /// A GTIN with its check digit.
    Gtin,
    /// An absolute http or https address.
    Url,
    /// A unified social credit code.
    Uscc,
    /// Hosted or self-built.
    Hosting,
    /// Read by nobody: it reaches no request, report or log.
    Skip,
}

//----------- The file's schema ------------------------------------------------

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    version: u32,
    kind: FileKind,
    column: Vec<ColumnSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnSpec {
    field: String,
    kind: FieldKind,
    headings: Vec<String>,
    #[serde(default)]
    required: bool,
    characters_max: Option<usize>,
    index: Option<u32>,
    r#type: Option<String>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// Where the text is no profile of a known version, or its columns do not fit together.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let spec: Spec = toml::from_str(text).map_err(|error| ProfileError(error.to_string()))?;
        if spec.version != 1 {
            let what = format!(
                "version {} is not known; this release reads version 1",
                spec.version
            );
            return Err(ProfileError(what));
        }
        if spec.column.len() > COLUMNS_MAX {
            return Err(ProfileError(format!(
                "a profile has at most {COLUMNS_MAX} columns"
            )));
        }
        let columns = spec
            .column
            .into_iter()
            .map(|column| resolve(column, spec.kind));
        let profile = Self {
            kind: spec.kind,
            columns: columns.collect::<Result<_, _>>()?,
        };
        profile.check()?;
        Ok(profile)
    }

    /// The place of the column of that heading.
    #[must_use]
    pub fn find(&self, heading: &str) -> Option<usize> {
        let heading = trim(heading);
        let is_it = |known: &String| known.trim().eq_ignore_ascii_case(heading);
        self.columns
            .iter()
            .position(|column| column.headings.iter().any(is_it))
    }

    /// The column that names what a row is about.
    #[must_use]
    pub fn key(&self) -> FieldKind {
        match self.kind {
            FileKind::Enterprises => FieldKind::Prefix,
            FileKind::Products => FieldKind::Identifier,
        }
    }

    fn check(&self) -> Result<(), ProfileError> {
        let keys = self
            .columns
            .iter()
            .filter(|column| column.kind == self.key());
        if keys.count() != 1 {
            let what = "one column of kind identifier (products) or prefix (enterprises) is needed";
            return Err(ProfileError(what.to_owned()));
        }
        for (place, column) in self.columns.iter().enumerate() {
            let others = &self.columns[place + 1..];
            if others.iter().any(|other| other.field == column.field) {
                return Err(ProfileError(format!(
                    "the field {} stands twice",
                    column.field
                )));
            }
            let is_taken = |heading: &&String| self.find(heading) != Some(place);
            if let Some(heading) = column.headings.iter().find(is_taken) {
                return Err(ProfileError(format!(
                    "the heading {heading} stands in two columns"
                )));
            }
            let index = column.value.as_ref().map(|value| value.0);
            let has_index =
                |other: &Column| index.is_some() && other.value.as_ref().map(|v| v.0) == index;
            if others.iter().any(has_index) {
                let index = index.unwrap_or_default();
                return Err(ProfileError(format!("the index {index} stands twice")));
            }
        }
        Ok(())
    }
}

fn resolve(spec: ColumnSpec, kind: FileKind) -> Result<Column, ProfileError> {
    let field = spec.field;
    let wrong = |what: &str| Err(ProfileError(format!("column {field}: {what}")));
    let value = match (spec.index, spec.r#type) {
        (Some(index), Some(kind)) if index > 0 && !kind.is_empty() => Some((index, kind)),
        (None, None) => None,
        _ => return wrong("index (from 1) and type go together"),
    };
    let is_value = !matches!(spec.kind, FieldKind::Identifier | FieldKind::Skip);
    if kind == FileKind::Products && is_value != value.is_some() {
        return wrong("a product's columns have index and type, but for its identifier");
    }
    if spec.headings.is_empty() {
        return wrong("it needs a heading");
    }
    let characters_max = spec.characters_max.unwrap_or(CHARACTERS_MAX);
    if !(1..=CHARACTERS_MAX).contains(&characters_max) {
        return wrong("characters_max is 1 to 255");
    }
    let required = spec.required;
    Ok(Column {
        field,
        headings: spec.headings,
        kind: spec.kind,
        required,
        characters_max,
        value,
    })
}

/// A text without white space and byte-order marks around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

//============ Error types =====================================================

/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the import profile is not usable: {0}")]
pub struct ProfileError(String);
