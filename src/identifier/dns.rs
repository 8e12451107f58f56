//! Identifiers as DNS names.
//!
//! | suffix | name |
//! |---|---|
//! | `ABC-1` of 88.118.8 | `abc-1.8.118.88.<zone>` |
//! | anything else | `<base32hex>._x.8.118.88.<zone>`, in labels of 63 octets, reading order |
//!
//! A suffix is its own label where, lowered, it is letters, digits and inner hyphens with at least
//! one non-digit (digits alone would look like a longer prefix). One name per identifier: a name
//! that is not the canonical form names nothing.

use data_encoding::BASE32HEX_NOPAD;

use super::Identifier;

/// Octets of a label (RFC 1035 §2.3.4).
const LABEL_OCTETS_MAX: usize = 63;

/// Octets of a name on the wire, lengths and root included (RFC 1035 §2.3.4).
const NAME_OCTETS_MAX: usize = 255;

/// Stands behind the labels of an encoded suffix; no prefix has such a label.
const ENCODED: &str = "_x";

//----------- to_dns_name ------------------------------------------------------

/// The name of an identifier below `zone`, without a trailing dot.
///
/// `None` where it cannot fit 255 octets, or where the suffix is empty or the authority is no
/// prefix: such an identifier is reached by other protocols.
#[must_use]
pub fn to_dns_name(identifier: &Identifier, zone: &str) -> Option<String> {
    super::prefix::check(identifier.authority()).ok()?;
    let mut labels = suffix_labels(identifier.local())?;
    labels.extend(identifier.authority().rsplit('.').map(str::to_owned));
    labels.extend(
        zone.split('.')
            .filter(|label| !label.is_empty())
            .map(str::to_owned),
    );
    let octets: usize = labels.iter().map(|label| label.len() + 1).sum::<usize>() + 1;
    let fits =
        octets <= NAME_OCTETS_MAX && labels.iter().all(|label| label.len() <= LABEL_OCTETS_MAX);
    fits.then(|| labels.join("."))
}

fn suffix_labels(suffix: &str) -> Option<Vec<String>> {
    if suffix.is_empty() {
        return None;
    }
    let lowered = suffix.to_ascii_lowercase();
    if is_label(suffix) {
        return Some(vec![lowered]);
    }
    let encoded = BASE32HEX_NOPAD
        .encode(lowered.as_bytes())
        .to_ascii_lowercase();
    let mut labels: Vec<String> = encoded
        .as_bytes()
        .chunks(LABEL_OCTETS_MAX)
        .map(|chunk| chunk.iter().map(|byte| char::from(*byte)).collect())
        .collect();
    labels.push(ENCODED.to_owned());
    Some(labels)
}

/// `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?` in any case, with at least one non-digit.
fn is_label(suffix: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = suffix.as_bytes();
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    bytes.len() <= LABEL_OCTETS_MAX
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(is_inner)
        && bytes.iter().any(|byte| !byte.is_ascii_digit())
}

//----------- from_dns_labels --------------------------------------------------

/// The identifier of a name's labels below the zone, in reading order and any case.
///
/// Its suffix is lowered: the key is the registered one's, the spelling need not be. `None` where
/// the labels are not the canonical form of an identifier.
#[must_use]
pub fn from_dns_labels(labels: &[&[u8]]) -> Option<Identifier> {
    let octets = |label: &&[u8]| label.len() + 1;
    if labels.iter().map(octets).sum::<usize>() >= NAME_OCTETS_MAX {
        return None;
    }
    let lowered = labels
        .iter()
        .map(|label| std::str::from_utf8(label).ok().map(str::to_ascii_lowercase))
        .collect::<Option<Vec<_>>>()?;
    let encoded_at = lowered.iter().position(|label| label == ENCODED);
    let (suffix, prefix) = match encoded_at {
        Some(at) => {
            let encoded = lowered[..at].concat().to_ascii_uppercase();
            let bytes = BASE32HEX_NOPAD.decode(encoded.as_bytes()).ok()?;
            (String::from_utf8(bytes).ok()?, &lowered[at + 1..])
        }
        None => {
            let (first, prefix) = lowered.split_first()?;
            (first.clone(), prefix)
        }
    };
    let segments: Vec<_> = prefix.iter().rev().map(String::as_str).collect();
    let text = format!("{}/{suffix}", segments.join("."));
    let identifier = Identifier::parse_query(&text).ok()?;
    // Another split, another case of the decoded text, an encoded text that is a label: not ours.
    // Label by label, since a label off the wire may itself hold a dot.
    let canonical = to_dns_name(&identifier, "")?;
    canonical
        .split('.')
        .eq(lowered.iter().map(String::as_str))
        .then_some(identifier)
}

//----------- Ancestors --------------------------------------------------------

/// Whether identifiers of an authority have a place in DNS, as far as it depends on that.
#[must_use]
pub fn has_place(authority: &str) -> bool {
    super::prefix::check(authority).is_ok()
        && authority
            .split('.')
            .all(|label| label.len() <= LABEL_OCTETS_MAX)
}

/// How many labels the encoded suffix of an identifier has in DNS: none where it is a label itself,
/// or too long. Below an authority that [`has_place`] it has so many ancestors ([`each_ancestor`]).
#[must_use]
pub fn encoded_labels(authority: &str, local: &str) -> usize {
    if local.is_empty() || is_label(local) {
        return 0;
    }
    // Five bits in each character of base32.
    let encoded = (local.len() * 8).div_ceil(5);
    let labels = encoded.div_ceil(LABEL_OCTETS_MAX);
    // Each label has its length before it, and the root has one.
    let octets = encoded + labels + ENCODED.len() + 1 + authority.len() + 1 + 1;
    if octets > NAME_OCTETS_MAX { 0 } else { labels }
}

/// Runs `f` on the names between an identifier's and its prefix's, without a zone and in lower
/// case: `_x.8.118.88` of an encoded suffix, and one more for each further label of it.
///
/// They exist where an identifier below them does, and hold nothing themselves (RFC 8020).
pub fn each_ancestor(authority: &str, local: &str, mut f: impl FnMut(&str)) {
    if is_label(local) {
        return;
    }
    let Some(name) = Identifier::parse_query(&format!("{authority}/{local}"))
        .ok()
        .and_then(|identifier| to_dns_name(&identifier, ""))
    else {
        return;
    };
    let mut rest = name.as_str();
    while let Some((label, behind)) = rest.split_once('.') {
        if label == ENCODED {
            break;
        }
        f(behind);
        rest = behind;
    }
}
