//! Answers, for people.
//!
//! What a record holds was written by others: control and bidirectional characters are shown as
//! escapes, so that no value can write over the line before it.

use std::fmt::Write;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::Value;

//----------- Shapes -------------------------------------------------------------

/// A record (`docs/api.md`, "Reading").
#[derive(Deserialize)]
struct Found {
    identifier: String,
    registered_as: String,
    values: Vec<FoundValue>,
}

#[derive(Deserialize)]
struct FoundValue {
    index: u32,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
    #[serde(default)]
    ttl: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    Text(String),
    Formatted { format: String, value: String },
}

#[derive(Deserialize)]
struct Referral {
    sites: Vec<Site>,
}

#[derive(Deserialize)]
struct Site {
    address: String,
    protocol: String,
    port: u16,
}

//----------- show ---------------------------------------------------------------

/// An answer as lines; nothing where the body is not what a node says.
pub(super) fn show(status: StatusCode, body: &str, asked: &str) -> Option<String> {
    if status == StatusCode::MULTIPLE_CHOICES {
        return Some(referral(&serde_json::from_str(body).ok()?, asked));
    }
    let value: Value = serde_json::from_str(body).ok()?;
    if value.get("values").is_some() {
        return Some(record(&serde_json::from_value(value).ok()?));
    }
    let members = value.as_object()?;
    let mut text = String::new();
    lines(&mut text, members, 0);
    Some(text)
}

fn record(found: &Found) -> String {
    let mut text = String::new();
    line(&mut text, "identifier", &found.identifier);
    if found.registered_as != found.identifier {
        line(&mut text, "registered as", &found.registered_as);
    }
    let kinds = found
        .values
        .iter()
        .map(|value| visible(&value.kind).chars().count());
    let width = kinds.max().unwrap_or(0);
    for value in &found.values {
        let data = match &value.data {
            Data::Text(text) => visible(text),
            Data::Formatted { format, value } => {
                format!("{} ({})", visible(value), visible(format))
            }
        };
        let ttl = match &value.ttl {
            Value::Number(seconds) => format!("{seconds} s"),
            Value::String(until) => format!("until {}", visible(until)),
            _ => "-".to_owned(),
        };
        let kind = visible(&value.kind);
        put(
            &mut text,
            format_args!("{:>10}  {kind:<width$}  {data}  [ttl {ttl}]\n", value.index),
        );
    }
    text
}

fn referral(referral: &Referral, asked: &str) -> String {
    let mut text = String::new();
    line(&mut text, "identifier", asked);
    line(
        &mut text,
        "answered by",
        "the enterprise's own node; ask it at",
    );
    for site in &referral.sites {
        let (address, protocol) = (visible(&site.address), visible(&site.protocol));
        // RFC 3986 §3.2.2: brackets tell an IPv6 address from its port.
        let address = match address.contains(':') {
            true => format!("[{address}]"),
            false => address,
        };
        put(
            &mut text,
            format_args!("  {protocol}  {address}:{}\n", site.port),
        );
    }
    text
}

/// Members of an object, one a line, nested ones indented.
fn lines(text: &mut String, members: &serde_json::Map<String, Value>, depth: usize) {
    for (name, value) in members {
        let name = format!("{:indent$}{}", "", visible(name), indent = depth * 2);
        match value {
            Value::Null => {}
            Value::Object(members) => {
                put(text, format_args!("{name}\n"));
                lines(text, members, depth + 1);
            }
            Value::String(value) if value.is_empty() => {}
            Value::String(value) => line(text, &name, value),
            other => line(text, &name, &other.to_string()),
        }
    }
}

//----------- Helper functions ---------------------------------------------------

fn line(text: &mut String, name: &str, value: &str) {
    put(text, format_args!("{name:<14}  {}\n", visible(value)));
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("a string takes all that is written");
}

/// The text with whatever would move the cursor or turn the direction as an escape.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let is_bidi = matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || is_bidi || matches!(character, '\u{2028}' | '\u{2029}') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_per_value() {
        let body = r#"{"identifier":"88.118.0002/a","registered_as":"88.118.0002/A","position":"data/1:1:0",
            "values":[{"index":2000,"type":"NAME","data":"液压\u001b[31m泵\u202e","ttl":86400},
                      {"index":7,"type":"X","data":{"format":"base64","value":"AAE="},"ttl":"2027-01-01T00:00:00Z"}]}"#;
        let shown = show(StatusCode::OK, body, "88.118.0002/a").unwrap();
        let expected = "identifier      88.118.0002/a\n\
                        registered as   88.118.0002/A\n      \
                        2000  NAME  液压\\u{1b}[31m泵\\u{202e}  [ttl 86400 s]\n         \
                        7  X     AAE= (base64)  [ttl until 2027-01-01T00:00:00Z]\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_prefix_is_shown_with_its_enterprise() {
        let body = r#"{"prefix":"88.118.0002","hosting":"hosted","route":null,
                       "enterprise":{"org_name":"江汉","website":""}}"#;
        let shown = show(StatusCode::OK, body, "0.NA/88.118.0002").unwrap();
        assert!(shown.contains("hosting         hosted\n"), "{shown}");
        assert!(
            shown.contains("enterprise\n  org_name      江汉\n"),
            "{shown}"
        );
        assert!(
            !shown.contains("route") && !shown.contains("website"),
            "{shown}"
        );
    }

    #[test]
    fn a_referral_names_its_sites() {
        let body = r#"{"sites":[{"address":"2001:db8::1","protocol":"tcp","port":2641}]}"#;
        let shown = show(StatusCode::MULTIPLE_CHOICES, body, "88.118.0003/x").unwrap();
        assert!(shown.contains("  tcp  [2001:db8::1]:2641\n"), "{shown}");
    }

    #[test]
    fn what_is_no_answer_is_not_shown() {
        for body in ["[]", "{\"values\":3}", "7", "<html>"] {
            assert_eq!(show(StatusCode::OK, body, "x"), None, "{body}");
        }
        assert_eq!(show(StatusCode::MULTIPLE_CHOICES, "{}", "x"), None);
    }
}
