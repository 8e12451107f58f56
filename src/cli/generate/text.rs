//! Records as text: what is written of each, and before the first.

use serde::Serialize;

use super::product::FIELDS;
use super::shape::Shape;
use super::zone::ZoneFile;

/// Headings of a file of enterprises, as the profile of the importer knows them.
const ENTERPRISE_HEADINGS: &str =
    "prefix,org_name,uscc,province,city,industry,hosting,website,contact,phone\n";

//----------- Text ---------------------------------------------------------------

/// A form that is text.
pub(super) enum Text {
    /// Products for the importer.
    Products,
    /// Enterprises for it.
    Enterprises,
    /// Items of a batch.
    Ndjson,
    /// A zone.
    Zone(Box<ZoneFile>),
    /// Identifiers.
    Identifiers,
    /// What is no identifier.
    Absent,
}

impl Text {
    /// What stands before the first record.
    pub(super) fn head(&self) -> String {
        match self {
            Self::Products => {
                let headings = FIELDS.map(|(field, ..)| field).join(",");
                format!("identifier,{headings}\n")
            }
            Self::Enterprises => ENTERPRISE_HEADINGS.to_owned(),
            Self::Zone(zone) => zone.head(),
            Self::Ndjson | Self::Identifiers | Self::Absent => String::new(),
        }
    }

    /// Adds record `n`: a firm where it is about firms, else a product.
    ///
    /// No cell needs quotes: none has a comma, a quotation mark or the end of a line.
    pub(super) fn add(&self, shape: &Shape, n: u64, to: &mut Vec<u8>) {
        match self {
            Self::Products => {
                let product = shape.product(n);
                let cells = product.cells().join(",");
                to.extend_from_slice(product.identifier.as_bytes());
                to.push(b',');
                to.extend_from_slice(cells.as_bytes());
            }
            Self::Enterprises => to.extend_from_slice(enterprise(shape, n).as_bytes()),
            Self::Ndjson => add_item(shape, n, to),
            // Each of its lines has its end.
            Self::Zone(zone) => return zone.add(&shape.product(n), to),
            Self::Identifiers => to.extend_from_slice(shape.identifier(n).as_bytes()),
            Self::Absent => to.extend_from_slice(shape.absent(n).as_bytes()),
        }
        to.push(b'\n');
    }

    /// What record `n` is called.
    pub(super) fn name(&self, shape: &Shape, n: u64) -> String {
        match self {
            Self::Enterprises => shape.enterprise(firm(n)).prefix,
            Self::Absent => shape.absent(n),
            _ => shape.identifier(n),
        }
    }
}

fn firm(n: u64) -> u32 {
    u32::try_from(n).expect("there are fewer firms than that")
}

fn enterprise(shape: &Shape, n: u64) -> String {
    let enterprise = shape.enterprise(firm(n));
    let hosting = match enterprise.is_hosted {
        true => "hosted",
        false => "self-built",
    };
    [
        &enterprise.prefix,
        &enterprise.org_name,
        &enterprise.uscc,
        enterprise.province,
        enterprise.city,
        enterprise.industry,
        hosting,
        &enterprise.website,
        &enterprise.contact,
        &enterprise.phone,
    ]
    .join(",")
}

//----------- Items --------------------------------------------------------------

/// A product as the node takes it (`docs/api.md`, "Writing"): what the importer makes of its row,
/// without the tree between, which costs more than the rest.
#[derive(Serialize)]
struct Item<'a> {
    identifier: &'a str,
    values: [Value<'a>; FIELDS.len()],
}

#[derive(Serialize)]
struct Value<'a> {
    index: u32,
    #[serde(rename = "type")]
    kind: &'a str,
    data: &'a str,
}

/// Adds product `n` as an item of a batch.
pub(super) fn add_item(shape: &Shape, n: u64, to: &mut Vec<u8>) {
    let product = shape.product(n);
    let values = product
        .values()
        .map(|(index, kind, data)| Value { index, kind, data });
    let item = Item {
        identifier: &product.identifier,
        values,
    };
    serde_json::to_writer(to, &item).expect("texts and numbers are JSON, and a Vec takes all");
}
