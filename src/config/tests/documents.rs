//! What is shipped and documented agrees with the table of keys.

use std::fs;
use std::path::Path;

use super::super::{Config, DEFAULTS, KEYS, parse};
use super::{defaults, environment, read};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shipped(name: &str) -> Config {
    let text = fs::read_to_string(root().join("config").join(name)).unwrap();
    parse(Some((name, &text)), []).unwrap().config
}

//----------- Shipped files ------------------------------------------------------

#[test]
fn every_shipped_file_is_accepted() {
    let mut read = 0;
    for entry in fs::read_dir(root().join("config")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            shipped(path.file_name().unwrap().to_str().unwrap());
            read += 1;
        }
    }
    assert!(read >= 3, "only {read} files were read");
}

#[test]
fn the_default_file_says_every_default() {
    let loaded = read(DEFAULTS, &[]).unwrap();
    assert_eq!(loaded.config, defaults());
    for (key, origin) in KEYS.iter().zip(&loaded.origins) {
        assert!(
            origin.to_string().starts_with("test.toml:"),
            "{key} is not in default.toml"
        );
    }
}

#[test]
fn the_demo_holds_the_six_prefixes_of_the_sample() {
    let node = shipped("demo.toml").server.node;
    let prefixes: Vec<String> = node
        .secondary_prefixes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        prefixes,
        ["88.101", "88.118", "88.300", "88.488", "88.709", "88.800"]
    );
    assert_eq!(node.data_dir, Path::new("./biaoshi-data/demo"));
}

#[test]
fn production_listens_on_every_address_but_for_metrics() {
    let server = shipped("production.toml").server;
    for listener in [
        &server.http.listen,
        &server.handle.listen,
        &server.dns.listen,
    ] {
        assert!(
            listener
                .iter()
                .any(|address| address.ip().is_unspecified() && address.is_ipv6())
        );
    }
    assert_eq!(server.dns.listen[0].port(), 53);
    assert!(
        server
            .metrics
            .listen
            .iter()
            .all(|address| address.ip().is_loopback())
    );
}

//----------- Documents ----------------------------------------------------------

#[test]
fn every_key_is_documented_in_both_languages() {
    for name in ["configuration.md", "configuration.zh-CN.md"] {
        let text = fs::read_to_string(root().join("docs").join(name)).unwrap();
        for key in &KEYS {
            let row = format!(
                "| `{}` | `{}` | `{}` |",
                key.name,
                key.variable(),
                key.default
            );
            let sections: Vec<&str> = text.split("\n## ").collect();
            let heading = format!("`[{}]`", key.section);
            let section = sections
                .iter()
                .find(|section| section.starts_with(&heading));
            let section = section.unwrap_or_else(|| panic!("{name} has no section {heading}"));
            assert!(section.contains(&row), "{name}, {heading}: no row {row}");
        }
        let rows = text.matches("| `BIAOSHI_").count();
        assert_eq!(rows, KEYS.len(), "{name} has rows of keys that are none");
    }
}

//----------- The way back -------------------------------------------------------

#[test]
fn what_is_shown_is_read_back() {
    let text = "version = 1\n[node]\ndata_dir = \"a \\\"b\\\" \\\\ # 标识\"\nsecondary_prefixes = [\"88.1\"]\n";
    let loaded = read(text, &[("BIAOSHI_DNS_LISTEN", "")]).unwrap();
    let shown = loaded.to_toml();
    assert_eq!(read(&shown, &[]).unwrap().config, loaded.config, "{shown}");
    assert!(
        shown.contains("# test.toml:3:1") && shown.contains("# BIAOSHI_DNS_LISTEN"),
        "{shown}"
    );
    let json = loaded.to_json();
    assert_eq!(json["node"]["secondary_prefixes"][0], "88.1");
    assert_eq!(json["http"]["listen"][0], "127.0.0.1:8000");
    assert_eq!(json["version"], 1);
    let none = parse(None, environment(&[])).unwrap();
    assert_eq!(read(&none.to_toml(), &[]).unwrap().config, defaults());
}
