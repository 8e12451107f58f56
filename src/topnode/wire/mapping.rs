//! The mapping file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Algorithm,
    template::{Place, Template},
};
use crate::topnode::tables::Table;

/// The mapping of this release, which the rehearsal's stand-in speaks too.
const DEFAULT: &str = include_str!("../../../config/topnode/mapping.toml");

/// The version of mapping files.
const VERSION: u32 = 1;

//----------- Mapping ----------------------------------------------------------

/// How messages are said and replies understood.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    version: u32,
    /// Whether filings (F1, F2) are said this way; else they are for people.
    #[serde(default)]
    filing: bool,
    pub(super) request: RequestMapping,
    pub(super) reply: ReplyMapping,
    /// By a table's name here; a table that is not there is called as it is.
    #[serde(default)]
    pub(super) tables: BTreeMap<String, TableMapping>,
}

/// How a request is made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestMapping {
    pub(super) method: String,
    pub(super) path: Template,
    pub(super) signature: Algorithm,
    #[serde(default)]
    pub(super) signed: Template,
    pub(super) rows: Shape,
    pub(super) body: Members,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
}

/// How a row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    /// A name for each value; what is not known is left out.
    Objects,
    /// Values in the guide's order; what is not known is null.
    Arrays,
}

/// What members of a body are called; one without a name is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Members {
    pub(super) table: String,
    pub(super) period: String,
    pub(super) revision: String,
    pub(super) part: String,
    pub(super) is_last: String,
    pub(super) key: String,
    pub(super) rows: String,
}

/// What a reply means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyMapping {
    /// The member that says what became of it, and with what values.
    pub(super) status: String,
    pub(super) accepted: Vec<String>,
    pub(super) refused: Vec<String>,
    /// It is there, and not decided: it is asked again in a while.
    #[serde(default)]
    pub(super) waiting: Vec<String>,
    /// Members that may be missing: then the reply is of the message it follows.
    pub(super) key: String,
    pub(super) receipt: String,
    pub(super) message: String,
    /// The header in which a reply is signed; empty: replies are not signed.
    pub(super) signature_header: String,
    #[serde(default)]
    pub(super) signed: Template,
}

/// What a table is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    /// Its name.
    pub(super) name: Option<String>,
    /// Where it goes, if not where the others go.
    pub(super) path: Option<Template>,
    /// Names of its fields in the guide's order; else those of the guide.
    pub(super) fields: Option<Vec<String>>,
}

impl Mapping {
    /// Whether filings (F1, F2) are said this way.
    #[must_use]
    pub fn has_filing(&self) -> bool {
        self.filing
    }
}

impl Default for Mapping {
    fn default() -> Self {
        Self::parse(DEFAULT).expect("the mapping of this release is read by a test")
    }
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// Where it is none, or what it says cannot be done.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text)?;
        if mapping.version != VERSION {
            return Err(MappingError::Version(mapping.version));
        }
        for (name, table) in &mapping.tables {
            let known = Table::parse(name).filter(|table| table.name() == name);
            let known = known.ok_or_else(|| MappingError::Table(name.clone()))?;
            let fields = known.fields().len();
            match &table.fields {
                Some(named) if named.len() != fields => {
                    let (table, named) = (name.clone(), named.len());
                    return Err(MappingError::Fields {
                        table,
                        named,
                        fields,
                    });
                }
                _ => {}
            }
        }
        let request = &mapping.request;
        if request.method.is_empty()
            || !request.method.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            return Err(MappingError::Method(request.method.clone()));
        }
        let paths = mapping
            .tables
            .values()
            .filter_map(|table| table.path.as_ref());
        for path in paths.chain([&request.path]) {
            // Else it would go on with the name of the host.
            if !path.begins_with('/') {
                return Err(MappingError::Path);
            }
            let unknown = [
                Place::Path,
                Place::Signature,
                Place::BodySha256,
                Place::Token,
            ];
            if let Some(place) = unknown.into_iter().find(|place| path.has(*place)) {
                return Err(MappingError::Circle(place.to_string(), "path"));
            }
        }
        for signed in [&request.signed, &mapping.reply.signed] {
            if signed.has(Place::Signature) {
                return Err(MappingError::Circle("signature".to_owned(), "signed"));
            }
        }
        Ok(mapping)
    }

    /// That of this release, with nothing signed: for where nobody stands between.
    #[must_use]
    pub fn unsigned() -> Self {
        let mut mapping = Self::default();
        mapping.request.signature = Algorithm::None;
        mapping.reply.signature_header.clear();
        mapping
    }

    /// Whether a token is said in it.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        let mut headers = self.request.headers.values();
        headers.any(|header| header.has(Place::Token)) || self.request.signed.has(Place::Token)
    }

    /// Whether something is signed by it.
    #[must_use]
    pub fn needs_secret(&self) -> bool {
        self.request.signature != Algorithm::None || !self.reply.signature_header.is_empty()
    }

    /// What a table is called.
    #[must_use]
    pub fn name(&self, table: Table) -> &str {
        let named = self.tables.get(table.name());
        let name = named.and_then(|named| named.name.as_deref());
        name.unwrap_or_else(|| table.name())
    }

    /// What a table's fields are called, in the guide's order.
    #[must_use]
    pub fn fields(&self, table: Table) -> Vec<&str> {
        let named = self.tables.get(table.name());
        match named.and_then(|named| named.fields.as_ref()) {
            Some(fields) => fields.iter().map(String::as_str).collect(),
            None => table.fields().iter().map(|field| field.zh).collect(),
        }
    }

    pub(super) fn path(&self, table: Table) -> &Template {
        let named = self.tables.get(table.name());
        let path = named.and_then(|named| named.path.as_ref());
        path.unwrap_or(&self.request.path)
    }
}

//============ Error types =====================================================

/// Why a file is no mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// It is not read.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// It is of another version.
    #[error("version {0} of mapping files is not known here; this release reads version {VERSION}")]
    Version(u32),
    /// There is no such table.
    #[error("[tables.{0}]: there is no such table; there are T1 to T11, M1, M2, E1 and E2")]
    Table(String),
    /// It names too many fields, or too few.
    #[error(
        "[tables.{table}] fields: {named} names, but the table has {fields} fields; name all of \
         them, in the order of docs/topnode-tables.md"
    )]
    Fields {
        /// The table.
        table: String,
        /// Names in the file.
        named: usize,
        /// Fields of the table.
        fields: usize,
    },
    /// It is no method.
    #[error("[request] method: {0:?} is no method; write it in capitals, such as \"POST\"")]
    Method(String),
    /// A path is none.
    #[error("a path begins with /")]
    Path,
    /// Something would have to be known before itself.
    #[error("{{{0}}} cannot stand in a {1}")]
    Circle(String, &'static str),
}
