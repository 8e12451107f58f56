//! What is refused says what is wrong, where, what is near and what to do.

use std::ffi::OsString;

use super::super::{ConfigError, FILE_BYTES_MAX, load, parse};
use super::{environment, read};

/// The error and its hint for a text and variables.
fn refused(text: &str, variables: &[(&str, &str)]) -> (String, String) {
    match read(text, variables) {
        Ok(_) => panic!("accepted: {text} {variables:?}"),
        Err(error) => (error.to_string(), error.hint()),
    }
}

/// Asserts that the error and its hint hold every part.
#[track_caller]
fn check(text: &str, variables: &[(&str, &str)], parts: &[&str]) {
    let (error, hint) = refused(text, variables);
    for part in parts {
        assert!(
            error.contains(part) || hint.contains(part),
            "no {part:?} in {error:?}, {hint:?}"
        );
    }
    assert!(
        !error.ends_with('.') && !hint.is_empty() && !error.contains('\n'),
        "{error}"
    );
}

/// `check` below `version = 1`.
#[track_caller]
fn check_lines(lines: &str, parts: &[&str]) {
    check(&format!("version = 1\n{lines}"), &[], parts);
}

//----------- Names --------------------------------------------------------------

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    check_lines(
        "[http]\nlisten = \"127.0.0.1:1\"\nlistn = 3",
        &["test.toml:4:1", "listn", "[http] listen"],
    );
    check_lines(
        "[node]\n  datadir = \"x\"",
        &["test.toml:3:3", "[node] data_dir"],
    );
    check_lines(
        "[htpp]\nlisten = \"x\"",
        &["test.toml:2:2", "htpp", "[http]", "metrics"],
    );
    check_lines("[dns]\nzone = \"x\"", &["[dns]", "[node] zone"]);
    check_lines("dns.lisen = []", &["lisen", "[dns] listen"]);
    check(
        "data_dir = \"x\"\nversion = 1",
        &[],
        &["test.toml:1:1", "[node] data_dir"],
    );
    check_lines("http = 3", &["test.toml:2:1", "[http]"]);
    check_lines("[[http]]\nlisten = \"x\"", &["[http]"]);
}

#[test]
fn the_first_fault_of_the_file_is_told() {
    check_lines(
        "[node]\nzoone = 1\n[dns]\nlisen = 1\nalisten = 1",
        &["test.toml:3:1", "zoone"],
    );
    check_lines("[dns]\nlisen = 1\nalisten = 1", &["test.toml:3:1", "lisen"]);
    check("\u{feff}version = 2", &[], &["test.toml:1:1", "version 2"]);
}

#[test]
fn unknown_variables_are_refused_with_the_nearest() {
    for (variable, nearest) in [
        ("BIAOSHI_HTTP_LISTN", "BIAOSHI_HTTP_LISTEN"),
        ("BIAOSHI_HTTP_PORT", "BIAOSHI_HTTP_LISTEN"),
        ("BIAOSHI_HTPP_LISTEN", "BIAOSHI_HTTP_LISTEN"),
        ("BIAOSHI_DATA_DIR", "BIAOSHI_NODE_DATA_DIR"),
        ("BIAOSHI_NODE", "BIAOSHI_NODE_ZONE"),
        ("BIAOSHI_CONFG", "BIAOSHI_CONFIG"),
    ] {
        check("version = 1", &[(variable, "x")], &[variable, nearest]);
    }
}

#[test]
fn the_version_is_asked_for() {
    check("", &[], &["test.toml:1:1", "version = 1"]);
    check(
        "version = 2",
        &[],
        &["test.toml:1:1", "version 2", "version 1"],
    );
    check("version = \"1\"", &[], &["whole number"]);
}

//----------- Kinds --------------------------------------------------------------

#[test]
fn values_of_another_kind_are_refused() {
    check_lines(
        "[http]\nlisten = 8000",
        &["test.toml:3:1", "[http] listen", "a whole number"],
    );
    check_lines("[http]\nlisten = [8000]", &["a list with a whole number"]);
    check_lines(
        "[http]\nconnections_max = \"many\"",
        &["a string", "from 1 to 100000"],
    );
    check_lines("[http]\nheader_timeout_seconds = 1.5", &["a float"]);
    check_lines(
        "[node]\nsecondary_prefixes = 88.118",
        &["a float", "[\"88.118\", \"88.300\"]"],
    );
    check_lines("[node]\nzone = [\"a\"]", &["a list", "[node] zone"]);
    let variable = ("BIAOSHI_HTTP_CONNECTIONS_MAX", "many");
    check(
        "version = 1",
        &[variable],
        &["BIAOSHI_HTTP_CONNECTIONS_MAX: [http] connections_max"],
    );
    check(
        "version = 1\nnode",
        &[],
        &["test.toml:2:", "not valid TOML"],
    );
}

