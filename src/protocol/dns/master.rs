//! The same records as lines of a master file (RFC 1035 §5.1), for other servers of the same zone.

use std::fmt::Write;

use super::{
    records::{
        NAPTR_FLAGS, NAPTR_ORDER, NAPTR_PREFERENCE, STRING_BYTES_MAX, URI_PRIORITY, URI_WEIGHT,
        regexp, url_of, value_text,
    },
    zone::Zone,
};
use crate::record::Data;

//----------- own_lines --------------------------------------------------------

/// What the zone says of itself: SOA, NS, and the addresses that it knows.
#[must_use]
pub fn own_lines(zone: &Zone, serial: u32) -> String {
    let origin = zone.name();
    let mut records = vec![zone.soa(origin.clone(), serial)];
    records.extend(zone.servers(origin));
    records.extend(zone.addresses());
    records.iter().map(|record| format!("{record}\n")).collect()
}

//----------- value_data -------------------------------------------------------

/// A type that values are answered as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRecord {
    /// RFC 3403
    Naptr,
    /// RFC 7553
    Uri,
    /// RFC 1035 §3.3.14
    Txt,
}

/// The type and data of the record of a public value, as they follow owner, TTL and class.
///
/// Nothing where a value has no record of that type.
#[must_use]
pub fn value_data(
    zone: &Zone,
    record: ValueRecord,
    (index, kind, data): (u32, &str, &[u8]),
) -> Option<String> {
    let data = &Data::Plain(data);
    Some(match record {
        ValueRecord::Naptr => format!(
            "NAPTR {NAPTR_ORDER} {NAPTR_PREFERENCE} {} {} {} .",
            string(NAPTR_FLAGS),
            string(&zone.service),
            string(regexp(&url_of(kind, data)?)?.as_bytes()),
        ),
        ValueRecord::Uri => {
            let url = string(url_of(kind, data)?.as_bytes());
            format!("URI {URI_PRIORITY} {URI_WEIGHT} {url}")
        }
        ValueRecord::Txt => {
            let text = value_text(index, kind, data);
            let strings: Vec<String> = text.chunks(STRING_BYTES_MAX).map(string).collect();
            format!("TXT {}", strings.join(" "))
        }
    })
}

/// A character string in quotes; what is not printable in ASCII as three decimal digits.
fn string(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + 2);
    text.push('"');
    for octet in octets {
        match octet {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(*octet));
            }
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => write!(text, "\\{octet:03}").expect("a string takes every character"),
        }
    }
    text.push('"');
    text
}

//----------- Tests ------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        Zone::new("id.example", &[], "IDIS+\"URL\"", 60).unwrap()
    }

    fn data(record: ValueRecord, kind: &str, data: &str) -> Option<String> {
        value_data(&zone(), record, (7, kind, data.as_bytes()))
    }

    #[test]
    fn a_zone_begins_with_what_it_says_of_itself() {
        let servers = [super::super::NameServer {
            name: "ns.id.example".to_owned(),
            addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        }];
        let zone = Zone::new("id.example", &servers, "IDIS+URL", 60).unwrap();
        let expected = "\
id.example. 3600 IN SOA ns.id.example. hostmaster.id.example. 7 3600 600 1209600 60
id.example. 3600 IN NS ns.id.example.
ns.id.example. 3600 IN A 192.0.2.1
ns.id.example. 3600 IN AAAA 2001:db8::1
";
        assert_eq!(own_lines(&zone, 7), expected);
    }

    #[test]
    fn a_url_has_three_records_and_other_values_one() {
        let url = "https://例.example/a!b";
        let naptr = r#"NAPTR 100 10 "u" "IDIS+\"URL\"" "!^.*$!https://xn--fsq.example/a%21b!" ."#;
        assert_eq!(data(ValueRecord::Naptr, "url", url).as_deref(), Some(naptr));
        let uri = r#"URI 10 1 "https://xn--fsq.example/a!b""#;
        assert_eq!(data(ValueRecord::Uri, "URL", url).as_deref(), Some(uri));
        assert_eq!(data(ValueRecord::Naptr, "NAME", url), None);
        assert_eq!(data(ValueRecord::Uri, "URL", "no url"), None);
        let txt = r#"TXT "7 NAME=\230\179\181 \"a\\b\"\010""#;
        let said = data(ValueRecord::Txt, "NAME", "泵 \"a\\b\"\n");
        assert_eq!(said.as_deref(), Some(txt));
    }

    #[test]
    fn a_long_text_is_several_strings() {
        let said = data(ValueRecord::Txt, "N", &"x".repeat(300)).unwrap();
        let strings: Vec<usize> = said.split('"').skip(1).step_by(2).map(str::len).collect();
        assert_eq!(strings, [255, 49]);
    }
}
