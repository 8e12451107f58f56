//! What must hold of any text as an identifier, as a path, as labels and as a key.

use biaoshi::identifier::{Identifier, Key, Prefix, dns, url};

/// Checks one input.
pub(crate) fn check(data: &[u8]) {
    check_labels(data);
    if let Ok(key) = Key::from_bytes(data) {
        assert_eq!(key.as_bytes(), data);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(prefix) = Prefix::parse(text) {
        assert_eq!(prefix.as_str(), text);
        assert_eq!(prefix.segments().collect::<Vec<_>>().join("."), text);
    }
    if let Ok(path) = url::from_path(text) {
        check_text(&path);
    }
    check_text(text);
}

fn check_text(text: &str) {
    let registered = Identifier::parse_registration(text);
    let Ok(query) = Identifier::parse_query(text) else {
        assert!(
            registered.is_err(),
            "registered and not to be asked for: {text:?}"
        );
        return;
    };
    if let Ok(registered) = registered {
        assert_eq!(registered, query);
        assert_eq!(registered.text(), text);
    }
    if text.contains('/') {
        assert_eq!(query.text(), text);
    }
    assert_eq!(
        format!("{}/{}", query.authority(), query.local()),
        query.text()
    );
    let key = query.key();
    let folded = Identifier::parse_query(key.text()).expect("a folded identifier is one");
    assert_eq!(folded.key(), key, "folding twice is folding once");
    assert_eq!(Key::from_bytes(key.as_bytes()).as_ref(), Ok(&key));
    assert_eq!(
        url::from_path(&url::to_path(&query)).as_deref(),
        Ok(query.text())
    );
    if let Some(name) = dns::to_dns_name(&query, "") {
        let labels: Vec<&[u8]> = name.split('.').map(str::as_bytes).collect();
        let back = dns::from_dns_labels(&labels).expect("a name that was given is accepted");
        assert_eq!(back.key(), key);
    }
}

/// Labels that are accepted are the one name of what they name.
fn check_labels(data: &[u8]) {
    let labels: Vec<&[u8]> = data.split(|byte| *byte == b'.').collect();
    let Some(identifier) = dns::from_dns_labels(&labels) else {
        return;
    };
    let name = dns::to_dns_name(&identifier, "").expect("what was accepted has a name");
    assert_eq!(name.as_bytes(), data.to_ascii_lowercase());
}