#[test]
fn numbers_out_of_range_are_refused() {
    let ranges = [
        ("http", "connections_max", 1, 100_000),
        ("http", "header_timeout_seconds", 1, 300),
        ("http", "idle_timeout_seconds", 1, 3_600),
        ("http", "body_bytes_max", 65_536, 67_108_864),
        ("http", "shutdown_seconds", 1, 300),
        ("ledger", "segment_bytes_max", 1_048_576, 4_294_967_296),
        ("ledger", "free_bytes_min", 0, 1_125_899_906_842_624),
        ("snapshot", "interval_seconds", 1, 604_800),
    ];
    for (section, name, min, max) in ranges {
        for good in [min, max] {
            assert!(
                read(&format!("version = 1\n[{section}]\n{name} = {good}"), &[]).is_ok(),
                "{name}"
            );
        }
        for bad in [i64::MIN, -1, min - 1, max + 1, i64::MAX] {
            check_lines(
                &format!("[{section}]\n{name} = {bad}"),
                &[name, &bad.to_string()],
            );
        }
    }
}

//----------- Meaning ------------------------------------------------------------

#[test]
fn addresses_that_are_none_are_refused() {
    for bad in [
        "8000",
        "localhost:8000",
        "127.0.0.1",
        "127.0.0.1:65536",
        "::1:8000",
        "",
        "[::]",
    ] {
        let line = format!("[http]\nlisten = \"{bad}\"");
        check_lines(&line, &["test.toml:3:1: [http] listen", "127.0.0.1:8000"]);
    }
    check_lines("[http]\nlisten = []", &["[http] listen", "empty"]);
    check(
        "version = 1",
        &[("BIAOSHI_DNS_LISTEN", "127.0.0.1:1,,")],
        &["BIAOSHI_DNS_LISTEN"],
    );
    let many: Vec<String> = (1..=17)
        .map(|port| format!("\"127.0.0.1:{port}\""))
        .collect();
    check_lines(
        &format!("[dns]\nlisten = [{}]", many.join(", ")),
        &["17 addresses, over 16"],
    );
    assert!(
        read(
            &format!("version = 1\n[dns]\nlisten = [{}]", many[1..].join(",")),
            &[]
        )
        .is_ok()
    );
}

#[test]
fn two_listeners_do_not_share_an_address() {
    check_lines(
        "[dns]\nlisten = \"127.0.0.1:8000\"",
        &["[dns] listen", "taken by [http]"],
    );
    check_lines(
        "[http]\nlisten = [\"[::]:1\", \"[::]:1\"]",
        &["[http] listen", "taken by [http]"],
    );
    let free = "version = 1\n[http]\nlisten = \"127.0.0.1:0\"\n[dns]\nlisten = \"127.0.0.1:0\"";
    assert!(read(free, &[]).is_ok(), "port 0 is a free port each time");
}

#[test]
fn prefixes_that_are_none_are_refused() {
    for bad in [
        "88",
        "88.118.1",
        "88.a",
        "88.",
        ".118",
        "",
        " 88.118",
        "88.118/x",
        "８８.118",
    ] {
        let line = format!("[node]\nsecondary_prefixes = [\"{bad}\"]");
        check_lines(
            &line,
            &["[node] secondary_prefixes", "no secondary prefix", "88.118"],
        );
    }
    let twice = "[node]\nsecondary_prefixes = [\"88.118\", \"88.300\", \"88.118\"]";
    check_lines(twice, &["88.118", "twice"]);
    let many = |count: u32| {
        let texts: Vec<String> = (0..count).map(|at| format!("\"88.{at}\"")).collect();
        format!(
            "version = 1\n[node]\nsecondary_prefixes = [{}]",
            texts.join(",")
        )
    };
    assert!(read(&many(256), &[]).is_ok());
    check(&many(257), &[], &["257 prefixes, over 256"]);
}

#[test]
fn name_servers_and_services_that_are_none_are_refused() {
    for bad in ["", "a..b", "ns1 192.0.2", "ns1=192.0.2.1", "-ns.example"] {
        let file = format!("[dns]\nname_servers = [\"{bad}\"]");
        check_lines(&file, &["[dns] name_servers", "ns1.id.example 192.0.2.1"]);
    }
    let zone = "[node]\nzone = \"a.example\"\n";
    for bad in ["ns1.A.example", "a.example.", "ns.b.a.example"] {
        let file = format!("{zone}[dns]\nname_servers = [\"ns.xa.example\", \"{bad}\"]");
        let name = bad.to_ascii_lowercase();
        let what = format!("{} is in the zone", name.trim_end_matches('.'));
        check_lines(&file, &["[dns] name_servers", &what, "192.0.2.1"]);
        let addressed = file.replace(bad, &format!("{bad} 192.0.2.1"));
        assert!(read(&format!("version = 1\n{addressed}"), &[]).is_ok());
    }
    let many = ["\"a.example\""; 9].join(",");
    check_lines(&format!("[dns]\nname_servers = [{many}]"), &["9 servers"]);
    for bad in ["", "a b", "标", &"x".repeat(256)] {
        let file = format!("[dns]\nnaptr_service = \"{bad}\"");
        check_lines(&file, &["[dns] naptr_service", "IDIS+URL"]);
    }
}

