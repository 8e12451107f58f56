//! What holds for every name, registered or not.

use proptest::{collection::vec, prelude::*};

use super::*;

//----------- Names ------------------------------------------------------------

/// Suffixes of what clerks type, and of what they do not.
fn suffix() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,80}",
        "[A-Za-z0-9-]{1,70}",
        "[0-9]{1,20}",
        "\\PC{1,40}",
        "[./%]{1,9}"
    ]
}

/// Names with a prefix, most of which may be registered.
fn name() -> impl Strategy<Value = String> {
    ("[0-9]{1,4}(\\.[0-9]{1,5}){0,3}", suffix())
        .prop_map(|(prefix, suffix)| format!("{prefix}/{suffix}"))
}

/// All that may be asked for.
fn query() -> impl Strategy<Value = Identifier> {
    let text = prop_oneof![
        name(),
        "[0-9.]{0,12}/?(?s:.){0,60}",
        "(0\\.[nN][aA])?/[0-9.]*"
    ];
    text.prop_filter_map("no query", |text| Identifier::parse_query(&text).ok())
}

fn labels(name: &str) -> Vec<&[u8]> {
    name.split('.').map(str::as_bytes).collect()
}

//----------- Properties -------------------------------------------------------

proptest! {
    #[test]
    fn nothing_panics(text in any::<String>(), bytes in vec(any::<u8>(), 0..80)) {
        let _ = Identifier::parse_registration(&text);
        if let Ok(identifier) = Identifier::parse_query(&text) {
            let _ = (identifier.key(), dns::to_dns_name(&identifier, "id.example"));
            let _ = url::to_path(&identifier);
        }
        let _ = (url::from_path(&text), Prefix::parse(&text));
        if let Ok(key) = Key::from_bytes(&bytes) {
            let _ = (key.system(), key.authority().len(), key.local().len());
        }
        let labels: Vec<&[u8]> = bytes.split(|byte| *byte == b'.').collect();
        let _ = dns::from_dns_labels(&labels);
    }

    #[test]
    fn printing_and_reading_is_the_identity(name in name(), query in query()) {
        if let Ok(registered) = Identifier::parse_registration(&name) {
            prop_assert_eq!(registered.text(), &name);
            let again = Identifier::parse_registration(&registered.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&registered));
            prop_assert_eq!(Identifier::parse_query(&name), Ok(registered.clone()));
            let prefix = Prefix::parse(registered.authority()).expect("a registration has one");
            prop_assert_eq!(Prefix::parse(&prefix.to_string()), Ok(prefix));
        }
        prop_assert_eq!(format!("{}/{}", query.authority(), query.local()), query.text());
        prop_assert_eq!(Identifier::parse_query(&query.to_string()), Ok(query));
    }

    #[test]
    fn folding_is_idempotent_and_blind_to_case_only(query in query()) {
        let key = query.key();
        let read = |text: &str| Identifier::parse_query(text).map(|again| again.key());
        prop_assert_eq!(read(key.text()), Ok(key.clone()));
        prop_assert_eq!(read(&query.text().to_ascii_lowercase()), Ok(key.clone()));
        prop_assert!(key.text().eq_ignore_ascii_case(query.text()));
        prop_assert_eq!(query.fold_into(&mut KeyBuffer::new()).to_vec(), key.as_bytes());
    }

    #[test]
    fn keys_come_back_from_their_bytes(query in query()) {
        let key = query.key();
        prop_assert_eq!(Key::from_bytes(key.as_bytes()), Ok(key.clone()));
        prop_assert_eq!(key.system(), query.system());
        prop_assert_eq!(key.authority(), query.authority().to_ascii_uppercase());
        prop_assert_eq!(key.local(), query.local().to_ascii_uppercase());
    }

    #[test]
    fn dns_names_come_back_or_are_not_given(query in query()) {
        let folded = Identifier::parse_query(query.key().text()).expect("a key can be asked for");
        prop_assert_eq!(dns::to_dns_name(&query, ""), dns::to_dns_name(&folded, ""));
        match dns::to_dns_name(&query, "") {
            Some(name) => {
                prop_assert!(name.len() <= 253);
                prop_assert!(name.split('.').all(|label| matches!(label.len(), 1..=63)));
                let back = dns::from_dns_labels(&labels(&name)).map(|back| back.key());
                prop_assert_eq!(back, Some(query.key()));
            }
            None => {
                let has_both = Prefix::parse(query.authority()).is_ok() && !query.local().is_empty();
                let is_long = query.text().len() > 63;
                prop_assert!(!has_both || is_long, "{} has no name", query);
            }
        }
    }

    #[test]
    fn no_identifier_has_two_dns_names(
        given in vec("[0-9a-vA-V]{1,9}|[0-9]{1,3}|8(\\.8){0,2}|_[xX]|[a-z.-]{0,3}", 1..6),
    ) {
        let given: Vec<&[u8]> = given.iter().map(String::as_bytes).collect();
        if let Some(read) = dns::from_dns_labels(&given) {
            let name = dns::to_dns_name(&read, "").expect("what was read has a name");
            let lowered: Vec<_> = given.iter().map(|label| label.to_ascii_lowercase()).collect();
            prop_assert_eq!(labels(&name), lowered);
        }
    }

    #[test]
    fn an_identifier_has_as_many_ancestors_as_encoded_labels(query in query(), times in 1_usize..9) {
        let local = query.local().repeat(times);
        let mut ancestors = 0;
        dns::each_ancestor(query.authority(), &local, |_| ancestors += 1);
        let labels = match dns::has_place(query.authority()) {
            true => dns::encoded_labels(query.authority(), &local),
            false => 0,
        };
        prop_assert_eq!(labels, ancestors);
    }

    #[test]
    fn paths_come_back(query in query()) {
        let path = url::to_path(&query);
        prop_assert!(path.is_ascii());
        prop_assert!(path.split('/').all(|segment| !matches!(segment, "." | ".." | "")));
        let expected = (!query.text().contains('\0')).then(|| query.text().to_owned());
        prop_assert_eq!(url::from_path(&path).ok(), expected);
    }
}
