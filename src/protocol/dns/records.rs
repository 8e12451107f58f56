//! Records of an identifier: NAPTR, URI and TXT.

use std::collections::HashSet;

use hickory_proto::rr::{
    Name, RData, Record, RecordType,
    rdata::{NAPTR, NULL, TXT},
};

use super::zone::Zone;
use crate::{
    record::{Data, Ttl},
    resolver::Found,
};

/// URI (RFC 7553 §3), which the library has no name for.
pub(super) const URI: RecordType = RecordType::Unknown(256);

/// ORDER and PREFERENCE of NAPTR records: all values are as good as each other.
pub(super) const NAPTR_ORDER: u16 = 100;
pub(super) const NAPTR_PREFERENCE: u16 = 10;

/// The result is a URL (RFC 3404 §4.3).
pub(super) const NAPTR_FLAGS: &[u8; 1] = b"u";

/// PRIORITY and WEIGHT of URI records.
pub(super) const URI_PRIORITY: u16 = 10;
pub(super) const URI_WEIGHT: u16 = 1;

/// The whole of what was asked for becomes the URL (RFC 3403 §4.1, flag "u").
const REGEXP_BEFORE: &str = "!^.*$!";
const REGEXP_AFTER: &str = "!";

/// The most octets of a character string (RFC 1035 §3.3).
pub(super) const STRING_BYTES_MAX: usize = 255;

/// Data of a set that are compared each with each: hashing one costs as much as some comparisons,
/// and a record may have 256.
const COMPARED_MAX: usize = 16;

/// The longest TTL (RFC 2181 §8).
const TTL_SECONDS_MAX: u32 = i32::MAX as u32;

//----------- Answered ---------------------------------------------------------

/// Whether a type is asked for to learn of an identifier; all others are auxiliary.
pub(super) fn is_resolution(kind: RecordType) -> bool {
    matches!(kind, RecordType::NAPTR | RecordType::TXT) || kind == URI
}

/// The records of that type of an identifier, with one TTL (RFC 2181 §5.2).
pub(super) fn of_found(
    zone: &Zone,
    name: &Name,
    kind: RecordType,
    found: &Found<'_>,
) -> Vec<Record> {
    let (mut records, mut ttl) = (Vec::new(), TTL_SECONDS_MAX);
    let is_text = kind == RecordType::TXT;
    for value in found.values_of(|_, kind| is_text || is_url(kind)) {
        let data = if is_text {
            Some(txt(&value_text(value.index, value.kind, &value.data)))
        } else {
            url_of(value.kind, &value.data).and_then(|url| of_url(zone, kind, &url))
        };
        if let Some(data) = data {
            ttl = ttl.min(seconds(value.ttl));
            records.push(data);
        }
    }
    set_of(name, ttl, records)
}

/// The set of records of those data: no two of a set are equal (RFC 2181 §5).
pub(super) fn set_of(name: &Name, ttl: u32, data: Vec<RData>) -> Vec<Record> {
    let record = |one| Record::from_rdata(name.clone(), ttl, one);
    distinct(data).into_iter().map(record).collect()
}

/// The first of those that are equal.
fn distinct(data: Vec<RData>) -> Vec<RData> {
    let mut firsts = Vec::with_capacity(data.len());
    if data.len() <= COMPARED_MAX {
        for one in data {
            if !firsts.contains(&one) {
                firsts.push(one);
            }
        }
        return firsts;
    }
    let mut seen = HashSet::with_capacity(data.len());
    let is_first: Vec<bool> = data.iter().map(|one| seen.insert(one)).collect();
    let all = data.into_iter().zip(is_first);
    firsts.extend(all.filter_map(|(one, is_first)| is_first.then_some(one)));
    firsts
}

/// A URL as NAPTR or URI; nothing where it does not fit.
pub(super) fn of_url(zone: &Zone, kind: RecordType, url: &str) -> Option<RData> {
    if kind == URI {
        return Some(uri(url));
    }
    Some(RData::NAPTR(NAPTR::new(
        NAPTR_ORDER,
        NAPTR_PREFERENCE,
        (*NAPTR_FLAGS).into(),
        zone.service.clone(),
        regexp(url)?.into_bytes().into(),
        Name::root(),
    )))
}

/// The expression that makes a URL of any name; nothing where it does not fit.
pub(super) fn regexp(url: &str) -> Option<String> {
    // `!` ends the expression, and `\1` would be a part of what was asked for.
    let target = url.replace('!', "%21").replace('\\', "%5C");
    let regexp = [REGEXP_BEFORE, &target, REGEXP_AFTER].concat();
    (regexp.len() <= STRING_BYTES_MAX).then_some(regexp)
}

fn uri(url: &str) -> RData {
    let mut octets = Vec::with_capacity(4 + url.len());
    octets.extend(URI_PRIORITY.to_be_bytes());
    octets.extend(URI_WEIGHT.to_be_bytes());
    octets.extend(url.as_bytes());
    RData::Unknown {
        code: URI,
        rdata: NULL::with(octets),
    }
}

/// A text in as many character strings as it needs.
pub(super) fn txt(text: &[u8]) -> RData {
    let strings = text.chunks(STRING_BYTES_MAX).collect();
    RData::TXT(TXT::from_bytes(strings))
}

/// `<index> <type>=<data>`: records of one type have no order, and must not be equal.
pub(super) fn value_text(index: u32, kind: &str, data: &Data<'_>) -> Vec<u8> {
    let mut text = format!("{index} {kind}=").into_bytes();
    data.append_to(&mut text);
    text
}

/// Whether data of that type are URLs.
fn is_url(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("URL")
}

/// The URL of a value of that type, written anew: in ASCII.
pub(super) fn url_of(kind: &str, data: &Data<'_>) -> Option<String> {
    if !is_url(kind) {
        return None;
    }
    normal(&data.text()?.to_cow())
}

/// A URL as all write it: two that are the same are equal.
pub(super) fn normal(url: &str) -> Option<String> {
    url::Url::parse(url).ok().map(String::from)
}

fn seconds(ttl: Ttl) -> u32 {
    match ttl {
        Ttl::Relative(seconds) => seconds.min(TTL_SECONDS_MAX),
        // Until a time: nobody here knows how long that is.
        Ttl::Absolute(_) => 0,
    }
}