#[test]
fn zones_that_are_none_are_refused() {
    let long_label = "a".repeat(64);
    let long = ["a"; 65].join(".");
    for bad in [
        "",
        ".",
        "a..b",
        "-a.b",
        "a-.b",
        "a b",
        "标识.example",
        &long_label,
        &long,
    ] {
        check_lines(
            &format!("[node]\nzone = \"{bad}\""),
            &["[node] zone", "id.example"],
        );
    }
    for good in [
        "a",
        &"a".repeat(63),
        &["ab"; 43].join(".")[..128],
        "_x.id-1.example",
    ] {
        assert!(
            read(&format!("version = 1\n[node]\nzone = \"{good}\""), &[]).is_ok(),
            "{good}"
        );
    }
}

#[test]
fn other_values_without_meaning_are_refused() {
    check_lines(
        "[node]\ndata_dir = \"  \"",
        &["[node] data_dir", "no folder"],
    );
    check_lines(
        "[node]\ndata_dir = \"a\\u0000b\"",
        &["[node] data_dir", "no folder"],
    );
    check_lines("[log]\nlevel = \"inof\"", &["[log] level", "inof", "debug"]);
    check_lines("[log]\nformat = \"xml\"", &["[log] format", "xml", "json"]);
}

//----------- Files --------------------------------------------------------------

#[test]
fn files_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.toml");
    let read = || load(Some(&path), []);
    assert!(matches!(read(), Err(ConfigError::Unreadable { .. })));
    std::fs::write(&path, b"version = 1 # \xff").unwrap();
    assert!(matches!(read(), Err(ConfigError::NotText { .. })));
    let mut text = b"version = 1\n#".to_vec();
    text.resize(usize::try_from(FILE_BYTES_MAX).unwrap(), b'x');
    std::fs::write(&path, &text).unwrap();
    assert_eq!(read().unwrap().file.as_deref(), Some(path.as_path()));
    text.push(b'x');
    std::fs::write(&path, &text).unwrap();
    assert!(matches!(read(), Err(ConfigError::TooLarge { .. })));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused_if_it_is_ours() {
    use std::os::unix::ffi::OsStringExt;
    let broken = || OsString::from_vec(vec![b'x', 0xff]);
    let ours = parse(None, [("BIAOSHI_NODE_ZONE".into(), broken())]);
    assert!(matches!(ours, Err(ConfigError::WrongKind { .. })));
    assert!(parse(None, [(broken(), broken())]).is_ok());
    assert!(parse(None, environment(&[])).is_ok());
}

//----------- Networks -----------------------------------------------------------

#[test]
fn what_an_operator_cannot_mean_is_refused() {
    for (line, said) in [
        ("resolution = [\"203.0.113.8\"]", "TCP:2641"),
        ("resolution = [\"203.0.113.8 DNS:53\"]", "TCP:2641"),
        ("operator = [\"单位名称\"]", "has no ="),
        ("operator = [\"名称 = x\"]", "names no field of T1"),
        ("operator = [\"单位名称 =\"]", "says nothing"),
        (
            "operator = [\"单位名称 = x\", \"单位名称 = y\"]",
            "was said before",
        ),
    ] {
        let name = line.split(' ').next().unwrap();
        let named = format!("[topnode] {name}");
        check_lines(&format!("[topnode]\n{line}"), &[&named, said]);
    }
}

#[test]
fn what_no_report_can_go_by_is_refused() {
    for (line, said) in [
        ("by = \"post\"", "\"hand\", \"https\" or \"folder\""),
        ("url = \"example.cn\"", "is no address"),
        ("url = \"ftp://example.cn\"", "is no address"),
        ("url = \"http://example.cn\"", "say https"),
        ("url = \"https://example.cn/?a=1\"", "has more than a path"),
        ("folder = \"\"", "is no folder"),
        ("from = \"May\"", "2026-05-01"),
    ] {
        let name = line.split(' ').next().unwrap();
        let named = format!("[report] {name}");
        check_lines(&format!("[report]\n{line}"), &[&named, said]);
    }
    check_lines(
        "[report]\nby = \"https\"",
        &["[report] url", "it is missing"],
    );
}

#[test]
fn what_is_no_network_is_refused() {
    for (line, said) in [
        ("internal_networks = [\"10.0.0.0/33\"]", "10.0.0.0/8"),
        ("internal_networks = [\"here\"]", "no network"),
        // The bits below its length say that somebody meant another.
        ("probe_networks = [\"10.0.0.1/8\"]", "no network"),
        ("self_networks = [\"88.118.8 10.0.0.0/99\"]", "no network"),
        (
            "self_networks = [\"10.0.0.0/8\"]",
            "88.118.8 203.0.113.0/24",
        ),
        ("test_prefixes = [\"sandbox\"]", "88.118.999"),
        ("docking_date = \"1 May\"", "2026-05-01"),
    ] {
        let name = line.split(' ').next().unwrap();
        let named = format!("[accounting] {name}");
        check_lines(&format!("[accounting]\n{line}"), &[&named, said]);
    }
    let many = vec!["\"10.0.0.0/8\""; 65].join(", ");
    check_lines(
        &format!("[accounting]\nprobe_networks = [{many}]"),
        &["65 of them, over 64"],
    );
}
