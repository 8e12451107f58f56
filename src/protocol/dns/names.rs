//! What a name is: the zone, a prefix, an identifier, something above one, or nothing.

use hickory_proto::rr::Name;

use super::zone::{Server, Zone};
use crate::identifier::{Identifier, dns};

/// Stands behind the labels of an encoded suffix (`identifier/dns.rs`).
const ENCODED: &[u8] = b"_x";

//----------- Place ------------------------------------------------------------

/// Where a name stands.
#[derive(Debug)]
pub(super) enum Place<'z> {
    /// Outside the zone.
    Outside,
    /// The zone's own name.
    Apex,
    /// A name server's.
    Server(&'z Server),
    /// At or below a prefix, or at the beginning of one.
    Below(Below),
    /// In the zone, and nobody's.
    Nothing,
}

/// A name that ends in the labels of an authority.
#[derive(Debug)]
pub(super) struct Below {
    /// All digits before the zone, the other way round: `88.118.8`.
    pub(super) authority: String,
    /// How many labels the authority has.
    pub(super) authority_labels: usize,
    /// What stands before them, if it is the one name of an identifier.
    pub(super) identifier: Option<Identifier>,
    /// The name without its zone, where identifiers may be below it: in lower case.
    pub(super) tree_name: Option<String>,
    /// Whether anything stands before them.
    pub(super) has_suffix: bool,
}

impl Zone {
    /// Where a name stands.
    pub(super) fn place(&self, name: &Name) -> Place<'_> {
        if !self.name().zone_of(name) {
            return Place::Outside;
        }
        // The library does not count a star in front, which is a label as others are (RFC 4592 §2.1.1).
        let count = name.iter().count();
        if count == self.labels() {
            return Place::Apex;
        }
        if let Some(server) = self.server(name) {
            return Place::Server(server);
        }
        let labels: Vec<&[u8]> = name.iter().take(count - self.labels()).collect();
        below(&labels).map_or(Place::Nothing, Place::Below)
    }
}

/// The parts of a name's labels below the zone, in reading order.
fn below(labels: &[&[u8]]) -> Option<Below> {
    let is_digits = |label: &&[u8]| label.iter().all(u8::is_ascii_digit);
    let split = labels
        .iter()
        .rposition(|label| !is_digits(label))
        .map_or(0, |at| at + 1);
    let (suffix, prefix) = labels.split_at(split);
    if prefix.is_empty() {
        return None;
    }
    let text = |label: &&[u8]| String::from_utf8_lossy(label).into_owned();
    let authority: Vec<String> = prefix.iter().rev().map(text).collect();
    Some(Below {
        authority: authority.join("."),
        authority_labels: prefix.len(),
        identifier: dns::from_dns_labels(labels),
        tree_name: tree_name(suffix, labels),
        has_suffix: !suffix.is_empty(),
    })
}

/// `_x` and what may stand before it on the way to an encoded suffix.
///
/// Digits of the encoding only: a label off the wire may hold a dot, and would pass for two.
fn tree_name(suffix: &[&[u8]], labels: &[&[u8]]) -> Option<String> {
    let (last, encoded) = suffix.split_last()?;
    let is_digit = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'v' | b'A'..=b'V');
    let is_encoding = |label: &&[u8]| label.iter().all(is_digit);
    if !last.eq_ignore_ascii_case(ENCODED) || !encoded.iter().all(is_encoding) {
        return None;
    }
    let joined = labels.join(&b'.').to_ascii_lowercase();
    String::from_utf8(joined).ok()
}
